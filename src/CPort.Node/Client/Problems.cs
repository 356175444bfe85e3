using System.Text;
using System.Text.Json.Nodes;

namespace CPort.Node.Client;

/// <summary>Problems as answers hold them.</summary>
internal static class Problems
{
    /// <summary>Reads an answer that is no success, or makes the nearest thing to a problem of it: proxies answer in their own words.</summary>
    public static ApiProblem Read(byte[] body, int status)
    {
        try
        {
            var json = JsonNode.Parse(body) as JsonObject ?? [];
            foreach (var (name, value) in new (string, JsonNode)[]
                { ("status", status), ("title", $"HTTP {status}"), ("code", "") })
            {
                json[name] ??= value;
            }

            return json.Deserialize<ApiProblem>(ApiJson.Options)!;
        }
        catch (JsonException)
        {
            return new ApiProblem { Status = status, Title = $"HTTP {status}", Code = "" };
        }
    }

    /// <summary>For people: title, detail, and a line for each field.</summary>
    public static string InWords(ApiProblem problem)
    {
        var text = new StringBuilder(problem.Title);
        if (!string.IsNullOrWhiteSpace(problem.Detail) && problem.Detail != problem.Title)
        {
            text.Append(": ").Append(problem.Detail);
        }

        foreach (var error in problem.Errors ?? [])
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n  {error.Field}: {error.Detail}");
        }

        return text.ToString();
    }
}

/// <summary>The node refused a request for good: repeating it would not help.</summary>
public sealed class CPortApiException(ApiProblem problem) : Exception(Problems.InWords(problem))
{
    public ApiProblem Problem { get; } = problem;
}

/// <summary>The node did not answer, or asked for patience, for longer than the client was told to wait.</summary>
public sealed class CPortUnreachableException(string message, Exception? cause = null) : Exception(message, cause);
