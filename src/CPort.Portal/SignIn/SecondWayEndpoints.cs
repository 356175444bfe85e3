using CPort.Domain.Audit;
using Microsoft.AspNetCore.Identity;

namespace CPort.Portal.SignIn;

/// <summary>What who has one way to sign in sees before anything else.</summary>
/// <param name="Return">Where to go then.</param>
/// <param name="MayUseCodes">The agency has the way by code.</param>
public sealed record SecondWayModel(string Return, bool MayUseCodes);

/// <summary>
/// <c>/signin/second</c>: who has a single passkey makes another, or takes recovery codes, before any page opens: a device that is lost would otherwise be a
/// reset by an administrator, who could become the person by it. Ways are made only by who has just shown one.
/// </summary>
internal static class SecondWayEndpoints
{
    private const string Here = "/signin/second";

    public static void MapSecondWay(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Here, PageAsync).Needs(Deed.SignIn);
        pages.MapPost($"{Here}/passkey/options", async (HttpContext http, SignInServices all, SignInManager<PersonAccount> framework) =>
            http.Features.Get<SignedIn>() is { } me
                ? SignInEndpoints.Json(await framework.MakePasskeyCreationOptionsAsync(EnrolEndpoints.EntityOf(all, me.Person)))
                : Pages.Absent(http)).Needs(Deed.SignIn).NeedsProof();
        pages.MapPost($"{Here}/passkey", PasskeyAsync).Needs(Deed.SignIn).NeedsProof();
        pages.MapPost($"{Here}/codes", (HttpContext http, SignInServices all) => CodesAsync(http, all)).Needs(Deed.SignIn).NeedsProof();
    }

    /// <summary>New recovery codes, and the secret to keep beside them, in place of those that were: shown once.</summary>
    internal static async Task<IResult> CodesAsync(HttpContext http, SignInServices all)
    {
        if (http.Features.Get<SignedIn>() is not { } me || all.Options.WithoutCodes.Contains(me.Person.Agency))
        {
            return Pages.Absent(http);
        }

        await all.Portal.RecordAsync(http, me.Person, AuditKind.Administration, "make-recovery-codes");
        var (kept, codes) = await all.Credentials.PutRecoveryAsync(me.Person, http.RequestAborted);
        await all.Sessions.SecondWayMadeAsync(me.Session, http.RequestAborted);

        // Not after a redirect: this is shown once.
        return Pages.Of<KeptCodesView, KeptCodesModel>(
            http, new KeptCodesModel(EnrolEndpoints.EntityOf(all, me.Person).Name, kept, codes),
            p => p with { Title = p.Words["enrol.kept"], Address = "/app" });
    }

    private static async Task<IResult> PasskeyAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework)
    {
        var (me, form) = (http.Features.Get<SignedIn>()!, await Form.ReadAsync(http));
        if (await EnrolEndpoints.AttestedAsync(all, framework, me.Person, form.Text("credential")) is not { } passkey)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "The passkey could not be made.");
        }

        await all.Portal.RecordAsync(http, me.Person, AuditKind.Administration, "make-passkey");
        await all.Credentials.PutAsync(me.Person, PersonAccounts.Of(passkey), http.RequestAborted);

        // The same device once more is no second way.
        if (!await all.Credentials.HasOneWayAsync(me.Person, http.RequestAborted))
        {
            await all.Sessions.SecondWayMadeAsync(me.Session, http.RequestAborted);
        }

        return SignInEndpoints.Done(http, Return.To(form.Text(Return.Field)));
    }

    private static async Task<IResult> PageAsync(HttpContext http, SignInServices all)
    {
        var to = Return.To(http.Request.Query[Return.Field]);
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return Pages.After("/signin");
        }

        if (!me.Session.Ticket.OneWay || !await all.Credentials.HasOneWayAsync(me.Person, http.RequestAborted))
        {
            // Made in another session meanwhile.
            await all.Sessions.SecondWayMadeAsync(me.Session, http.RequestAborted);
            return Pages.After(to);
        }

        return Pages.Of<SecondWayView, SecondWayModel>(
            http, new SecondWayModel(to, !all.Options.WithoutCodes.Contains(me.Person.Agency)), p => p with { Title = p.Words["second.title"] });
    }
}
