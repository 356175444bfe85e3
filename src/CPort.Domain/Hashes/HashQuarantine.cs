namespace CPort.Domain.Hashes;

/// <summary>Why a hash is in quarantine.</summary>
public enum QuarantineReason
{
    /// <summary>Seen in implausibly many different reports.</summary>
    ManyReports = 1,

    /// <summary>Implausibly many different PDQ values were searched near it.</summary>
    ManyNearValues = 2,

    /// <summary>An operator or a trusted agency said so.</summary>
    Operator = 3,
}

/// <summary>
/// The quarantine of one hash that matches too much to mean anything: a placeholder picture, a logo, a blank page that got onto a list.
/// <para>
/// A hash in quarantine is never near anything: it is neither listed as a near match nor as a look-alike, so that no group forms through it. Its own exact
/// opinions apply only when it is <i>confirmed</i>: a human of a trusted agency spoke of it, or two trusted agencies of different origins (a list counts)
/// agree that there is something to say. Otherwise its verdict is that of a trap value and nothing is inherited from it; opinions are kept and count again at
/// once when it is confirmed or released. Whoever releases a hash has the last word: it never goes back by itself.
/// </para>
/// </summary>
[ProtoContract]
public sealed record HashQuarantine
{
    [ProtoMember(1)] public required QuarantineReason Reason { get; init; }

    /// <summary>When it went in or, released, when it came out, UTC.</summary>
    [ProtoMember(2)] public required DateTimeOffset Since { get; init; }

    /// <summary>Who put it in or released it; null: CPort found it.</summary>
    [ProtoMember(3)] public AgencyId? By { get; init; }

    /// <summary>Different reports that had it when it went in.</summary>
    [ProtoMember(4)] public int Reports { get; init; }

    /// <summary>Different values searched near it when it went in (estimated); 0 unless that is the reason.</summary>
    [ProtoMember(5)] public int NearValues { get; init; }
    [ProtoMember(6)] public bool Released { get; init; }
}

/// <summary>The bucket's hashes in quarantine, a page at a time in order of their rows. Answered by <see cref="QuarantineReply"/>.</summary>
[ProtoContract, Manifest("hq7")]
public sealed record GetQuarantine : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>Rows from this one on.</summary>
    [ProtoMember(2)] public int FromRow { get; init; }

    /// <summary>1 to 200.</summary>
    [ProtoMember(3)] public int Limit { get; init; } = HashBucketLimits.Part;
}

/// <summary>A page of a bucket's quarantine.</summary>
[ProtoContract, Manifest("hr12")]
public sealed record QuarantineReply : IWireReply
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public ImmutableArray<QuarantineRow> Rows { get; init; } = [];

    /// <summary>More rows follow.</summary>
    [ProtoMember(3)] public bool More { get; init; }
}

/// <summary>A hash in quarantine.</summary>
[ProtoContract]
public sealed record QuarantineRow
{
    /// <summary>With the bucket it names the hash without saying its value, for ever.</summary>
    [ProtoMember(1)] public required int Row { get; init; }
    [ProtoMember(2)] public required ContentHash Hash { get; init; }
    [ProtoMember(3)] public required HashQuarantine State { get; init; }

    /// <summary>Items that carry it now.</summary>
    [ProtoMember(4)] public int Items { get; init; }

    /// <summary>Opinions that count now.</summary>
    [ProtoMember(5)] public int Opinions { get; init; }

    /// <summary>The exact opinions apply in spite of the quarantine.</summary>
    [ProtoMember(6)] public bool Confirmed { get; init; }
}
