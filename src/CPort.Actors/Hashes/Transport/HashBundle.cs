using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Wire;
using ProtoBuf;

namespace CPort.Actors.Hashes.Transport;

/// <summary>One list of near queries for several PDQ buckets.</summary>
[ProtoContract]
public sealed record NearBundle
{
    /// <summary>At most <see cref="HashBucketLimits.NearPart"/>.</summary>
    [ProtoMember(1)] public ImmutableArray<NearQuery> Queries { get; init; } = [];

    /// <summary>Numbers of PDQ buckets.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] Buckets { get; init; } = [];

    /// <summary>The request id for each of <see cref="Buckets"/>.</summary>
    [ProtoMember(3, IsPacked = true)] public long[] RequestIds { get; init; } = [];
}

/// <summary>
/// Messages for buckets of one node, to its <see cref="HashDoor"/>: the same that would go to each bucket through the region,
/// each with its own request id, at most about <see cref="MaxBytes"/>. Answered by one or more <see cref="HashBundleAnswered"/>,
/// together or in part, or not at all.
/// </summary>
[ProtoContract]
[Manifest("hq8")]
public sealed record HashBundle : IWireMessage
{
    /// <summary>
    /// Estimated bytes of a bundle, and of an answer: far below <see cref="Cluster.ClusterTuning.MaxFrameSize"/>, and short
    /// enough for heartbeats to pass.
    /// </summary>
    public const int MaxBytes = 2 * HashBucketLimits.PartBytes;

    /// <summary>Request ids of the <see cref="LookupHashes"/> it stands for.</summary>
    [ProtoMember(1, IsPacked = true)] public long[] LookupIds { get; init; } = [];

