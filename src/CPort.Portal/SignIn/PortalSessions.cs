using System.Security.Claims;
using System.Security.Cryptography;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Actors.People;
using CPort.Actors.Sessions;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.People;

namespace CPort.Portal.SignIn;

/// <summary>A request's session beside what its pages know of it: for endpoints that change the session itself.</summary>
public sealed record SignedIn(Session Session, Person Person, Standing Standing);

/// <summary>
/// From a request's cookie to who looks: the row of the session, the person and the agency as the directories have them now. Each request asks anew, so that
/// what is stopped, reset, lapsed or changed anywhere holds at the next click.
/// </summary>
public sealed class PortalSessions(
    SessionStore sessions, CredentialStore credentials, PeopleDirectoryFeed people, AgencyDirectoryFeed agencies, ConfidentialSeam seam,
    SignInOptions options, IAuditLog audit, TimeProvider time) : IPortalSessions
{
    public async ValueTask<PortalSession?> OfAsync(HttpContext http)
    {
        if (http.Request.Cookies[options.SessionCookie] is not { Length: > 0 } id)
        {
            return null;
        }

        if (!people.Ready || !agencies.Ready)
        {
            // A node that has just started knows nobody yet: that is no reason to send somebody to the sign-in.
            throw ApiProblemException.Of(ProblemCodes.Unavailable, "The directory of people is being read.");
        }

        var byItself = http.GetEndpoint()?.Metadata.GetMetadata<AskedByItself>() is not null;
        if (await sessions.FindAsync(id, http.RequestAborted, seen: !byItself) is not { } session
            || people.Current.Find(session.Person) is not { } person || person.Generation != session.Generation)
        {
            return null;
        }

        var (caller, standing) = PeopleAccess.CallerOf(person, session.Rights, agencies.Current, time.GetUtcNow());
        if (caller is null)
        {
            return null;
        }

        // Form tokens are of this one session: they end with it.
        http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, session.IdHash)], "session"));
        http.Features.Set(new SignedIn(session, person, standing));
        var settings = person.Settings;
        return new PortalSession
        {
            Caller = caller, Standing = standing, AgencyName = agencies.Current.Find(person.Agency)!.Name, PersonName = NameOf(person),
            Language = settings.Language, Theme = (Theme)settings.Theme, Density = (Density)settings.Density, Keys = settings.Keys, KeyMap = settings.KeyMap,
            Idle = sessions.Options.Idle, EndsAt = session.ExpiresAt,
        };
    }

    /// <summary>Opens a session for a person who has shown who they are, and gives it to the browser.</summary>
    /// <param name="http">The request.</param>
    /// <param name="person">Who.</param>
    /// <param name="proved">By a passkey.</param>
    /// <param name="tenant">Live or training.</param>
    public async Task OpenAsync(HttpContext http, Person person, bool proved, Tenant tenant = Tenant.Live)
    {
        // Another session that this browser had is over: an id is never taken over into a new sign-in.
        if (http.Request.Cookies[options.SessionCookie] is { Length: > 0 } before)
        {
            await sessions.EndAsync(sessions.HashOf(before), http.RequestAborted);
        }

        // That somebody came in is durable before they are.
        var rights = new SessionRights(tenant, person.Roles);
        await RecordAsync(person, CallerOf(person, rights), AuditKind.SignIn, "sign-in", AuditOutcome.Done, http.RequestAborted);

        // Who has the agency's provider besides has another way.
        var oneWay = person.Providers.IsEmpty && await credentials.HasOneWayAsync(person, http.RequestAborted);
        var (id, _) = await sessions.OpenAsync(person, tenant, person.Roles, proved, http.RequestAborted, oneWay);
        http.Response.Cookies.Append(options.SessionCookie, id, options.Cookie());
    }

    /// <summary>Ends the request's session, if it has one.</summary>
    public async Task EndAsync(HttpContext http)
    {
        if (http.Request.Cookies[options.SessionCookie] is { Length: > 0 } id)
        {
            await sessions.EndAsync(sessions.HashOf(id), http.RequestAborted);
            if (http.Features.Get<SignedIn>() is { } me)
            {
                await RecordAsync(http, me.Person, AuditKind.SignIn, "sign-out");
            }
        }

        http.Response.Cookies.Delete(options.SessionCookie, options.Cookie());
    }

    /// <summary>
    /// Writes down what a person does about their own coming in, before it is done: in their session, or by a link that they are taking up.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="person">Who.</param>
    /// <param name="kind">As what.</param>
    /// <param name="action">One of few words of ours.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="purpose">The one that is stated by it.</param>
    public Task RecordAsync(
        HttpContext http, Person person, AuditKind kind, string action, AuditOutcome outcome = AuditOutcome.Done, string? purpose = null)
    {
        var caller = http.Features.Get<Caller>() ?? CallerOf(person, new SessionRights(Tenant.Live, person.Roles));
        return RecordAsync(person, purpose is null || caller is null ? caller : caller with { Purpose = purpose }, kind, action, outcome, http.RequestAborted);
    }

    /// <summary>Whom a refused attempt names, for <see cref="SignInRefusals"/>; null: nobody who is known here.</summary>
    public Caller? NamedBy(Person? person) => person is null || agencies.Current.Find(person.Agency) is not { } agency ? null
        : new Caller { Agency = agency.Id, Kind = agency.Kind, Roles = Roles.None, KeyId = person.Id.Value, Person = person.Id };

    private Caller? CallerOf(Person person, SessionRights rights) => PeopleAccess.CallerOf(person, rights, agencies.Current, time.GetUtcNow()).Caller;

    private Task RecordAsync(
        Person person, Caller? caller, AuditKind kind, string action, AuditOutcome outcome, CancellationToken cancellation) => caller is null
        ? Task.CompletedTask
        : audit.RecordAsync(
            new AuditRecord
            {
                Kind = kind, Caller = caller, Action = action, Outcome = outcome,
                Objects = [new AuditObject(AuditObjectKind.Person, person.Id.Value)], Request = System.Diagnostics.Activity.Current?.TraceId.ToString(),
            }, cancellation);

    /// <summary>The person's name; their id where it does not open, because somebody changed the row.</summary>
    public string NameOf(Person person)
    {
        try
        {
            return seam.Open<PersonSecrets>(PersonMarks.Place(person.Id), person.Secrets).Name;
        }
        catch (CryptographicException)
        {
            return person.Id.Value;
        }
    }
}
