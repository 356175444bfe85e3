using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Akka.TestKit;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

/// <summary>Stands for the shard region: starts buckets by id, and can swallow messages.</summary>
internal sealed class BucketRegionStandIn : ReceiveActor
{
    public BucketRegionStandIn(IActorRef reports, Func<IHashBucketMessage, bool> swallow) =>
        Receive<IHashBucketMessage>(message =>
        {
            if (!swallow(message))
            {
                var name = message.Bucket.ToString();
                var child = Context.Child(name);
                if (child.IsNobody())
                {
                    child = Context.ActorOf(
                        HashBucketActor.Props(message.Bucket, () => reports, new EntityShell(TimeProvider.System), new HashBucketOptions()), name);
                }

                child.Forward(message);
            }
        });
}

/// <summary>Scatter and gather over real buckets on the in-memory journal.</summary>
public class MatchingActorTests : TestKit
{
    // The first test of a run waits for the compiler and the serializer's model as well, which takes seconds on a busy machine.
    private static readonly MatchingOptions Quick = new() { RetryAfter = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(15) };

    private readonly TestProbe _reports;
    private readonly IActorRef _region;
    private readonly IActorRef _matching;
    private readonly List<IHashBucketMessage> _asked = [];
    private Func<IHashBucketMessage, bool> _swallow = _ => false;

    public MatchingActorTests()
        : base("""
            akka.loglevel = WARNING
            akka.test.single-expect-default = 20s
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """)
    {
        _reports = CreateTestProbe();
        Func<IHashBucketMessage, bool> swallow = message =>
        {
            lock (_asked)
            {
                _asked.Add(message);
            }

            return _swallow(message);
        };
        _region = Sys.ActorOf(Props.Create(() => new BucketRegionStandIn(_reports, swallow)));
        _matching = Sys.ActorOf(MatchingActor.Props(_region, Quick, TimeProvider.System));
    }

    private static ItemHashes Hashes(int ordinal, int? quality, params ContentHash[] hashes) =>
        new() { Ordinal = ordinal, Hashes = [.. hashes], PdqQuality = quality };

    private static ContentHash Flip(ContentHash pdq, byte bits)
    {
        var bytes = pdq.Bytes.ToArray();
        bytes[31] ^= bits;
        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }

    /// <summary>Said outside any report.</summary>
    private async Task Opine(ContentHash hash, HashOpinion opinion, Tenant tenant = Tenant.Live)
    {
        _region.Tell(HashSamples.Opine(HashBucketId.For(tenant, hash), hash, opinion));
        await ExpectMsgAsync<OpinionsStored>();
    }

