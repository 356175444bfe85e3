using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CPort.Actors.Intake;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace CPort.Api;

/// <summary>An RFC 9457 problem, the form of every error of the API. Holds no URL, memo, hash or key.</summary>
public sealed record ApiProblem
{
    public const string ContentType = "application/problem+json";

    /// <summary><c>urn:cport:problem:</c> and the code.</summary>
    public string Type => $"urn:cport:problem:{Code}";

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
    public IReadOnlyList<ItemAnswer>? Items { get; init; }

    /// <summary>Seconds for the header <c>Retry-After</c>.</summary>
    [JsonIgnore]
    public int? RetryAfter { get; init; }

    public static ApiProblem Of(string code, string? detail = null)
    {
        var (status, title) = ProblemCatalogue.Find(code);
        return new ApiProblem
        {
            Code = code, Status = status, Title = title, Detail = detail, Retry = status is 429 or 503 ? true : null, RetryAfter = status is 429 or 503 ? 2 : null,
        };
    }

    public static ApiProblem Of(IntakeProblem problem) =>
        Of(problem.Code, problem.Detail) with { Errors = problem.Errors.IsEmpty ? null : problem.Errors, Retry = problem.Retry ? true : null };

    public static ApiProblem Of(RejectionCode code, string? detail) => Of(Rejections.Word(code), detail);

    public ApiProblemResult ToResult() => new(this);
}

/// <summary>Writes a problem with its status and headers.</summary>
public sealed class ApiProblemResult(ApiProblem problem) : IResult, IStatusCodeHttpResult, IValueHttpResult<ApiProblem>
{
    public ApiProblem Value => problem;

    public int? StatusCode => problem.Status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } seconds)
        {
            httpContext.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return httpContext.Response.WriteAsJsonAsync(problem, ApiJson.Options, ApiProblem.ContentType, httpContext.RequestAborted);
    }
}

/// <summary>
/// Ends a request with a problem from where no result can be returned: the binding of parameters and helpers of endpoints. Never crosses into
/// CPort.Actors.
/// </summary>
public sealed class ApiProblemException(ApiProblem problem) : Exception(problem.Code)
{
    public ApiProblem Problem { get; } = problem;

    public static ApiProblemException Of(string code, string? detail = null) => new(ApiProblem.Of(code, detail));
}

/// <summary>Every problem code with its status and title: the one table, shown in the documentation.</summary>
public static class ProblemCatalogue
{
    public const string BadRequest = "bad-request";
    public const string NotAuthenticated = "not-authenticated";
    public const string NotAuthorised = "not-authorised";
    public const string NotFound = "not-found";
    public const string PurposeMissing = "purpose-missing";
    public const string PurposeInvalid = "purpose-invalid";
    public const string TooManyStreams = "too-many-streams";
    public const string MalformedCursor = "malformed-cursor";
    public const string Internal = IntakeCodes.Internal;

