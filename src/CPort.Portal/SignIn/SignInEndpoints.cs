using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Sessions;
using CPort.Api;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace CPort.Portal.SignIn;

/// <summary>
/// <c>/signin</c>: by passkey, or by name, kept secret and code. Whatever does not work is answered alike and after the same work, so that nobody learns
/// whether
/// a name, secret or code was wrong. A password that a person chooses there is none: beside codes stands a secret that the machine made
/// (<see cref="KeptSecret"/>), since a code alone is six digits.
/// </summary>
internal static partial class SignInEndpoints
{
    public static void MapSignIn(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/signin", (HttpContext http, SignInServices all) =>
            Page(http, all, Return.To(http.Request.Query[Return.Field]), null, wrong: http.Request.Query["wrong"].ToString() is "1"))
            .Needs(Deed.SignIn);
        pages.MapPost("/signin/passkey/options", async (HttpContext http, SignInManager<PersonAccount> framework) =>
            Json(await framework.MakePasskeyRequestOptionsAsync(null))).Needs(Deed.SignIn);
        pages.MapPost("/signin/passkey", PasskeyAsync).Needs(Deed.SignIn);
        pages.MapPost("/signin/code", CodeAsync).Needs(Deed.SignIn);
        pages.MapPost("/signin/as", AsExampleAsync).Needs(Deed.SignIn);
        pages.MapPost("/signout", async (HttpContext http, PortalSessions sessions) =>
        {
            await sessions.EndAsync(http);
            return Pages.After("/signin");
        }).Needs(Deed.SignIn);
    }

    /// <summary>The framework's own JSON, as the browser's <c>navigator.credentials</c> takes it.</summary>
    internal static IResult Json(string json) => Results.Content(json, "application/json");

    /// <summary>After a sign-in that worked: to the page that was wanted.</summary>
    internal static IResult Done(HttpContext http, string to) => Wants.Json(http) ? Results.Json(new NextStep(to), ApiJson.Options) : Pages.After(to);

    private static async Task<IResult> PasskeyAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework, PortalSessions sessions)
    {
        var form = await Form.ReadAsync(http);
        var to = Return.To(form.Text(Return.Field));
        if (await AssertedAsync(all, framework, form.Text("credential")) is not { } person)
        {
            all.Refusals.Note("sign-in", "passkey");
            return Refused(http, all, to, null);
        }

        await sessions.OpenAsync(http, person, proved: true, TenantOf(form));
        await all.Failures.SucceededAsync(person.SignInMark, http.Connection.RemoteIpAddress, http.RequestAborted);
        return Done(http, to);
    }

    /// <summary>Whose passkey has answered the challenge that this browser was given; null: nobody's.</summary>
    internal static async Task<Person?> AssertedAsync(SignInServices all, SignInManager<PersonAccount> framework, string? credential)
    {
        try
        {
            var result = credential is null ? null : await framework.PerformPasskeyAssertionAsync(credential);
            if (result is not { Succeeded: true })
            {
                all.Tell(result?.Failure is null ? "no credential" : "the assertion does not hold");
                return null;
            }

            await all.Credentials.PutAsync(result.User.Person, PersonAccounts.Of(result.Passkey), CancellationToken.None);
            return result.User.Person;
        }
        catch (Exception e) when (e is InvalidOperationException or PasskeyException or System.Text.Json.JsonException)
        {
            // No challenge was given to this browser, or what it sends is none of its answers.
            all.Tell(e.GetType().Name);
            return null;
        }
    }

    private static async Task<IResult> CodeAsync(HttpContext http, SignInServices all, PortalSessions sessions)
    {
        var form = await Form.ReadAsync(http);
        var (typed, to, from) = (form.Text("name"), Return.To(form.Text(Return.Field)), http.Connection.RemoteIpAddress);
        var good = SignInName.TryParse(typed, out var name, out var agency);
        var mark = PersonMarks.OfName(all.Seam, agency, good ? name : "-");
        var person = all.People.Current.FindByName(mark) is { State: PersonState.Active } found && !all.Options.WithoutCodes.Contains(found.Agency)
            && all.Agencies.Current.Find(found.Agency) is { Active: true } ? found : null;

        // The same work in the same order, whatever of it is wrong.
        var inARow = await all.Failures.ReserveAsync(mark, from, http.RequestAborted);
        var fits = await all.Credentials.FitAsync(inARow is null ? null : person, form.Text("secret"), form.Text("code"), http.RequestAborted);
        if (!fits)
        {
            if (inARow >= SignInFailures.UntilLocked && person is not null)
            {
                await all.LockAsync(person, http.RequestAborted);
            }

            all.Tell(inARow is null ? "paused" : "name, secret or code");
            all.Refusals.Note("sign-in", inARow is null ? "paused" : "code", all.Portal.NamedBy(person));
            return Refused(http, all, to, typed);
        }

        await all.Failures.SucceededAsync(mark, from, http.RequestAborted);
        await sessions.OpenAsync(http, person!, proved: true, TenantOf(form));
        return Done(http, to);
    }

    /// <summary>On example data, for who sits at the machine: as one of the example people.</summary>
    private static async Task<IResult> AsExampleAsync(HttpContext http, SignInServices all, PortalSessions sessions)
    {
        var form = await Form.ReadAsync(http);
        if (!all.OffersExamples(http) || !PersonId.TryParse(form.Text("person"), out var id)
            || all.People.Current.Find(id) is not { State: PersonState.Active } person)
        {
            return Pages.Absent(http);
        }

        await sessions.OpenAsync(http, person, proved: true);
        return Done(http, Return.To(form.Text(Return.Field)));
    }

    internal static Tenant TenantOf(Form form) => form.Text("tenant") == "training" ? Tenant.Training : Tenant.Live;

    private static IResult Refused(HttpContext http, SignInServices all, string to, string? name) => Wants.Json(http)
        ? Results.Json(new { wrong = true }, statusCode: StatusCodes.Status422UnprocessableEntity)
        : Page(http, all, to, name, wrong: true);

    private static IResult Page(HttpContext http, SignInServices all, string to, string? name, bool wrong)
    {
        var model = new SignInModel(
            to, name, wrong, [.. all.Options.Providers.Select(p => new ProviderChoice(p.Agency.Value, all.Agencies.Current.Find(p.Agency)?.Name
                ?? p.Agency.Value))],
            all.OffersExamples(http) ? all.Examples() : []);
        return Pages.Of<SignInView, SignInModel>(
            http, model, p => p with
            {
                Title = p.Words["signin.title"], Address = "/signin", Errors = wrong ? [new PageError(p.Words["signin.wrong"])] : [],
            },
            wrong ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
    }
}

