using CPort.Api;

namespace CPort.Portal.Shell;

/// <summary>Problems as pages; their wording is that of the API's, their titles the catalogue's.</summary>
internal static class Problems
{
    public static async Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            await AfterAsync("/signin");
            return;
        }

        if (problem.Status == StatusCodes.Status403Forbidden && http.Features.Get<PortalSession>() is { Standing: not Domain.People.Standing.Good } session)
        {
            // Not what was asked is refused: something else comes first.
            var first = session.Standing switch
            {
                Domain.People.Standing.PurposeNeeded => "purpose", Domain.People.Standing.SecondWayNeeded => "second", _ => null,
            };
            await (first is not null
                ? AfterAsync($"/signin/{first}")
                : Pages.Of<MessageView, Message>(
                    http, new Message($"standing.{session.Standing}"), p => p with { Title = p.Words[$"standing.{session.Standing}.title"], Done = null },
                    problem.Status).ExecuteAsync(http));
            return;
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
            await Pages.Absent(http).ExecuteAsync(http);
            return;
        }

        var message = new Message(key, problem.Detail is { } detail ? [detail] : []);
        await Pages.Of<MessageView, Message>(http, message, p => p with { Title = p.Words[$"{key}.title"], Done = null }, problem.Status).ExecuteAsync(http);

        // Afterwards back to what was wanted; what was filled in waits there (rule R8).
        async Task AfterAsync(string page)
        {
            var wanted = HttpMethods.IsGet(http.Request.Method) ? http.Request.Path + http.Request.QueryString
                : await http.RequestServices.GetRequiredService<Drafts>().KeepAsync(http) ?? "/app";
            await Pages.After($"{page}?return={Uri.EscapeDataString(wanted)}").ExecuteAsync(http);
        }
    }
}
