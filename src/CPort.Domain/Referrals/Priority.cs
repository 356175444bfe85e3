namespace CPort.Domain.Referrals;

/// <summary>A line of a rule set: what a signal is worth.</summary>
/// <param name="Signal">Which.</param>
/// <param name="Weight">Is added when it holds.</param>
/// <param name="Unless">Not when this holds too; null: always.</param>
public sealed record PriorityRule(PrioritySignal Signal, int Weight, PrioritySignal? Unless = null);

/// <summary>A score with how it came about.</summary>
/// <param name="Score">0 to 100: the sum, capped.</param>
/// <param name="Terms">The rules that took part.</param>
public sealed record PriorityScore(int Score, ImmutableArray<PriorityRule> Terms)
{
    /// <summary>For people: <c>Urgent +30, Baseline +30 = 60</c>.</summary>
    public string InWords()
    {
        var sum = Terms.Sum(t => t.Weight);
        var terms = Terms.IsEmpty ? "nothing" : string.Join(", ", Terms.Select(t => $"{t.Signal} {Sign(t.Weight)}"));
        return sum == Score ? $"{terms} = {Score}" : $"{terms} = {sum.ToString(CultureInfo.InvariantCulture)}, shown as {Score}";
    }

    private static string Sign(int weight) => weight.ToString("+0;-0", CultureInfo.InvariantCulture);
}

/// <summary>Where a rule set stands.</summary>
public enum PriorityState
{
    Draft = 1,

    /// <summary>On referrals of the past; only such a one is switched on.</summary>
    Tried,
    Active,
    Retired,
}

/// <summary>A version of an agency's rules; a change is a new version.</summary>
public sealed record PriorityRuleSet
{
    public required int Version { get; init; }
    public required PriorityState State { get; init; }
    public required ImmutableArray<PriorityRule> Rules { get; init; }

    /// <summary>Key or person; empty: CPort's own.</summary>
    public required string DraftedBy { get; init; }
    public DateTimeOffset? DraftedAt { get; init; }
    public DateTimeOffset? TriedAt { get; init; }
    public string? ActivatedBy { get; init; }
    public DateTimeOffset? ActivatedAt { get; init; }
}

/// <summary>How a referral fared by two rule sets.</summary>
public sealed record PriorityMove(string ReferralId, int OldScore, int NewScore, int OldRank, int NewRank);

/// <summary>What trying a rule set on past referrals showed.</summary>
/// <param name="Tried">On how many.</param>
/// <param name="Threshold">Above which a score counts as pressing.</param>
/// <param name="OldAbove">How many were above it by the rules that apply.</param>
/// <param name="NewAbove">By the ones tried.</param>
/// <param name="Ranks">All, in the new order.</param>
public sealed record PriorityTrial(int Tried, int Threshold, int OldAbove, int NewAbove, ImmutableArray<PriorityMove> Ranks)
{
    /// <summary>Those whose place changes most.</summary>
    public IEnumerable<PriorityMove> Movers(int count) =>
        Ranks.Where(r => r.OldRank != r.NewRank).OrderByDescending(r => Math.Abs(r.OldRank - r.NewRank)).ThenBy(r => r.NewRank).Take(count);
}

/// <summary>How scores come about. Pure.</summary>
public static class PriorityRules
{
    public const int MostRules = 30;
    public const int MostWeight = 100;
    public const int Most = 100;

    /// <summary>From so many on <see cref="PrioritySignal.ManyItems"/> holds.</summary>
    public const int ManyItems = 10;

    /// <summary>Applies where an agency has switched on none of its own: version 0.</summary>
    public static readonly PriorityRuleSet Default = new()
    {
        Version = 0, State = PriorityState.Active, DraftedBy = "",
        Rules =
        [
            new(PrioritySignal.Urgent, 30), new(PrioritySignal.Baseline, 25), new(PrioritySignal.National, 10, PrioritySignal.Baseline),
            new(PrioritySignal.YoungChild, 15), new(PrioritySignal.UnknownMedia, 15), new(PrioritySignal.UserGenerated, 10),
            new(PrioritySignal.StillOnline, 10), new(PrioritySignal.SeenAgain, 5), new(PrioritySignal.Commercial, 5), new(PrioritySignal.ManyItems, 5),
            new(PrioritySignal.KnownMedia, -10, PrioritySignal.UnknownMedia),
        ],
    };

