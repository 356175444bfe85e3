using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Akka.TestKit;
using CPort.Actors.Matching;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes.Near;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

/// <summary>What the matching actor asks of buckets, and when; the test answers for them.</summary>
public class MatchingScatterTests : TestKit
{
    private static readonly MatchingOptions Patient = new()
    {
        RetryAfter = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromSeconds(20), MaxWaiting = 1_500, MaxLookAlikes = 3,
    };

    private readonly TestProbe _buckets;
    private readonly IActorRef _matching;

    public MatchingScatterTests()
        : base("akka.loglevel = WARNING\nakka.test.single-expect-default = 20s")
    {
        _buckets = CreateTestProbe();
        _matching = Sys.ActorOf(MatchingActor.Props(_buckets, Patient, TimeProvider.System));
    }

    private static ContentHash Pdq(int n) => Made(HashAlgorithm.Pdq, n);

    private static ItemHashes Item(int ordinal, params ContentHash[] hashes) => new() { Ordinal = ordinal, Hashes = [.. hashes] };

    private static HashesAnswered Unknown(long id, IEnumerable<ContentHash> hashes) =>
        new() { RequestId = id, Verdicts = [.. hashes.Select(HashBucketRules.Unasked)] };

    private static NearFound Nothing(SearchNear query, int? count = null) =>
        new() { RequestId = query.RequestId, Answers = [.. Enumerable.Repeat(new NearAnswer(), count ?? query.Queries.Length)] };

    /// <summary>Answers every message as an empty bucket would until the reply comes.</summary>
    private async Task<T> AnswerUntil<T>(Func<SearchNear, NearFound?>? near = null)
    {
        while (true)
        {
            if (HasMessages)
            {
                return await ExpectMsgAsync<T>();
            }

            switch (await _buckets.ReceiveOneAsync(TimeSpan.FromMilliseconds(100)))
            {
                case SightAndLookup m:
                    _matching.Tell(Unknown(m.RequestId, m.Sightings.Select(s => s.Hash)));
                    break;
                case LookupHashes m:
                    _matching.Tell(Unknown(m.RequestId, m.Hashes));
                    break;
                case SearchNear m:
                    _matching.Tell(near?.Invoke(m) ?? Nothing(m));
                    break;
            }
        }
    }

