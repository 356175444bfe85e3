using System.Collections.Immutable;
using CPort.Domain.CodeLists;
using CPort.Domain.Referrals;

namespace CPort.Actors.Tests.Referrals;

/// <summary>Scores of referrals: sums of an agency's rules, told in words, and tried before they are switched on.</summary>
public sealed class PriorityTests
{
    private static PriorityScore Score(IEnumerable<PriorityRule> rules, params PrioritySignal[] signals) => PriorityRules.Score(rules, signals.ToHashSet());

    [Fact]
    public void A_score_is_the_sum_of_what_holds_unless_something_rules_it_out()
    {
        ImmutableArray<PriorityRule> rules =
        [
            new(PrioritySignal.Urgent, 30), new(PrioritySignal.National, 10, PrioritySignal.Baseline), new(PrioritySignal.Baseline, 40),
            new(PrioritySignal.KnownMedia, -20),
        ];
        Assert.Equal(10, Score(rules, PrioritySignal.National).Score);
        Assert.Equal(40, Score(rules, PrioritySignal.National, PrioritySignal.Baseline).Score);
        Assert.Equal("Urgent +30, Baseline +40, KnownMedia -20 = 50",
            Score(rules, PrioritySignal.Urgent, PrioritySignal.Baseline, PrioritySignal.KnownMedia).InWords());
        Assert.Equal("nothing = 0", Score(rules).InWords());
    }

    [Fact]
    public void It_is_shown_as_0_to_100_and_says_what_the_sum_was()
    {
        ImmutableArray<PriorityRule> rules = [new(PrioritySignal.Urgent, 90), new(PrioritySignal.Baseline, 90), new(PrioritySignal.KnownMedia, -50)];
        Assert.Equal("Urgent +90, Baseline +90 = 180, shown as 100", Score(rules, PrioritySignal.Urgent, PrioritySignal.Baseline).InWords());
        Assert.Equal("KnownMedia -50 = -50, shown as 0", Score(rules, PrioritySignal.KnownMedia).InWords());
    }

    [Fact]
    public void A_rule_set_holds_each_signal_once_with_a_weight()
    {
        Assert.Null(PriorityRules.Fault(PriorityRules.Default.Rules));
        Assert.Equal(0, PriorityRules.Fault([new(PrioritySignal.Urgent, 0)])?.Rule);
        Assert.Equal(0, PriorityRules.Fault([new(PrioritySignal.Urgent, 101)])?.Rule);
        Assert.Equal(0, PriorityRules.Fault([new(PrioritySignal.Urgent, 5, PrioritySignal.Urgent)])?.Rule);
        Assert.Equal(1, PriorityRules.Fault([new(PrioritySignal.Urgent, 5), new(PrioritySignal.Urgent, 6)])?.Rule);
        Assert.Null(PriorityRules.Fault([new(PrioritySignal.Urgent, 5), new(PrioritySignal.Urgent, 6, PrioritySignal.Baseline)]));
    }

    [Fact]
    public void A_trial_says_who_moves_most_and_how_many_are_pressing()
    {
        HashSet<PrioritySignal> national = [PrioritySignal.National], baseline = [PrioritySignal.Baseline], urgent = [PrioritySignal.National];
        var trial = PriorityRules.Try(
            [new(PrioritySignal.National, 60)], [new(PrioritySignal.Baseline, 60)],
            [("a", false, national), ("b", false, national), ("c", false, baseline), ("u", true, urgent)], threshold: 50);
        Assert.Equal((4, 3, 1), (trial.Tried, trial.OldAbove, trial.NewAbove));
        Assert.Equal(["u", "c", "a", "b"], trial.Ranks.Select(r => r.ReferralId));
        Assert.Equal(new PriorityMove("c", 0, 60, 4, 2), trial.Movers(1).Single());
        Assert.DoesNotContain(trial.Movers(10), m => m.ReferralId == "u");
    }

    [Fact]
    public void Rows_keep_signals_and_terms()
    {
        HashSet<PrioritySignal> all = [.. Enum.GetValues<PrioritySignal>()];
        Assert.Equal(all, PriorityRules.OfBits(PriorityRules.Bits(all)));
        var score = Score(PriorityRules.Default.Rules, PrioritySignal.Urgent, PrioritySignal.KnownMedia);
        Assert.Equal(score.InWords(), new PriorityScore(score.Score, PriorityRules.TermsOf(PriorityRules.TermsText(score.Terms))).InWords());
    }
}
