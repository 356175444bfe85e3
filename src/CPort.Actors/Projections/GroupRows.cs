using System.Security.Cryptography;
using CPort.Domain.Groups;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

/// <summary>A PDQ value that is in a group of look-alikes. Items have it by <see cref="ItemHashRow.HashKey"/>.</summary>
[Table("rm_look_alike")]
public sealed record LookAlikeRow
{
    [Column("hash_key"), PrimaryKey] public string HashKey { get; init; } = "";
    [Column("group_id")] public string GroupId { get; init; } = "";

    /// <summary>The value, sealed (<see cref="GroupRows.Seal"/>): distances are worked out from it.</summary>
    [Column("sealed_value")] public string SealedValue { get; init; } = "";
}

/// <summary>A group of look-alikes (<see cref="LookAlikeGroup"/>).</summary>
[Table("rm_look_alike_group")]
public sealed record LookAlikeGroupRow
{
    /// <summary>20 hex digits, a keyed hash of the founder: the same after every rebuild.</summary>
    [Column("group_id"), PrimaryKey] public string GroupId { get; init; } = "";

    /// <summary><see cref="LookAlikeRow.HashKey"/> of the founder.</summary>
    [Column("founder_key")] public string FounderKey { get; init; } = "";

    /// <summary>Where in the journal it was founded.</summary>
    [Column("founded_at")] public long FoundedAt { get; init; }

    /// <summary>Distinct values.</summary>
    [Column("members")] public int Members { get; init; }
    [Column("reach")] public int Reach { get; init; }

    /// <summary>The group it has become part of, which is itself part of none; null while it stands for itself.</summary>
    [Column("merged_into")] public string? MergedInto { get; init; }
}

/// <summary>From groups to their rows and back. PDQ values stand in no table in the clear (docs/groups.md).</summary>
public static class GroupRows
{
    private const string ValuePurpose = "look-alike value";

    public static string IdOf(ConfidentialSeam seam, Tenant tenant, ContentHash founder) =>
        Convert.ToHexStringLower(seam.Keyed($"look-alike group {tenant}", founder.Bytes).AsSpan(0, 10));

    /// <summary>What a group's id looks like; anything else names none.</summary>
    public static bool IsId(string? text) => text is { Length: 20 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>
    /// The value under a keystream that depends on its own keyed hash (synthetic IV): it needs no randomness, so that a rebuild writes equal rows, and no two
    /// values share a keystream. 64 hex digits.
    /// </summary>
    public static string Seal(ConfidentialSeam seam, Tenant tenant, ContentHash value) =>
        Convert.ToHexStringLower(Masked(seam, ReadRows.HashKey(seam, tenant, value), value.Bytes));

    /// <summary>Opens what <see cref="Seal"/> made; throws <see cref="CryptographicException"/> when it was made under another master key or changed.</summary>
    public static ContentHash Open(ConfidentialSeam seam, Tenant tenant, LookAlikeRow row)
    {
        var value = ContentHash.FromBytes(Domain.Hashes.HashAlgorithm.Pdq, Masked(seam, row.HashKey, Convert.FromHexString(row.SealedValue)));
        return ReadRows.HashKey(seam, tenant, value) == row.HashKey ? value : throw new CryptographicException("A value of a group could not be opened.");
    }

    public static LookAlikeRow Of(ConfidentialSeam seam, Tenant tenant, ContentHash value, LookAlikeGroup group) => new()
    {
        HashKey = ReadRows.HashKey(seam, tenant, value), GroupId = IdOf(seam, tenant, group.Founder), SealedValue = Seal(seam, tenant, value),
    };

    public static LookAlikeGroupRow Of(ConfidentialSeam seam, Tenant tenant, LookAlikeGroup group, ContentHash? mergedInto) => new()
    {
        GroupId = IdOf(seam, tenant, group.Founder), FounderKey = ReadRows.HashKey(seam, tenant, group.Founder), FoundedAt = group.Since,
        Members = group.Values,
        Reach = group.Reach, MergedInto = mergedInto is { } into ? IdOf(seam, tenant, into) : null,
    };

    private static byte[] Masked(ConfidentialSeam seam, string hashKey, ReadOnlySpan<byte> bytes)
    {
        var mask = seam.Keyed(ValuePurpose, Convert.FromHexString(hashKey));
        for (var i = 0; i < mask.Length; i++)
        {
            mask[i] ^= bytes[i];
        }

        return mask;
    }
}
