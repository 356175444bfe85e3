using System.Text;
using System.Text.Json;

namespace CPort.Node.Client;

/// <summary>An RFC 9457 problem as a node answers it, or the nearest thing to one for answers of something else on the way.</summary>
public sealed record ApiProblem(int Status, string Title, string? Detail, IReadOnlyList<string> Errors)
{
    /// <summary>Reads a problem object; tolerant, because proxies answer in their own words.</summary>
    public static ApiProblem From(JsonElement json, int status)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return new ApiProblem(status, $"HTTP {status}", null, []);
        }

        var errors = new List<string>();
        if (json.TryGetProperty("errors", out var list))
        {
            foreach (var (field, value) in list.ValueKind switch
            {
                JsonValueKind.Object => list.EnumerateObject().Select(p => (p.Name, p.Value)),
                JsonValueKind.Array => list.EnumerateArray().Select(v => ("", v)),
                _ => [],
            })
            {
                var text = value.ValueKind == JsonValueKind.Array ? string.Join("; ", value.EnumerateArray().Select(Plain)) : Plain(value);
                errors.Add(field.Length > 0 ? $"{field}: {text}" : text);
            }
        }

        return new ApiProblem(
            json.TryGetProperty("status", out var s) && s.TryGetInt32(out var given) ? given : status, Text(json, "title") ?? $"HTTP {status}", Text(json, "detail"), errors);
    }

    internal static ApiProblem From(ReadOnlySpan<byte> body, int status)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.TryParseValue(ref reader, out var json) ? From(json.Value, status) : new ApiProblem(status, $"HTTP {status}", null, []);
        }
        catch (JsonException)
        {
            return new ApiProblem(status, $"HTTP {status}", null, []);
        }
    }

    /// <summary>For people: title, detail, and a line for each field.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Title);
        if (!string.IsNullOrWhiteSpace(Detail) && Detail != Title)
        {
            text.Append(": ").Append(Detail);
        }

        foreach (var error in Errors)
        {
            text.Append("\n  ").Append(error);
        }

        return text.ToString();
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}

/// <summary>The node refused a request for good: repeating it would not help.</summary>
public sealed class CPortApiException(ApiProblem problem) : Exception(problem.ToString())
{
    public ApiProblem Problem { get; } = problem;
}

/// <summary>The node did not answer, or asked for patience, for longer than the client was told to wait.</summary>
public sealed class CPortUnreachableException(string message, Exception? cause = null) : Exception(message, cause);