    [Fact]
    public async Task A_near_search_of_a_report_starts_only_when_its_own_sightings_are_durable_and_asks_for_look_alikes()
    {
        // Asks nothing again: each message below is a new one.
        var matching = Sys.ActorOf(MatchingActor.Props(
            _buckets, Patient with { RetryAfter = TimeSpan.FromSeconds(20), Timeout = TimeSpan.FromSeconds(60) }, TimeProvider.System));
        matching.Tell(new MatchReport(Tenant.Live, Report(1), [Item(1, Pdq(1)), Item(2, Pdq(1))]));
        var sight = await _buckets.ExpectMsgAsync<SightAndLookup>();
        Assert.Equal(2, sight.Sightings.Length);
        await _buckets.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));

        // One of the two is durable: the other's bucket message goes on alone, and nothing is searched yet.
        matching.Tell(Unknown(sight.RequestId, [Pdq(1)]));
        var rest = await _buckets.ExpectMsgAsync<SightAndLookup>();
        Assert.Single(rest.Sightings);
        matching.Tell(Unknown(rest.RequestId, [Pdq(1)]));

        var asked = new List<SearchNear>();
        for (var i = 0; i < HashBucketId.PdqBuckets; i++)
        {
            asked.Add(await _buckets.ExpectMsgAsync<SearchNear>());
        }

        Assert.Equal(HashBucketId.PdqBuckets, asked.Select(a => a.Bucket).Distinct().Count());
        Assert.All(asked, a => Assert.Equal((31, 20, 3), (Assert.Single(a.Queries).Radius, a.Queries[0].MaxResults, a.Queries[0].MaxLookAlikes)));
    }

    [Fact]
    public async Task Look_alikes_of_all_buckets_are_merged_nearest_first_and_cut()
    {
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Item(1, Pdq(1))]));
        var matched = await AnswerUntil<ReportMatched>(m => m.Bucket.Number < 4
            ? new NearFound
            {
                RequestId = m.RequestId,
                Answers =
                [
                    new NearAnswer
                    {
                        LookAlikes = [new LookAlike { Hash = Pdq(10 + m.Bucket.Number), Distance = 9 - m.Bucket.Number, Items = 2 }],
                        Matches = [new NearMatch { Distance = 3 + m.Bucket.Number, Verdict = HashBucketRules.Unasked(Pdq(20 + m.Bucket.Number)) }],
                    },
                ],
            }
            : null);
        var item = matched.Items.Single();
        Assert.Equal([6, 7, 8], item.LookAlikes.Select(l => l.Distance));
        Assert.Equal([3, 4, 5, 6], item.Near.Select(n => n.Distance));
        Assert.False(item.NearTruncated);
    }

    [Fact]
    public async Task A_partial_answer_is_never_taken_for_the_whole()
    {
        ImmutableArray<ContentHash> hashes = [.. Enumerable.Range(0, 500).Select(Pdq)];
        _matching.Tell(new LookupMany(Tenant.Live, hashes, Radius: 31));
        var asked = new HashSet<ContentHash>();
        var found = await AnswerUntil<LookedUp>(m =>
        {
            // Bucket 7 answers three at a time and must be asked for every one of the others.
            if (m.Bucket.Number != 7)
            {
                return null;
            }

            asked.UnionWith(m.Queries.Take(3).Select(q => q.Hash));
            return Nothing(m, Math.Min(3, m.Queries.Length));
        });
        Assert.Equal(500, found.Results.Length);
        Assert.Equal(500, asked.Count);
    }

    [Fact]
    public async Task An_answer_without_answers_counts_as_none_and_the_bucket_is_asked_again()
    {
        _matching.Tell(new LookupMany(Tenant.Live, [Pdq(1)], Radius: 31));
        var refused = 0;
        await AnswerUntil<LookedUp>(m => m.Bucket.Number == 7 && refused++ == 0 ? Nothing(m, 0) : null);
        Assert.True(refused >= 2);
    }

    [Fact]
    public async Task Ten_thousand_equal_hashes_are_one_lookup_and_one_search_and_each_is_answered()
    {
        var matching = Sys.ActorOf(MatchingActor.Props(_buckets, new MatchingOptions(), TimeProvider.System));
        matching.Tell(new LookupMany(Tenant.Live, [.. Enumerable.Repeat(Pdq(1), 10_000)], Radius: 31));
        var (lookups, searches) = (0, 0);
        for (var i = 0; i <= HashBucketId.PdqBuckets; i++)
        {
            switch (await _buckets.ExpectMsgAsync<IHashBucketMessage>())
            {
                case LookupHashes m:
                    lookups += m.Hashes.Length;
                    matching.Tell(Unknown(m.RequestId, m.Hashes));
                    break;
                case SearchNear m:
                    searches += m.Queries.Length;
                    matching.Tell(Nothing(m));
                    break;
            }
        }

        Assert.Equal((1, HashBucketId.PdqBuckets), (lookups, searches));
        Assert.Equal(10_000, (await ExpectMsgAsync<LookedUp>()).Results.Length);
    }

    [Fact]
    public async Task A_large_lookup_shares_its_arrays_over_the_buckets_and_lets_others_in_between()
    {
        ImmutableArray<ContentHash> many = [.. Enumerable.Range(0, 1_000).Select(Pdq)];
        _matching.Tell(new LookupMany(Tenant.Live, many, Radius: 31));
        var first = new List<SearchNear>();
        while (first.Count < HashBucketId.PdqBuckets)
        {
            switch (await _buckets.ExpectMsgAsync<IHashBucketMessage>())
            {
                // On a busy machine buckets are asked again, under the same id.
                case SearchNear m when first.All(f => f.RequestId != m.RequestId):
                    first.Add(m);
                    break;
                case LookupHashes m:
                    _matching.Tell(Unknown(m.RequestId, m.Hashes));
                    break;
            }
        }

        Assert.All(first, m => Assert.True(m.Queries == first[0].Queries, "The queries are built once for all buckets."));
        Assert.Equal(HashBucketLimits.NearPart, first[0].Queries.Length);

        // A small request that comes now is answered while most of the large one waits.
        var other = CreateTestProbe();
        _matching.Tell(new LookupMany(Tenant.Live, [Pdq(5_000)], Radius: 31), other);
        first.ForEach(m => _matching.Tell(Nothing(m)));
        var counted = first.Select(m => m.RequestId).ToHashSet();
        var sent = 0;
        while (!other.HasMessages)
        {
            switch (await _buckets.ReceiveOneAsync(TimeSpan.FromMilliseconds(100)))
            {
                case SearchNear m:
                    sent += m.Bucket.Number == 0 && counted.Add(m.RequestId) ? m.Queries.Length : 0;
                    _matching.Tell(Nothing(m));
                    break;
                case LookupHashes m:
                    _matching.Tell(Unknown(m.RequestId, m.Hashes));
                    break;
            }
        }

        await other.ExpectMsgAsync<LookedUp>();
        Assert.InRange(sent, 1, 3 * HashBucketLimits.NearPart);
        await AnswerUntil<LookedUp>();
    }

    [Fact]
    public async Task What_is_too_much_at_one_time_is_unavailable_at_once_and_a_request_alone_is_let_in()
    {
        var other = CreateTestProbe();
        _matching.Tell(new LookupMany(Tenant.Live, [.. Enumerable.Range(0, 2_000).Select(n => Sha256(n))]));
        _matching.Tell(new LookupMany(Tenant.Live, [Sha256(1)]), other);
        await other.ExpectMsgAsync<LookupUnavailable>();
        await AnswerUntil<LookedUp>();
        _matching.Tell(new LookupMany(Tenant.Live, [Sha256(1)]));
        await AnswerUntil<LookedUp>();
    }

    [Fact]
    public async Task Values_marked_exact_only_are_not_searched_near_and_a_radius_beyond_the_greatest_is_refused()
    {
        _matching.Tell(new LookupMany(Tenant.Live, [Pdq(1), Pdq(2)], Radius: 31, ExactOnly: [true, false]));
        var queries = new HashSet<ContentHash>();
        await AnswerUntil<LookedUp>(m =>
        {
            queries.UnionWith(m.Queries.Select(q => q.Hash));
            return null;
        });
        Assert.Equal([Pdq(2)], queries);

        _matching.Tell(new LookupMany(Tenant.Live, [Pdq(1)], Radius: PdqLimits.MaxRadius + 1));
        await ExpectMsgAsync<LookupRefused>();
        _matching.Tell(new LookupMany(Tenant.Live, [Pdq(1)], Radius: -1));
        await ExpectMsgAsync<LookupRefused>();
    }

    [Fact]
    public async Task A_request_given_up_leaves_nothing_behind_that_delays_the_next()
    {
        var hasty = Sys.ActorOf(MatchingActor.Props(
            _buckets, new MatchingOptions { RetryAfter = TimeSpan.FromMilliseconds(50), Timeout = TimeSpan.FromMilliseconds(150) }, TimeProvider.System));
        hasty.Tell(new LookupMany(Tenant.Live, [.. Enumerable.Range(0, 700).Select(Pdq)], Radius: 31));
        await ExpectMsgAsync<LookupUnavailable>();

        // Nobody answered: the lanes are free again once nobody waits.
        await AwaitAssertAsync(async () =>
        {
            hasty.Tell(new LookupMany(Tenant.Live, [Pdq(9_000)], Radius: 31));
            while (!HasMessages)
            {
                // What was asked for the request before is left unanswered.
                switch (await _buckets.ReceiveOneAsync(TimeSpan.FromMilliseconds(20)))
                {
                    case SearchNear m when m.Queries[0].Hash == Pdq(9_000):
                        hasty.Tell(Nothing(m));
                        break;
                    case LookupHashes m when m.Hashes[0] == Pdq(9_000):
                        hasty.Tell(Unknown(m.RequestId, m.Hashes));
                        break;
                }
            }

            await ExpectMsgAsync<LookedUp>();
        }, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task An_import_says_what_became_of_each_row()
    {
        var region = Sys.ActorOf(Props.Create(() => new BucketRegionStandIn(Nobody.Instance, _ => false)));
        var import = new HashImport(region, Tenant.Live);
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "known", Trust = TrustLevel.Trusted, At = Start };
        HashListRow Row(ContentHash hash, Classification c = Classification.Baseline, bool retract = false, int? quality = null) =>
            new() { Hash = hash, Classification = c, Retract = retract, PdqQuality = quality };

        Assert.Equal(
            [HashRowOutcome.Added, HashRowOutcome.Added, HashRowOutcome.Unchanged, HashRowOutcome.Ignored],
            await import.ImportAsync(source, [Row(Sha256(1)), Row(Sha256(2)), Row(Sha256(1)), Row(Pdq(1), quality: 3)]));
        Assert.Equal(
            [HashRowOutcome.Retracted, HashRowOutcome.Changed, HashRowOutcome.Added],
            await import.ImportAsync(source with { At = Start.AddDays(1) },
                [Row(Sha256(1), retract: true), Row(Sha256(2), Classification.NotIllegal), Row(Sha256(3, first: 4))]));

        // A million equal rows would be this, over and over: no event, an answer each.
        var equal = await import.ImportAsync(source with { At = Start.AddDays(2) }, [.. Enumerable.Repeat(Row(Sha256(3, first: 4)), 20_000)]);
        Assert.All(equal, o => Assert.Equal(HashRowOutcome.Unchanged, o));
    }
}
