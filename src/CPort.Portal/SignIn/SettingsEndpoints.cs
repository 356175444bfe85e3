using CPort.Actors.Sessions;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using Microsoft.AspNetCore.Identity;

namespace CPort.Portal.SignIn;

/// <summary>What a person sees and changes of their own: <c>/app/settings</c>.</summary>
/// <param name="Settings">As they are.</param>
/// <param name="Ways">To sign in.</param>
/// <param name="Sessions">Open ones, newest first.</param>
/// <param name="Current">The one of this request, by <see cref="Session.IdHash"/>.</param>
/// <param name="MayUseCodes">The agency has the way by code.</param>
public sealed record SettingsModel(
    PersonSettings Settings, ImmutableArray<Credential> Ways, ImmutableArray<Session> Sessions, string Current, bool MayUseCodes);

/// <summary>
/// Settings, ways to sign in and open sessions of the person who is signed in. Ways are added and taken away only by who has just shown one: a session that was
/// left open makes no way in that lasts.
/// </summary>
internal static class SettingsEndpoints
{
    private const string Home = "/app/settings";

    public static void MapSettings(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, PageAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost(Home, ChangeAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost($"{Home}/sessions/end", EndOthersAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost($"{Home}/passkeys/options", OptionsAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
        pages.MapPost($"{Home}/passkeys", AddPasskeyAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
        pages.MapPost($"{Home}/ways/remove", RemoveAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
    }

    private static async Task<IResult> PageAsync(HttpContext http, SignInServices all)
    {
        var me = http.Features.Get<SignedIn>()!;
        var model = new SettingsModel(
            me.Person.Settings, await all.Credentials.OfAsync(me.Person, http.RequestAborted), await all.Sessions.OfAsync(me.Person.Id, http.RequestAborted),
            me.Session.IdHash, !all.Options.WithoutCodes.Contains(me.Person.Agency));
        return Pages.Of<SettingsView, SettingsModel>(http, model, p => p with { Title = p.Words["settings.title"] });
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, SignInServices all)
    {
        var (me, form) = (http.Features.Get<SignedIn>()!, await Form.ReadAsync(http));
        var answer = await all.Gateway.SendAsync(
            new ChangeSettings
            {
                Context = form.Context(), Person = me.Person.Id, Settings = new PersonSettings
                {
                    NameVisible = form.Is("nameVisible"), Language = form.Text("language"), Keys = form.Is("keys"),
                    Theme = Enum.TryParse<Domain.People.Theme>(form.Text("theme"), ignoreCase: true, out var theme) ? theme : default,
                    Density = Enum.TryParse<Domain.People.Density>(form.Text("density"), ignoreCase: true, out var density) ? density : default,
                },
            },
            http.RequestAborted);
        return answer is PersonCommandRejected refused
            ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text) : Pages.After(Home, "settings");
    }

    private static async Task<IResult> EndOthersAsync(HttpContext http, SignInServices all)
    {
        var me = http.Features.Get<SignedIn>()!;
        await all.Sessions.EndAllAsync(me.Person.Id, me.Session.IdHash, http.RequestAborted);
        return Pages.After(Home, "sessions");
    }

    private static async Task<IResult> OptionsAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework) =>
        SignInEndpoints.Json(await framework.MakePasskeyCreationOptionsAsync(EnrolEndpoints.EntityOf(all, http.Features.Get<SignedIn>()!.Person)));

    private static async Task<IResult> AddPasskeyAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework)
    {
        var (me, form) = (http.Features.Get<SignedIn>()!, await Form.ReadAsync(http));
        if (await EnrolEndpoints.AttestedAsync(all, framework, me.Person, form.Text("credential")) is not { } passkey)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "The passkey could not be made.");
        }

        await all.Credentials.PutAsync(me.Person, PersonAccounts.Of(passkey), http.RequestAborted);
        return SignInEndpoints.Done(http, Home);
    }

    /// <summary>Never the last one: who has none can be let in again by a reset only.</summary>
    private static async Task<IResult> RemoveAsync(HttpContext http, SignInServices all)
    {
        var (me, form) = (http.Features.Get<SignedIn>()!, await Form.ReadAsync(http));
        var passkeys = (await all.Credentials.OfAsync(me.Person, http.RequestAborted)).Where(w => w.Kind == CredentialKind.Passkey).ToList();
        if (form.Text("passkey") is not { } id || !passkeys.Exists(p => p.Id == id))
        {
            return Pages.Absent(http);
        }

        if (passkeys.Count == 1 && (await all.Credentials.OfAsync(me.Person, http.RequestAborted)).All(w => w.Kind == CredentialKind.Passkey))
        {
            throw ApiProblemException.Of(ProblemCodes.Conflict, "It is your only way to sign in: add another first.");
        }

        await all.Credentials.RemoveAsync(me.Person.Id, CredentialKind.Passkey, id, http.RequestAborted);
        return Pages.After(Home, "settings");
    }
}
