using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Api.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Portal.SignIn;

namespace CPort.Portal.Admin;

/// <summary>
/// <c>/app/admin/agencies</c>: agencies as operators see them, and an administrator's own; keys and changes through the same registry as <c>/v1/agencies</c>.
/// What the registry would refuse is not offered. What needs a second hand among operators is done with their keys and not here (<see cref="Deed"/>).
/// </summary>
internal static class AgencyPages
{
    public const string Home = "/app/admin/agencies";

    /// <summary>Keys that have ended, drawn below the others.</summary>
    private const int Ended = 20;

    public static void MapAgencies(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, AgencyDirectoryFeed directory, TimeProvider time) =>
        {
            var (now, current) = (time.GetUtcNow(), directory.Current);
            return Pages.Of<AgenciesView, AgenciesModel>(
                http, new AgenciesModel(AgenciesAnswer.Of(current, now), now), p => p with { Title = p.Words["agencies.title"], Nav = NavEntry.Agencies });
        }).Needs(Deed.ListAgencies);
        pages.MapGet(Home + "/{agency}", (HttpContext http, AgencyDirectoryFeed directory, TimeProvider time, string agency) =>
            AgencyPage(http, directory, time, agency)).Needs(Deed.SeeOwnAgency).Needs(Deed.RevokeKeys);
        pages.MapGet(Home + "/{agency}/keys", (
            HttpContext http, AgencyDirectoryFeed directory, PeopleDirectoryFeed people, PortalSessions names, KeyUses uses, TimeProvider time, string agency,
            string? key = null) => KeysPageAsync(http, directory, people, names, uses, time, agency, key)).Needs(Deed.SeeOwnAgency).Needs(Deed.RevokeKeys);
        pages.MapPost(Home + "/{agency}/keys", IssueAsync).Needs(Deed.IssueKeys).NeedsProof();
        KeyVerb(pages, "rotate", Deed.RotateKeys, (f, agency, key) => f.Number("grace") is not { } hours ? null : new RotateKey
        {
            Context = f.Context(), Agency = agency, KeyId = key, Grace = TimeSpan.FromHours(hours),
        });
        KeyVerb(pages, "revoke", Deed.RevokeKeys, (f, agency, key) => new RevokeKey { Context = f.Context(), Agency = agency, KeyId = key });
        KeyVerb(pages, "approve", Deed.ApproveKeys, (f, agency, key) => new ApproveKey { Context = f.Context(), Agency = agency, KeyId = key });
        KeyVerb(pages, "networks", Deed.IssueKeys, (f, agency, key) => new SetKeyNetworks
        {
            Context = f.Context(), Agency = agency, KeyId = key, Networks = NetworksOf(f),
        });
        KeyVerb(pages, "networksagree", Deed.ApproveKeys, (f, agency, key) =>
            long.TryParse(f.Text("number"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? new ApproveKeyNetworks { Context = f.Context(), Agency = agency, KeyId = key, Number = number } : null);
        ChangeVerb(pages, "agree", (f, agency, number) => new ApproveChange { Context = f.Context(), Agency = agency, Number = number });
        ChangeVerb(pages, "refuse", (f, agency, number) => new RefuseChange { Context = f.Context(), Agency = agency, Number = number });
    }

    private static IResult AgencyPage(
        HttpContext http, AgencyDirectoryFeed directory, TimeProvider time, string id, params ImmutableArray<PageError> errors)
    {
        var (caller, now, current) = (http.Features.Get<Caller>()!, time.GetUtcNow(), directory.Current);
        if (Find(current, caller, id) is not { } agency)
        {
            return Pages.Absent(http);
        }

        var answer = AgencyAnswer.Of(current, agency, now, toItself: agency.Id == caller.Agency);
        var context = new CommandContext { CommandId = CommandId.New(), Caller = caller, OccurredAt = now };
        var changes = answer.Changes.Select(c => (Change: c, Of: AgencyId.Parse(c.Agency))).Select(c => new ChangeRow(
            c.Change, Would(new ApproveChange { Context = context, Agency = c.Of, Number = c.Change.Number }),
            Would(new RefuseChange { Context = context, Agency = c.Of, Number = c.Change.Number })));
        return Pages.Of<AgencyView, AgencyModel>(
            http, new AgencyModel(answer, [.. changes], StepUp.IsProved(http)), p => Shell(p, caller, agency) with { Title = agency.Name, Errors = errors },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);

        bool Would(IAgencyCommand command) => current.Try(command, now) is AgencyDecision.Accepted;
    }

    private static async Task<IResult> KeysPageAsync(
        HttpContext http, AgencyDirectoryFeed directory, PeopleDirectoryFeed people, PortalSessions names, KeyUses uses, TimeProvider time, string id,
        string? chosen, KeyForm? form = null, params ImmutableArray<PageError> errors)
    {
        var (caller, now, current) = (http.Features.Get<Caller>()!, time.GetUtcNow(), directory.Current);
        if (Find(current, caller, id) is not { } agency)
        {
            return Pages.Absent(http);
        }

        var answer = AgencyAnswer.Of(current, agency, now, toItself: agency.Id == caller.Agency);
        var used = await uses.LastAsync([.. answer.Keys.Select(k => k.KeyId)], http.RequestAborted);
        var rows = answer.Keys.OrderByDescending(k => k.CreatedAt)
            .Select(k => new KeyRow(k, KeyRow.StateOf(k, now), used.TryGetValue(k.KeyId, out var at) ? at : null)).ToArray();
        if (chosen is not null && Array.Find(rows, r => r.Key.KeyId == chosen) is null)
        {
            return Pages.Absent(http);
        }

        var context = new CommandContext { CommandId = CommandId.New(), Caller = caller, OccurredAt = now };
        var model = new KeysModel
        {
            Agency = answer, Keys = [.. rows.Where(r => r.IsKept), .. rows.Where(r => !r.IsKept).Take(Ended)],
            Chosen = Array.Find(rows, r => r.Key.KeyId == chosen), Form = form ?? new(), Proved = StepUp.IsProved(http),
            MayRotate = chosen is not null && Would(new RotateKey { Context = context, Agency = agency.Id, KeyId = chosen }),
            MayRevoke = chosen is not null && Would(new RevokeKey { Context = context, Agency = agency.Id, KeyId = chosen }),
            MayApprove = chosen is not null && Would(new ApproveKey { Context = context, Agency = agency.Id, KeyId = chosen }),
            MaySetNetworks = chosen is not null
                && current.Try(new SetKeyNetworks { Context = context, Agency = agency.Id, KeyId = chosen }, now) is not AgencyDecision.Rejected,
            MayApproveNetworks = chosen is not null && Array.Find(rows, r => r.Key.KeyId == chosen)?.Key.NetworksWaiting is { Number: var waits }
                && Would(new ApproveKeyNetworks { Context = context, Agency = agency.Id, KeyId = chosen, Number = waits }),
            Issues = RoleWords.Each(AgencyRules.RolesAllowed(agency.Kind))
                .Where(role => Would(new IssueKey { Context = context, Agency = agency.Id, Roles = role })).Aggregate(Roles.None, (all, role) => all | role),
            Who = by => by is null ? "–" : PersonId.TryParse(by, out var one) && people.Current.Find(one) is { } who && who.Agency == caller.Agency
                ? names.NameOf(who) : by,
        };
        return Pages.Of<KeysView, KeysModel>(
            http, model, p => Shell(p, caller, agency) with { Title = p.Words.Of("keysOf.title", ("agency", agency.Name)), Errors = errors },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);

        bool Would(IAgencyCommand command) => current.Try(command, now) is AgencyDecision.Accepted;
    }

    private static async Task<IResult> IssueAsync(
        HttpContext http, IAgencyGateway gateway, AgencyDirectoryFeed directory, PeopleDirectoryFeed people, PortalSessions names, KeyUses uses,
        TimeProvider time, string agency)
    {
        var form = await Form.ReadAsync(http);
        if (Find(directory.Current, form.Caller, agency) is not { } of)
        {
            return Pages.Absent(http);
        }

        var given = new KeyForm(RoleWords.Chosen(form), form.Text("tenant") == "training", form.Text("expires"), form.Text("networks"));
        DateTimeOffset? expires = DateOnly.TryParseExact(given.Expires, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero) : null;
        if (given.Expires is not null && expires is null)
        {
            return await KeysPageAsync(
                http, directory, people, names, uses, time, agency, null, given, new PageError(Pages.WordsOf(http)["error.day"], "expires"));
        }

        var answer = await gateway.SendAsync(
            new IssueKey
            {
                Context = form.Context(), Agency = of.Id, Roles = given.Roles, Tenant = given.Training ? Tenant.Training : Tenant.Live, ExpiresAt = expires,
                Networks = NetworksOf(form),
            }, http.RequestAborted);
        return answer switch
        {
            ApiKeyShown shown => NewKey(http, form.Caller, of, shown),
            AgencyCommandRejected { Reason: AgencyRejection.UnknownAgency } => Pages.Absent(http),
            AgencyCommandRejected refused => await KeysPageAsync(
                http, directory, people, names, uses, time, agency, null, given, new PageError(refused.Text, "new")),
            _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
        };
    }

    private static void KeyVerb(IEndpointRouteBuilder pages, string verb, Deed deed, Func<Form, AgencyId, string, IAgencyCommand?> make) =>
        pages.MapPost(Home + "/{agency}/keys/" + verb, async (
            HttpContext http, IAgencyGateway gateway, AgencyDirectoryFeed directory, PeopleDirectoryFeed people, PortalSessions names, KeyUses uses,
            TimeProvider time, string agency) =>
        {
            var form = await Form.ReadAsync(http);
            if (Find(directory.Current, form.Caller, agency) is not { } of || form.Text("key") is not { } key || make(form, of.Id, key) is not { } command)
            {
                return Pages.Absent(http);
            }

            return await gateway.SendAsync(command, http.RequestAborted) switch
            {
                ApiKeyShown shown => NewKey(http, form.Caller, of, shown),
                AgencyChanged => Pages.After($"{Home}/{of.Id}/keys?key={Uri.EscapeDataString(key)}", $"key{verb}"),
                AgencyCommandRejected { Reason: AgencyRejection.UnknownAgency or AgencyRejection.UnknownKey or AgencyRejection.UnknownKeyNetworks } =>
                    Pages.Absent(http),
                AgencyCommandRejected refused => await KeysPageAsync(
                    http, directory, people, names, uses, time, agency, key, null, new PageError(refused.Text, verb)),
                _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
            };
        }).Needs(deed).NeedsProof();

    /// <summary>One a line, or parted by blanks and commas.</summary>
    private static ImmutableArray<string> NetworksOf(Form form) =>
        [.. (form.Text("networks") ?? "").Split([' ', ',', ';', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)];

    private static void ChangeVerb(IEndpointRouteBuilder pages, string verb, Func<Form, AgencyId, long, IAgencyCommand> make) =>
        pages.MapPost(Home + "/{agency}/changes/" + verb, async (
            HttpContext http, IAgencyGateway gateway, AgencyDirectoryFeed directory, TimeProvider time, string agency) =>
        {
            // The page is the caller's own agency's; the change may be another's, about which it is asked.
            var form = await Form.ReadAsync(http);
            if (Find(directory.Current, form.Caller, agency) is null || !AgencyId.TryParse(form.Text("of"), out var of)
                || !long.TryParse(form.Text("number"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return Pages.Absent(http);
            }

            return await gateway.SendAsync(make(form, of, number), http.RequestAborted) switch
            {
                AgencyChanged => Pages.After($"{Home}/{agency}", $"change{verb}"),
                AgencyCommandRejected { Reason: AgencyRejection.UnknownAgency or AgencyRejection.UnknownChange } => Pages.Absent(http),
                AgencyCommandRejected refused => AgencyPage(http, directory, time, agency, new PageError(refused.Text, "changes")),
                _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
            };
        }).Needs(Deed.ApproveChanges).NeedsProof();

    /// <summary>The page that shows a key: the answer to the form itself, so that nothing leads to it a second time.</summary>
    private static IResult NewKey(HttpContext http, Caller caller, Agency agency, ApiKeyShown shown) => Pages.Of<NewKeyView, NewKeyModel>(
        http, new NewKeyModel(new NewKeyAnswer(shown.Agency.Value, shown.KeyId, shown.ApiKey, shown.AwaitsConsent ? true : null)),
        p => Shell(p, caller, agency) with { Title = p.Words["keysOf.made"], Address = $"{Home}/{agency.Id}/keys", Done = null });

    /// <summary>The agency, if it is the caller's own or the caller sees all.</summary>
    private static Agency? Find(AgencyDirectory directory, Caller caller, string text) =>
        AgencyId.TryParse(text, out var id) && (id == caller.Agency || AccessTable.May(caller, Deed.ListAgencies)) ? directory.Find(id) : null;

    private static PageContext Shell(PageContext page, Caller caller, Agency agency) => AccessTable.May(caller, Deed.ListAgencies)
        ? page with
        {
            Nav = NavEntry.Agencies, Crumbs = [new Crumb(page.Words["agencies.title"], Home), new Crumb(agency.Name, $"{Home}/{agency.Id}")],
        }
        : page with { Nav = NavEntry.People };
}
