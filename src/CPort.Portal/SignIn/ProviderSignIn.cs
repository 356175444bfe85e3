using System.Security.Claims;
using CPort.Domain.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Identity;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace CPort.Portal.SignIn;

/// <summary>
/// <c>/signin/oidc/{agency}</c>: by the agency's own identity provider. Whom it names is somebody whom the agency has registered and linked
/// (<c>/v1/people/{id}:link</c>), or nobody: none is made at a first sign-in, and none of another agency is found.
/// </summary>
internal static class ProviderSignIn
{
    private const string Again = "again";

    public static void MapProviders(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/signin/oidc/{agency}", (HttpContext http, SignInOptions options, string agency) =>
            options.Providers.FirstOrDefault(p => p.Agency.Value == agency) is not { } provider ? Pages.Absent(http)
            : Results.Challenge(
                new AuthenticationProperties
                {
                    RedirectUri = Return.To(http.Request.Query[Return.Field]),
                    Items = { [Again] = http.Request.Query[Again].ToString() is "1" ? "1" : null },
                },
                [provider.Scheme])).Needs(Deed.SignIn);

    public static void AddProviders(this IServiceCollection services, SignInOptions options)
    {
        var authentication = services.AddAuthentication();
        foreach (var provider in options.Providers)
        {
            authentication.AddOpenIdConnect(provider.Scheme, o => Configure(o, provider, options));
        }
    }

    private static void Configure(OpenIdConnectOptions o, AgencyProvider provider, SignInOptions options)
    {
        o.Authority = provider.Issuer.AbsoluteUri;
        o.RequireHttpsMetadata = !provider.Issuer.IsLoopback;
        (o.ClientId, o.ClientSecret) = (provider.ClientId, provider.ClientSecret);
        o.CallbackPath = $"/signin/oidc/{provider.Agency}/callback";

        // By query: a form that another site posts would come without our cookies.
        (o.ResponseType, o.ResponseMode, o.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
        (o.MapInboundClaims, o.SaveTokens, o.GetClaimsFromUserInfoEndpoint) = (false, false, false);
        o.Scope.Clear();
        o.Scope.Add("openid");

        // Named because one must be; what is signed in is a session of ours, before it comes to that.
        o.SignInScheme = IdentityConstants.TwoFactorUserIdScheme;
        foreach (var cookie in new[] { o.CorrelationCookie, o.NonceCookie })
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = options.IsSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        }

        o.Events.OnRedirectToIdentityProvider = context =>
        {
            context.ProtocolMessage.AcrValues = provider.Acr;
            context.ProtocolMessage.MaxAge = context.Properties.Items.TryGetValue(Again, out var again) && again == "1" ? "0" : null;
            return Task.CompletedTask;
        };
        o.Events.OnTicketReceived = context => ReceivedAsync(context, provider);
        o.Events.OnRemoteFailure = context =>
        {
            var all = context.HttpContext.RequestServices.GetRequiredService<SignInServices>();
            all.Tell(context.Failure?.GetType().Name ?? "the provider refused");
            all.Refusals.Note("sign-in", "provider", all.OfProvider(provider));
            return RefuseAsync(context.Response, context.HandleResponse);
        };
    }

    private static async Task ReceivedAsync(TicketReceivedContext context, AgencyProvider provider)
    {
        var all = context.HttpContext.RequestServices.GetRequiredService<SignInServices>();
        var subject = context.Principal?.FindFirstValue(provider.SubjectClaim);
        var person = subject is null ? null : all.People.Current.FindByProvider(PersonMarks.OfProvider(all.Seam, provider.Issuer.AbsoluteUri, subject));
        if (person is not { MayComeIn: true } || person.Agency != provider.Agency || all.Agencies.Current.Find(person.Agency) is not { Active: true }
            || (provider.Acr is { } acr && context.Principal!.FindFirstValue("acr") != acr))
        {
            all.Tell("nobody here is linked to whom the provider names, or it asked too little");
            all.Refusals.Note("sign-in", "provider", person?.Agency == provider.Agency ? all.Portal.NamedBy(person) : all.OfProvider(provider));
            await RefuseAsync(context.Response, context.HandleResponse);
            return;
        }

        var asked = long.TryParse(context.Principal!.FindFirstValue("auth_time"), CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
        await context.HttpContext.RequestServices.GetRequiredService<PortalSessions>().OpenAsync(
            context.HttpContext, person, proved: asked is { } at && all.Time.GetUtcNow() - at < all.Sessions.Options.StepUp);
        context.Response.Redirect(Return.To(context.ReturnUri));
        context.HandleResponse();
    }

    private static Task RefuseAsync(HttpResponse response, Action handled)
    {
        response.Redirect("/signin?wrong=1");
        handled();
        return Task.CompletedTask;
    }
}
