using System.Text.Json;

namespace CPort.Iccam.Security;

/// <summary>
/// Problems as ICCAM's clients understand them: 400, 401 and 403 end a job for good and show their <c>errors</c> to staff; everything else is tried again. So
/// what a rule refuses is 400 (403: nothing the caller may do), what passes is 503, and nothing is 500, 404, 409, 412, 422 or 429.
/// </summary>
internal static class IccamErrors
{
    public static readonly ProblemStyle Style = new(WriteAsync);

    public static int StatusOf(int status) => status switch
    {
        401 or 403 => status,
        408 or 429 or >= 500 => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>A refusal of a report's rules, with the field that it is about.</summary>
    public static ApiProblemException Of(RejectionCode code, string? detail, string field)
    {
        var problem = ApiProblem.Of(code, detail);
        return new ApiProblemException(problem with { Errors = [new FieldError(field, problem.Code, detail ?? problem.Title)] });
    }

    /// <summary>There is none, or it is not the caller's: a refusal like others, not 404, which is tried again for ever.</summary>
    public static ApiProblemException Absent(string field) =>
        ApiProblemException.OfField(field, ProblemCodes.NotFound, "There is none of this number, or it is not for you to see.");

    private static Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        var status = StatusOf(problem.Status);
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable && http.Response.Headers.RetryAfter.Count == 0)
        {
            http.Response.Headers.RetryAfter = "2";
        }

        var errors = problem.Errors is { Count: > 0 } fields
            ? fields.GroupBy(e => e.Field.Length > 0 ? e.Field : e.Code).ToDictionary(g => g.Key, g => g.Select(e => e.Detail).ToArray())
            : new Dictionary<string, string[]> { [problem.Code] = [problem.Detail ?? problem.Title] };
        return http.Response.WriteAsJsonAsync(
            new ErrorAnswer(problem.Type, problem.Title, status, errors), IccamJson.Options, "application/json", http.RequestAborted);
    }
}
