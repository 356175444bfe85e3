using CPort.Actors.Agencies;
using CPort.Actors.Sessions;
using CPort.Api.People;
using CPort.Domain.Agencies;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using CPort.Portal.SignIn;

namespace CPort.Portal.Admin;

/// <summary>
/// <c>/app/admin/people</c>: an agency looks after its people, a national bureau after its countries' police, through the same registry and table as
/// <c>/v1/people</c>. Everything that changes somebody needs a proof of the last minutes.
/// </summary>
internal static class PeoplePages
{
    public const string Home = "/app/admin/people";
    private const int Rows = 50;

    public static void MapPeople(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, PeopleServices people, SessionStore sessions, string? agency = null, string? stopped = null,
            string? after = null) => ListAsync(http, people, sessions, agency, stopped == "true", after)).Needs(Deed.SeePeople).Needs(Deed.ChangePeople);
        pages.MapGet(Home + "/{id}", (HttpContext http, PeopleServices people, SessionStore sessions, CredentialStore ways, PortalSessions names, string id) =>
            PersonAsync(http, people, sessions, ways, names, id)).Needs(Deed.SeePeople).Needs(Deed.ChangePeople);
        pages.MapPost(Home, InviteAsync).Needs(Deed.ChangePeople).NeedsProof();
        Verb(pages, "roles", "personChanged", (f, id, _) => new ChangePersonRoles
        {
            Context = f.Context(), Person = id, Roles = RoleWords.Chosen(f), Unit = f.Text("unit"),
        });
        Verb(pages, "confirm", "personConfirmed", (f, id, _) => new ConfirmPerson { Context = f.Context(), Person = id, Roles = RoleWords.Chosen(f) });
        Verb(pages, "recertify", "personRecertified", (f, id, _) => new RecertifyPerson { Context = f.Context(), Person = id });
        Verb(pages, "unlock", "personUnlocked", (f, id, _) => new UnlockPerson { Context = f.Context(), Person = id });
        Verb(pages, "stop", "personStopped", (f, id, _) => new StopPerson { Context = f.Context(), Person = id });
        Verb(pages, "reset", "personChanged", (f, id, _) => new ResetPerson { Context = f.Context(), Person = id });
        Verb(pages, "link", "personChanged", (f, id, people) => (f.Text("issuer"), f.Text("subject")) switch
        {
            ({ } issuer, { } subject) => new LinkProvider
            {
                Context = f.Context(), Person = id, Mark = PersonMarks.OfProvider(people.Seam, issuer, subject),
            },
            (null, null) when f.Is("none") => new LinkProvider { Context = f.Context(), Person = id, Mark = null },
            _ => null,
        });
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, PeopleServices people, SessionStore sessions, string? agency, bool stopped, string? after, InviteForm? form = null,
        params ImmutableArray<PageError> errors)
    {
        var caller = http.Features.Get<Caller>()!;
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var choices = ChoicesOf(caller, people.Agencies.Current, AgencyDirectory.DayOf(now));
        if (choices.Find(a => a.Id.Value == (string.IsNullOrEmpty(agency) ? caller.Agency.Value : agency)) is not { } of)
        {
            return Pages.Absent(http);
        }

        var answer = people.Page(caller, of.Id, stopped, Rows, Cursor.Read<string>("people", after));
        var model = new PeopleModel
        {
            Answer = answer, Of = Choice(of), Agencies = [.. choices.Select(Choice)], Stopped = stopped, Form = form ?? new(),
            LastSeen = await sessions.LastSeenAsync(
                [.. answer.People.Select(p => PersonId.TryParse(p.Id, out var id) ? id : default).Where(id => id != default)], http.RequestAborted),
            Invites = InvitedAs(caller, of, now), Proved = StepUp.IsProved(http),
        };
        return Pages.Of<PeopleView, PeopleModel>(
            http, model, p => p with { Title = p.Words["people.title"], Nav = NavEntry.People, Errors = errors },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> PersonAsync(
        HttpContext http, PeopleServices people, SessionStore sessions, CredentialStore ways, PortalSessions names, string id,
        params ImmutableArray<PageError> errors)
    {
        var caller = http.Features.Get<Caller>()!;
        if (Find(people, caller, id) is not (var person, { } answer))
        {
            return Pages.Absent(http);
        }

        var agency = people.Agencies.Current.Find(person.Agency)!;
        var model = new PersonModel
        {
            Person = answer, AgencyName = agency.Name, Ways = await ways.OfAsync(person, http.RequestAborted),
            Sessions = await sessions.OfAsync(person.Id, http.RequestAborted), Possible = PossibleFor(http, people, caller, person),
            Allowed = PeopleRules.RolesAllowed(agency.Kind), Proved = StepUp.IsProved(http),
            Who = by => by is null ? "–" : PersonId.TryParse(by, out var one) && people.Directory.Current.Find(one) is { } who
                && people.Answer(caller, who) is { Name: { } name } ? name : by,
        };
        return Pages.Of<PersonView, PersonModel>(
            http, model, p => p with
            {
                Title = answer.Name ?? answer.Id!, Nav = NavEntry.People, Errors = errors,
                Crumbs = [new Crumb(p.Words["people.title"], $"{Home}?agency={answer.Agency}")],
            },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> InviteAsync(HttpContext http, PeopleServices people, SessionStore sessions)
    {
        var form = await Form.ReadAsync(http);
        var of = form.Text("agency") ?? "";
        var given = new InviteForm(form.Text("name"), form.Text("signInName"), form.Text("address"), form.Text("unit"), RoleWords.Chosen(form));
        if (!AgencyId.TryParse(of, out var agency))
        {
            return Pages.Absent(http);
        }

        var answer = await people.Gateway.SendAsync(
            new InvitePerson
            {
                Context = form.Context(), Agency = agency, Roles = given.Roles, Unit = given.Unit, Secrets = new PersonSecrets
                {
                    Name = given.Name ?? "", SignInName = given.SignInName?.ToLowerInvariant() ?? "", Address = given.Address,
                },
            }, http.RequestAborted);
        return answer switch
        {
            LinkShown shown => Link(http, people, form.Caller, shown),
            PersonCommandRejected { Reason: PersonRejection.UnknownAgency } => Pages.Absent(http),
            PersonCommandRejected refused => await ListAsync(
                http, people, sessions, of, stopped: false, after: null, given, new PageError(refused.Text, "invite")),
            _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
        };
    }

    /// <summary>A form of a person's page: one command; what is refused comes back on the same page with the rule.</summary>
    private static void Verb(IEndpointRouteBuilder pages, string verb, string done, Func<Form, PersonId, PeopleServices, IPersonCommand?> make) =>
        pages.MapPost(Home + "/{id}/" + verb, async (
            HttpContext http, PeopleServices people, SessionStore sessions, CredentialStore ways, PortalSessions names, SignInFailures failures, string id) =>
        {
            var form = await Form.ReadAsync(http);
            if (Find(people, form.Caller, id) is not (var person, { Id: not null }))
            {
                return Pages.Absent(http);
            }

            if (make(form, person.Id, people) is not { } command)
            {
                return await PersonAsync(http, people, sessions, ways, names, id, new PageError(Pages.WordsOf(http)["error.person"], verb));
            }

            var answer = await people.Gateway.SendAsync(command, http.RequestAborted);
            if (answer is PersonChanged && command is UnlockPerson)
            {
                // Also for who is only paused: the next answer counts as the first again.
                await failures.ForgetAsync(person.SignInMark, http.RequestAborted);
            }

            return answer switch
            {
                PersonChanged => Pages.After($"{Home}/{person.Id}", done),
                LinkShown shown => Link(http, people, form.Caller, shown),
                PersonCommandRejected { Reason: PersonRejection.UnknownPerson } => Pages.Absent(http),
                PersonCommandRejected refused => await PersonAsync(
                    http, people, sessions, ways, names, id, new PageError(refused.Text, verb)),
                _ => throw ApiProblemException.Of(ProblemCodes.Unavailable),
            };
        }).Needs(Deed.ChangePeople).NeedsProof();

    /// <summary>The page that shows a link: the answer to the form itself, so that nothing leads to it a second time.</summary>
    private static IResult Link(HttpContext http, PeopleServices people, Caller caller, LinkShown shown) => Pages.Of<LinkView, LinkModel>(
        http, new LinkModel(new LinkAnswer(
            people.Show(caller, shown.Person), shown.Secret is { } secret ? people.LinkTo(secret) : null, shown.ExpiresAt)),
        p => p with
        {
            Title = p.Words["people.link"], Nav = NavEntry.People, Address = Home, Done = null, Crumbs = [new Crumb(p.Words["people.title"], Home)],
        });

    private static (Person Person, PersonAnswer? Answer)? Find(PeopleServices people, Caller caller, string text) =>
        PersonId.TryParse(text, out var id) && people.Directory.Current.Find(id) is { } person && people.Answer(caller, person) is { Id: not null } answer
            ? (person, answer) : null;

    /// <summary>What the rules would take now, each asked with what the page's form would send.</summary>
    private static ImmutableHashSet<PersonWrite> PossibleFor(HttpContext http, PeopleServices people, Caller caller, Person person)
    {
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var (context, id) = (new CommandContext { CommandId = CommandId.New(), Caller = caller, OccurredAt = now }, person.Id);
        IPersonCommand[] commands =
        [
            new ConfirmPerson { Context = context, Person = id, Roles = person.Roles }, new RecertifyPerson { Context = context, Person = id },
            new ResetPerson { Context = context, Person = id }, new StopPerson { Context = context, Person = id },
            new UnlockPerson { Context = context, Person = id }, new LinkProvider { Context = context, Person = id, Mark = "-" },

            // A form that changes roles is there for who may change them, whatever they are now.
            new ChangePersonRoles { Context = context, Person = id, Roles = person.Roles, Unit = "-" },
        ];
        return [.. commands.Where(c => people.Directory.Current.Try(c, people.Agencies.Current, now) is PersonDecision.Accepted).Select(c => c.Write)];
    }

    /// <summary>As whom somebody can be invited: an operator invites the first administrator of another agency, and nobody else there.</summary>
    private static Roles InvitedAs(Caller caller, Agency of, DateTimeOffset now) =>
        !of.Active || !AccessTable.MayOnPerson(
            caller, new PersonFacts(null, of.Id, of.Kind, of.CountriesOn(AgencyDirectory.DayOf(now))), PersonWrite.Invite) ? Roles.None
        : caller.Kind != AgencyKind.Operator || caller.Agency == of.Id ? PeopleRules.RolesAllowed(of.Kind)
        : of.CameIn ? Roles.None
        : PeopleRules.RolesAllowed(of.Kind) & Roles.Administrator;

    /// <summary>Whose people somebody looks after: operators everybody's, a national bureau its countries' police's, all their own.</summary>
    private static List<Agency> ChoicesOf(Caller caller, AgencyDirectory agencies, DateOnly day) =>
    [
        .. agencies.Agencies.Where(a => a.Kind != AgencyKind.System).Where(
            a => a.Id == caller.Agency || (caller.Kind == AgencyKind.Operator && caller.Is(Roles.Operator))
            || (caller.IsNationalBureau && a.Kind == AgencyKind.Police && a.CountriesOn(day).Any(c => caller.WorksFor(c)))),
    ];

    private static AgencyChoice Choice(Agency agency) => new(agency.Id.Value, agency.Name);
}
