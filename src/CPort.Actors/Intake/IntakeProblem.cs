namespace CPort.Actors.Intake;

/// <summary>
/// One thing wrong with a body. <paramref name="Field"/> is a path in the sender's own terms (<c>urls[0].hostingIpAddress</c>; empty for the whole body),
/// <paramref name="Code"/> one of the API's problem codes, <paramref name="Detail"/> a sentence that never quotes the value.
/// </summary>
public sealed record FieldError(string Field, string Code, string Detail);

/// <summary>Why a body was not taken. Holds no URL, memo, hash or other value of it, so that it may be logged and kept.</summary>
public sealed record IntakeProblem
{
    /// <summary>One of the API's problem codes; with several errors, the first one's.</summary>
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
            Detail = errors.Count == 1 ? (first.Field.Length > 0
                ? $"{first.Field}: {first.Detail}" : first.Detail) : $"{errors.Count} errors; the first: {first.Field}: {first.Detail}",
        };
    }
}
