using System.ComponentModel.DataAnnotations;
using CPort.Actors.Referrals;
using CPort.Domain.Audit;
using CPort.Domain.Referrals;

namespace CPort.Api.Exchange;

/// <summary>One line of a rule set.</summary>
public sealed record PriorityRuleBody
{
    /// <summary>One of the signals. Required.</summary>
    [Required]
    public CodeValue? Signal { get; init; }

    /// <summary>-100 to 100, added when the signal holds for one of a referral's items. Required.</summary>
    [Required]
    public int? Weight { get; init; }

    /// <summary>Another signal; when that holds too, this is not added.</summary>
    public CodeValue? Unless { get; init; }
}

/// <summary>A new version of an agency's rules.</summary>
public sealed record PriorityRulesBody
{
    /// <summary>1 to 30. Required.</summary>
    [Required]
    public List<PriorityRuleBody?>? Rules { get; init; }
}

/// <summary>On what a rule set is tried.</summary>
public sealed record TryRulesBody
{
    /// <summary>On the last so many referrals, 1 to 500; left out: 200.</summary>
    public int? Last { get; init; }

    /// <summary>Above which a score counts as pressing, 0 to 100; left out: 50.</summary>
    public int? Threshold { get; init; }
}

/// <summary>One line of a rule set.</summary>
public sealed record PriorityRuleAnswer(PrioritySignal Signal, int Weight, PrioritySignal? Unless);

/// <summary>A version of an agency's rules.</summary>
public sealed record PriorityRuleSetAnswer : IShowsData
{
    Shown IShowsData.What() => Shown.View("priority rules");

    /// <summary>0: CPort's own, which apply where none of the agency's is on.</summary>
    public required int Version { get; init; }
    public required PriorityState State { get; init; }
    public required IReadOnlyList<PriorityRuleAnswer> Rules { get; init; }

    /// <summary>Key or person.</summary>
    public string? DraftedBy { get; init; }
    public DateTimeOffset? DraftedAt { get; init; }
    public DateTimeOffset? TriedAt { get; init; }
    public string? ActivatedBy { get; init; }
    public DateTimeOffset? ActivatedAt { get; init; }

    public static PriorityRuleSetAnswer Of(PriorityRuleSet set) => new()
    {
        Version = set.Version, State = set.State, Rules = [.. set.Rules.Select(r => new PriorityRuleAnswer(r.Signal, r.Weight, r.Unless))],
        DraftedBy = set.DraftedBy.Length > 0 ? set.DraftedBy : null, DraftedAt = set.DraftedAt, TriedAt = set.TriedAt, ActivatedBy = set.ActivatedBy,
        ActivatedAt = set.ActivatedAt,
    };
}

/// <summary>An agency's rule sets, the newest first, CPort's own last.</summary>
public sealed record PriorityRuleSetsAnswer(IReadOnlyList<PriorityRuleSetAnswer> Versions, IReadOnlyList<PrioritySignal> Signals) : IShowsData
{
    Shown IShowsData.What() => Shown.View("priority rules", Versions.Count);
}

/// <summary>How a referral's place changes.</summary>
public sealed record PriorityMoveAnswer(string ReferralId, int OldScore, int NewScore, int OldRank, int NewRank);

/// <summary>What trying a rule set showed.</summary>
/// <param name="Version">Which was tried.</param>
/// <param name="Against">The version that applies now.</param>
/// <param name="Tried">On how many referrals.</param>
/// <param name="Threshold">Above which a score counts as pressing.</param>
/// <param name="OldShareAbove">The share of those above it by the rules that apply, in per cent.</param>
/// <param name="NewShareAbove">By the ones tried.</param>
/// <param name="Movers">The ten whose place changes most.</param>
/// <param name="Ranks">All, in the new order.</param>
public sealed record PriorityTrialAnswer(
    int Version, int Against, int Tried, int Threshold, int OldShareAbove, int NewShareAbove, IReadOnlyList<PriorityMoveAnswer> Movers,
    IReadOnlyList<PriorityMoveAnswer> Ranks) : IShowsData
{
    private const int MostMovers = 10;

    Shown IShowsData.What() => new([.. Ranks.Select(r => new AuditObject(AuditObjectKind.Referral, r.ReferralId))], [.. ShownFields.Of(Ranks)], Ranks.Count);

    public static PriorityTrialAnswer Of(int version, int against, PriorityTrial trial)
    {
        int Share(int above) => trial.Tried == 0 ? 0 : (int)Math.Round(100.0 * above / trial.Tried);
        static PriorityMoveAnswer Move(PriorityMove m) => new(m.ReferralId, m.OldScore, m.NewScore, m.OldRank, m.NewRank);
        return new PriorityTrialAnswer(
            version, against, trial.Tried, trial.Threshold, Share(trial.OldAbove), Share(trial.NewAbove), [.. trial.Movers(MostMovers).Select(Move)],
            [.. trial.Ranks.Select(Move)]);
    }
}