/// <summary>What signing in needs, in one place.</summary>
internal sealed partial class SignInServices(
    SignInOptions options, PeopleDirectoryFeed people, AgencyDirectoryFeed agencies, CredentialStore credentials, SessionStore sessions,
        SignInFailures failures, SignInRefusals refusals,
    IPeopleGateway gateway, ConfidentialSeam seam, PortalSessions portal, TimeProvider time, ILogger<SignInServices> log)
{
    public SignInRefusals Refusals => refusals;

    public PortalSessions Portal => portal;

    public SignInOptions Options => options;

    public PeopleDirectoryFeed People => people;

    public AgencyDirectoryFeed Agencies => agencies;

    public CredentialStore Credentials => credentials;

    public SessionStore Sessions => sessions;

    public SignInFailures Failures => failures;

    public IPeopleGateway Gateway => gateway;

    public ConfidentialSeam Seam => seam;

    public TimeProvider Time => time;

    /// <summary>Example data on this machine's own address, asked for from this machine and by that name: a name of another's may lead here too.</summary>
    public bool OffersExamples(HttpContext http) => options.OffersExamplePeople()

        // Behind a proxy everybody comes from this machine.
        && !http.Request.Headers.Keys.Any(h => h is "Forwarded" or "Via" || h.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
        && http.Connection is { RemoteIpAddress: { } from, LocalIpAddress: { } at }
        && System.Net.IPAddress.IsLoopback(from) && System.Net.IPAddress.IsLoopback(at)
        && (http.Request.Host.Host is "localhost"
            || (System.Net.IPAddress.TryParse(http.Request.Host.Host.Trim('[', ']'), out var host) && System.Net.IPAddress.IsLoopback(host)));

    public ImmutableArray<ExamplePerson> Examples() =>
    [
        .. people.Current.People.Where(p => p.State == PersonState.Active).Select(p => new ExamplePerson(
            p.Id.Value, portal.NameOf(p), agencies.Current.Find(p.Agency)?.Name ?? p.Agency.Value, Api.People.PeopleViews.Names(p.Roles))),
    ];

    /// <summary>Whom a refused sign-in by an agency's provider names: the agency, and nobody of it.</summary>
    public Caller? OfProvider(AgencyProvider provider) => agencies.Current.Find(provider.Agency) is not { } agency ? null
        : new Caller { Agency = agency.Id, Kind = agency.Kind, Roles = Roles.None, KeyId = "provider" };

    /// <summary>Closes the way by code.</summary>
    public Task LockAsync(Person person, CancellationToken cancellation) => gateway.SendAsync(
        new LockPerson { Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Person = person.Id }, cancellation);

    /// <summary>To the node's log: that a sign-in did not work, and nothing of whose.</summary>
    public void Tell(string why) => NotSignedIn(log, why);

    [LoggerMessage(Level = LogLevel.Information, Message = "A sign-in did not work: {Why}")]
    private static partial void NotSignedIn(ILogger logger, string why);
}
