using System.Text.Json;

namespace CPort.IccamClient.Wire;

/// <summary>The <c>errors</c> of a refusal: an object of texts by field or code, a list, or a text.</summary>
internal static class RefusalReader
{
    private const int Most = 20;

    public static ImmutableArray<Refusal> Of(int status, byte[] body)
    {
        var code = status.ToString(CultureInfo.InvariantCulture);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("errors", out var errors)
                && Rows(code, errors).Take(Most).ToImmutableArray() is { IsEmpty: false } rows)
            {
                return rows;
            }
        }
        catch (JsonException)
        {
            // A proxy's page, or nothing.
        }

        return [new Refusal("", code, "Refused without a reason.")];
    }

    private static IEnumerable<Refusal> Rows(string code, JsonElement errors) => errors.ValueKind switch
    {
        JsonValueKind.Object => errors.EnumerateObject().Select(e => new Refusal(e.Name, code, Text(e.Value))),
        JsonValueKind.Array => errors.EnumerateArray().Select(e => new Refusal("", code, Text(e))),
        JsonValueKind.String => [new Refusal("", code, Text(errors))],
        _ => [],
    };

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(" ", value.EnumerateArray().Select(Text)),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
