namespace CPort.Domain.Iwol;

/// <summary>How the list is given to resolvers. Kept with each version, so that a version stays as it was when the settings change.</summary>
[ProtoContract]
public sealed record IwolPublication
{
    /// <summary>How files are written; raised with every change of that, and the former way stays.</summary>
    public const int PresentForm = 1;

    [ProtoMember(1)] public int Form { get; init; } = PresentForm;
    [ProtoMember(2)] public IwolAnswer Answer { get; init; } = IwolAnswer.NoSuchName;
    [ProtoMember(3)] public string? Address4 { get; init; }
    [ProtoMember(4)] public string? Address6 { get; init; }
    [ProtoMember(5)] public string? StopName { get; init; }

    /// <summary>The name of the policy zone.</summary>
    [ProtoMember(6)] public string Zone { get; init; } = "iwol.rpz";

    /// <summary>Listing the domain would send who asks for the stop page to the stop page.</summary>
    public bool Stops(string domain) =>
        StopName is { } name && (name == domain || name.EndsWith($".{domain}", StringComparison.Ordinal));
}

/// <summary>A domain on the list.</summary>
[ProtoContract]
public sealed record IwolEntry
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }

    /// <summary>Sealed, as its candidate has it.</summary>
    [ProtoMember(2)] public required Sealed Name { get; init; }
    [ProtoMember(3)] public required DateTimeOffset Since { get; init; }

    /// <summary>False, of a difference: it was taken off.</summary>
    [ProtoMember(4)] public bool Listed { get; init; } = true;
}

/// <summary>The list: every change makes a version, and each version can be had for ever.</summary>
public sealed record IwolList
{
    public static readonly IwolList None = new();

    /// <summary>Version n stands at n - 1.</summary>
    public ImmutableList<IwolListChanged> Changes { get; init; } = [];

    public int Version => Changes.Count;

    /// <summary>The version by which the domain's change came; null: it has not come.</summary>
    public int? VersionOf(IwolKey key, int change) => Changes.FindIndex(c => c.Key == key && c.Change == change) is var at and >= 0 ? at + 1 : null;

    /// <summary>What stands in a version, by when it came.</summary>
    public ImmutableArray<IwolEntry> At(int version)
    {
        var listed = new Dictionary<IwolKey, IwolEntry>();
        foreach (var change in Changes.Take(version))
        {
            if (change.Listed)
            {
                listed[change.Key] = new IwolEntry { Key = change.Key, Name = change.Name, Since = change.Meta.OccurredAt };
            }
            else
            {
                listed.Remove(change.Key);
            }
        }

        return [.. listed.Values.OrderBy(e => e.Since).ThenBy(e => e.Key.Value)];
    }

    /// <summary>What came and went after a version, the last word of each domain.</summary>
    public ImmutableArray<IwolEntry> Since(int version) =>
    [
        .. Changes.Skip(version).GroupBy(c => c.Key).Select(g => g.Last())
            .Select(c => new IwolEntry { Key = c.Key, Name = c.Name, Since = c.Meta.OccurredAt, Listed = c.Listed }),
    ];

    public IwolList Apply(IwolListChanged e) => this with { Changes = Changes.Add(e) };
}

/// <summary>A domain comes on the list or goes off it; sent until it is taken, and again it does nothing. Of CPort itself.</summary>
[ProtoContract, Manifest("wc20")]
public sealed record PublishDomain : IIwolListMessage
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required Sealed Name { get; init; }
    [ProtoMember(4)] public bool Listed { get; init; }

    /// <summary>Which of the domain's changes.</summary>
    [ProtoMember(5)] public required int Change { get; init; }
    [ProtoMember(6)] public required IwolPublication Publication { get; init; }

    /// <summary>Null: there is nothing to do.</summary>
    public IwolListChanged? Decide(IwolList list) => Context.Caller.Kind != AgencyKind.System || list.VersionOf(Key, Change) is not null ? null
        : new IwolListChanged
        {
            Meta = Context.ToMeta(), Version = list.Version + 1, Key = Key, Name = Name, Listed = Listed, Change = Change, Publication = Publication,
        };
}

/// <summary>The list has a new version. Stored for ever.</summary>
[ProtoContract, Manifest("we20")]
public sealed record IwolListChanged : IWireEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required int Version { get; init; }
    [ProtoMember(3)] public required IwolKey Key { get; init; }
    [ProtoMember(4)] public required Sealed Name { get; init; }
    [ProtoMember(5)] public bool Listed { get; init; }
    [ProtoMember(6)] public int Change { get; init; }
    [ProtoMember(7)] public required IwolPublication Publication { get; init; }
}

/// <summary>The list's version with a change.</summary>
[ProtoContract, Manifest("wr20")]
public sealed record IwolPublished : IWireReply
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required int Version { get; init; }
}

/// <summary>Asks for a version of the list, a page at a time. Answered by <see cref="IwolListPage"/>.</summary>
[ProtoContract, Manifest("wq20")]
public sealed record GetIwolList : IIwolListMessage
{
    /// <summary>Null: the newest.</summary>
    [ProtoMember(1)] public int? Version { get; init; }

    /// <summary>Only what came and went after this version; null: all of it.</summary>
    [ProtoMember(2)] public int? Since { get; init; }

    /// <summary>How many entries are left out before the page.</summary>
    [ProtoMember(3)] public int Skip { get; init; }

    public IwolListPage Page(IwolList list)
    {
        const int PageEntries = 500;
        var version = Version ?? list.Version;
        if (version < 0 || version > list.Version || Since < 0 || Since > version)
        {
            return new IwolListPage { Latest = list.Version };
        }

        var last = version == 0 ? null : list.Changes[version - 1];
        var all = Since is { } since ? (list with { Changes = [.. list.Changes.Take(version)] }).Since(since) : list.At(version);
        return new IwolListPage
        {
            Found = true, Version = version, Latest = list.Version, At = last?.Meta.OccurredAt ?? DateTimeOffset.UnixEpoch,
            Publication = last?.Publication ?? new IwolPublication(), Entries = [.. all.Skip(Skip).Take(PageEntries)],
            Next = Skip + PageEntries < all.Length ? Skip + PageEntries : null,
        };
    }
}

/// <summary>A page of a version; <see cref="Found"/> false: there is no such version.</summary>
[ProtoContract, Manifest("wr21")]
public sealed record IwolListPage : IWireReply
{
    [ProtoMember(1)] public bool Found { get; init; }
    [ProtoMember(2)] public int Version { get; init; }
    [ProtoMember(3)] public int Latest { get; init; }
    [ProtoMember(4)] public DateTimeOffset At { get; init; }
    [ProtoMember(5)] public IwolPublication Publication { get; init; } = new();
    [ProtoMember(6)] public ImmutableArray<IwolEntry> Entries { get; init; } = [];
    [ProtoMember(7)] public int? Next { get; init; }
}