    public static PriorityScore Score(IEnumerable<PriorityRule> rules, IReadOnlySet<PrioritySignal> signals)
    {
        ImmutableArray<PriorityRule> terms = [.. rules.Where(r => signals.Contains(r.Signal) && !(r.Unless is { } unless && signals.Contains(unless)))];
        return new PriorityScore(Math.Clamp(terms.Sum(t => t.Weight), 0, Most), terms);
    }

    /// <summary>What is wrong with a rule set; null: nothing.</summary>
    public static (int Rule, string Why)? Fault(ImmutableArray<PriorityRule> rules)
    {
        for (var i = 0; i < rules.Length; i++)
        {
            var rule = rules[i];
            if (rule.Weight is 0 or > MostWeight or < -MostWeight)
            {
                return (i, $"A weight is -{MostWeight} to {MostWeight}, and not 0.");
            }

            if (rule.Unless == rule.Signal)
            {
                return (i, "A signal does not rule itself out.");
            }

            if (rules.Take(i).Any(r => r.Signal == rule.Signal && r.Unless == rule.Unless))
            {
                return (i, "The same signal stands there already.");
            }
        }

        return null;
    }

    /// <summary>Old and new order of referrals, each with what holds of it; the older comes first among equals, as in the inbox.</summary>
    public static PriorityTrial Try(
        ImmutableArray<PriorityRule> old, ImmutableArray<PriorityRule> tried,
        IReadOnlyList<(string ReferralId, bool Urgent, IReadOnlySet<PrioritySignal> Signals)> oldestFirst, int threshold)
    {
        var scores = oldestFirst.Select((r, age) => (r.ReferralId, r.Urgent, Age: age, Old: Score(old, r.Signals).Score, New: Score(tried, r.Signals).Score))
            .ToArray();
        Dictionary<string, int> Ranks(Func<(string ReferralId, bool Urgent, int Age, int Old, int New), int> score) =>
            scores.OrderByDescending(s => s.Urgent).ThenByDescending(score).ThenBy(s => s.Age).Select((s, i) => (s.ReferralId, Rank: i + 1))
                .ToDictionary(s => s.ReferralId, s => s.Rank);
        var (before, after) = (Ranks(s => s.Old), Ranks(s => s.New));
        return new PriorityTrial(
            scores.Length, threshold, scores.Count(s => s.Old > threshold), scores.Count(s => s.New > threshold),
            [
                .. scores.Select(s => new PriorityMove(s.ReferralId, s.Old, s.New, before[s.ReferralId], after[s.ReferralId])).OrderBy(m => m.NewRank),
            ]);
    }

    /// <summary>Signals as one number, for a table.</summary>
    public static int Bits(IEnumerable<PrioritySignal> signals) => signals.Aggregate(0, (bits, s) => bits | (1 << (int)s));

    public static HashSet<PrioritySignal> OfBits(int bits) => [.. Enum.GetValues<PrioritySignal>().Where(s => (bits & (1 << (int)s)) != 0)];

    /// <summary>A score's terms as a row keeps them: <c>1:30 9:10</c>.</summary>
    public static string TermsText(ImmutableArray<PriorityRule> terms) => string.Join(' ', terms.Select(t => $"{(int)t.Signal}:{t.Weight}"));

    public static ImmutableArray<PriorityRule> TermsOf(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split(':')).Select(t => new PriorityRule(
            (PrioritySignal)int.Parse(t[0], CultureInfo.InvariantCulture), int.Parse(t[1], CultureInfo.InvariantCulture))),
    ];
}
