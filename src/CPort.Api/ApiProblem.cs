using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace CPort.Api;

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

        return PageMetadata.Of(http) is { } page
            ? page.Problem(http, this) : http.Response.WriteAsJsonAsync(this, ApiJson.Options, ContentType, http.RequestAborted);
    }
}

/// <summary>Ends a request with a problem: the one way for endpoints and what binds their parameters. What they return is the answer.</summary>
public sealed class ApiProblemException(ApiProblem problem) : Exception(problem.Code)
{
    public ApiProblem Problem { get; } = problem;

    public static ApiProblemException Of(string code, string? detail = null) => new(ApiProblem.Of(code, detail));

    public static ApiProblemException Of(IntakeProblem problem) => new(ApiProblem.Of(problem));

    /// <summary>A value that cannot be used, with its field or parameter.</summary>
    public static ApiProblemException OfField(string field, string code, string detail) => Of(IntakeProblem.Of([new FieldError(field, code, detail)]));
}

/// <summary>How the API writes JSON: camel case, absent instead of null, names for enums, dates in UTC with Z.</summary>
public static class ApiJson
{
    public static readonly JsonSerializerOptions Options = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(HashTexts.AddFields);
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter());
        options.Converters.Add(new UtcDateConverter());
        return options;
    }

    private sealed class UtcDateConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
    }
}
