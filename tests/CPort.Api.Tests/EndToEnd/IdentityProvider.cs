using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>A real identity provider (OpenIddict, without a store) that asks nobody anything: it names whom the test says.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "cport-example";
    public const string ClientSecret = "an example secret of the tests";

    private readonly WebApplication _app;

    private IdentityProvider(WebApplication app) => _app = app;

    public Uri Issuer { get; private set; } = null!;

    /// <summary>Who has signed in there.</summary>
    public string Subject { get; set; } = "nobody";

    /// <summary>Refuses codes of requests without the proof that the flow began at the same place (PKCE).</summary>
    public int ProofsSeen { get; private set; }

    public static async Task<IdentityProvider> StartAsync(int port)
    {
        IdentityProvider? provider = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, port));
        builder.Services.AddOpenIddict().AddServer(o =>
        {
            o.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token");
            o.AllowAuthorizationCodeFlow().EnableDegradedMode();
            o.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
            o.UseAspNetCore().DisableTransportSecurityRequirement();
            o.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(b => b.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.RedirectUri?.StartsWith("http://localhost:", StringComparison.Ordinal) != true)
                {
                    context.Reject(OpenIddictConstants.Errors.InvalidClient);
                }

                provider!.ProofsSeen += context.Request.CodeChallenge is { Length: > 20 } ? 1 : 0;
                return default;
            }));
            o.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(b => b.UseInlineHandler(context =>
            {
                if (context.ClientId != ClientId || context.ClientSecret != ClientSecret)
                {
                    context.Reject(OpenIddictConstants.Errors.InvalidClient);
                }

                return default;
            }));
            o.AddEventHandler<OpenIddictServerEvents.HandleAuthorizationRequestContext>(b => b.UseInlineHandler(context =>
            {
                var identity = new ClaimsIdentity("example");
                identity.SetClaim(OpenIddictConstants.Claims.Subject, provider!.Subject);
                var principal = new ClaimsPrincipal(identity);
                principal.SetScopes(context.Request.GetScopes());
                context.SignIn(principal);
                return default;
            }));
        });
        var app = builder.Build();
        app.UseAuthentication();
        provider = new IdentityProvider(app);
        await app.StartAsync();
        provider.Issuer = new Uri($"http://localhost:{port}/");
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