    [Fact]
    public async Task A_report_gets_one_verdict_a_hash_in_its_own_order()
    {
        var md5 = Made(HashAlgorithm.Md5, 1);
        await Opine(md5, Says("hotline-nl", Classification.National, Nl));

        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1), md5), Hashes(7, null), Hashes(8, null, md5)]));
        var matched = await ExpectMsgAsync<ReportMatched>();
        Assert.Equal(Report(1), matched.ReportId);
        Assert.Equal([1, 7, 8], matched.Items.Select(i => i.Ordinal));
        Assert.Equal([Sha256(1), md5], matched.Items[0].Exact.Select(v => v.Hash));
        Assert.Equal([false, true], matched.Items[0].Exact.Select(v => v.IsKnown));
        Assert.Equal(2, matched.Items[2].Exact[0].Sightings);
    }

    [Fact]
    public async Task A_report_without_hashes_is_answered_at_once()
    {
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null)]));
        Assert.Empty((await ExpectMsgAsync<ReportMatched>()).Items[0].Exact);
    }

    [Fact]
    public async Task Near_values_come_from_all_pdq_buckets_nearest_first()
    {
        var query = Made(HashAlgorithm.Pdq, 1);
        var known = new[] { Flip(query, 0b1111), Flip(query, 0b1), Flip(query, 0b11) };
        foreach (var hash in known)
        {
            await Opine(hash, Says("hotline-nl", Classification.Baseline));
        }

        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, 80, query)]));
        var item = (await ExpectMsgAsync<ReportMatched>()).Items[0];
        Assert.Equal([1, 2, 4], item.Near.Select(n => n.Distance));
        Assert.Equal(0, item.Exact.Single().Version);

        _matching.Tell(new LookupMany(Tenant.Live, [query], Radius: 3, MaxResults: 1));
        var result = (await ExpectMsgAsync<LookedUp>()).Results.Single();
        Assert.Equal(1, Assert.Single(result.Near).Distance);
        Assert.True(result.NearTruncated);
    }

    [Fact]
    public async Task Pdq_of_low_quality_and_traps_are_neither_sighted_nor_matched()
    {
        var pdq = Made(HashAlgorithm.Pdq, 1);
        await Opine(pdq, Says("hotline-nl", Classification.Baseline));
        var empty = ContentHash.Parse(HashAlgorithm.Md5, "d41d8cd98f00b204e9800998ecf8427e");

        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, 49, pdq, empty)]));
        var item = (await ExpectMsgAsync<ReportMatched>()).Items[0];
        Assert.All(item.Exact, v => Assert.False(v.IsKnown));
        Assert.True(item.Exact[1].Trap);
        Assert.Empty(item.Near);

        _matching.Tell(new LookupMany(Tenant.Live, [pdq]));
        Assert.Equal(0, (await ExpectMsgAsync<LookedUp>()).Results[0].Verdict.Sightings);
    }

    [Fact]
    public async Task A_bucket_that_does_not_answer_is_asked_again()
    {
        var swallowed = 0;
        _swallow = m => m is SightAndLookup && Interlocked.Increment(ref swallowed) == 1;
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1))]));
        await ExpectMsgAsync<ReportMatched>();
    }

    [Fact]
    public async Task One_silent_bucket_makes_the_whole_request_unavailable_and_nothing_partial_is_said()
    {
        var impatient = Sys.ActorOf(MatchingActor.Props(_region, Quick with { Timeout = TimeSpan.FromSeconds(1) }, TimeProvider.System));
        _swallow = m => m.Bucket.Number == 99 % HashBucketId.ExactBuckets;
        impatient.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1), Sha256(2, first: 99))]));
        await ExpectMsgAsync<MatchingUnavailable>();
        impatient.Tell(new LookupMany(Tenant.Live, [Sha256(1), Sha256(2, first: 99)]));
        await ExpectMsgAsync<LookupUnavailable>();
        _swallow = _ => false;
        _matching.Tell(new LookupMany(Tenant.Live, [Sha256(1), Sha256(2, first: 99)]));
        await ExpectMsgAsync<LookedUp>();
    }

    [Fact]
    public async Task Requests_that_come_while_a_bucket_is_busy_leave_together()
    {
        for (var n = 1; n <= 100; n++)
        {
            _matching.Tell(new MatchReport(Tenant.Live, Report(n), [Hashes(1, null, Sha256(n))]));
        }

        for (var n = 1; n <= 100; n++)
        {
            await ExpectMsgAsync<ReportMatched>();
        }

        lock (_asked)
        {
            Assert.InRange(_asked.Count, 1, 60);
        }
    }

    [Fact]
    public async Task Ten_thousand_hashes_are_looked_up_in_one_request_and_more_are_refused()
    {
        // Few buckets, or the test would start a thousand actors.
        ImmutableArray<ContentHash> hashes = [.. Enumerable.Range(0, 10_000).Select(n => Sha256(n, first: (byte)(n % 8)))];
        _matching.Tell(new LookupMany(Tenant.Live, hashes));
        Assert.Equal(hashes.AsEnumerable(), (await ExpectMsgAsync<LookedUp>()).Results.Select(r => r.Verdict.Hash));
        _matching.Tell(new LookupMany(Tenant.Live, hashes.Add(Sha256(1))));
        await ExpectMsgAsync<LookupRefused>();
    }

    [Fact]
    public async Task An_opinion_reaches_the_reports_that_saw_the_hash_before_within_a_second()
    {
        // The first runs code for the first time, and any may meet a busy machine: the quickest shows that none waits to be asked or sent again.
        var lags = new List<TimeSpan>();
        for (var n = 1; n <= 5; n++)
        {
            _matching.Tell(new MatchReport(Tenant.Live, Report(n), [Hashes(3, null, Sha256(n))]));
            await ExpectMsgAsync<ReportMatched>();
            var start = Stopwatch.GetTimestamp();
            await Opine(Sha256(n), Says("hotline-nl", Classification.Baseline));
            var told = await _reports.FishForMessageAsync<TakeVerdicts>(m => m.ReportId == Report(n), TimeSpan.FromSeconds(20));
            lags.Add(Stopwatch.GetElapsedTime(start));
            Assert.Equal(3, told.Items.Single().Ordinal);
        }

        Assert.True(lags.Min() < TimeSpan.FromSeconds(1), string.Join(' ', lags));
    }

    [Fact]
    public async Task What_a_report_says_is_in_its_answer_and_no_news_for_it()
    {
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1))]));
        await ExpectMsgAsync<ReportMatched>();
        var md5 = Made(HashAlgorithm.Md5, 1);
        var word = new OpinionOnItem { Opinion = Says("hotline-nl", Classification.National, Nl) };
        _matching.Tell(new MatchReport(Tenant.Live, Report(2), [Hashes(4, null, Sha256(1), md5) with { Words = [word] }, Hashes(5, null, Sha256(1))]));
        var matched = await ExpectMsgAsync<ReportMatched>();
        Assert.Equal([1L, 1, 1], matched.Items.SelectMany(i => i.Exact).Select(v => v.Version));
        Assert.All(matched.Items.SelectMany(i => i.Exact), v => Assert.Equal(new ItemRef(Report(2), 4), Assert.Single(v.Opinions).Item));

        // The other report is told of it; the first that this one hears of is the next word.
        Assert.Equal(Report(1), (await _reports.ExpectMsgAsync<TakeVerdicts>()).ReportId);
        await Opine(Sha256(1), Says("hotline-de", Classification.National, De));
        var told = await _reports.FishForMessageAsync<TakeVerdicts>(m => m.ReportId == Report(2));
        Assert.Equal([4, 5], told.Items.Select(i => i.Ordinal));
        Assert.All(told.Items, i => Assert.Equal(2, Assert.Single(i.Exact).Version));
    }

    [Fact]
    public async Task An_opinion_on_an_item_that_is_looked_up_again_is_answered_with_it_and_news_for_other_items_only()
    {
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1), Sha256(2)), Hashes(3, null, Sha256(1))]));
        await ExpectMsgAsync<ReportMatched>();
        var word = new OpinionOnItem { Opinion = Says("hotline-nl", Classification.Baseline) };
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1), Sha256(2)) with { Words = [word], ExactOnly = true }]));
        var recorded = await ExpectMsgAsync<ReportMatched>();
        Assert.Equal([(1, 2)], recorded.Items.Select(i => (i.Ordinal, i.Exact.Length)));
        Assert.All(recorded.Items.SelectMany(i => i.Exact), v => Assert.Equal((1L, true), (v.Version, v.IsKnown)));
        var other = await _reports.ExpectMsgAsync<TakeVerdicts>();
        Assert.Equal([3], other.Items.Select(i => i.Ordinal));
        _reports.Reply(new VerdictsTaken { ReportId = other.ReportId, FanOutId = other.FanOutId });

        await Opine(Sha256(1), Says("hotline-de", Classification.National, De));
        var told = await _reports.FishForMessageAsync<TakeVerdicts>(m => m.Items.Any(i => i.Ordinal == 1));
        Assert.Equal(2, Assert.Single(told.Items.Single(i => i.Ordinal == 1).Exact).Version);
    }

    [Fact]
    public async Task Live_and_training_never_meet()
    {
        // A near value besides, so that near searches are asked too.
        var (pdq, near, sha) = (Made(HashAlgorithm.Pdq, 1), Flip(Made(HashAlgorithm.Pdq, 1), 0b11), Sha256(1));
        var trusted = Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted);
        MatchReport Of(Tenant tenant, int report, params ContentHash[] hashes) => new(tenant, Report(report), [Hashes(1, 90, hashes)]);
        _matching.Tell(Of(Tenant.Training, 1, near, sha));
        await ExpectMsgAsync<ReportMatched>();
        await Opine(pdq, trusted, Tenant.Training);
        await Opine(sha, trusted, Tenant.Training);
        Assert.Equal(Report(1), (await _reports.ExpectMsgAsync<TakeVerdicts>()).ReportId);

        // Neither opinions nor sightings, near values, look-alikes or what a change would reach.
        _matching.Tell(Of(Tenant.Live, 2, near, sha));
        var live = Assert.Single((await ExpectMsgAsync<ReportMatched>()).Items);
        Assert.All(live.Exact, v => Assert.Equal((0L, 1), (v.Version, v.Sightings)));
        Assert.Empty(live.Near);
        Assert.Equal(near, Assert.Single(live.LookAlikes).Hash);
        Assert.Equal(1, live.LookAlikes[0].Items);
        foreach (var (tenant, known) in new[] { (Tenant.Live, false), (Tenant.Training, true) })
        {
            _matching.Tell(new LookupMany(tenant, [near, sha], Radius: 31));
            var found = (await ExpectMsgAsync<LookedUp>()).Results;
            Assert.Equal((known, known ? 1 : 0), (found[1].Verdict.IsKnown, found[0].Near.Length));
            var retraction = new OpinionOnHash { Hash = sha, Opinion = trusted, Retract = true };
            Assert.Equal(known ? 1 : 0, (await new OpinionChange(_region, tenant).PreviewAsync([retraction])).Items);
        }

        // A list imported by training is training's.
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "icse", Trust = TrustLevel.Trusted, At = Start };
        await new HashImport(_region, Tenant.Training).ImportAsync(source, [new HashListRow { Hash = Sha256(7), Classification = Classification.Baseline }]);
        _matching.Tell(new LookupMany(Tenant.Live, [Sha256(7)]));
        Assert.Equal(0, (await ExpectMsgAsync<LookedUp>()).Results[0].Verdict.Version);
    }

    [Fact]
    public async Task A_change_says_beforehand_what_it_reaches_and_then_reaches_it()
    {
        var opinion = Says("hotline-nl", Classification.Baseline);
        await Opine(Sha256(1), opinion);
        await Opine(Made(HashAlgorithm.Md5, 1), opinion);
        _matching.Tell(new MatchReport(Tenant.Live, Report(1), [Hashes(1, null, Sha256(1), Made(HashAlgorithm.Md5, 1)), Hashes(2, null, Sha256(1))]));
        await ExpectMsgAsync<ReportMatched>();
        _matching.Tell(new MatchReport(Tenant.Live, Report(2), [Hashes(1, null, Made(HashAlgorithm.Md5, 1))]));
        await ExpectMsgAsync<ReportMatched>();

        var change = new OpinionChange(_region, Tenant.Live);
        ImmutableArray<OpinionOnHash> retraction =
        [
            new() { Hash = Sha256(1), Opinion = opinion, Retract = true }, new() { Hash = Made(HashAlgorithm.Md5, 1), Opinion = opinion, Retract = true },
        ];
        var preview = await change.PreviewAsync([.. retraction, new OpinionOnHash { Hash = Sha256(2), Opinion = opinion, Retract = true }]);
        Assert.Equal((2, 3, 2), (preview.Verdicts, preview.Items, preview.Reports));
        Assert.Equal([OpinionChangeOutcome.Changes, OpinionChangeOutcome.Changes, OpinionChangeOutcome.NoWord], preview.Outcomes.AsEnumerable());
        Assert.Equal(new OpinionChangeApplied(2), await change.ApplyAsync(retraction));
        var told = new HashSet<object>();
        while (told.Count < 2)
        {
            told.Add((await _reports.ExpectMsgAsync<TakeVerdicts>()).ReportId);
        }

        preview = await change.PreviewAsync(retraction);
        Assert.Equal((0, 0, 0), (preview.Verdicts, preview.Items, preview.Reports));
    }

    [Fact]
    public async Task A_list_is_imported_row_by_row_counted_and_imported_again_without_effect()
    {
        HashListRow[] rows =
        [
            .. Enumerable.Range(0, 3_000).Select(n => new HashListRow { Hash = Sha256(n, first: (byte)(n % 5)), Classification = Classification.Baseline }),
            new HashListRow { Hash = Made(HashAlgorithm.Pdq, 1), Classification = Classification.Baseline, PdqQuality = 10 },
        ];
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "icse", Trust = TrustLevel.Trusted, At = Start };
        var import = new HashImport(_region, Tenant.Live);
        Assert.Equal([.. Enumerable.Repeat(HashRowOutcome.Added, 3_000), HashRowOutcome.Ignored], await import.ImportAsync(source, rows));
        Assert.Equal(
            [.. Enumerable.Repeat(HashRowOutcome.Unchanged, 3_000), HashRowOutcome.Ignored],
            await import.ImportAsync(source with { At = Start.AddDays(1) }, rows));
        _matching.Tell(new LookupMany(Tenant.Live, [Sha256(4, first: 4)]));
        Assert.Equal("icse", (await ExpectMsgAsync<LookedUp>()).Results[0].Verdict.Opinions.Single().List);
    }

    [Fact]
    public async Task An_import_stops_with_an_error_when_a_bucket_stays_silent()
    {
        HashListRow[] rows =
        [
            .. Enumerable.Range(0, 100_000).Select(n => new HashListRow { Hash = Sha256(n, first: (byte)(n % 5)), Classification = Classification.Baseline }),
        ];
        _swallow = m => m.Bucket.Number == 3;
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "icse", Trust = TrustLevel.Trusted, At = Start };
        var import = new HashImport(_region, Tenant.Live, new HashImportOptions { Attempt = TimeSpan.FromMilliseconds(100), Attempts = 2 });
        await Assert.ThrowsAsync<HashBucketsUnavailableException>(() => import.ImportAsync(source, rows));
    }
}
