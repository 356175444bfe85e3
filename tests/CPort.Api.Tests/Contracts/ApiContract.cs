using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CPort.Api.Tests.Contracts;

/// <summary>
/// The OpenAPI document as what it promises: every answer that a test gets is held against it. Knows of JSON Schema what the document uses, and fails on what
/// it does not know.
/// </summary>
public sealed class ApiContract
{
    private static readonly HashSet<string> Known =
    [
        "type", "properties", "required", "items", "enum", "oneOf", "anyOf", "$ref", "format", "description", "examples", "minimum", "maximum", "pattern", "default",
        "additionalProperties",
    ];

    private readonly JsonElement _document;
    private readonly (Regex Path, JsonElement Operations)[] _paths;

    public ApiContract(JsonElement document)
    {
        _document = document;

        // The path with the most words of its own goes first: "{id}:withdraw" before "{id}".
        _paths =
        [
            .. document.GetProperty("paths").EnumerateObject().OrderByDescending(p => Regex.Replace(p.Name, "{[^}]*}", "").Length)
                .Select(p => (new Regex($"^{Regex.Replace(Regex.Escape(p.Name), @"\\{[^}]*}", "[^/]+")}/?$"), p.Value)),
        ];
    }

    /// <summary>Headers that a program acts by: whoever sends one has said so in the document.</summary>
    private static readonly string[] HeadersToldOf = ["ETag", "Location", "Retry-After", "WWW-Authenticate", "Accept-Encoding"];

    /// <summary>Fails when the answer is none that the document has for the request; paths and methods that it does not have are no operation.</summary>
    public void Check(string method, string path, int status, string? mediaType, string body, IEnumerable<string> headers)
    {
        if (Operation(method, path) is not { } operation)
        {
            return;
        }

        var what = $"{method} {path.Split('?')[0]} answered {status} {mediaType}";
        Assert.True(operation.GetProperty("responses").TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out var response),
            $"{what}, which the document does not have: {body}");
        foreach (var header in headers.Intersect(HeadersToldOf, StringComparer.OrdinalIgnoreCase))
        {
            Assert.True(response.TryGetProperty("headers", out var told)
                && told.EnumerateObject().Any(h => h.Name.Equals(header, StringComparison.OrdinalIgnoreCase)),
                $"{what} with {header}, which the document does not have.");
        }

        if (body.Length == 0)
        {
            return;
        }

        Assert.True(response.TryGetProperty("content", out var content) && content.TryGetProperty(mediaType ?? "", out var media),
            $"{what}, a type that the document does not have.");
        if (mediaType is "text/plain" or "application/octet-stream" or "text/event-stream" or "text/xml" or "application/ld+json")
        {
            // Files of other specifications: what is in them is no JSON.
            return;
        }

        var schema = content.GetProperty(mediaType!).GetProperty("schema");
        var documents = mediaType == "application/x-ndjson" ? body.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [body];
        foreach (var document in documents)
        {
            var wrong = Wrong(JsonElement.Parse(document), schema, "$").Take(5).ToArray();
            Assert.True(wrong.Length == 0, $"{what} against its schema: {string.Join("; ", wrong)}\n{document}");
        }
    }

    /// <summary>A body that was taken is one by the document.</summary>
    public void CheckTaken(string method, string path, string body)
    {
        if (Operation(method, path) is { } operation && operation.TryGetProperty("requestBody", out var request)
            && request.GetProperty("content").TryGetProperty("application/json", out var media))
        {
            var wrong = Wrong(JsonElement.Parse(body), media.GetProperty("schema"), "$").Take(5).ToArray();
            Assert.True(wrong.Length == 0, $"{method} {path} took a body that is none by the document: {string.Join("; ", wrong)}\n{body}");
        }
    }

    private JsonElement? Operation(string method, string path)
    {
        var plain = "/" + path.Split('?')[0].TrimStart('/');
        var found = _paths.FirstOrDefault(p => p.Path.IsMatch(plain)).Operations;
        return found.ValueKind == JsonValueKind.Object && found.TryGetProperty(method.ToLowerInvariant(), out var operation) ? operation : null;
    }

    private IEnumerable<string> Wrong(JsonElement value, JsonElement schema, string at)
    {
        foreach (var word in schema.EnumerateObject().Where(p => !Known.Contains(p.Name) && !p.Name.StartsWith("x-", StringComparison.Ordinal)))
        {
            yield return $"{at}: the test does not know '{word.Name}'";
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            foreach (var wrong in Wrong(value, Find(reference.GetString()!), at))
            {
                yield return wrong;
            }

            yield break;
        }

        foreach (var choice in new[] { "oneOf", "anyOf" })
        {
            if (schema.TryGetProperty(choice, out var choices) && !choices.EnumerateArray().Any(s => !Wrong(value, s, at).Any()))
            {
                yield return $"{at}: none of its {choice}: {string.Join(", ", choices.EnumerateArray().SelectMany(s => Wrong(value, s, at).Take(2)))}";
            }
        }

        if (schema.TryGetProperty("type", out var type)
            && !(type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!]).Any(t => Is(value, t)))
        {
            yield return $"{at}: {value.ValueKind} is not {type}";
            yield break;
        }

        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(w => JsonElement.DeepEquals(w, value)))
        {
            yield return $"{at}: {value} is none of {words}";
        }

        if (value.ValueKind == JsonValueKind.String && schema.TryGetProperty("format", out var format) && format.GetString() == "date-time"
            && !DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, out _))
        {
            yield return $"{at}: no date-time";
        }

        if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            foreach (var name in schema.TryGetProperty("required", out var required) ? required.EnumerateArray() : default)
            {
                if (!value.TryGetProperty(name.GetString()!, out _))
                {
                    yield return $"{at}.{name} is missing";
                }
            }

            foreach (var property in value.EnumerateObject())
            {
                if (!properties.TryGetProperty(property.Name, out var its))
                {
                    yield return $"{at}.{property.Name} is not in the document";
                    continue;
                }

                foreach (var wrong in Wrong(property.Value, its, $"{at}.{property.Name}"))
                {
                    yield return wrong;
                }
            }
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var (entry, i) in value.EnumerateArray().Select((e, i) => (e, i)))
            {
                foreach (var wrong in Wrong(entry, items, $"{at}[{i}]"))
                {
                    yield return wrong;
                }
            }
        }
    }

    private JsonElement Find(string reference) =>
        reference.TrimStart('#', '/').Split('/').Aggregate(_document, (at, name) => at.GetProperty(name));

    private static bool Is(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => false,
    };
}
