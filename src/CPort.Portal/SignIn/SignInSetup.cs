using CPort.Actors.Sessions;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CPort.Portal.SignIn;

/// <summary>The services of sign-in, and its routes.</summary>
public static class SignInSetup
{
    /// <summary>
    /// After the API's services. From the node it expects besides: the stores of <see cref="CPort.Actors.Sessions"/>, the directories of people and
    /// agencies, the
    /// gateway of people, and <see cref="ProtectionKeys.EnsureAsync"/> run at start.
    /// </summary>
    public static IServiceCollection AddPortalSignIn(this IServiceCollection services, SignInOptions options)
    {
        services.AddSingleton(options);
        services.AddHttpContextAccessor();
        services.AddSingleton<PortalSessions>();
        services.Replace(ServiceDescriptor.Singleton<IPortalSessions>(p => p.GetRequiredService<PortalSessions>()));
        services.AddSingleton<SignInServices>();
        services.AddIdentityCore<PersonAccount>().AddSignInManager().AddUserStore<PersonAccounts>();
        services.Configure<IdentityPasskeyOptions>(o =>
        {
            o.ServerDomain = options.PortalUrl.Host;
            o.UserVerificationRequirement = "required";
            o.ResidentKeyRequirement = "required";
            o.AttestationConveyancePreference = "none";
            o.ValidateOrigin = context => ValueTask.FromResult(IsOwnOrigin(context, options));
        });

        // Where the framework keeps a ceremony's challenge between its two halves. Nobody is signed in by it.
        services.AddAuthentication().AddCookie(IdentityConstants.TwoFactorUserIdScheme, o =>
        {
            o.Cookie = Of(options, "ceremony", SameSiteMode.Strict);
            o.ExpireTimeSpan = TimeSpan.FromMinutes(5);
            o.SlidingExpiration = false;
        });
        services.Configure<AntiforgeryOptions>(o => o.Cookie = Of(options, "form", SameSiteMode.Strict));
        services.AddProviders(options);
        services.AddProtectionKeys(options);

        // It would ask the database for keys before the node has waited for it.
        foreach (var early in services.Where(s => s.ImplementationType?.Name == "DataProtectionHostedService").ToList())
        {
            services.Remove(early);
        }

        return services;
    }

    internal static void MapSignInPages(this IEndpointRouteBuilder pages)
    {
        pages.MapSignIn();
        pages.MapEnrol();
        pages.MapSession();
        pages.MapSecondWay();
        pages.MapProviders();
        pages.MapSettings();
    }

    /// <summary>
    /// Made on a page of the portal's own host: the framework alone would take whatever the request's Host header says (credential scoping).
    /// </summary>
    private static bool IsOwnOrigin(PasskeyOriginValidationContext context, SignInOptions options) =>
        !context.CrossOrigin && Uri.TryCreate(context.Origin, UriKind.Absolute, out var origin)
        && origin.Host == options.PortalUrl.Host && origin.Scheme == options.PortalUrl.Scheme
        && (options.PortalUrl.Port == 0 || origin.Port == options.PortalUrl.Port);

    private static CookieBuilder Of(SignInOptions options, string use, SameSiteMode sameSite) => new()
    {
        Name = options.CookieName(use), HttpOnly = true, IsEssential = true, Path = "/", SameSite = sameSite,
        SecurePolicy = options.IsSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.None,
    };
}
