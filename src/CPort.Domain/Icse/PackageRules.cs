using System.Reflection;
using System.Security.Cryptography;

namespace CPort.Domain.Icse;

/// <summary>What holds for every verb about packages; each verb has a file in <c>Verbs</c>. Pure.</summary>
public static class PackageRules
{
    /// <summary>The key of the package that a command opens: the same each time that it comes.</summary>
    public static PackageKey KeyOf(ConfidentialSeam seam, Tenant tenant, AgencyId agency, CommandId command) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(seam.Keyed("icse-1", Encoding.UTF8.GetBytes($"{(int)tenant}\0{agency}\0{command}"))));

    /// <summary>For which names of series are sealed.</summary>
    public static SealedPlace PlaceOf(PackageKey key) => new(new ReportId(key.Value), SealedField.IcseText);

    /// <summary>Decides a command whose confidential parts are sealed already.</summary>
    public static PackageDecision Decide(IcsePackage package, IPackageCommand command, DateTimeOffset now)
    {
        var caller = command.Context.Caller;
        if (caller.Kind != AgencyKind.System && package.Exists && !IsSeenBy(package, caller))
        {
            return Absent(package, command);
        }

        return package.Receipts.Of((caller.Agency, command.Context.CommandId)) is not { } receipt ? command.Decide(package, now)
            : receipt.Command == NameOf(command) && command.Context.IsSameRequest(receipt.Digest) ? new([], receipt with { Replayed = true })
            : Rejected(package, command, PackageRejection.CommandIdInUse, "This command id was used for another command, or with other content.");
    }

    /// <summary>Packages are their agency's: INTERPOL's.</summary>
    public static bool IsSeenBy(IcsePackage package, Caller caller) =>
        package.Exists && caller.Tenant == package.Tenant && caller.Agency == package.Agency && AccessTable.AsksForItself(caller);

    public static IcsePackage Apply(IcsePackage package, IPackageEvent e)
    {
        var next = e.Apply(package);
        return next with
        {
            Version = package.Version + 1, ChangedAt = e.Meta.OccurredAt,
            Receipts = e.Receipt is { } receipt
                ? next.Receipts.With((e.Meta.Agency, e.Meta.CommandId), receipt, IcsePackage.RememberedCommands) : next.Receipts,
        };
    }

    public static PackagePage Page(IcsePackage package, GetPackage query, ConfidentialSeam seam)
    {
        if (!IsSeenBy(package, query.Caller))
        {
            return new PackagePage { Key = query.Key };
        }

        var skip = Math.Max(0, query.Skip);
        return new PackagePage
        {
            Key = package.Key, Found = true, State = package.State, MadeAt = package.MadeAt, ChangedAt = package.ChangedAt, ReleasedAt = package.ReleasedAt,
            ItemCount = package.Items.Count, VicsSha256 = package.VicsSha256, CsvSha256 = package.CsvSha256, Receivers = package.Receivers,
            Own = package.FilledBy.Contains(query.Caller.KeyId), Answered = package.Items.Count(i => i.Finding is not null),
            Recalled = package.Items.Count(i => i.Recalled is not null),
            Items =
            [
                .. package.Items.Skip(skip).Take(PackageLimits.PageItems).Select(i => new PackageItemView
                {
                    Item = i.Item, Media = i.Media, Finding = i.Finding is { } finding ? finding with { Series = null } : null,
                    Series = i.Finding?.Series is { } series ? seam.Open<SecretText>(PlaceOf(package.Key), series).Text : null, Recalled = i.Recalled,
                    RecalledAt = i.RecalledAt,
                }),
            ],
            Next = skip + PackageLimits.PageItems < package.Items.Count ? skip + PackageLimits.PageItems : null,
            Sample = package.State == PackageState.Draft && !package.FilledBy.Contains(query.Caller.KeyId) ? Sample(package, seam) : [],
        };
    }

    /// <summary>
    /// The items whose keyed hashes are the lowest: nobody who puts items in can tell which they are, and whoever looks twice sees the same ones.
    /// </summary>
    private static ImmutableArray<SampledItem> Sample(IcsePackage package, ConfidentialSeam seam) =>
    [
        .. package.Items
            .OrderBy(i => Convert.ToHexStringLower(seam.Keyed("package-sample-1", Encoding.UTF8.GetBytes($"{package.Key}\0{i.Item}"))), StringComparer.Ordinal)
            .Take(((package.Items.Count * PackageLimits.SamplePercent) + 99) / 100).Select(i => new SampledItem { Item = i.Item, Number = i.Media.Number })
            .OrderBy(i => i.Number),
    ];

    /// <summary>SHA-256 of the package's file, hexadecimal.</summary>
    internal static string DigestOf(IcsePackage package, MediaFormat format)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MediaFile.Head(format));
        var first = true;
        foreach (var item in package.Items)
        {
            hash.AppendData(MediaFile.Line(format, item.Media, first));
            first = false;
        }

        hash.AppendData(MediaFile.Foot(format));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal static PackageDecision Absent(IcsePackage package, IPackageCommand command) =>
        new([], new PackageReply { Key = command.Key, Code = PackageRejection.NotFound, Detail = "There is no such package, or it is not for you to see." });

    internal static PackageDecision Rejected(IcsePackage package, IPackageCommand command, PackageRejection code, string detail) =>
        new([], new PackageReply { Key = command.Key, Code = code, Detail = detail, State = package.State, Items = package.Items.Count });

    internal static PackageDecision NotThere(IcsePackage package, IPackageCommand command, params ReadOnlySpan<PackageState> where)
    {
        var states = string.Join(" or ", where.ToArray());
        return Rejected(package, command, PackageRejection.PackageNotThere, $"The package is {package.State}; this is for one that is {states}.");
    }

    /// <summary>Durable events with the answer, which is remembered for who gives command ids.</summary>
    internal static PackageDecision Accepted(IcsePackage package, IPackageCommand command, int changed, params IPackageEvent[] events)
    {
        var after = events.Aggregate(package, Apply);
        var reply = new PackageReply
        {
            Key = command.Key, State = after.State, Items = after.Items.Count, Changed = changed, Command = NameOf(command), Digest = command.Context.Digest,
        };
        if (events.Length > 0 && command.Context.Caller.Kind != AgencyKind.System)
        {
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new PackageDecision([.. events], reply);
    }

    private static string? NameOf(IPackageCommand command) => command.GetType().GetCustomAttribute<ManifestAttribute>()?.Manifest;
}
