using CPort.Actors.Sessions;
using CPort.Domain.Audit;
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
/// <param name="Roles">All that the person has.</param>
/// <param name="Chosen">Those that this session works with.</param>
/// <param name="Training">This session is an exercise.</param>
/// <param name="SendsMail">This installation has a mail server.</param>
/// <param name="Keys">What stands in the fields of keys, by the key's name; null: what is set.</param>
public sealed record SettingsModel(
    PersonSettings Settings, ImmutableArray<Credential> Ways, ImmutableArray<Session> Sessions, string Current, bool MayUseCodes, Roles Roles, Roles Chosen,
    bool Training, bool SendsMail, IReadOnlyDictionary<string, string?>? Keys = null);

/// <summary>
/// Settings, ways to sign in and open sessions of the person who is signed in. Ways are added and taken away only by who has just shown one: a session that was
/// left open makes no way in that lasts.
/// </summary>
internal static class SettingsEndpoints
{
    private const string Home = "/app/settings";

    public static void MapSettings(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, async (HttpContext http, SignInServices all, Drafts drafts) => await PageAsync(http, all, await drafts.FindAsync(http)))
            .Needs(Deed.ChangeOwnSettings);
        pages.MapPost(Home, ChangeAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost($"{Home}/sessions/end", EndOthersAsync).Needs(Deed.ChangeOwnSettings);
        pages.MapPost($"{Home}/passkeys/options", OptionsAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
        pages.MapPost($"{Home}/passkeys", AddPasskeyAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
        pages.MapPost($"{Home}/ways/remove", RemoveAsync).Needs(Deed.ChangeOwnSettings).NeedsProof();
        pages.MapPost($"{Home}/ways/codes", (HttpContext http, SignInServices all) => SecondWayEndpoints.CodesAsync(http, all))
            .Needs(Deed.ChangeOwnSettings).NeedsProof();
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, SignInServices all, FilledForm? filled = null, PortalKey? wrong = null)
    {
        var me = http.Features.Get<SignedIn>()!;
        var form = filled?.Form(http, "settings");
        var keys = form is null ? null : KeysOf(form);
        if (keys?.Any(k => (k.Value ?? "") != PortalKeys.Of(me.Person.Settings.KeyMap, k.Key)) == false)
        {
            keys = null;
        }

        var model = new SettingsModel(
            form is null ? me.Person.Settings : SettingsOf(me.Person.Settings, form, me.Person.Settings.KeyMap),
            await all.Credentials.OfAsync(me.Person, http.RequestAborted),
            await all.Sessions.OfAsync(me.Person.Id, http.RequestAborted),
            me.Session.IdHash, !all.Options.WithoutCodes.Contains(me.Person.Agency), me.Person.Roles, me.Person.Roles & me.Session.Roles,
            me.Session.Tenant.IsTraining(), all.Options.SendsMail, keys);
        return Pages.Of<SettingsView, SettingsModel>(
            http, model, p => p with
            {
                Title = p.Words["settings.title"], Filled = form is null ? null : filled,
                Errors = wrong is null ? [] : [new PageError(p.Words.Of("error.key", ("does", p.Words[$"keys.{wrong.Name}"])), $"key-{wrong.Name}")],
            }, wrong is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, SignInServices all)
    {
        var (me, form) = (http.Features.Get<SignedIn>()!, await Form.ReadAsync(http));
        var map = PortalKeys.Map(KeysOf(form), out var wrong);
        if (wrong is not null)
        {
            return await PageAsync(http, all, form.Filled(), wrong);
        }

        var answer = await all.Gateway.SendAsync(
            new ChangeSettings
            {
                Context = form.Context(), Person = me.Person.Id, Settings = SettingsOf(me.Person.Settings, form, map),
            },
            http.RequestAborted);
        return answer is PersonCommandRejected refused
            ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text) : Pages.After(Home, "settings");
    }

    private static Dictionary<string, string?> KeysOf(Form form) => PortalKeys.All.ToDictionary(k => k.Name, k => form.Text($"key-{k.Name}"));

    private static PersonSettings SettingsOf(PersonSettings before, Form form, string? map) => before with
    {
        NameVisible = form.Is("nameVisible"), Language = form.Text("language"), Keys = form.Is("keys"), KeyMap = map,
        Theme = Enum.TryParse<Domain.People.Theme>(form.Text("theme"), ignoreCase: true, out var theme) ? theme : default,
        Density = Enum.TryParse<Domain.People.Density>(form.Text("density"), ignoreCase: true, out var density) ? density : default,
        Mails = Enum.TryParse<MailWish>(form.Text("mails"), ignoreCase: true, out var mails) ? mails : default,
    };

    private static async Task<IResult> EndOthersAsync(HttpContext http, SignInServices all)
    {
        var me = http.Features.Get<SignedIn>()!;
        await all.Portal.RecordAsync(http, me.Person, AuditKind.SignIn, "end-other-sessions");
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

        await all.Portal.RecordAsync(http, me.Person, AuditKind.Administration, "make-passkey");
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

        await all.Portal.RecordAsync(http, me.Person, AuditKind.Administration, "remove-passkey");
        await all.Credentials.RemoveAsync(me.Person.Id, CredentialKind.Passkey, id, http.RequestAborted);
        return Pages.After(Home, "settings");
    }
}