/// <summary><c>/v1/priority-rules</c>: by which rules an agency's referrals are put in order.</summary>
public static class PriorityEndpoints
{
    private const int MostTried = 500;
    public const int TriedByDefault = 200;
    public const int ThresholdByDefault = 50;

    public static void MapPriorityRules(this IEndpointRouteBuilder v1)
    {
        Tagged(v1.MapGet("/priority-rules", ListAsync), "ListPriorityRules", "One's agency's rule sets, the newest first",
            "What gives a referral its score: signals that hold for one of its items, each with a weight; the sum, cut to 0 to 100. Version 0 is CPort's own.")
            .Problems(403, 503);
        Tagged(v1.MapPost("/priority-rules", DraftAsync), "DraftPriorityRules", "Draft a new version",
            "It changes nothing until it was tried and another person has switched it on.").Problems(400, 403, 409, 413, 422, 503);
        Tagged(v1.MapPost("/priority-rules/{version}:try", TryAsync), "TryPriorityRules", "Try a version on the last referrals",
            "Says each one's old and new score and place, which move most, and the share above a threshold; changes none of them.")
            .Problems(400, 403, 404, 413, 422, 503);
        Tagged(v1.MapPost("/priority-rules/{version}:activate", ActivateAsync), "ActivatePriorityRules", "Switch a version on that was tried",
            "By another person than who drafted it. The one before is retired, and can be switched on again.").Problems(403, 404, 409, 503);
        Tagged(v1.MapPost("/priority-rules/{version}:retire", RetireAsync), "RetirePriorityRules", "Switch it off: CPort's own rules apply", "")
            .Problems(403, 404, 409, 503);
    }

