using CPort.Actors.Tests.Hashes;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>What follows from an item's history; hash verdicts are fed in as events, whatever today's inheritance policy is.</summary>
public class ItemFactsTests
{
    private static ContentItem Known(Classification? inherited, InheritanceKind kind = InheritanceKind.Inherited, ReportScenario? s = null)
    {
        s ??= HostedIn(BE);
        var match = new ItemMatch { LookedUp = true, Inheritance = new InheritanceDecision { Kind = kind, Classification = inherited } };
        var e = new AutomaticWorkDone { Meta = s.Context(Caller.System).ToMeta(), Steps = [new ItemSteps { Ordinal = 1, Match = match }] };
        return ReportRules.Apply(s.Report, e).Items[0];
    }

    [Fact]
    public void An_inherited_classification_counts_without_a_human_look()
    {
        var item = Known(Classification.Baseline);
        Assert.Equal(Classification.Baseline, item.Effective());
        Assert.True(item.IsKnownWithoutLook());
        Assert.Equal(ItemState.Unactioned, item.State());
    }

    [Theory]
    [InlineData(InheritanceKind.Suggested)]
    [InlineData(InheritanceKind.NationalElsewhere)]
    [InlineData(InheritanceKind.Disputed)]
    public void A_suggestion_a_foreign_law_and_a_dispute_decide_nothing(InheritanceKind kind)
    {
        var item = Known(Classification.National, kind);
        Assert.Null(item.Effective());
        Assert.Equal(ItemState.Unassessed, item.State());
        Assert.Equal(kind == InheritanceKind.Disputed, item.IsDisputed());
    }

    [Fact]
    public void The_countrys_own_opinion_goes_before_the_inherited_one()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.NotIllegal);
        var item = Known(Classification.National, s: s);
        Assert.Equal(Classification.NotIllegal, item.Effective());
        Assert.False(item.IsKnownWithoutLook());
    }

    [Fact]
    public void A_doubtful_opinion_has_no_effect_and_is_not_propagated()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with { Assessment = Opinion(Classification.Doubtful), Hashes = [Sha256(1)] });
        s.Work();
        Assert.Null(s[1].Effective());
        Assert.Equal(ItemState.Unassessed, s[1].State());
        Assert.Empty(s[1].Unpropagated());
    }

    [Fact]
    public void Opinions_are_owed_to_the_buckets_until_recorded_and_a_corrected_one_never()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with { Hashes = [Sha256(1)] });
        s.Work(verdicts: [new ItemVerdicts { Ordinal = 1 }], full: true);
        s.Assess(Nl, Classification.National);
        s.Correct(Nl, Classification.NotIllegal);
        Assert.Equal([2], s[1].Unpropagated().Select(a => a.Id));
        Assert.True(s.Report.HasUnfinishedWork());
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 2 }, new AssessmentRef { Ordinal = 1, AssessmentId = 2 }]);
        Assert.False(s.Report.HasUnfinishedWork());
    }

    [Fact]
    public void Verdicts_are_taken_when_newer_for_hashes_the_item_has_and_one_of_each()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Hashes = [Sha256(1)] });
        HashVerdict Of(byte hash, long version) => new()
        {
            Hash = Sha256(hash), Version = version,
            Opinions = version == 0 ? [] :
                [HashSamples.Says("interpol", version == 4 ? Classification.National : Classification.Baseline, trust: TrustLevel.Trusted)],
        };
        s.Work(verdicts: [new ItemVerdicts { Ordinal = 1, Exact = [Of(1, 0)] }], full: true);
        Assert.True(s[1].Matched);
        Assert.Empty(s[1].Known);
        s.Work(verdicts: [new ItemVerdicts { Ordinal = 1, Exact = [Of(1, 4), Of(1, 5), Of(2, 9)] }, new ItemVerdicts { Ordinal = 1, Exact = [Of(1, 7)] }]);
        Assert.Equal(7, Assert.Single(s[1].Known).Version);
        var version = s.Report.Version;
        s.Work(verdicts: [new ItemVerdicts { Ordinal = 1, Exact = [Of(1, 6)] }]);
        Assert.Equal(version, s.Report.Version);
    }

    [Fact]
    public void A_partial_message_does_not_finish_the_first_look_up()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Hashes = [Sha256(1)] });
        s.Work(verdicts: [new ItemVerdicts { Ordinal = 1, Exact = [new HashVerdict { Hash = Sha256(1), Version = 1 }] }]);
        Assert.False(s[1].Matched);
        Assert.True(s[1].NeedsMatch());
    }
}
