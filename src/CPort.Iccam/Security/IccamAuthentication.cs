namespace CPort.Iccam.Security;

/// <summary>
/// Puts the system that a token is of into the request, before the guard asks what it may. On what needs no token (the sign-in itself) the header is not looked
/// at: clients send an empty or an ended token there.
/// </summary>
internal static class IccamAuthentication
{
    private const string Scheme = "Bearer";

    public static IApplicationBuilder UseIccamTokens(this IApplicationBuilder app, IccamSignIn signIn, IccamTokens tokens) => app.Use(async (http, next) =>
    {
        if (http.GetEndpoint()?.Metadata.GetOrderedMetadata<NeededDeed>() is { Count: > 0 } needed && needed.Any(n => !AccessTable.May(null, n.Deed)))
        {
            if (!signIn.IsReady)
            {
                await ApiProblem.Of(ProblemCodes.Unavailable, "The directory of agencies is being read.").WriteAsync(http);
                return;
            }

            if (signIn.CallerOf(TokenOf(http, tokens), IccamSignIn.CertificateOf(http), http.Connection.RemoteIpAddress) is not { } caller)
            {
                http.Response.Headers.WWWAuthenticate = Scheme;
                await ApiProblem.Of(ProblemCodes.NotAuthenticated, "The token is none, has ended, or its access was stopped: sign in again.").WriteAsync(http);
                return;
            }

            http.Features.Set(caller);
            http.Features.Set(caller.Caller);
        }

        await next(http);
    });

    public static IccamToken? TokenOf(HttpContext http, IccamTokens tokens) =>
        http.Request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase)
            ? tokens.Read(header[Scheme.Length..].Trim()) : null;
}