    private static RouteHandlerBuilder Tagged(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.Needs(Deed.SetPriorities).WithName(name).WithTags("Police and hotlines").WithSummary(summary).WithDescription(description);

    private static async Task<PriorityRuleSetsAnswer> ListAsync(ApiCaller me, PriorityStore store, CancellationToken cancellation)
    {
        var own = await store.OfAsync(me.Caller.Agency, me.Caller.Tenant, cancellation);
        var built = PriorityRules.Default with { State = own.Any(s => s.State == PriorityState.Active) ? PriorityState.Retired : PriorityState.Active };
        return new PriorityRuleSetsAnswer([.. own.Append(built).Select(PriorityRuleSetAnswer.Of)], Enum.GetValues<PrioritySignal>());
    }

    private static async Task<PriorityRuleSetAnswer> DraftAsync(
        ApiCaller me, PriorityStore store, TimeProvider time, JsonBody<PriorityRulesBody> body, CancellationToken cancellation)
    {
        var f = body.Fields;
        var given = body.Value.Rules ?? [];
        if (given.Count is 0 or > PriorityRules.MostRules)
        {
            f.Add("rules", given.Count == 0 ? ProblemCodes.Missing : ProblemCodes.TooMany, $"1 to {PriorityRules.MostRules} rules are expected.");
        }

        var rules = given.Take(PriorityRules.MostRules).Select((r, i) =>
        {
            var signal = f.Code($"rules[{i}].signal", CodeLists.PrioritySignals, r?.Signal, required: true);
            if (r?.Weight is null)
            {
                f.Missing($"rules[{i}].weight");
            }

            return new PriorityRule(signal ?? default, r?.Weight ?? 0, f.Code($"rules[{i}].unless", CodeLists.PrioritySignals, r?.Unless));
        }).ToImmutableArray();
        if (f.Problem is null && PriorityRules.Fault(rules) is var (at, why))
        {
            f.Add($"rules[{at}]", ProblemCodes.Inconsistent, why);
        }

        body.Check();
        var set = await store.DraftAsync(me.Caller.Agency, me.Caller.Tenant, rules, me.Caller.KeyId, me.Context().CommandId, time.GetUtcNow(), cancellation);
        return set.Rules.SequenceEqual(rules) ? PriorityRuleSetAnswer.Of(set)
            : throw ApiProblemException.Of(ProblemCodes.CommandIdInUse, "This command id was used for other rules.");
    }

    private static async Task<PriorityTrialAnswer> TryAsync(
        string version, ApiCaller me, PriorityStore store, ReferralReader reader, TimeProvider time, JsonBody<TryRulesBody> body,
        CancellationToken cancellation)
    {
        var (last, threshold) = (body.Value.Last ?? TriedByDefault, body.Value.Threshold ?? ThresholdByDefault);
        if (last is < 1 or > MostTried)
        {
            body.Fields.Add("last", ProblemCodes.OutOfRange, $"1 to {MostTried}.");
        }

        if (threshold is < 0 or > PriorityRules.Most)
        {
            body.Fields.Add("threshold", ProblemCodes.OutOfRange, $"0 to {PriorityRules.Most}.");
        }

        body.Check();
        return await TrialAsync(me.Caller, await FoundAsync(store, me, version, cancellation), last, threshold, store, reader, time, cancellation);
    }

    /// <summary>Tries a rule set, as the portal does too.</summary>
    public static async Task<PriorityTrialAnswer> TrialAsync(
        Caller caller, PriorityRuleSet set, int last, int threshold, PriorityStore store, ReferralReader reader, TimeProvider time,
        CancellationToken cancellation)
    {
        var now = await store.ActiveAsync(caller.Agency, caller.Tenant, cancellation);
        var referrals = await reader.LastAsync(caller, last, cancellation);
        var trial = PriorityRules.Try(
            now.Rules, set.Rules,
            [.. referrals.Select(r => (r.Row.ReferralId, r.Row.Urgent == 1, (IReadOnlySet<PrioritySignal>)PriorityRules.OfBits(r.Signs.Signals)))], threshold);
        await store.NoteTriedAsync(caller.Agency, caller.Tenant, set.Version, time.GetUtcNow(), cancellation);
        return PriorityTrialAnswer.Of(set.Version, now.Version, trial);
    }

    private static async Task<PriorityRuleSetAnswer> ActivateAsync(
        string version, ApiCaller me, PriorityStore store, TimeProvider time, CancellationToken cancellation)
    {
        var set = await FoundAsync(store, me, version, cancellation);
        return set.DraftedBy == me.Caller.KeyId
            ? throw ApiProblemException.Of("same-person", "Another person than who drafted the rules switches them on.")
            : await store.ActivateAsync(me.Caller.Agency, me.Caller.Tenant, set.Version, me.Caller.KeyId, time.GetUtcNow(), cancellation)
                ? PriorityRuleSetAnswer.Of(await FoundAsync(store, me, version, cancellation))
                : throw ApiProblemException.Of(ProblemCodes.RulesNotTried, "Rules are tried before they are switched on, and these may be on already.");
    }

    private static async Task<PriorityRuleSetAnswer> RetireAsync(string version, ApiCaller me, PriorityStore store, CancellationToken cancellation)
    {
        var set = await FoundAsync(store, me, version, cancellation);
        return await store.RetireAsync(me.Caller.Agency, me.Caller.Tenant, set.Version, cancellation)
            ? PriorityRuleSetAnswer.Of(await FoundAsync(store, me, version, cancellation))
            : throw ApiProblemException.Of(ProblemCodes.RulesNotTried, "These rules are not on.");
    }

    private static async Task<PriorityRuleSet> FoundAsync(PriorityStore store, ApiCaller me, string version, CancellationToken cancellation) =>
        int.TryParse(version, System.Globalization.NumberStyles.None, null, out var number)
            && (await store.OfAsync(me.Caller.Agency, me.Caller.Tenant, cancellation)).FirstOrDefault(s => s.Version == number) is { } set
            ? set : throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such version of your agency's rules.");
}
