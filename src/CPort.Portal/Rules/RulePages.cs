using CPort.Actors.Referrals;
using CPort.Api.Exchange;
using CPort.Domain.Audit;
using CPort.Domain.Referrals;

namespace CPort.Portal.Rules;

/// <summary>An agency's rule sets, and a draft to begin with.</summary>
/// <param name="Sets">The newest first, CPort's own last.</param>
public sealed record RulesModel(ImmutableArray<PriorityRuleSet> Sets) : IShowsData
{
    Shown IShowsData.What() => Shown.View("priority rules", Sets.Length);

    /// <summary>What applies now: a draft begins with it.</summary>
    public PriorityRuleSet Active => Sets.First(s => s.State == PriorityState.Active);
}

/// <summary>One version, and what trying it showed.</summary>
/// <param name="Set">The version.</param>
/// <param name="IsMine">Who looks has drafted it, and leaves it to another person to switch it on.</param>
/// <param name="Trial">Null: it was not tried just now.</param>
public sealed record RuleSetModel(PriorityRuleSet Set, bool IsMine, PriorityTrialAnswer? Trial) : IShowsData
{
    Shown IShowsData.What() => Trial is null ? Shown.View("priority rules") : ((IShowsData)Trial).What();

    public string Address => $"{RulePages.Home}/{Set.Version.ToString(CultureInfo.InvariantCulture)}";
}

/// <summary><c>/app/rules</c>: by which rules an agency's referrals are put in order; drafted, tried, and switched on by a second person.</summary>
internal static class RulePages
{
    public const string Home = "/app/rules";

    public static void MapRules(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.SetPriorities);
        pages.MapGet(Home + "/{id}", PageAsync).Needs(Deed.SetPriorities);
        pages.MapPost(Home + "/draft", DraftAsync).Needs(Deed.SetPriorities);
        pages.MapPost(Home + "/{id}/try", TryAsync).Needs(Deed.SetPriorities);
        pages.MapPost(Home + "/{id}/activate", ActivateAsync).Needs(Deed.SetPriorities);
        pages.MapPost(Home + "/{id}/retire", RetireAsync).Needs(Deed.SetPriorities);
    }

    private static async Task<IResult> ListAsync(HttpContext http, PriorityStore store) => List(http, await SetsAsync(http, store));

    private static IResult List(
        HttpContext http, ImmutableArray<PriorityRuleSet> sets, FilledForm? filled = null, int status = StatusCodes.Status200OK,
        params ImmutableArray<PageError> errors) => Pages.Of<RulesView, RulesModel>(
            http, new RulesModel(sets), p => p with { Title = p.Words["rules.title"], Nav = p.Work, Errors = errors, Filled = filled }, status);

    private static async Task<ImmutableArray<PriorityRuleSet>> SetsAsync(HttpContext http, PriorityStore store)
    {
        var caller = http.Features.Get<Caller>()!;
        var own = await store.OfAsync(caller.Agency, caller.Tenant, http.RequestAborted);
        return own.Add(PriorityRules.Default with
        {
            State = own.Any(s => s.State == PriorityState.Active) ? PriorityState.Retired : PriorityState.Active,
        });
    }

    private static async Task<PriorityRuleSet?> FindAsync(HttpContext http, PriorityStore store, string id) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
            ? (await SetsAsync(http, store)).FirstOrDefault(s => s.Version == version) : null;

    private static async Task<IResult> PageAsync(HttpContext http, PriorityStore store, string id) =>
        await FindAsync(http, store, id) is { } set ? Page(http, set) : Pages.Absent(http);

    private static IResult Page(
        HttpContext http, PriorityRuleSet set, PriorityTrialAnswer? trial = null, int status = StatusCodes.Status200OK,
        params ImmutableArray<PageError> errors) => Pages.Of<RuleSetView, RuleSetModel>(
            http, new RuleSetModel(set, set.DraftedBy == http.Features.Get<Caller>()!.KeyId, trial), p => p with
            {
                Title = p.Words.Of("rules.one", ("version", set.Version)), Nav = p.Work, Errors = errors, Crumbs = [new Crumb(p.Words["rules.title"], Home)],
            }, status);

    private static async Task<IResult> DraftAsync(HttpContext http, PriorityStore store, TimeProvider time)
    {
        var form = await Form.ReadAsync(http);
        var given = Enum.GetValues<PrioritySignal>().Where(s => form.Text($"weight{s}") is not null).Select(s => (Signal: s,
            Weight: int.TryParse(form.Text($"weight{s}"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var weight) ? weight : (int?)null))
            .ToArray();
        ImmutableArray<PriorityRule> rules =
        [
            .. given.Where(g => g.Weight is not null and not 0).Select(g => new PriorityRule(
                g.Signal, g.Weight!.Value, form.Code<PrioritySignal>($"unless{g.Signal}"))),
        ];
        if (rules.IsEmpty || given.Any(g => g.Weight is null) || PriorityRules.Fault(rules) is not null)
        {
            return List(http, await SetsAsync(http, store), form.Filled(), StatusCodes.Status422UnprocessableEntity,
                new PageError(Pages.WordsOf(http)["rules.unreadable"]));
        }

        var (caller, context) = (form.Caller, form.Context());
        var set = await store.DraftAsync(caller.Agency, caller.Tenant, rules, caller.KeyId, context.CommandId, time.GetUtcNow(), http.RequestAborted);
        return Pages.After($"{Home}/{set.Version.ToString(CultureInfo.InvariantCulture)}", "rulesDrafted");
    }

    /// <summary>What it shows is nobody's to reload: a trial is a look at all these referrals.</summary>
    private static async Task<IResult> TryAsync(HttpContext http, PriorityStore store, ReferralReader reader, TimeProvider time, string id)
    {
        if (await FindAsync(http, store, id) is not { } set)
        {
            return Pages.Absent(http);
        }

        var trial = await PriorityEndpoints.TrialAsync(
            http.Features.Get<Caller>()!, set, PriorityEndpoints.TriedByDefault, PriorityEndpoints.ThresholdByDefault, store, reader, time,
            http.RequestAborted);
        return Page(http, await FindAsync(http, store, id) ?? set, trial);
    }

    private static async Task<IResult> ActivateAsync(HttpContext http, PriorityStore store, TimeProvider time, string id)
    {
        var caller = http.Features.Get<Caller>()!;
        if (await FindAsync(http, store, id) is not { } set)
        {
            return Pages.Absent(http);
        }

        return set.DraftedBy != caller.KeyId
            && await store.ActivateAsync(caller.Agency, caller.Tenant, set.Version, caller.KeyId, time.GetUtcNow(), http.RequestAborted)
                ? Pages.After($"{Home}/{id}", "rulesOn")
                : Page(http, set, null, StatusCodes.Status422UnprocessableEntity, new PageError(Pages.WordsOf(http)["rules.second"]));
    }

    private static async Task<IResult> RetireAsync(HttpContext http, PriorityStore store, string id)
    {
        var caller = http.Features.Get<Caller>()!;
        if (await FindAsync(http, store, id) is not { } set)
        {
            return Pages.Absent(http);
        }

        await store.RetireAsync(caller.Agency, caller.Tenant, set.Version, http.RequestAborted);
        return Pages.After($"{Home}/{id}", "rulesOff");
    }
}
