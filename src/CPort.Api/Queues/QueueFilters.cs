using CPort.Actors.Projections;
using CPort.Domain.CodeLists;

namespace CPort.Api.Queues;

/// <summary>How a queue's filter stands in an address: the same for the API and for pages.</summary>
public static class QueueFilters
{
    /// <summary>Most values of one field.</summary>
    private const int MaxValues = 20;

    public const string Classification = "classification";
    public const string HostingCountry = "hostingCountry";
    public const string SiteType = "siteType";
    public const string Urgent = "urgent";

    /// <summary>
    /// From the values of the query string, each a list with commas; throws <see cref="ApiProblemException"/> (422) with the parameter's name.
    /// </summary>
    public static ItemFilter Read(string? classification, string? hostingCountry, string? siteType, string? urgent) => new()
    {
        Classifications = Codes(Classification, CodeLists.Classifications, classification),
        HostingCountries = Values(
            HostingCountry, hostingCountry, (string text, out Country value) => Country.TryParse(text, out value), "countries' codes of two letters"),
        SiteTypes = Codes(SiteType, CodeLists.SiteTypes, siteType),
        UrgentOnly = urgent switch
        {
            null or "" or "false" => false,
            "true" => true,
            _ => throw ApiProblemException.OfField(Urgent, ProblemCodes.UnknownCode, "urgent is true or false."),
        },
    };

    /// <summary>The same back again, in one order: <c>name=value&amp;…</c>, escaped; empty when nothing is filtered.</summary>
    public static string Write(ItemFilter filter) => string.Join('&', new[]
    {
        (Classification, string.Join(',', filter.Classifications)), (HostingCountry, string.Join(',', filter.HostingCountries.Select(c => c.Code))),
        (SiteType, string.Join(',', filter.SiteTypes)), (Urgent, filter.UrgentOnly ? "true" : ""),
    }.Where(f => f.Item2.Length > 0).Select(f => $"{f.Item1}={f.Item2}"));

    private delegate bool Parser<T>(string text, out T value);

    private static ImmutableArray<T> Codes<T>(string name, CodeList<T> list, string? text)
        where T : struct, Enum =>
        Values(name, text, (string one, out T value) => list.TryParse(one, CodeGeneration.V3, out value), list.Allowed);

    private static ImmutableArray<T> Values<T>(string name, string? text, Parser<T> parse, string allowed)
    {
        var values = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (values.Length > MaxValues)
        {
            throw ApiProblemException.OfField(name, ProblemCodes.TooMany, $"At most {MaxValues} values.");
        }

        T One(string one) =>
            parse(one, out var value) ? value : throw ApiProblemException.OfField(name, ProblemCodes.UnknownCode, $"Allowed: {allowed}.");
        return [.. values.Select(One).Distinct()];
    }
}
