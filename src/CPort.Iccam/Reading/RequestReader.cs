using System.Text.Json;

namespace CPort.Iccam.Reading;

/// <summary>A request's body and parameters, read by <see cref="IccamJson"/>.</summary>
internal static class RequestReader
{
    /// <summary>The body; throws <see cref="ApiProblemException"/> when it is none, or larger than <paramref name="maxBytes"/>.</summary>
    public static async Task<T> BodyAsync<T>(HttpContext http, int maxBytes)
        where T : class
    {
        var utf8 = await RequestBody.ReadAsync(http, maxBytes);
        try
        {
            // A text that is not UTF-8 makes a PHP client send an empty body.
            return (utf8.IsEmpty ? null : JsonSerializer.Deserialize<T>(utf8.Span, IccamJson.Options))
                ?? throw ApiProblemException.OfField("body", ProblemCodes.Empty, "The body is empty; an object is expected. Was a text of it not UTF-8?");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NotSupportedException)
        {
            // Nothing of the message, which may quote the body.
            throw ApiProblemException.OfField("body", ProblemCodes.MalformedJson, "The body is not such an object.");
        }
    }

    /// <summary>A list of numbers, or one of them (PHP's numeric check).</summary>
    public static Task<List<int>> NumbersAsync(HttpContext http, int maxBytes) => BodyAsync<List<int>>(http, maxBytes);

    /// <summary>A parameter, in whatever case its name is.</summary>
    public static string? Query(HttpContext http, string name) => http.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    /// <summary>A number in the path; what is none is the number of nothing.</summary>
    public static long Number(HttpContext http, string name) =>
        long.TryParse(http.GetRouteValue(name) as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