    private static readonly Dictionary<string, (int Status, string Title)> Table = new(StringComparer.Ordinal)
    {
        // The request
        [BadRequest] = (400, "The request cannot be understood"),
        [MalformedCursor] = (400, "The cursor is not one of this list"),
        [NotAuthenticated] = (401, "No valid API key"),
        [NotAuthorised] = (403, "Not allowed for this caller"),
        [PurposeMissing] = (403, "A purpose is required"),
        [PurposeInvalid] = (400, "The purpose cannot be used"),
        [NotFound] = (404, "Not found"),
        ["method-not-allowed"] = (405, "The method is not allowed here"),
        ["not-acceptable"] = (406, "The answer is not available in that form"),
        ["unsupported-media-type"] = (415, "The body is of an unsupported type"),
        [TooManyStreams] = (429, "Too many streams at once"),
        [IntakeCodes.Internal] = (500, "A defect of this node"),
        [IntakeCodes.Unavailable] = (503, "Not available at the moment"),
        ["stuck"] = (503, "The report cannot be read from the journal; it is on the operator's list"),

        // The body
        [IntakeCodes.NotUtf8] = (400, "Not UTF-8"),
        [IntakeCodes.ByteOrderMark] = (400, "Byte order mark"),
        [IntakeCodes.Empty] = (400, "Empty body or line"),
        [IntakeCodes.MalformedJson] = (400, "Malformed JSON"),
        [IntakeCodes.TooDeep] = (400, "JSON nested too deeply"),
        [IntakeCodes.DuplicateKey] = (400, "A key stands twice"),
        [IntakeCodes.TooLarge] = (413, "Body or line too large"),
        [IntakeCodes.UnknownField] = (422, "Unknown field"),
        [IntakeCodes.WrongType] = (422, "Wrong type"),
        [IntakeCodes.Missing] = (422, "Missing field"),
        [IntakeCodes.TooLong] = (422, "Text too long"),
        [IntakeCodes.TooMany] = (422, "Too many entries"),
        [IntakeCodes.ControlCharacters] = (422, "Control characters in a text"),
        [IntakeCodes.UnknownCode] = (422, "Unknown code"),
        [IntakeCodes.MalformedDate] = (422, "Malformed date"),
        [IntakeCodes.DateInFuture] = (422, "Date in the future"),
        [IntakeCodes.MalformedUrl] = (422, "Impossible URL"),
        [IntakeCodes.MalformedHash] = (422, "Malformed hash"),
        [IntakeCodes.MalformedAddress] = (422, "Malformed IP address"),
        [IntakeCodes.UnknownCountry] = (422, "Unknown country"),
        [IntakeCodes.MalformedReference] = (422, "Malformed reference"),
        [IntakeCodes.OutOfRange] = (422, "Value out of range"),
        [IntakeCodes.Inconsistent] = (422, "Fields contradict each other"),
        [IntakeCodes.Conflict] = (409, "The reference was used with other content"),

        // Rules of reports; every RejectionCode stands here or gets 422
        ["version-mismatch"] = (412, "The item has changed"),
        ["leased"] = (409, "Held by another analyst"),
        ["not-leased"] = (409, "Not held by the caller"),
        ["wrong-hotline"] = (403, "Not this hotline"),
        ["others-have-acted"] = (409, "Others have acted"),
        ["withdrawn"] = (409, "Withdrawn"),
        ["already-acted-on"] = (409, "Already acted on (ICCAM rule 3)"),
        ["item-is-closed"] = (409, "The item is closed (ICCAM rule 7)"),
        ["action-already-recorded"] = (409, "The action is recorded already (ICCAM rule 8)"),
        ["already-assigned-there"] = (409, "Assigned there already"),
        ["nothing-to-change"] = (422, "Nothing to change"),
        ["parts-out-of-order"] = (503, "Not available at the moment"),
        ["baseline-is-final"] = (409, "Baseline is final (ICCAM rule 1)"),
        ["only-national-is-overruled"] = (409, "Only National is overruled (ICCAM rule 2)"),
        ["not-assessed-yet"] = (409, "Not assessed yet (ICCAM rule 9)"),
        ["report-not-complete"] = (409, "The report is not complete (ICCAM rule 9)"),
        ["action-does-not-fit-assessment"] = (422, "The action does not fit the assessment (ICCAM rule 10)"),
        ["reason-missing"] = (422, "A reason is required"),
        ["reason-does-not-fit"] = (422, "The reason does not fit the action"),
        ["hosting-first"] = (409, "Hosting comes first (ICCAM rule 11)"),
        ["not-assigned"] = (409, "Not assigned"),
        ["not-offline"] = (409, "Not offline"),
        ["nothing-to-correct"] = (409, "Nothing to correct"),
        ["too-many-items"] = (422, "Too many items"),
        ["doubtful-has-no-effect"] = (422, "Doubtful has no effect"),

        // Agencies
        ["agency-exists"] = (409, "The agency exists"),
        ["agency-inactive"] = (409, "The agency is closed"),
        ["hotline-number-taken"] = (409, "The ICCAM number is taken"),
        ["interpol-exists"] = (409, "INTERPOL is registered"),
        ["own-agency"] = (409, "Not one's own agency"),
        ["key-revoked"] = (409, "The key is revoked"),
        ["key-replaced"] = (409, "The key is replaced"),
        ["too-many-keys"] = (409, "Too many keys"),
        ["command-id-in-use"] = (409, "The command id was used for another command"),
        ["key-id-taken"] = (503, "Not available at the moment"),
    };

    /// <summary>Status and title; an unknown code is a rule's no: 422.</summary>
    public static (int Status, string Title) Find(string code) =>
        Table.TryGetValue(code, out var found) ? found : (422, string.Concat(char.ToUpperInvariant(code[0]), code[1..].Replace('-', ' ')));

    public static string CodeOf(int status) => status switch
    {
        401 => NotAuthenticated, 403 => NotAuthorised, 404 => NotFound, 405 => "method-not-allowed", 406 => "not-acceptable",
        413 => IntakeCodes.TooLarge, 415 => "unsupported-media-type", 429 => TooManyStreams, 503 => IntakeCodes.Unavailable,
        >= 500 => Internal, _ => BadRequest,
    };
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
