using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CPort.Api.Reading;

/// <summary>
/// Entity tags and the conditions on them (RFC 9110 13.1). An item's tag is its version, <c>"3"</c>; a report's is <c>"r5"</c>, where a report is read with what
/// its reader may see behind it, <c>"r5-0a1b2c3d"</c>; compressed, each ends in <c>-gzip</c>.
/// </summary>
public static partial class EntityTags
{
    /// <summary>Matches nothing, as a version.</summary>
    private const int None = 0;

    /// <summary>How the tag of a compressed answer ends.</summary>
    private const string OfGzip = "-gzip\"";

    /// <summary>An endpoint that looks at <c>If-Match</c>; all others refuse it.</summary>
    public sealed record TakesIfMatch;

    public static string OfItem(int version) => $"\"{version}\"";

    public static string OfReport(long version, string? rights = null) => rights is null ? $"\"r{version}\"" : $"\"r{version}-{rights}\"";

    /// <summary>
    /// The items' versions in <c>If-Match</c>; empty without one or with <c>*</c>. What can match no item (a weak tag, a report's) is a version that none has.
    /// </summary>
    public static ImmutableArray<int> IfItem(HttpContext http) =>
        Versions(http, (tag, _) => int.TryParse(tag, CultureInfo.InvariantCulture, out var v) ? v : None);

    /// <summary>As <see cref="IfItem"/>, a report's.</summary>
    public static ImmutableArray<int> IfReport(HttpContext http) => Versions(http, (tag, caller) =>
        ReportTag().Match(tag) is { Success: true } match && (match.Groups[2].Length == 0 || match.Groups[2].Value == Rights(caller))
            && int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var version) ? version : None);

    /// <summary>Whether <c>If-None-Match</c> names the tag, compared weakly, or everything.</summary>
    public static bool NoneMatch(HttpContext http, string etag) => http.Request.Headers.IfNoneMatch is { Count: > 0 } given
        && EntityTagHeaderValue.TryParseList(given, out var tags)
        && tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(new EntityTagHeaderValue(etag), useStrongComparison: false));

    /// <summary>What is shown depends on the caller's rights as well: when those change, the tag must.</summary>
    public static string Rights(Caller c) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(
        $"{c.Agency}|{c.Kind}|{c.Roles}|{string.Join(',', c.Countries.Select(x => x.Code))}|{c.HoldsOrphanMandate}|{c.IsNationalBureau}|{string.Join(',', c.LooksAfter)}|{c.Tenant}"))
        .AsSpan(0, 4));

    /// <summary>
    /// A compressed answer has other bytes than one that is not: under one strong tag a cache could give the one for the other (RFC 9110 8.8.3.3). So its tag
    /// says so, <c>"3-gzip"</c>, and conditions take it back as the tag of the same version. Goes before the compression.
    /// </summary>
    public static IApplicationBuilder UseTagsOfEncodings(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var given = http.Request.Headers;
        var ofGzip = given.IfNoneMatch.Any(t => t?.Contains(OfGzip, StringComparison.Ordinal) == true);
        (given.IfMatch, given.IfNoneMatch) = (Plain(given.IfMatch), Plain(given.IfNoneMatch));
        http.Response.OnStarting(() =>
        {
            // 304 names the tag that the content would have had.
            var answer = http.Response;
            if (answer.Headers.ETag is [{ Length: > 1 } tag] && tag[0] == '"'
                && (answer.Headers.ContentEncoding == "gzip" || (answer.StatusCode == StatusCodes.Status304NotModified && ofGzip)))
            {
                answer.Headers.ETag = $"{tag[..^1]}{OfGzip}";
            }

            return Task.CompletedTask;
        });
        return next(http);
    });

    private static StringValues Plain(StringValues tags) => tags.Count == 0 ? tags
        : new StringValues([.. tags.Select(t => t?.Replace(OfGzip, "\"", StringComparison.Ordinal))]);

    /// <summary>A condition that is not looked at must not be taken for one that holds: the endpoint says so.</summary>
    public static IApplicationBuilder UseIfMatchGuard(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Request.Headers.IfMatch.Count > 0 && http.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<TakesIfMatch>() is null
            ? ApiProblem.Of(ProblemCodes.BadRequest, "If-Match is not for this endpoint: leave it out.").WriteAsync(http)
            : next(http));

    private static ImmutableArray<int> Versions(HttpContext http, Func<string, Caller, int> version)
    {
        if (http.Request.Headers.IfMatch is not { Count: > 0 } given)
        {
            return [];
        }

        if (!EntityTagHeaderValue.TryParseStrictList(given, out var tags))
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "If-Match is a list of ETags as answers give them, for example \"3\", or *.");
        }

        var caller = http.Features.Get<Caller>()!;
        return tags.Any(t => t.Equals(EntityTagHeaderValue.Any)) ? []
            : [.. tags.Select(t => t.IsWeak ? None : version(t.Tag.ToString().Trim('"'), caller)).Distinct()];
    }

    [GeneratedRegex(@"\Ar(\d{1,9})(?:-([0-9a-f]{8}))?\z")]
    private static partial Regex ReportTag();
}
