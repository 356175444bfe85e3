using CPort.Actors.Projections;

namespace CPort.Api.Queues;

/// <summary>What to search for: all given fields must fit, one of the values of each.</summary>
public sealed record SearchBody : ILongBody
{
    public string? ReportId { get; init; }

    /// <summary>Numbers of items or reports.</summary>
    public List<long>? Numbers { get; init; }

    /// <summary>Received, Untraced, Orphaned, AssignedToCountry, Unassessed, Unactioned, Monitoring, Removed, Unavailable, NotIllegal, Withdrawn.</summary>
    public List<string?>? States { get; init; }
    public List<CodeValue?>? Classifications { get; init; }

    /// <summary>Hosted in or assigned to.</summary>
    public List<string?>? Countries { get; init; }
    public List<string?>? HostingCountries { get; init; }
    public List<string?>? AssignedCountries { get; init; }

    /// <summary>Assigned hotlines.</summary>
    public List<string?>? Hotlines { get; init; }
    public List<string?>? ReportingHotlines { get; init; }

    /// <summary>Part of the id of the reporting or assigned hotline.</summary>
    public string? AgencyText { get; init; }
    public List<CodeValue?>? SiteTypes { get; init; }
    public List<CodeValue?>? Commercialities { get; init; }
    public bool? Urgent { get; init; }
    public bool? KnownWithoutLook { get; init; }

    /// <summary>When the public reported: from inclusive, to exclusive. The same for the other pairs.</summary>
    public DateValue? ReceivedFrom { get; init; }
    public DateValue? ReceivedTo { get; init; }
    public DateValue? AddedFrom { get; init; }
    public DateValue? AddedTo { get; init; }
    public DateValue? ChangedFrom { get; init; }
    public DateValue? ChangedTo { get; init; }

    /// <summary>Equal hashes; near ones are found by <c>/v1/hashes:lookup</c>.</summary>
    public List<HashBody?>? Hashes { get; init; }

    /// <summary>A whole URL; compared in its normal form.</summary>
    public string? Url { get; init; }
    public string? Host { get; init; }

    /// <summary>A registrable domain; of a host name its domain is taken.</summary>
    public string? Domain { get; init; }

    /// <summary>A hotline's reference of a report or item.</summary>
    public string? Reference { get; init; }

    /// <summary>1 to 200, by default 200.</summary>
    public int? MaxResults { get; init; }
    public string? Cursor { get; init; }
}

/// <summary><c>POST /v1/reports:search</c>. By POST, because URLs and hashes must not stand in paths and logs.</summary>
public static class SearchEndpoints
{
    private const string List = "search";

