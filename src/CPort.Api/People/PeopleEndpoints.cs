using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Sessions;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using CPort.Domain.Wire;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CPort.Api.People;

/// <summary>People of agencies: <c>/v1/people</c>.</summary>
public static class PeopleEndpoints
{
    internal const string List = "people";

    public static void MapPeople(this IEndpointRouteBuilder v1)
    {
        var people = v1.MapGroup("/people").WithTags("People");
        people.MapGet("", ListAsync).Needs(Deed.SeePeople).WithName("ListPeople").WithSummary("List people")
            .WithDescription(
                "Of the caller's own agency, or of `agency`, oldest first. Of one's own agency's people all is shown; a national bureau is shown those of its "
                + "countries' police; of all others roles and unit, and the name where they want that. Who was stopped is left out unless `stopped` is true.")
            .Problems(400, 404, 422);
        people.MapGet("/{person}", (PeopleServices all, ApiCaller me, string person) => all.Show(me.Caller, Id(person)))
            .Needs(Deed.SeePeople).WithName("GetPerson").WithSummary("Read a person").Problems(404);
        people.MapPost("", InviteAsync).Needs(Deed.ChangePeople).WithName("InvitePerson").WithSummary("Invite a person")
            .WithDescription(
                "The answer is the only place where the link is ever shown; it works once, for 30 minutes. An operator invites the first administrator of an "
                + "agency that has not come in yet; everybody else is invited by the agency.").Problems(400, 403, 404, 409, 422, 503);
        people.MapPatch("/{person}", ChangeAsync).Needs(Deed.ChangePeople).WithName("ChangePerson").WithSummary("Change a person's roles or unit")
            .Problems(400, 403, 404, 409, 422, 503);
        people.MapPost("/{person}:confirm", (HttpContext http, PeopleServices all, ApiCaller me, string person, JsonBody<ConfirmPersonBody> body) =>
                DoAsync(http, all, me, new ConfirmPerson { Context = me.Context(), Person = Id(person), Roles = Read(body, body.Value.Roles) }))
            .Needs(Deed.ChangePeople).WithName("ConfirmPerson").WithSummary("Confirm a person as national bureau")
            .Problems(400, 403, 404, 409, 422, 503);
        people.MapPost("/{person}:recertify", (HttpContext http, PeopleServices all, ApiCaller me, string person) =>
                DoAsync(http, all, me, new RecertifyPerson { Context = me.Context(), Person = Id(person) }))
            .Needs(Deed.ChangePeople).WithName("RecertifyPerson").WithSummary("Say that a person still needs the roles")
            .Problems(403, 404, 409, 503);
        people.MapPost("/{person}:reset", async (HttpContext http, PeopleServices all, ApiCaller me, string person) =>
                await LinkAsync(http, all, me, new ResetPerson { Context = me.Context(), Person = Id(person) }))
            .Needs(Deed.ChangePeople).WithName("ResetPerson").WithSummary("Take a person's ways to sign in away and make a link for new ones")
            .Problems(403, 404, 409, 503);
        people.MapPost("/{person}:stop", (HttpContext http, PeopleServices all, ApiCaller me, string person) =>
                DoAsync(http, all, me, new StopPerson { Context = me.Context(), Person = Id(person) }))
            .Needs(Deed.ChangePeople).WithName("StopPerson").WithSummary("Stop a person now")
            .WithDescription("Sessions and streams end within seconds, on every node, and what the person holds is free again. For good.")
            .Problems(403, 404, 409, 503);
        people.MapPost("/{person}:unlock", async (HttpContext http, PeopleServices all, ApiCaller me, SignInFailures failures, string person) =>
            {
                var answer = await DoAsync(http, all, me, new UnlockPerson { Context = me.Context(), Person = Id(person) });

                // Also for who is only paused: the next answer counts as the first again.
                if (all.Directory.Current.Find(Id(person)) is { } unlocked)
                {
                    await failures.ForgetAsync(unlocked.SignInMark, http.RequestAborted);
                }

                return answer;
            })
            .Needs(Deed.ChangePeople).WithName("UnlockPerson").WithSummary("Open the way by code again").Problems(403, 404, 409, 503);
        people.MapPost("/{person}:link", LinkProviderAsync).Needs(Deed.ChangePeople).WithName("LinkPerson")
            .WithSummary("Say by which name the agency's identity provider knows a person").Problems(400, 403, 404, 409, 422, 503);
    }

    private static PeopleAnswer ListAsync(
        PeopleServices all, ApiCaller me, string? agency = null, string? stopped = null, string? cursor = null, string? maxResults = null)
    {
        var of = agency is null ? me.Caller.Agency : AgencyId.TryParse(agency, out var id) && all.Agencies.Current.Find(id) is not null ? id
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such agency.");
        var (max, after) = (QueryValues.MaxResults(maxResults), Cursor.Read<string>(List, cursor));
        var also = stopped switch
        {
            null or "false" => false, "true" => true,
            _ => throw ApiProblemException.OfField("stopped", ProblemCodes.UnknownCode, "true or false."),
        };
        return all.Page(me.Caller, of, also, max, after);
    }

