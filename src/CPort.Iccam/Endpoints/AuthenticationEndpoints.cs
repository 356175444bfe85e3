using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary><c>Authentication</c>: signing in, and what is declared beside it.</summary>
internal static class AuthenticationEndpoints
{
    private const int MaxBytes = 16 * 1024;

    public static void MapAuthentication(this IEndpointRouteBuilder routes, IccamServices all)
    {
        routes.OnPost("/Authentication", http => SignInAsync(http, all)).Needs(Deed.SignIn).WithName("IccamSignIn");
        routes.OnPost("/Authentication/refresh", http => RefreshAsync(http, all)).Needs(Deed.SignIn).WithName("IccamRefresh");

        // A token holds all it means, and ends by itself: there is nothing to forget.
        routes.OnPost("/Authentication/logout", _ => Task.FromResult(Shows.Done)).Needs(Deed.SignIn).WithName("IccamSignOut");
        routes.OnGet("/Authentication/userinfo", http => Task.FromResult(UserInfo(http, all))).Needs(Deed.SignIn).WithName("IccamUserInfo");
    }

    private static async Task<IResult> SignInAsync(HttpContext http, IccamServices all)
    {
        RefuseUnready(all);
        var request = await RequestReader.BodyAsync<LoginRequest>(http, MaxBytes);
        return Shows.Plain(await all.SignIn.SignInAsync(request, http.Connection.RemoteIpAddress, IccamSignIn.CertificateOf(http), http.RequestAborted)
            ?? throw ApiProblemException.OfField(
                "username", ProblemCodes.NotAuthenticated, "User name, password or client certificate are not those of a hotline here, or it waits a while."));
    }

    /// <summary>Clients send the ended token in the header, too, where it is not looked at.</summary>
    private static async Task<IResult> RefreshAsync(HttpContext http, IccamServices all)
    {
        RefuseUnready(all);
        var request = await RequestReader.BodyAsync<RefreshRequest>(http, MaxBytes);
        var certificate = IccamSignIn.CertificateOf(http);
        return Shows.Plain(all.SignIn.CallerOf(all.Tokens.ReadRefresh(request), certificate, http.Connection.RemoteIpAddress) is { } caller
            ? all.Tokens.Issue(caller.Agency.Id, caller.Access, certificate)
            : throw ApiProblemException.OfField("refreshToken", ProblemCodes.NotAuthenticated, "The token is none, has ended, or its access was stopped."));
    }

    private static IResult UserInfo(HttpContext http, IccamServices all)
    {
        var token = IccamAuthentication.TokenOf(http, all.Tokens);
        return Shows.Plain(all.SignIn.CallerOf(token, IccamSignIn.CertificateOf(http), http.Connection.RemoteIpAddress) is { } caller
            ? new UserAnswer(true, new ClaimsAnswer(caller.Access.UserName, all.Tokens.EndOf(token!).ToUnixTimeSeconds()))
            : new UserAnswer(false, null));
    }

    /// <summary>Not 401: to a client that is an end.</summary>
    private static void RefuseUnready(IccamServices all)
    {
        if (!all.SignIn.IsReady)
        {
            throw ApiProblemException.Of(ProblemCodes.Unavailable, "The directory of agencies is being read.");
        }
    }
}
