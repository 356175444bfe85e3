using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace CPort.Api.Reading;

/// <summary>
/// Reads what others send: no key twice, no field that is not known, numbers as numbers, no comments, depth at most 16. Everything wrong becomes an
/// <see cref="IntakeProblem"/> with the field's path; nothing of the value is ever quoted.
/// </summary>
public static partial class StrictJson
{
    public const int MaxDepth = 16;

    public static readonly JsonSerializerOptions Options = Make();

    /// <summary>Reads one JSON document: first its syntax and how many entries its arrays have, then its values.</summary>
    public static bool TryRead<T>(
        ReadOnlySpan<byte> utf8, IntakeLimits limits, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out IntakeProblem? problem)
        where T : class
    {
        value = null;
        problem = Unreadable(utf8);
        if (problem is not null)
        {
            return false;
        }

        try
        {
            problem = JsonScan.Fault(utf8, limits) is { } fault ? IntakeProblem.Of([fault]) : null;
            if (problem is null && (value = JsonSerializer.Deserialize<T>(utf8, Options)) is null)
            {
                problem = IntakeProblem.Of(ProblemCodes.WrongType, "The body is null; an object is expected.");
            }
        }
        catch (JsonException e)
        {
            problem = IntakeProblem.Of([Explain(e)]);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            // A text with half a surrogate pair in an escape cannot be read as a string; where it stands is not told.
            problem = IntakeProblem.Of(ProblemCodes.MalformedJson, "A text of the body cannot be read: an escape stands for half a character.");
        }

        return problem is null;
    }

    private static IntakeProblem? Unreadable(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8))
        {
            return IntakeProblem.Of(ProblemCodes.ByteOrderMark, "The text begins with a byte order mark; send UTF-8 without one.");
        }

        if (!Utf8.IsValid(utf8))
        {
            return IntakeProblem.Of(ProblemCodes.NotUtf8, "The text is not UTF-8.");
        }

        return utf8.Trim(" \t\r\n"u8).IsEmpty ? IntakeProblem.Of(ProblemCodes.Empty, "There is nothing to read: the body or line is empty.") : null;
    }

    /// <summary>
    /// System.Text.Json tells what was wrong only by its message. The messages are matched here and a test pins each, so that another version cannot change a
    /// code silently; no message is passed on, because some quote names from the body.
    /// </summary>
    private static FieldError Explain(JsonException e)
    {
        var path = Plain(e.Path);
        var at = e.BytePositionInLine is { } position ? $" at byte {position + 1}{(e.LineNumber > 0 ? $" of line {e.LineNumber + 1}" : "")}" : "";
        var message = e.Message;
        if (message.Contains("uplicate", StringComparison.Ordinal))
        {
            return new FieldError(path, ProblemCodes.DuplicateKey, $"A key stands twice in the same object{at}.");
        }

        if (message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            // Its name came from the body, and could be anything.
            return new FieldError(path.LastIndexOf('.') is >= 0 and var dot ? $"{path[..dot]}.?" : "?", ProblemCodes.UnknownField,
                $"There is no such field{at}.");
        }

        if (e.InnerException is InvalidOperationException inner && inner.Message.Contains("UTF-16", StringComparison.Ordinal))
        {
            return new FieldError(path, ProblemCodes.MalformedJson, $"A text cannot be read: an escape stands for half a character{at}.");
        }

        return new FieldError(path, ProblemCodes.WrongType, $"The value has the wrong type, or a number is out of its range{at}.");
    }

    /// <summary><c>$.urls[0].memo</c> as <c>urls[0].memo</c>. A name that is none of ours came from the body and is not repeated.</summary>
    private static string Plain(string? path)
    {
        var text = new StringBuilder();
        foreach (var segment in PathSegments().EnumerateMatches(path ?? ""))
        {
            var part = path.AsSpan(segment.Index, segment.Length);
            if (part[0] == '[' && part[1] != '\'')
            {
                text.Append(part);
            }
            else
            {
                var name = part[0] == '.' ? part[1..] : "?";
                text.Append(text.Length > 0 ? "." : "").Append(name.Length <= 40 && SafeName().IsMatch(name) ? name : "?");
            }

            if (text.Length > 200)
            {
                break;
            }
        }

        return text.ToString();
    }

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase, AllowDuplicateProperties = false, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, NumberHandling = JsonNumberHandling.Strict, MaxDepth = MaxDepth,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { HashTexts.AddFields } }, AllowTrailingCommas = false,
                ReadCommentHandling = JsonCommentHandling.Disallow, PropertyNameCaseInsensitive = false,
        };
        options.Converters.Add(new WholeNumbers<int>(number => (int)number));
        options.Converters.Add(new WholeNumbers<uint>(number => (uint)number));
        options.Converters.Add(new WholeNumbers<long>(number => (long)number));
        options.MakeReadOnly();
        return options;
    }

    /// <summary>Whole numbers also as pandas and PHP write them: <c>1024.0</c>, <c>1e3</c>.</summary>
    private sealed class WholeNumbers<T>(Func<decimal, T> of) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDecimal(out var number) || number != decimal.Truncate(number))
            {
                throw new JsonException();
            }

            try
            {
                return of(number);
            }
            catch (OverflowException e)
            {
                throw new JsonException(null, e);
            }
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => throw new NotSupportedException();
    }

    [GeneratedRegex(@"\.[^.\[]+|\[\d+\]|\['(?:[^'\\]|\\.)*'\]")]
    private static partial Regex PathSegments();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]*\z")]
    internal static partial Regex SafeName();
}
