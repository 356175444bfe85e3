using CPort.Actors.Matching;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

/// <summary>What one request asks, when it is whole, and what is answered.</summary>
public class GatherTests
{
    private static readonly MatchingOptions Options = new();
    private static readonly ContentHash Pdq = Made(HashAlgorithm.Pdq, 1);
    private static readonly ContentHash Empty = ContentHash.Parse(HashAlgorithm.Md5, "d41d8cd98f00b204e9800998ecf8427e");

    private static HashVerdict Known(ContentHash hash) =>
        HashBucketRules.Unasked(hash) with { Version = 3, Opinions = [Says("hotline-nl", Classification.Baseline)] };

    private static ItemHashes Item(int ordinal, int? quality, params ContentHash[] hashes) =>
        new() { Ordinal = ordinal, Hashes = [.. hashes], PdqQuality = quality };

    [Fact]
    public void A_report_searches_a_value_once_when_all_its_items_with_it_are_sighted_and_is_whole_when_that_is_answered()
    {
        var report = new ReportGather(new MatchReport(Tenant.Live, Report(1), [Item(1, 90, Pdq), Item(4, 90, Sha256(1), Pdq)]), Options);
        var rows = report.Sightings().ToList();
        Assert.Equal([(Pdq, 1), (Sha256(1), 4), (Pdq, 4)], rows.Select(r => (r.Value.Hash, r.Value.Item.Ordinal)));
        Assert.Equal(4, report.Outstanding);

        Assert.Null(report.Take(rows[0].Slot, null));
        Assert.Null(report.Take(rows[1].Slot, Known(Sha256(1))));
        var search = report.Take(rows[2].Slot, null);
        Assert.Equal(Pdq, search!.Query.Hash);
        search.Take(new NearAnswer { Matches = [new NearMatch { Distance = 5, Verdict = Known(Made(HashAlgorithm.Pdq, 2)) }] });
        Assert.Equal([false, false, false, true], Enumerable.Range(0, 4).Select(_ => report.Answered()));

        var items = Assert.IsType<ReportMatched>(report.Answer()).Items;
        Assert.Equal([1, 4], items.Select(i => i.Ordinal));
        Assert.Equal([[Pdq], [Sha256(1), Pdq]], items.Select(i => i.Exact.Select(v => v.Hash)));
        Assert.Equal([0L, 3L, 0L], items.SelectMany(i => i.Exact).Select(v => v.Version));
        Assert.All(items, i => Assert.Equal(5, Assert.Single(i.Near).Distance));
    }

    [Fact]
    public void Traps_and_pdq_of_poor_quality_are_not_asked_and_a_report_given_up_searches_nothing()
    {
        var poor = new ReportGather(new MatchReport(Tenant.Live, Report(1), [Item(1, Options.QualityFloor - 1, Pdq, Empty)]), Options);
        Assert.Empty(poor.Sightings());
        Assert.Equal(0, poor.Outstanding);
        Assert.True(Assert.IsType<ReportMatched>(poor.Answer()).Items[0].Exact[1].Trap);

        var late = new ReportGather(new MatchReport(Tenant.Live, Report(1), [Item(1, 90, Pdq)]), Options);
        var row = Assert.Single(late.Sightings());
        late.Over = true;
        Assert.Null(late.Take(row.Slot, null));
        Assert.False(late.Answered() || late.Answered());
    }

    [Fact]
    public void A_lookup_asks_each_hash_once_and_answers_each_place()
    {
        var lookup = new LookupGather(
            new LookupMany(Tenant.Live, [Sha256(1), Pdq, Sha256(1), Empty, Pdq], Radius: 31, ExactOnly: [false, true]));
        var rows = lookup.Lookups().ToList();
        Assert.Equal([Sha256(1), Pdq], rows.Select(r => r.Value));
        Assert.Equal(Pdq, Assert.Single(lookup.Searches).Query.Hash);
        Assert.Equal(3, lookup.Outstanding);

        Assert.Null(lookup.Take(rows[0].Slot, Known(Sha256(1))));
        var results = Assert.IsType<LookedUp>(lookup.Answer()).Results;
        Assert.Equal([3L, 0, 3, 0, 0], results.Select(r => r.Verdict.Version));
        Assert.Equal([Sha256(1), Pdq, Sha256(1), Empty, Pdq], results.Select(r => r.Verdict.Hash));
    }

    [Fact]
    public void What_a_report_says_goes_with_its_sightings()
    {
        var word = new OpinionOnItem { Opinion = Says("hotline-nl", Classification.Baseline) };
        var report = new ReportGather(
            new MatchReport(Tenant.Training, Report(1), [Item(1, 90, Sha256(1), Empty) with { Words = [word] }, Item(2, 90, Sha256(1))]), Options);
        Assert.Equal(Tenant.Training, report.Tenant);
        Assert.Equal([1, 0], report.Sightings().Select(r => r.Value.Words.Length));
    }
}
