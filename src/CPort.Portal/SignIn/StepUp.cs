using CPort.Api;
using CPort.Actors.Sessions;

namespace CPort.Portal.SignIn;

/// <summary>
/// The one guard of dangerous acts: the person has shown a passkey (or code) within <see cref="SessionTimes.StepUp"/>. An open browser that somebody else
/// sits down at is not enough.
/// </summary>
public static class StepUp
{
    /// <summary>Of an endpoint in a session: leads to <c>/signin/again</c> first where the last proof is too old.</summary>
    public static T NeedsProof<T>(this T endpoint)
        where T : IEndpointConventionBuilder => endpoint.AddEndpointFilter(async (context, next) =>
    {
        var http = context.HttpContext;
        return IsProved(http) ? await next(context) : Again(http);
    });

    /// <summary>Whether the last proof is young enough: pages say beforehand that one is needed, so that no form is filled in for nothing.</summary>
    public static bool IsProved(HttpContext http) =>
        http.Features.Get<SignedIn>() is { } me && http.RequestServices.GetRequiredService<SessionStore>().IsProved(me.Session);

    private static IResult Again(HttpContext http)
    {
        // What was to be done is done from the page it was on, once more: a form's fields are not carried through a sign-in. Pages send no Referer, so that
        // the form names its page.
        var back = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString
            : Return.To(http.Request.HasFormContentType ? http.Request.Form[Return.Field].ToString() : null);
        var to = $"/signin/again?return={Uri.EscapeDataString(back)}";
        return Wants.Json(http) ? Results.Json(new NextStep(to), ApiJson.Options, statusCode: StatusCodes.Status403Forbidden) : Pages.After(to);
    }
}

/// <summary>Where to go after a sign-in: a page of ours, and nowhere else.</summary>
internal static class Return
{
    public const string Field = "return";

    /// <summary>The address if it is a path of the pages; else the first page.</summary>
    public static string To(string? wanted) => wanted is { Length: > 0 and <= 500 } && (wanted == "/app" || wanted.StartsWith("/app/", StringComparison.Ordinal)
        || wanted.StartsWith("/app?", StringComparison.Ordinal)) && !wanted.Contains("//", StringComparison.Ordinal) && !wanted.Contains('\\',
            StringComparison.Ordinal)
        && wanted.All(c => c is > ' ' and < '\u007f') ? wanted : "/app";
}

/// <summary>Where the script goes next.</summary>
/// <param name="Next">A path of ours.</param>
public sealed record NextStep(string Next);

internal static class Wants
{
    /// <summary>The page's script asks, and not the browser for a page.</summary>
    public static bool Json(HttpContext http) => http.Request.Headers.Accept.ToString().StartsWith("application/json", StringComparison.OrdinalIgnoreCase);
}