    public static void MapSearch(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/reports:search", SearchAsync).Needs(Deed.SearchItems).WithName("SearchReports").WithTags("Reports")
            .WithSummary("Finds items by state, country, hotline, classification, site type, dates, hash, host, URL, reference or number")
            .WithDescription("""
                Newest first, one row an item, each with its report's id. The caller finds what it has a relation to (docs/access.md), and by a field only
                where it sees that field: who may not see hashes finds nothing by hash. Host, URL and hashes are compared by keyed hashes.
                """)
            .Problems(400, 403, 413, 422, 503);

    private static async Task<ItemListAnswer> SearchAsync(JsonBody<SearchBody> body, ApiCaller caller, ReportSearch search, CancellationToken cancellation) =>
        await FindAsync(body.Value, body.Fields, caller.Caller, search, cancellation);

    /// <summary>A page of what is found; throws <see cref="ApiProblemException"/> with all that is wrong with the body. Also for the portal.</summary>
    public static async Task<ItemListAnswer> FindAsync(
        SearchBody body, FieldReader fields, Caller caller, ReportSearch search, CancellationToken cancellation)
    {
        var query = Read(body, fields);
        fields.Check();
        foreach (var (field, fault) in query.Faults())
        {
            fields.Add(field, field == "url" ? ProblemCodes.MalformedUrl : ProblemCodes.OutOfRange, fault);
        }

        fields.Check();
        return ItemListAnswer.Of(List, await search.SearchAsync(caller, query, cancellation));
    }

    private static SearchQuery Read(SearchBody b, FieldReader fields)
    {
        ImmutableArray<T> Many<TIn, T>(string field, List<TIn?>? values, Func<string, TIn, T?> read)
            where T : struct
        {
            if (values is null)
            {
                return [];
            }

            if (values.Count > SearchQuery.MaxValues)
            {
                fields.Add(field, ProblemCodes.TooMany, $"At most {SearchQuery.MaxValues} values.");
                return [];
            }

            return [.. values.Select((v, i) =>
            {
                if (v is not null)
                {
                    return read($"{field}[{i}]", v);
                }

                fields.Missing($"{field}[{i}]");
                return null;
            }).OfType<T>()];
        }

        ImmutableArray<Country> Countries(string field, List<string?>? values) => Many(field, values, (f, v) => fields.Country(f, v, required: true));
        ImmutableArray<AgencyId> Agencies(string field, List<string?>? values) => Many(field, values, fields.Agency);
        ImmutableArray<T> Codes<T>(string field, CodeList<T> list, List<CodeValue?>? values)
            where T : struct, Enum =>
                [.. (values ?? []).Take(SearchQuery.MaxValues).Select((v, i) => fields.Code($"{field}[{i}]", list, v, required: true)).OfType<T>()];

        ReportId? report = null;
        if (b.ReportId is { Length: > 0 } id)
        {
            if (ReportId.TryParse(id, out var parsed))
            {
                report = parsed;
            }
            else
            {
                fields.Add("reportId", ProblemCodes.OutOfRange, "A report id is 26 characters of Crockford base32.");
            }
        }

        return new SearchQuery
        {
            ReportId = report, Numbers = [.. b.Numbers ?? []], States = Many(nameof(b.States).ToLowerInvariant(), b.States, (f, v) => State(fields, f, v)),
            Classifications = Codes("classifications", CodeLists.Classifications, b.Classifications), Countries = Countries("countries", b.Countries),
            HostingCountries = Countries("hostingCountries", b.HostingCountries), AssignedCountries = Countries("assignedCountries", b.AssignedCountries),
            Hotlines = Agencies("hotlines", b.Hotlines), ReportingHotlines = Agencies("reportingHotlines", b.ReportingHotlines),
            AgencyText = fields.Name("agencyText", b.AgencyText), SiteTypes = Codes("siteTypes", CodeLists.SiteTypes, b.SiteTypes),
            Commercialities = Codes("commercialities", CodeLists.Commercialities, b.Commercialities), Urgent = b.Urgent, KnownWithoutLook = b.KnownWithoutLook,
            ReceivedFrom = fields.Date("receivedFrom", b.ReceivedFrom), ReceivedTo = fields.Date("receivedTo", b.ReceivedTo),
            AddedFrom = fields.Date("addedFrom", b.AddedFrom), AddedTo = fields.Date("addedTo", b.AddedTo),
            ChangedFrom = fields.Date("changedFrom", b.ChangedFrom), ChangedTo = fields.Date("changedTo", b.ChangedTo),
            Hashes = Many("hashes", b.Hashes, fields.Hash), Url = NotBlank(b.Url), Host = NotBlank(b.Host), Domain = NotBlank(b.Domain),
            Reference = fields.Reference("reference", b.Reference)?.Value, MaxResults = b.MaxResults ?? ReadModel.MaxResults,
            After = Cursor.Read<PagePlace>(List, NotBlank(b.Cursor)),
        };
    }

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static ItemState? State(FieldReader fields, string field, string text)
    {
        if (Enum.GetValues<ItemState>().Where(s => s.ToString().Equals(text, StringComparison.OrdinalIgnoreCase)).ToArray() is [var state])
        {
            return state;
        }

        fields.Add(field, ProblemCodes.UnknownCode, $"States: {string.Join(", ", Enum.GetNames<ItemState>())}.");
        return null;
    }
}
