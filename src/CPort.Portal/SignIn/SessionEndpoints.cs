using CPort.Actors.Sessions;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using Microsoft.AspNetCore.Identity;

namespace CPort.Portal.SignIn;

/// <summary>What is changed of an open session: why the person looks, what they work as, that they are still there.</summary>
internal static class SessionEndpoints
{
    public static void MapSession(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/signin/purpose", (HttpContext http, SignInServices all) => PurposePageAsync(http, all, Return.To(http.Request.Query[Return.Field]),
            fault: false))
            .Needs(Deed.SignIn);
        pages.MapPost("/signin/purpose", PurposeAsync).Needs(Deed.SignIn);
        pages.MapPost("/signin/session", ChangeAsync).Needs(Deed.SignIn);

        // Says that somebody is there (WCAG 2.2.1); asking is all.
        pages.MapGet("/app/here", () => Results.NoContent()).Needs(Deed.CountItems);
        pages.MapGet("/signin/again", (HttpContext http, SignInServices all) => AgainPageAsync(http, all, Return.To(http.Request.Query[Return.Field]),
            wrong: false))
            .Needs(Deed.SignIn);
        pages.MapPost("/signin/again/passkey/options", async (HttpContext http, SignInManager<PersonAccount> framework) =>
            http.Features.Get<SignedIn>() is { } me
                ? SignInEndpoints.Json(await framework.MakePasskeyRequestOptionsAsync(PersonAccounts.Of(me.Person))) : First(http)).Needs(Deed.SignIn);
        pages.MapPost("/signin/again", AgainAsync).Needs(Deed.SignIn);
    }

    /// <summary>Nobody is signed in: that first.</summary>
    private static IResult First(HttpContext http) => Wants.Json(http)
        ? Results.Json(new NextStep("/signin"), statusCode: StatusCodes.Status401Unauthorized) : Pages.After("/signin");

    private static async Task<IResult> PurposeAsync(HttpContext http, SignInServices all)
    {
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return First(http);
        }

        var form = await Form.ReadAsync(http);
        var (purpose, to) = (form.Text("purpose"), Return.To(form.Text(Return.Field)));
        if (purpose is null || !AgencyDirectory.IsPurpose(purpose))
        {
            return await PurposePageAsync(http, all, to, fault: true);
        }

        await all.Portal.RecordAsync(http, me.Person, AuditKind.SignIn, "state-purpose", purpose: purpose);
        await all.Sessions.StatePurposeAsync(me.Session, purpose, http.RequestAborted);
        return SignInEndpoints.Done(http, to);
    }

    private static async Task<IResult> PurposePageAsync(HttpContext http, SignInServices all, string to, bool fault)
    {
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return First(http);
        }

        var recent = await all.Sessions.PurposesAsync(me.Person.Id, http.RequestAborted);
        return Pages.Of<PurposeView, PurposeModel>(
            http, new PurposeModel(to, http.Features.Get<Caller>()?.Purpose, recent.Texts, fault),
            p => p with { Title = p.Words["purpose.title"], Errors = fault ? [new PageError(p.Words["purpose.fault"], "purpose")] : [] },
            fault ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
    }

    /// <summary>Tenant and roles to work with, of the person's.</summary>
    private static async Task<IResult> ChangeAsync(HttpContext http, SignInServices all)
    {
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return First(http);
        }

        var form = await Form.ReadAsync(http);
        var chosen = form.All("role").Aggregate(Roles.None, (roles, name) => Enum.TryParse<Roles>(name, ignoreCase: true, out var role) ? roles | role : roles);
        await all.Portal.RecordAsync(http, me.Person, AuditKind.SignIn, "change-session");
        await all.Sessions.ChangeAsync(
            me.Session, SignInEndpoints.TenantOf(form), (chosen & me.Person.Roles) is var kept and not Roles.None ? kept : me.Person.Roles,
                http.RequestAborted);
        return SignInEndpoints.Done(http, Return.To(form.Text(Return.Field)));
    }

    private static async Task<IResult> AgainAsync(HttpContext http, SignInServices all, SignInManager<PersonAccount> framework)
    {
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return First(http);
        }

        var form = await Form.ReadAsync(http);
        var (to, mark, from) = (Return.To(form.Text(Return.Field)), me.Person.SignInMark, http.Connection.RemoteIpAddress);
        bool proved;
        if (form.Text("credential") is { } credential)
        {
            // What cannot be guessed is not counted.
            proved = (await SignInEndpoints.AssertedAsync(all, framework, credential))?.Id == me.Person.Id;
        }
        else
        {
            proved = await all.Failures.ReserveAsync(mark, from, http.RequestAborted) is not null
                && await all.Credentials.FitAsync(me.Person, form.Text("secret"), form.Text("code"), http.RequestAborted);
        }

        await all.Portal.RecordAsync(http, me.Person, AuditKind.SignIn, "step-up", proved ? AuditOutcome.Done : AuditOutcome.Refused);
        if (!proved)
        {
            return await AgainPageAsync(http, all, to, wrong: true);
        }

        await all.Failures.SucceededAsync(mark, from, http.RequestAborted);
        await all.Sessions.ProvedAsync(me.Session, http.RequestAborted);
        return SignInEndpoints.Done(http, to);
    }

    private static async Task<IResult> AgainPageAsync(HttpContext http, SignInServices all, string to, bool wrong)
    {
        if (http.Features.Get<SignedIn>() is not { } me)
        {
            return First(http);
        }

        var ways = await all.Credentials.OfAsync(me.Person, http.RequestAborted);
        return Pages.Of<AgainView, AgainModel>(
            http, new AgainModel(to, ways.Any(w => w.Kind == CredentialKind.Passkey), ways.Any(w => w.Kind == CredentialKind.Totp), wrong),
            p => p with { Title = p.Words["again.title"], Errors = wrong ? [new PageError(p.Words["signin.wrong"])] : [] },
            wrong ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK);
    }
}