    private static async Task<Created<LinkAnswer>> InviteAsync(HttpContext http, PeopleServices all, ApiCaller me, JsonBody<InvitePersonBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        foreach (var (field, value) in new[] { ("name", b.Name), ("signInName", b.SignInName) })
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                f.Missing(field);
            }
        }

        var agency = b.Agency is null ? me.Caller.Agency : f.Agency("agency", b.Agency) ?? default;
        var roles = Read(body, b.Roles);
        return TypedResults.Created((string?)null, await LinkAsync(http, all, me, new InvitePerson
        {
            Context = me.Context(), Agency = agency, Roles = roles, Unit = b.Unit?.Trim(),
            Secrets = new PersonSecrets { Name = b.Name!.Trim(), SignInName = b.SignInName!.Trim().ToLowerInvariant(), Address = b.Address?.Trim() },
        }));
    }

    private static async Task<PersonAnswer> ChangeAsync(HttpContext http, PeopleServices all, ApiCaller me, string person, JsonBody<ChangePersonBody> body)
    {
        var id = Id(person);
        var now = all.Directory.Current.Find(id);
        var roles = body.Value.Roles is null && now is not null ? now.Roles : Read(body, body.Value.Roles ?? []);
        return await DoAsync(http, all, me, new ChangePersonRoles { Context = me.Context(), Person = id, Roles = roles, Unit = body.Value.Unit?.Trim() });
    }

    private static async Task<PersonAnswer> LinkProviderAsync(HttpContext http, PeopleServices all, ApiCaller me, string person,
        JsonBody<LinkProviderBody> body)
    {
        var (issuer, subject) = (body.Value.Issuer?.Trim(), body.Value.Subject?.Trim());
        if (string.IsNullOrEmpty(issuer) != string.IsNullOrEmpty(subject))
        {
            body.Fields.Add("subject", ProblemCodes.Inconsistent, "Give issuer and subject, or neither.");
        }

        body.Check();
        return await DoAsync(http, all, me, new LinkProvider
        {
            Context = me.Context(), Person = Id(person),
            Mark = string.IsNullOrEmpty(issuer) ? null : PersonMarks.OfProvider(all.Seam, issuer, subject!),
        });
    }

    private static async Task<PersonAnswer> DoAsync(HttpContext http, PeopleServices all, ApiCaller me, IPersonCommand command) =>
        all.Show(me.Caller, ((PersonChanged)await TakenAsync(all, command, http.RequestAborted)).Person);

    private static async Task<LinkAnswer> LinkAsync(HttpContext http, PeopleServices all, ApiCaller me, IPersonCommand command)
    {
        http.Response.Headers.CacheControl = "no-store";
        var shown = (LinkShown)await TakenAsync(all, command, http.RequestAborted);
        return new LinkAnswer(all.Show(me.Caller, shown.Person), shown.Secret is { } secret ? all.LinkTo(secret) : null, shown.ExpiresAt);
    }

    /// <summary>The answer to a command that took effect.</summary>
    private static async Task<IWireReply> TakenAsync(PeopleServices all, IPersonCommand command, CancellationToken cancellation) =>
        await all.Gateway.SendAsync(command, cancellation) is var answer && answer is PersonCommandRejected rejected
            ? throw ApiProblemException.Of(ProblemCodes.Of(rejected.Reason), rejected.Text)
            : answer;

    private static Roles Read<T>(JsonBody<T> body, List<string?>? names)
        where T : class
    {
        var roles = Roles.None;
        for (var i = 0; i < names?.Count; i++)
        {
            if (names[i] is { Length: > 0 } name && char.IsAsciiLetter(name[0]) && !name.Contains(',', StringComparison.Ordinal)
                && Enum.TryParse<Roles>(name, ignoreCase: true, out var role))
            {
                roles |= role;
            }
            else
            {
                body.Fields.Add($"roles[{i}]", ProblemCodes.UnknownCode, $"One of {string.Join(", ", PeopleViews.Names((Roles)~0))}.");
            }
        }

        if (names is not { Count: > 0 })
        {
            body.Fields.Missing("roles");
        }

        body.Check();
        return roles;
    }

    private static PersonId Id(string text) => PersonId.TryParse(text, out var id) ? id : throw PeopleServices.NoSuchPerson();
}

/// <summary>What the endpoints of people need.</summary>
public sealed class PeopleServices(
    IPeopleGateway gateway, PeopleDirectoryFeed directory, AgencyDirectoryFeed agencies, ConfidentialSeam seam, CPortApiOptions options, TimeProvider time)
{
    public IPeopleGateway Gateway => gateway;

    public PeopleDirectoryFeed Directory => directory;

    public AgencyDirectoryFeed Agencies => agencies;

    public ConfidentialSeam Seam => seam;

    /// <summary>The address of a link's page.</summary>
    public string LinkTo(string secret) => $"{options.PortalUrl ?? options.PublicUrl}/signin/enrol/{secret}";

    /// <summary>A page of an agency's people, oldest first, as far as the caller is shown them; the portal's page is the same.</summary>
    public PeopleAnswer Page(Caller caller, AgencyId of, bool stopped, int max, string? after)
    {
        var found = directory.Current.People.Where(p => p.Agency == of && (stopped || p.State != PersonState.Stopped)).ToList();
        var page = found.Skip(after is null ? 0 : found.FindIndex(p => p.Id.Value == after) + 1).Take(max + 1).ToList();
        return new PeopleAnswer([.. page.Take(max).Select(p => Answer(caller, p)).OfType<PersonAnswer>()],
            page.Count > max ? Cursor.Write(PeopleEndpoints.List, page[max - 1].Id.Value) : null);
    }

    public PersonAnswer? Answer(Caller caller, Person person) => PeopleViews.Of(person, caller, agencies.Current, seam, time.GetUtcNow());

    /// <summary>The person as far as shown; whom the caller is shown only role and unit of, there is not.</summary>
    public PersonAnswer Show(Caller caller, PersonId id) =>
        directory.Current.Find(id) is { } person && Answer(caller, person) is { Id: not null } answer ? answer : throw NoSuchPerson();

    internal static ApiProblemException NoSuchPerson() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such person.");
}
