using System.Text.Json.Serialization;

namespace CPort.Api.Answers;

/// <summary>An RFC 9457 problem, the form of every error of the API. Holds no URL, memo, hash or key.</summary>
public sealed record ApiProblem
{
    public const string ContentType = "application/problem+json";

    /// <summary>What the types of CPort's problems begin with, and nobody else's.</summary>
    public const string TypePrefix = "urn:cport:problem:";

    /// <summary><see cref="TypePrefix"/> and the code.</summary>
    public string Type => $"{TypePrefix}{Code}";

    /// <summary>A short sentence, the same for every problem of this code.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status, also for a line of a stream, where it is that of the same report sent alone.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong this time.</summary>
    public string? Detail { get; init; }

    /// <summary>A word for programs, out of a closed set.</summary>
    public required string Code { get; init; }

    /// <summary>Everything that is wrong with the body, each with its place.</summary>
    public IReadOnlyList<FieldError>? Errors { get; init; }

    /// <summary>True: nothing is wrong with the request; the same one may be sent again later.</summary>
    public bool? Retry { get; init; }

    /// <summary>Of a conflict: the report that has the reference.</summary>
    public string? ReportId { get; init; }

    /// <summary>Of a conflict: the fields whose content differs.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Of a command on several items: what became of each.</summary>
    public IReadOnlyList<ItemOutcomeAnswer>? Items { get; init; }

    /// <summary>Seconds for the header <c>Retry-After</c>.</summary>
    [JsonIgnore]
    public int? RetryAfter { get; init; }

    public static ApiProblem Of(string code, string? detail = null)
    {
        var (status, title) = ProblemCodes.Find(code);
        return new ApiProblem
        {
            Code = code, Status = status, Title = title, Detail = detail, Retry = status is 429 or 503
                ? true : null, RetryAfter = status is 429 or 503 ? 2 : null,
        };
    }

    public static ApiProblem Of(IntakeProblem problem) =>
        Of(problem.Code, problem.Detail) with { Errors = problem.Errors.IsEmpty ? null : problem.Errors, Retry = problem.Retry ? true : null };

    public static ApiProblem Of(RejectionCode code, string? detail) => Of(ProblemCodes.Of(code), detail);

    /// <summary>Answers with it where nothing can be thrown: in middleware.</summary>
    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (RetryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status415UnsupportedMediaType)
        {
            // RFC 9110 15.5.16. Types are never refused, encodings are.
            http.Response.Headers.AcceptEncoding = "identity";
        }

        if (http.Features.Get<ProblemStyle>() is { } style)
        {
            return style.WriteAsync(http, this);
        }

        return PageMetadata.Of(http) is { } page
            ? page.Problem(http, this) : http.Response.WriteAsJsonAsync(this, ApiJson.Options, ContentType, http.RequestAborted);
    }
}

/// <summary>Of a request at a listener with another form of errors than RFC 9457's: how a problem is written there. A feature of the request.</summary>
public sealed record ProblemStyle(Func<HttpContext, ApiProblem, Task> WriteAsync);

/// <summary>Ends a request with a problem: the one way for endpoints and what binds their parameters. What they return is the answer.</summary>
public sealed class ApiProblemException(ApiProblem problem) : Exception(problem.Code)
{
    public ApiProblem Problem { get; } = problem;

    public static ApiProblemException Of(string code, string? detail = null) => new(ApiProblem.Of(code, detail));

    public static ApiProblemException Of(IntakeProblem problem) => new(ApiProblem.Of(problem));

    /// <summary>A value that cannot be used, with its field or parameter.</summary>
    public static ApiProblemException OfField(string field, string code, string detail) => Of(IntakeProblem.Of([new FieldError(field, code, detail)]));
}

/// <summary>What an endpoint's description says of its problems.</summary>
public static class ProblemRoutes
{
    /// <summary>Documents these statuses as problems; 400 (a parameter that is none) and 401 come with every route.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (var status in statuses.Union([StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized]))
        {
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ApiProblem), [ApiProblem.ContentType]));
        }

        return route;
    }
}
