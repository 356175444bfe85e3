using System.Runtime.InteropServices;

namespace CPort.Actors.Hashes.Transport;

/// <summary>One PDQ bucket's <see cref="NearFound"/> without the queries that found nothing.</summary>
[ProtoContract]
public sealed record NearFoundPart
{
    [ProtoMember(1)] public required long RequestId { get; init; }

    /// <summary>Queries answered, the first ones of those asked.</summary>
    [ProtoMember(2)] public required int Answered { get; init; }

    /// <summary>Positions of <see cref="Answers"/> among the queries, rising; for all other queries answered nothing was found.</summary>
    [ProtoMember(3, IsPacked = true)] public int[] At { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<NearAnswer> Answers { get; init; } = [];

    public static NearFoundPart Of(NearFound found, long requestId)
    {
        int[] at = [.. Enumerable.Range(0, found.Answers.Length).Where(i => !found.Answers[i].IsNothing)];
        return new NearFoundPart
        {
            RequestId = requestId, Answered = found.Answers.Length, At = at, Answers = [.. at.Select(i => found.Answers[i])],
        };
    }

    public NearFound Whole()
    {
        var answers = new NearAnswer[Answered];
        Array.Fill(answers, NearAnswer.Nothing);
        for (var i = 0; i < At.Length; i++)
        {
            answers[At[i]] = Answers[i];
        }

        return new NearFound { RequestId = RequestId, Answers = ImmutableCollectionsMarshal.AsImmutableArray(answers) };
    }
}

/// <summary>
/// Answers of buckets to messages of a <see cref="HashBundle"/>, by its request ids: all, or those that came by now; others may follow, or never come. An
/// answer may be to a part of what its bucket was asked, as without bundles.
/// </summary>
[ProtoContract, Manifest("hr13")]
public sealed record HashBundleAnswered : IWireReply
{
    /// <summary>Requests answered by verdicts.</summary>
    [ProtoMember(1, IsPacked = true)] public long[] VerdictIds { get; init; } = [];

    /// <summary>Verdicts of each of <see cref="VerdictIds"/>.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] VerdictCounts { get; init; } = [];

    /// <summary>Positions of <see cref="Verdicts"/> among all, rising; the others are those of hashes of which nothing is known.</summary>
    [ProtoMember(3, IsPacked = true)] public int[] VerdictsAt { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<HashVerdict> Verdicts { get; init; } = [];

    [ProtoMember(6)] public ImmutableArray<NearFoundPart> Near { get; init; } = [];

    /// <summary>Requests of these answers whose buckets are not on the door's node (any more).</summary>
    [ProtoMember(7, IsPacked = true)] public long[] Elsewhere { get; init; } = [];

    /// <summary>All verdicts in order; null: nothing is known of the hash (<see cref="HashBucketRules.Unasked"/>).</summary>
    public HashVerdict?[] AllVerdicts()
    {
        var all = new HashVerdict?[VerdictCounts.Sum()];
        for (var i = 0; i < VerdictsAt.Length; i++)
        {
            all[VerdictsAt[i]] = Verdicts[i];
        }

        return all;
    }

    /// <summary>Estimated bytes of an answer in it.</summary>
    public static int WeightOf(IHashBucketReply reply) => reply switch
    {
        HashesAnswered a => 16 + a.Verdicts.Sum(v => v.IsNothing ? 0 : HashBucketRules.WeightOf(v)),
        NearFound f => 16 + f.Answers.Sum(a => a.Weight),
        _ => 16,
    };

    /// <summary>Joins answers, each with the id that the asker gave its message, and whether it came from another node.</summary>
    public static HashBundleAnswered Of(IReadOnlyList<(IHashBucketReply Reply, long Id, bool Elsewhere)> replies)
    {
        var verdicts = (from r in replies let answered = r.Reply as HashesAnswered where answered is not null
                        select (r.Id, answered.Verdicts)).ToList();
        var known = verdicts.SelectMany(v => v.Verdicts).Index().Where(v => !v.Item.IsNothing).ToList();
        return new HashBundleAnswered
        {
            VerdictIds = [.. verdicts.Select(v => v.Id)],
            VerdictCounts = [.. verdicts.Select(v => v.Verdicts.Length)],
            VerdictsAt = [.. known.Select(v => v.Index)],
            Verdicts = [.. known.Select(v => v.Item)],
            Near = [.. replies.Where(r => r.Reply is NearFound).Select(r => NearFoundPart.Of((NearFound)r.Reply, r.Id))],
            Elsewhere = [.. replies.Where(r => r.Elsewhere).Select(r => r.Id)],
        };
    }
}
