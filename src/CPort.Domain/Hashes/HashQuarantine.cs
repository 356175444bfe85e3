using System.Collections.Immutable;
using CPort.Domain.Identity;
using CPort.Domain.Wire;
using ProtoBuf;

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
/// A hash in quarantine is never near anything: it is neither listed as a near match nor as a look-alike, so that no group forms through it. Its own
/// exact opinions apply only when it is <i>confirmed</i>: a human of a trusted agency spoke of it, or two trusted agencies (a list counts) agree that
/// there is something to say. Otherwise its verdict is that of a trap value and nothing is inherited from it; opinions are kept and count again at
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

/// <summary>When CPort puts a hash into quarantine by itself.</summary>
public sealed record QuarantineLimits
{
    /// <summary>
    /// Different reports with an exact hash (MD5, SHA-1, SHA-256, PhotoDNA); 0 switches it off. Even viral material is re-encoded time and again, so
    /// that one file's reports go to the thousands; what hosts serve by themselves (placeholders, tracking pixels) has no such bound. A confirmed
    /// exact hash stays out: its opinions would apply all the same.
    /// </summary>
    public int Reports { get; init; } = 20_000;

    /// <summary>Different reports with one PDQ value; 0 switches it off. Lower, because re-encodings of a picture spread over several values.</summary>
    public int PdqReports { get; init; } = 5_000;

    /// <summary>
    /// Different PDQ values searched within the radius of one value since the bucket started; 0 switches it off. The copies of a real picture
    /// (scaled, compressed, stamped) are some dozens to some hundreds of values; a value in a dense region (blank pages, screenshots of text) has
    /// thousands of strangers near it.
    /// </summary>
    public int NearValues { get; init; } = 2_000;

    /// <summary>The time of the decision, for what goes in; set by the bucket.</summary>
    public DateTimeOffset Now { get; init; }
}

/// <summary>
/// Puts hashes into quarantine or releases them. Answered by <see cref="QuarantineChanged"/> once durable. Names hashes, rows of
/// <see cref="QuarantineRow.Row"/>, or both; together at most <see cref="HashBucketLimits.Part"/>.
/// </summary>
[ProtoContract]
[Manifest("hc7")]
public sealed record ChangeQuarantine : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(4, IsPacked = true)] public int[] Rows { get; init; } = [];
    [ProtoMember(5)] public bool Release { get; init; }
    [ProtoMember(6)] public QuarantineReason Reason { get; init; } = QuarantineReason.Operator;

    /// <summary>Null: CPort itself.</summary>
    [ProtoMember(7)] public AgencyId? By { get; init; }
    [ProtoMember(8)] public required DateTimeOffset At { get; init; }

    /// <summary>For <see cref="QuarantineReason.ManyNearValues"/>: how many, estimated.</summary>
    [ProtoMember(9)] public int NearValues { get; init; }
}

/// <summary>The change is durable.</summary>
[ProtoContract]
[Manifest("hr11")]
public sealed record QuarantineChanged : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }

    /// <summary>Hashes that went in or came out; the others were so already, or are not the bucket's.</summary>
    [ProtoMember(2)] public int Changed { get; init; }
}

/// <summary>The bucket's hashes in quarantine, a page at a time in order of their rows. Answered by <see cref="QuarantineReply"/>.</summary>
[ProtoContract]
[Manifest("hq7")]
public sealed record GetQuarantine : IHashBucketMessage
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>Rows from this one on.</summary>
    [ProtoMember(2)] public int FromRow { get; init; }

    /// <summary>1 to 200.</summary>
    [ProtoMember(3)] public int Limit { get; init; } = HashBucketLimits.Part;
}

/// <summary>A page of a bucket's quarantine.</summary>
[ProtoContract]
[Manifest("hr12")]
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