    /// <summary>
    /// How many of <see cref="Hashes"/> belong to each of <see cref="LookupIds"/>, 1 or more; the first says the bucket.
    /// </summary>
    [ProtoMember(2, IsPacked = true)] public int[] LookupCounts { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<SightAndLookup> Sightings { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<RecordBucketOpinions> Opinions { get; init; } = [];

    /// <summary>Near queries stand once for all buckets that are asked the same.</summary>
    [ProtoMember(6)] public ImmutableArray<NearBundle> Near { get; init; } = [];

    /// <summary>Messages in it.</summary>
    public int Count => LookupIds.Length + Sightings.Length + Opinions.Length + Near.Sum(n => n.Buckets.Length);

    /// <summary>
    /// Joins messages; as many bundles as the size asks for. <see cref="LookupHashes"/>, <see cref="SightAndLookup"/>, <see
    /// cref="RecordBucketOpinions"/> and <see cref="SearchNear"/>; throws <see cref="ArgumentException"/> for others.
    /// </summary>
    public static IReadOnlyList<HashBundle> Of(IReadOnlyList<IHashBucketMessage> messages)
    {
        var bundles = new List<HashBundle>(1);
        var (ids, counts, hashes) = (new List<long>(), new List<int>(), ImmutableArray.CreateBuilder<ContentHash>());
        var (sightings, opinions) = (ImmutableArray.CreateBuilder<SightAndLookup>(), ImmutableArray.CreateBuilder<RecordBucketOpinions>());
        var near = new List<(ImmutableArray<NearQuery> Queries, List<int> Buckets, List<long> Ids)>();
        var weight = 0;
        foreach (var message in messages)
        {
            var more = WeightOf(message);
            if (weight > 0 && weight + more > MaxBytes)
            {
                Close();
            }

            weight += more;
            switch (message)
            {
                case LookupHashes { Hashes.Length: > 0 } lookup:
                    ids.Add(lookup.RequestId);
                    counts.Add(lookup.Hashes.Length);
                    hashes.AddRange(lookup.Hashes);
                    break;
                case SightAndLookup sight:
                    sightings.Add(sight);
                    break;
                case RecordBucketOpinions record:
                    opinions.Add(record);
                    break;
                case SearchNear search:
                    // The same array, not an equal one: those who ask share it.
                    var at = near.FindIndex(n => n.Queries == search.Queries);
                    if (at < 0)
                    {
                        (at, weight) = (near.Count, weight + (64 * search.Queries.Length));
                        near.Add((search.Queries, [], []));
                    }

                    near[at].Buckets.Add(search.Bucket.Number);
                    near[at].Ids.Add(search.RequestId);
                    break;
                default:
                    throw new ArgumentException($"{message.GetType().Name} does not go in bundles.", nameof(messages));
            }
        }

        Close();
        return bundles;

        void Close()
        {
            if (weight == 0)
            {
                return;
            }

            bundles.Add(new HashBundle
            {
                LookupIds = [.. ids], LookupCounts = [.. counts], Hashes = hashes.DrainToImmutable(), Sightings = sightings.DrainToImmutable(),
                Opinions = opinions.DrainToImmutable(), Near = [.. near.Select(n => new NearBundle { Queries = n.Queries, Buckets = [.. n.Buckets], RequestIds = [.. n.Ids] })],
            });
            ids.Clear();
            counts.Clear();
            near.Clear();
            weight = 0;
        }
    }

    /// <summary>The messages again, each with the request id that <paramref name="number"/> gives for its own.</summary>
    public IEnumerable<IHashBucketMessage> Messages(Func<long, long> number)
    {
        var at = 0;
        for (var i = 0; i < LookupIds.Length; i++)
        {
            var hashes = Hashes.Slice(at, LookupCounts[i]);
            at += hashes.Length;
            yield return new LookupHashes { Bucket = HashBucketId.For(hashes[0]), RequestId = number(LookupIds[i]), Hashes = hashes };
        }

        foreach (var sight in Sightings)
        {
            yield return sight with { RequestId = number(sight.RequestId) };
        }

        foreach (var record in Opinions)
        {
            yield return record with { RequestId = number(record.RequestId) };
        }

        foreach (var near in Near)
        {
            for (var i = 0; i < near.Buckets.Length; i++)
            {
                yield return new SearchNear { Bucket = new(HashAlgorithm.Pdq, near.Buckets[i]), RequestId = number(near.RequestIds[i]), Queries = near.Queries };
            }
        }
    }

    // Near queries are counted once, where they are put in.
    private static int WeightOf(IHashBucketMessage message) => message switch
    {
        LookupHashes m => 16 + m.Hashes.Sum(h => 8 + h.Bytes.Length),
        SightAndLookup m => 32 + (64 * m.TraceParents.Length) + m.Sightings.Sum(s => 48 + s.Hash.Bytes.Length),
        RecordBucketOpinions m => 32 + (64 * m.TraceParents.Length) + m.Opinions.Sum(o => 192 + o.Hash.Bytes.Length),
        _ => 16,
    };
}

/// <summary>One PDQ bucket's <see cref="NearFound"/> without the queries that found nothing.</summary>
[ProtoContract]
public sealed record NearFoundPart
{
    [ProtoMember(1)] public required long RequestId { get; init; }

    /// <summary>Queries answered, the first ones of those asked.</summary>
    [ProtoMember(2)] public required int Answered { get; init; }

    /// <summary>
    /// Positions of <see cref="Answers"/> among the queries, rising; for all other queries answered nothing was found.
    /// </summary>
    [ProtoMember(3, IsPacked = true)] public int[] At { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<NearAnswer> Answers { get; init; } = [];

    public static NearFoundPart Of(NearFound found, long requestId)
    {
        int[] at = [.. Enumerable.Range(0, found.Answers.Length).Where(i => !found.Answers[i].IsNothing)];
        return new NearFoundPart { RequestId = requestId, Answered = found.Answers.Length, At = at, Answers = [.. at.Select(i => found.Answers[i])] };
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
/// Answers of buckets to messages of a <see cref="HashBundle"/>, by its request ids: all, or those that came by now; others may
/// follow, or never come. An answer may be to a part of what its bucket was asked, as without bundles.
/// </summary>
[ProtoContract]
[Manifest("hr13")]
public sealed record HashBundleAnswered : IWireReply
{
    /// <summary>Requests answered by verdicts.</summary>
    [ProtoMember(1, IsPacked = true)] public long[] VerdictIds { get; init; } = [];

    /// <summary>Verdicts of each of <see cref="VerdictIds"/>.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] VerdictCounts { get; init; } = [];

    /// <summary>
    /// Positions of <see cref="Verdicts"/> among all, rising; the others are those of hashes of which nothing is known.
    /// </summary>
    [ProtoMember(3, IsPacked = true)] public int[] VerdictsAt { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<HashVerdict> Verdicts { get; init; } = [];

    /// <summary>Requests whose opinions are durable.</summary>
    [ProtoMember(5, IsPacked = true)] public long[] Stored { get; init; } = [];
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
}

/// <summary>Gathers answers for one asker.</summary>
internal sealed class HashBundleAnswers
{
    private readonly List<long> _ids = [];
    private readonly List<int> _counts = [];
    private readonly List<int> _at = [];
    private readonly ImmutableArray<HashVerdict>.Builder _verdicts = ImmutableArray.CreateBuilder<HashVerdict>();
    private readonly List<long> _stored = [];
    private readonly ImmutableArray<NearFoundPart>.Builder _near = ImmutableArray.CreateBuilder<NearFoundPart>();
    private readonly List<long> _elsewhere = [];
    private int _all;

    /// <summary>Estimated bytes of what is gathered; 0: nothing.</summary>
    public int Weight { get; private set; }

    public static int WeightOf(IHashBucketReply reply) => reply switch
    {
        HashesAnswered a => 16 + a.Verdicts.Sum(v => v.IsNothing ? 0 : HashBucketRules.WeightOf(v)),
        NearFound f => 16 + f.Answers.Sum(a => a.Weight),
        _ => 16,
    };

    /// <summary>Puts an answer in under the asker's id.</summary>
    public void Add(IHashBucketReply reply, long id, bool elsewhere)
    {
        Weight += WeightOf(reply);
        switch (reply)
        {
            case HashesAnswered answered:
                _ids.Add(id);
                _counts.Add(answered.Verdicts.Length);
                foreach (var verdict in answered.Verdicts)
                {
                    if (!verdict.IsNothing)
                    {
                        _at.Add(_all);
                        _verdicts.Add(verdict);
                    }

                    _all++;
                }

                break;
            case OpinionsStored:
                _stored.Add(id);
                break;
            case NearFound found:
                _near.Add(NearFoundPart.Of(found, id));
                break;
        }

        if (elsewhere)
        {
            _elsewhere.Add(id);
        }
    }

    /// <summary>What was gathered; gathering begins anew.</summary>
    public HashBundleAnswered Take()
    {
        var answer = new HashBundleAnswered
        {
            VerdictIds = [.. _ids], VerdictCounts = [.. _counts], VerdictsAt = [.. _at], Verdicts = _verdicts.DrainToImmutable(), Stored = [.. _stored],
            Near = _near.DrainToImmutable(), Elsewhere = [.. _elsewhere],
        };
        _ids.Clear();
        _counts.Clear();
        _at.Clear();
        _stored.Clear();
        _elsewhere.Clear();
        (_all, Weight) = (0, 0);
        return answer;
    }
}
