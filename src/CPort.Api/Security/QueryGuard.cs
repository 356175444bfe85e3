using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.AspNetCore.Http.Metadata;

namespace CPort.Api.Security;

/// <summary>A parameter of the query string that an endpoint reads by itself, beside those that are bound for it.</summary>
public sealed record QueryParameter(string Name);

/// <summary>
/// What an endpoint knows of the query string: the parameters of its own method, and those it names (<see cref="QueryParameter"/>). A misspelt filter would
/// otherwise give an answer to another question, and of a parameter that stands twice one would be chosen.
/// </summary>
internal static class QueryGuard
{
    private const int LongestName = 40;

    private static readonly ConcurrentDictionary<RouteEndpoint, FrozenSet<string>> Known = new();

    /// <summary>Null when every parameter is known and stands once; only paths of the API are looked at.</summary>
    public static ApiProblem? Fault(HttpContext http, RouteEndpoint endpoint)
    {
        if (http.Request.Query.Count == 0 || endpoint.RoutePattern.RawText?.StartsWith("/v1", StringComparison.Ordinal) != true)
        {
            return null;
        }

        var known = Known.GetOrAdd(endpoint, NamesOf);
        foreach (var (name, values) in http.Request.Query)
        {
            if (!known.Contains(name))
            {
                var all = known.Count == 0 ? "This takes none." : $"It takes {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
                return Of(ProblemCodes.UnknownParameter, name, $"There is no such parameter here. {all}");
            }

            if (values.Count > 1)
            {
                return Of(ProblemCodes.DuplicateParameter, name, "It stands more than once.");
            }
        }

        return null;
    }

    private static FrozenSet<string> NamesOf(RouteEndpoint endpoint) => endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
        .Where(p => !p.HasBindAsync && (p.HasTryParse || p.ParameterInfo.ParameterType == typeof(string)))
        .Select(p => p.Name).Where(name => endpoint.RoutePattern.GetParameter(name) is null)
        .Concat(endpoint.Metadata.GetOrderedMetadata<QueryParameter>().Select(p => p.Name)).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // A name that is none is not given back: somebody may have put a URL there.
    private static ApiProblem Of(string code, string name, string detail)
    {
        var shown = name.Length <= LongestName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : "?";
        return ApiProblem.Of(code, $"{shown}: {detail}") with { Errors = [new FieldError(shown, code, detail)] };
    }
}
