using System.Collections.Immutable;

namespace CPort.Actors.Intake;

/// <summary>
/// One thing wrong with a body. <paramref name="Field"/> is a path in the sender's own terms (<c>urls[0].hostingIpAddress</c>; empty for the whole
/// body), <paramref name="Code"/> one of <see cref="IntakeCodes"/>, <paramref name="Detail"/> a sentence that never quotes the value.
/// </summary>
public sealed record FieldError(string Field, string Code, string Detail);

/// <summary>Why a body was not taken. Holds no URL, memo, hash or other value of it, so that it may be logged and kept.</summary>
public sealed record IntakeProblem
{
    /// <summary>One of <see cref="IntakeCodes"/>, or a report's rejection code in kebab case; with several errors, the first one's.</summary>
    public required string Code { get; init; }
    public required string Detail { get; init; }
    public ImmutableArray<FieldError> Errors { get; init; } = [];

    /// <summary>Nothing is wrong with the body: send it again later.</summary>
    public bool Retry { get; init; }

    public static IntakeProblem Of(string code, string detail) => new() { Code = code, Detail = detail };

    public static IntakeProblem Of(IReadOnlyCollection<FieldError> errors)
    {
        var first = errors.First();
        return new IntakeProblem
        {
            Code = first.Code, Errors = [.. errors],
            Detail = errors.Count == 1 ? (first.Field.Length > 0 ? $"{first.Field}: {first.Detail}" : first.Detail) : $"{errors.Count} errors; the first: {first.Field}: {first.Detail}",
        };
    }
}

/// <summary>The codes of what can be wrong with a body: a closed set, part of the API. Words for people stand in the API's catalogue.</summary>
public static class IntakeCodes
{
    public const string NotUtf8 = "not-utf8";
    public const string ByteOrderMark = "byte-order-mark";
    public const string Empty = "empty";
    public const string TooLarge = "too-large";
    public const string MalformedJson = "malformed-json";
    public const string TooDeep = "too-deep";
    public const string DuplicateKey = "duplicate-key";
    public const string UnknownField = "unknown-field";
    public const string WrongType = "wrong-type";
    public const string Missing = "missing-field";
    public const string TooLong = "too-long";
    public const string TooMany = "too-many";
    public const string ControlCharacters = "control-characters";
    public const string UnknownCode = "unknown-code";
    public const string MalformedDate = "malformed-date";
    public const string DateInFuture = "date-in-future";
    public const string MalformedUrl = "malformed-url";
    public const string MalformedHash = "malformed-hash";
    public const string MalformedAddress = "malformed-address";
    public const string UnknownCountry = "unknown-country";
    public const string MalformedReference = "malformed-reference";
    public const string OutOfRange = "out-of-range";
    public const string Inconsistent = "inconsistent";
    public const string Conflict = "conflict";
    public const string Unavailable = "unavailable";

    /// <summary>A defect of the node.</summary>
    public const string Internal = "internal-error";
}
