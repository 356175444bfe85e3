using System.Text;
using System.Text.Json.Nodes;

namespace CPort.Node.Client;

/// <summary>Problems as answers hold them.</summary>
internal static class Problems
{
    /// <summary>
    /// Reads an answer that is no success. Without a code it is not the node's, whose problems are of a type of their own, but that of a proxy or of another
    /// server.
    /// </summary>
    public static ApiProblem Read(byte[] body, int status)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject json && json["type"]?.ToString().StartsWith(ApiProblem.TypePrefix, StringComparison.Ordinal) == true)
            {
                return json.Deserialize<ApiProblem>(ApiJson.Options)!;
            }
        }
        catch (JsonException)
        {
            // Not the node's either.
        }

        return new ApiProblem { Status = status, Title = $"HTTP {status} of a proxy or another server", Code = "" };
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
