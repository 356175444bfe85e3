using SHA256 = System.Security.Cryptography.SHA256;
using CPort.Domain.Hashes;

namespace CPort.Domain.Wires;

/// <summary>
/// How HMA (hasher-matcher-actioner) calls what CPort has: a bank is a list of hashes, a signal a hash, and the number of a bank's content is the place of the
/// hash among the tenant's. Names and forms as in HMA's own description of its API (facebook/ThreatExchange, July 2026).
/// </summary>
public static class HmaNames
{
    /// <summary>Between an agency and its list in the name of a bank that is somebody else's.</summary>
    private const string Of = "__";

    /// <summary>Before the digits that tell apart lists whose names HMA cannot write.</summary>
    private const string Mark = "_X";

    private const int Digits = 8;
    private const int Longest = 80;

    /// <summary>HMA's names of hashes; each algorithm's first one is told. HMA knows MD5 and SHA-256 of videos only, CPort of any file.</summary>
    private static readonly ImmutableArray<(string Name, HashAlgorithm Algorithm)> Signals =
    [
        ("pdq", HashAlgorithm.Pdq), ("md5", HashAlgorithm.Md5), ("video_md5", HashAlgorithm.Md5), ("sha1", HashAlgorithm.Sha1),
        ("sha256", HashAlgorithm.Sha256), ("video_sha256", HashAlgorithm.Sha256), ("photodna", HashAlgorithm.PhotoDna),
    ];

    /// <summary>Every name that is understood.</summary>
    public static ImmutableArray<string> SignalTypes { get; } = [.. Signals.Select(s => s.Name)];

    /// <summary>The algorithm that HMA calls so; null: none.</summary>
    public static HashAlgorithm? AlgorithmOf(string? signalType) =>
        Signals.FirstOrDefault(s => s.Name == signalType) is { Name: not null } known ? known.Algorithm : null;

    /// <summary>What HMA calls the algorithm.</summary>
    public static string SignalTypeOf(HashAlgorithm algorithm) => Signals.First(s => s.Algorithm == algorithm).Name;

    /// <summary>
    /// The bank of an agency's list, null of its own words without one, as <paramref name="reader"/> sees it: a list of one's own by its own name, others' with
    /// their agency before it. Capital letters, digits and underscores; two lists of one agency never have the same.
    /// </summary>
    public static string BankOf(AgencyId reader, AgencyId agency, string? list) =>
        list is null ? Words(agency.Value)
        : agency == reader ? OwnBank(agency, list)
        : Words(agency.Value) + Of + OwnBank(agency, list);

    /// <summary>A bank of this name is the agency's list of the same name; of all others the list is found by comparing (<see cref="BankOf"/>).</summary>
    public static bool IsListName(AgencyId agency, string bank) =>
        bank.Length is > 0 and <= Longest && bank.All(IsPlain) && !bank.Contains(Of, StringComparison.Ordinal) && bank != Words(agency.Value)
        && !IsMarked(bank);

    /// <summary>The number of a bank's content. It stays the same for ever, and is less than 2⁴⁰.</summary>
    public static long ContentId(int bucket, int row) => ((long)row << 7) | (uint)bucket;

    /// <summary>The place that a content's number says; null: none that there can be.</summary>
    public static (int Bucket, int Row)? PlaceOf(long contentId) =>
        contentId is >= 0 and <= ((long)int.MaxValue << 7 | 0x7f) ? ((int)(contentId & 0x7f), (int)(contentId >> 7)) : null;

    private static string OwnBank(AgencyId agency, string list) => IsListName(agency, list) ? list
        : Words(list)[..Math.Min(list.Length, Longest)] + Mark + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(list)))[..Digits];

    private static bool IsMarked(string bank) =>
        bank.Length > Mark.Length + Digits && bank[..^Digits].EndsWith(Mark, StringComparison.Ordinal) && bank[^Digits..].All(char.IsAsciiHexDigitUpper);

    private static bool IsPlain(char c) => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_';

    private static string Words(string text) =>
        string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                var c = char.ToUpperInvariant(from[i]);
                to[i] = IsPlain(c) ? c : '_';
            }
        });
}
