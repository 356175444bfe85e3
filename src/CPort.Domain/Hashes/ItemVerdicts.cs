namespace CPort.Domain.Hashes;

/// <summary>The hashes of one item, to be sighted and looked up.</summary>
[ProtoContract]
public sealed record ItemHashes
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required ImmutableArray<ContentHash> Hashes { get; init; }

    /// <summary>PDQ quality 0–100 as the sender measured it; null when not given (then it is not held against the hash).</summary>
    [ProtoMember(3)] public int? PdqQuality { get; init; }

    /// <summary>The item's own opinions that the buckets do not know yet: recorded of each of its hashes in the same write as the sighting.</summary>
    [ProtoMember(4)] public ImmutableArray<OpinionOnItem> Words { get; init; } = [];

    /// <summary>What is near was searched before and need not be again.</summary>
    [ProtoMember(5)] public bool ExactOnly { get; init; }
}

/// <summary>One opinion on an item, to be recorded of each of its hashes; <see cref="Retract"/> takes it back.</summary>
[ProtoContract]
public sealed record OpinionOnItem
{
    [ProtoMember(1)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(2)] public bool Retract { get; init; }
}

/// <summary>What is known of one item's hashes.</summary>
[ProtoContract]
public sealed record ItemVerdicts
{
    [ProtoMember(1)] public required int Ordinal { get; init; }

    /// <summary>One verdict a hash of the item, also for unknown ones (version 0).</summary>
    [ProtoMember(2)] public ImmutableArray<HashVerdict> Exact { get; init; } = [];

    /// <summary>Known PDQ values within the radius, nearest first, at most 20.</summary>
    [ProtoMember(3)] public ImmutableArray<NearMatch> Near { get; init; } = [];

    /// <summary>More near matches exist than are listed.</summary>
    [ProtoMember(4)] public bool NearTruncated { get; init; }

    /// <summary>
    /// PDQ values within the radius that other items carry and of which nothing is known, nearest first; the item's own value is among them, at distance 0.
    /// Searched after the item's own sighting is durable, so that of two items that look alike at least one sees the other.
    /// </summary>
    [ProtoMember(5)] public ImmutableArray<LookAlike> LookAlikes { get; init; } = [];

    /// <summary>All hashes of the item were looked up; else <see cref="Exact"/> is news of one or some.</summary>
    [ProtoMember(6)] public bool LookedUp { get; init; }

    /// <summary>Several messages on one item as one: the last look-up, else the newest news of each hash.</summary>
    public static ItemVerdicts? Together(IEnumerable<ItemVerdicts> same)
    {
        var all = same.ToArray();
        return all.LastOrDefault(v => v.LookedUp) ?? (all.Length <= 1 ? all.FirstOrDefault() : all[0] with
        {
            Exact = [.. HashVerdict.Newest(all.SelectMany(v => v.Exact))],
        });
    }

    /// <summary>What is near was searched too.</summary>
    [ProtoMember(7)] public bool NearSearched { get; init; }
}

/// <summary>One opinion on one hash; <see cref="Retract"/> takes this source's opinion back.</summary>
[ProtoContract]
public sealed record OpinionOnHash
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }
    [ProtoMember(2)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(3)] public bool Retract { get; init; }

    internal SourceOpinion ToWord() => new() { Opinion = Opinion, Retracted = Retract };
}

/// <summary>
/// From a hash bucket to a report: the verdict on a hash that its items carry has changed. Sent again until answered by <see cref="VerdictsTaken"/>; versions
/// make repeats and disorder harmless.
/// </summary>
[ProtoContract, Manifest("mv1")]
public sealed record TakeVerdicts : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }

    /// <summary>By item: the new verdicts (exact hashes), at most 200 items.</summary>
    [ProtoMember(2)] public ImmutableArray<ItemVerdicts> Items { get; init; } = [];

    /// <summary>The bucket's fan-out entry, given back in the answer.</summary>
    [ProtoMember(3)] public required long FanOutId { get; init; }
}

/// <summary>The report has persisted the verdicts, or had no use for them.</summary>
[ProtoContract, Manifest("mv2")]
public sealed record VerdictsTaken : IWireReply
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required long FanOutId { get; init; }
}
