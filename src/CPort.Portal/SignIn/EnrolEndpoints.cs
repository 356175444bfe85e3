using CPort.Actors.People;
using CPort.Api.People;
using CPort.Domain.Audit;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;

namespace CPort.Portal.SignIn;

/// <summary>
/// <c>/signin/enrol/{link}</c>: an invited person makes a way to sign in. The link is used up by the registry before the way is kept, so that of two who
/// have it
/// one comes in; unknown, used and too old look alike.
/// </summary>
internal static class EnrolEndpoints
{
    private const string Purpose = "enrol-app-1";

    public static void MapEnrol(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/signin/enrol/{link}", (HttpContext http, SignInServices all, IDataProtectionProvider protection, string link) =>
            Page(http, all, protection, link, wrong: false)).Needs(Deed.SignIn);
        pages.MapPost("/signin/enrol/{link}/passkey/options", OptionsAsync).Needs(Deed.SignIn);
        pages.MapPost("/signin/enrol/{link}/passkey", PasskeyAsync).Needs(Deed.SignIn);
        pages.MapPost("/signin/enrol/{link}/code", CodeAsync).Needs(Deed.SignIn);
    }

    private static async Task<IResult> OptionsAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework, string link) =>
        Invited(all, link) is { } person
            ? SignInEndpoints.Json(await framework.MakePasskeyCreationOptionsAsync(EntityOf(all, person)))
            : NoLink(http, all, link);

    /// <summary>How an authenticator names the person.</summary>
    internal static PasskeyUserEntity EntityOf(SignInServices all, Person person)
    {
        var secrets = all.Seam.Open<PersonSecrets>(PersonMarks.Place(person.Id), person.Secrets);
        return new PasskeyUserEntity { Id = person.Id.Value, Name = $"{secrets.SignInName}@{person.Agency}", DisplayName = secrets.Name };
    }

    private static async Task<IResult> PasskeyAsync(
        HttpContext http, SignInServices all, SignInManager<PersonAccount> framework, PortalSessions sessions, string link)
    {
        var form = await Form.ReadAsync(http);
        if (Invited(all, link) is not { } invited)
        {
            return NoLink(http, all, link);
        }

        if (await AttestedAsync(all, framework, invited, form.Text("credential")) is not { } passkey)
        {
            return NoLink(http, all, link, "passkey");
        }

        if (await AcceptAsync(http, all, link) is not { } person)
        {
            return NoLink(http, all, link);
        }

        await sessions.RecordAsync(http, person, AuditKind.Administration, "make-passkey");
        await all.Credentials.PutAsync(person, PersonAccounts.Of(passkey), http.RequestAborted);
        await sessions.OpenAsync(http, person, proved: true);
        return SignInEndpoints.Done(http, "/app");
    }

    /// <summary>The passkey that this browser has made for the person; null: none.</summary>
    internal static async Task<UserPasskeyInfo?> AttestedAsync(
        SignInServices all, SignInManager<PersonAccount> framework, Person person, string? credential)
    {
        try
        {
            var made = credential is null ? null : await framework.PerformPasskeyAttestationAsync(credential);
            if (made is { Succeeded: true } && made.UserEntity.Id == person.Id.Value)
            {
                return made.Passkey;
            }

            all.Tell("the attestation does not hold");
        }
        catch (Exception e) when (e is InvalidOperationException or PasskeyException or System.Text.Json.JsonException)
        {
            all.Tell(e.GetType().Name);
        }

        return null;
    }

    private static async Task<IResult> CodeAsync(
        HttpContext http, SignInServices all, PortalSessions sessions, IDataProtectionProvider protection, string link)
    {
        var form = await Form.ReadAsync(http);
        if (Invited(all, link) is not { } invited || all.Options.WithoutCodes.Contains(invited.Agency))
        {
            return NoLink(http, all, link);
        }

        var secret = SecretOf(protection, link, form.Text("state"));
        if (secret is null || Totp.StepOf(secret, form.Text("code") ?? "", all.Time.GetUtcNow()) is not { } step)
        {
            all.Refusals.Note("enrol", "code", all.Portal.NamedBy(invited));
            return Page(http, all, protection, link, wrong: true, secret);
        }

        if (await AcceptAsync(http, all, link) is not { } person)
        {
            return NoLink(http, all, link);
        }

        await sessions.RecordAsync(http, person, AuditKind.Administration, "make-codes");
        var (kept, codes) = await all.Credentials.PutCodesAsync(person, secret, step, http.RequestAborted);
        await sessions.OpenAsync(http, person, proved: true);

        // Not after a redirect: this is shown once.
        return Pages.Of<KeptCodesView, KeptCodesModel>(http, new KeptCodesModel(EntityOf(all, person).Name, kept, codes), p => p with
        {
            Title = p.Words["enrol.kept"], Address = "/app",
        });
    }

    /// <summary>Whose link it is, as far as this node's directory knows.</summary>
    private static Person? Invited(SignInServices all, string link) =>
        EnrolmentLink.TryParse(link, out var given) && all.People.Current.FindByLink(given.Hash, all.Time.GetUtcNow()) is { } person
        && all.Agencies.Current.Find(person.Agency) is { Active: true } ? person : null;

    /// <summary>Uses the link up; the person as they stand then, null: it does not work any more.</summary>
    private static async Task<Person?> AcceptAsync(HttpContext http, SignInServices all, string link)
    {
        _ = EnrolmentLink.TryParse(link, out var given);
        var answer = await all.Gateway.SendAsync(
            new AcceptInvitation { Context = CommandContext.OfSystem(Tenant.Live, all.Time.GetUtcNow()), LinkHash = given!.Hash }, http.RequestAborted);
        return answer is PersonChanged { Changed: true } changed ? all.People.Current.Find(changed.Person) : null;
    }

    private static IResult Page(
        HttpContext http, SignInServices all, IDataProtectionProvider protection, string link, bool wrong, byte[]? secret = null)
    {
        if (Invited(all, link) is not { } person)
        {
            return NoLink(http, all, link);
        }

        var (entity, agency) = (EntityOf(all, person), all.Agencies.Current.Find(person.Agency)!);
        secret ??= Totp.NewSecret();
        var app = all.Options.WithoutCodes.Contains(person.Agency) ? null : new AppSecret(
            Totp.Base32(secret), Totp.Uri(secret, "CPort", entity.Name), Protector(protection, link).Protect(Convert.ToBase64String(secret)));
        return Pages.Of<EnrolView, EnrolModel>(
            http,
            new EnrolModel(link, entity.DisplayName, entity.Name, agency.Name, PeopleViews.Names(person.Roles), person.Link!.ExpiresAt, app, wrong),
            p => p with
            {
                Title = p.Words["enrol.title"], Address = "/signin", Errors = wrong ? [new PageError(p.Words["enrol.wrong"], "code")] : [],
            },
            wrong ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
    }

    /// <summary>It comes to nothing, and whose link it was, if anybody's, finds that in the audit log.</summary>
    private static IResult NoLink(HttpContext http, SignInServices all, string link, string cause = "link")
    {
        var whose = EnrolmentLink.TryParse(link, out var given) ? all.People.Current.OwnerOfLink(given.Hash) : null;
        all.Refusals.Note("enrol", cause, all.Portal.NamedBy(whose));
        return NoLink(http);
    }

    private static IResult NoLink(HttpContext http) => Pages.Of<MessageView, Message>(
        http, new Message("enrol.noLink"), p => p with { Title = p.Words["enrol.noLink.title"], Address = "/signin", Done = null },
            StatusCodes.Status404NotFound);

    /// <summary>For this link only: a secret that was shown to one is nobody else's.</summary>
    private static IDataProtector Protector(IDataProtectionProvider protection, string link) =>
        protection.CreateProtector(Purpose, link);

    private static byte[]? SecretOf(IDataProtectionProvider protection, string link, string? state)
    {
        try
        {
            return state is null ? null : Convert.FromBase64String(Protector(protection, link).Unprotect(state));
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or FormatException)
        {
            return null;
        }
    }
}
