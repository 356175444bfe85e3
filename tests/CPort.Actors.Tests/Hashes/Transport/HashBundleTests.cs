using System.Collections.Immutable;
using CPort.Actors.Cluster;
using CPort.Actors.Hashes;
using CPort.Actors.Hashes.Transport;
using CPort.Actors.Serialization;
using CPort.Actors.Tests.Serialization;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Hashes.Verbs;
using CsCheck;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes.Transport;

/// <summary>What goes in comes out, whatever the mix; sizes hold; near queries are sent once.</summary>
public class HashBundleTests
{
    private static readonly Gen<HashAlgorithm> Exact = Gen.OneOfConst(HashAlgorithm.Md5, HashAlgorithm.Sha1, HashAlgorithm.Sha256);

    private static readonly ImmutableArray<ImmutableArray<NearQuery>> Slices =
        [.. new[] { 1, 3, 200 }.Select(n =>
            Enumerable.Range(0, n).Select(i => new NearQuery { Hash = Made(HashAlgorithm.Pdq, i), Radius = 31, MaxResults = 20 }).ToImmutableArray())];

    private static readonly Gen<IHashBucketMessage> Message = Gen.OneOf(
        Gen.Select(Exact, Gen.Byte, Gen.Int[1, 200], Gen.Enum<Tenant>(), (a, first, n, tenant) => (IHashBucketMessage)new LookupHashes
        {
            Bucket = Exactly(first, tenant), RequestId = 0, Hashes = [.. Enumerable.Range(0, n).Select(i => Made(a, i, first))],
        }),
        Gen.Select(Gen.Byte, Gen.Int[1, 200], Gen.Int[0, 8], (first, n, traces) => (IHashBucketMessage)new SightAndLookup
        {
            Bucket = Exactly(first), RequestId = 0, TraceParents = [.. Enumerable.Repeat("00-trace-01", traces)],
            Sightings = [.. Enumerable.Range(0, n).Select(i => new HashSighting
            {
                Hash = Sha256(i, first), Item = Item(i), Words = i % 3 > 0 ? [] : [new OpinionOnItem { Opinion = Says("hotline-nl", Classification.Baseline) }],
            })],
        }),
        Gen.Select(Gen.Int[0, 31], Gen.Int[0, 2], Gen.Enum<Tenant>(), (bucket, slice, tenant) => (IHashBucketMessage)new SearchNear
        {
            Bucket = new(tenant, HashBucketKind.Pdq, bucket), RequestId = 0, Queries = Slices[slice],
        }));

    private static HashBucketId Exactly(byte first, Tenant tenant = Tenant.Live) => new(tenant, HashBucketKind.Exact, first % HashBucketId.ExactBuckets);

    private static IHashBucketMessage Numbered(IHashBucketMessage message, long id) => message switch
    {
        LookupHashes m => m with { RequestId = id },
        SightAndLookup m => m with { RequestId = id },
        SearchNear m => m with { RequestId = id },
        _ => message,
    };

    private static int Bytes(object message)
    {
        using var stream = new MemoryStream();
        WireModel.Instance.Serialize(stream, message);
        return (int)stream.Length;
    }

    [Fact]
    public void Messages_come_out_of_bundles_as_they_went_in_each_once_with_its_id_and_no_bundle_is_too_large() => Message.List[1, 40].Sample(
        made =>
        {
            var messages = made.Select((m, i) => Numbered(m, i + 1)).ToList();
            var bundles = HashBundle.Of(messages).Select(OverTheWire).ToList();
            Assert.All(bundles, b => Assert.InRange(Bytes(b), 1, ClusterTuning.MaxFrameSize / 2));
            Assert.All(bundles, b => Assert.Equal(b.Near.Length, b.Near.Select(n => (n.Tenant, n.Queries.Length)).Distinct().Count()));
            Assert.Equal(messages.Count, bundles.Sum(b => b.Count));
            Assert.Equal(
                messages.Select(SampleValues.Describe).Order(StringComparer.Ordinal),
                bundles.SelectMany(b => b.Messages(id => id)).Select(SampleValues.Describe).Order(StringComparer.Ordinal));
        },
        iter: 30);

    [Fact]
    public void Answers_come_out_as_the_buckets_gave_them()
    {
        var verdict = Gen.Select(Gen.Int[1, 1_000], Gen.Int[0, 3], (n, kind) => HashBucketRules.Unasked(Sha256(n)) with
        {
            Version = kind == 1 ? 3 : 0, Opinions = kind == 1 ? [
                Says("hotline-nl", Classification.Baseline)] : [], Sightings = kind == 2 ? 1 : 0, Trap = kind == 3,
        });
        var near = Gen.Select(Gen.Int[0, 3], verdict, (kind, v) => new NearAnswer
        {
            Matches = kind == 1 ? [new NearMatch { Distance = 4, Verdict = v }] : [], Truncated = kind is 1 or 3,
            LookAlikes = kind == 2 ? [new LookAlike { Hash = Made(HashAlgorithm.Pdq, 1), Distance = 3, Items = 2 }] : [],
        });
        var reply = Gen.OneOf(
            verdict.Array[1, 20].Select(v => (IHashBucketReply)new HashesAnswered { RequestId = 0, Verdicts = [.. v] }),
            near.Array[1, 20].Select(a => (IHashBucketReply)new NearFound { RequestId = 0, Answers = [.. a] }));
        reply.List[1, 40].Sample(
            replies =>
            {
                var answer = OverTheWire(HashBundleAnswered.Of([.. replies.Select((r, i) => (r, i + 1L, i % 7 == 0))]));
                Assert.Equal(Enumerable.Range(0, replies.Count).Where(i => i % 7 == 0).Select(i => i + 1L), answer.Elsewhere);
                var verdicts = answer.AllVerdicts().AsEnumerable();
                var back = new SortedDictionary<long, string>();
                for (var i = 0; i < answer.VerdictIds.Length; i++)
                {
                    var asked = ((HashesAnswered)replies[(int)answer.VerdictIds[i] - 1]).Verdicts;
                    back.Add(answer.VerdictIds[i], SampleValues.Describe(new HashesAnswered
                    {
                        RequestId = 0, Verdicts = [.. verdicts.Take(answer.VerdictCounts[i]).Zip(asked, (v, a) => v ?? HashBucketRules.Unasked(a.Hash))],
                    }));
                    verdicts = verdicts.Skip(answer.VerdictCounts[i]);
                }

                foreach (var found in answer.Near)
                {
                    back.Add(found.RequestId, SampleValues.Describe(found.Whole() with { RequestId = 0 }));
                }

                Assert.Equal(replies.Select(SampleValues.Describe), back.Values);
            },
            iter: 30);
    }
}
