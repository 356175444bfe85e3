using CPort.Api;

namespace CPort.Portal.Shell;

/// <summary>Problems as pages; their wording is that of the API's, their titles the catalogue's.</summary>
internal static class Problems
{
    public static Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            // What was filled in is kept by the page's script; without one, the browser's "back" has it.
            var wanted = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString : "/app";
            return Pages.After($"/signin?return={Uri.EscapeDataString(wanted)}").ExecuteAsync(http);
        }

        if (problem.Status == StatusCodes.Status403Forbidden && http.Features.Get<PortalSession>() is { Standing: not Domain.People.Standing.Good } session)
        {
            // Not what was asked is refused: something else comes first.
            return session.Standing == Domain.People.Standing.PurposeNeeded
                ? Pages.After($"/signin/purpose?return={Uri.EscapeDataString(HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString : "/app")}")
                    .ExecuteAsync(http)
                : Pages.Of<MessageView, Message>(
                    http, new Message($"standing.{session.Standing}"), p => p with { Title = p.Words[$"standing.{session.Standing}.title"], Done = null },
                    problem.Status).ExecuteAsync(http);
        }

        var key = problem.Status switch
        {
            StatusCodes.Status404NotFound => "absent",
            StatusCodes.Status403Forbidden => "forbidden",
            StatusCodes.Status405MethodNotAllowed => "absent",
            StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests => "unavailable",
            >= 500 => "defect",
            _ => "refused",
        };
        if (key == "absent")
        {
            return Pages.Absent(http).ExecuteAsync(http);
        }

        var message = new Message(key, problem.Detail is { } detail ? [detail] : []);
        return Pages.Of<MessageView, Message>(http, message, p => p with { Title = p.Words[$"{key}.title"], Done = null }, problem.Status).ExecuteAsync(http);
    }
}
