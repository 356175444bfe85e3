using CPort.Domain.CodeLists;
using CPort.Domain.Routing;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>What to search for. Fields are combined by "and", the values of one field by "or"; an empty list or null does not filter.</summary>
public sealed record SearchQuery
{
    /// <summary>Most values of one field.</summary>
    public const int MaxValues = 200;

    public ReportId? ReportId { get; init; }

    /// <summary>An item's or a report's number.</summary>
    public ImmutableArray<long> Numbers { get; init; } = [];
    public ImmutableArray<ItemState> States { get; init; } = [];
    public ImmutableArray<Classification> Classifications { get; init; } = [];

    /// <summary>Hosted in or assigned to.</summary>
    public ImmutableArray<Country> Countries { get; init; } = [];
    public ImmutableArray<Country> HostingCountries { get; init; } = [];
    public ImmutableArray<Country> AssignedCountries { get; init; } = [];
    public ImmutableArray<AgencyId> Hotlines { get; init; } = [];
    public ImmutableArray<AgencyId> ReportingHotlines { get; init; } = [];

    /// <summary>Part of the id of the reporting or assigned hotline.</summary>
    public string? AgencyText { get; init; }
    public ImmutableArray<SiteType> SiteTypes { get; init; } = [];
    public ImmutableArray<Commerciality> Commercialities { get; init; } = [];
    public bool? Urgent { get; init; }
    public bool? KnownWithoutLook { get; init; }

    /// <summary>When the public reported; from inclusive, to exclusive.</summary>
    public DateTimeOffset? ReceivedFrom { get; init; }
    public DateTimeOffset? ReceivedTo { get; init; }

    /// <summary>When the item joined its report.</summary>
    public DateTimeOffset? AddedFrom { get; init; }
    public DateTimeOffset? AddedTo { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset? ChangedFrom { get; init; }
    public DateTimeOffset? ChangedTo { get; init; }

    /// <summary>Exactly these hashes, any algorithms mixed; near search is the matching's affair.</summary>
    public ImmutableArray<ContentHash> Hashes { get; init; } = [];

    /// <summary>A URL as received; found in its normal form.</summary>
    public string? Url { get; init; }
    public string? Host { get; init; }

    /// <summary>A registrable domain; a host name is cut to its domain.</summary>
    public string? Domain { get; init; }

    /// <summary>A hotline's reference of a report or item, the reporting one's or the assigned one's. Exactly.</summary>
    public string? Reference { get; init; }

    /// <summary>1 to this.</summary>
    public int MaxResults { get; init; } = ReadModel.MaxResults;

    /// <summary>Where the page before ended; null: the first page.</summary>
    public PagePlace? After { get; init; }

    /// <summary>What is wrong with the query, by field; empty when nothing is. Quotes no values.</summary>
    public ImmutableArray<(string Field, string Fault)> Faults()
    {
        var faults = ImmutableArray.CreateBuilder<(string, string)>();
        void Check(bool wrong, string field, string fault)
        {
            if (wrong)
            {
                faults.Add((field, fault));
            }
        }

        Check(Url is not null && !WebAddress.TryParse(Url, out _, out _), "url", "This is no web address.");
        Check(Host is not null && HostOf(Host) is null, "host", "This is no possible host name or address.");
        Check(Domain is not null && HostOf(Domain) is null, "domain", "This is no possible domain name.");
        Check(AgencyText is { Length: > 40 }, "agencyText", "At most 40 characters.");
        Check(MaxResults is < 1 or > ReadModel.MaxResults, "maxResults", $"1 to {ReadModel.MaxResults}.");
        Check(Hashes.Length > MaxValues || Numbers.Length > MaxValues, Hashes.Length > MaxValues ? "hashes" : "numbers", $"At most {MaxValues} values.");
        return faults.ToImmutable();
    }

    /// <summary>Read as part of a URL, so that names and addresses normalise exactly as they did at intake.</summary>
    internal static WebAddress? HostOf(string text) =>
        text.AsSpan().IndexOfAny("/\\?#@") < 0 && WebAddress.TryParse($"http://{text}/", out var address, out _) ? address : null;
}

/// <summary>
/// Searches items in the read model, newest first. The caller finds only what it has a relation to, and a filter counts only where the caller sees the field it
/// filters by (docs/access.md): whoever may not see hashes finds nothing by hash.
/// </summary>
public sealed class ReportSearch(ReadModel model, ConfidentialSeam seam, UrlKeyMaker keyMaker)
{
    private const int OpenedAtOnce = 500;
    private const int OpenedAtMost = 20_000;

    /// <summary>A page. Throws <see cref="ArgumentException"/> when the query has <see cref="SearchQuery.Faults"/>.</summary>
    public Task<ItemPage> SearchAsync(Caller caller, SearchQuery query, CancellationToken cancellation = default)
    {
        if (query.Faults() is [var (field, fault), ..])
        {
            throw new ArgumentException($"{field}: {fault}", nameof(query));
        }

        return model.QueryAsync(async (db, set, at) =>
        {
            if (query.Domain is not null && at.SuffixList != keyMaker.SuffixList)
            {
                throw new ReadModelUnavailableException("Registrable domains are being worked out anew by another public suffix list.");
            }

            var (page, next) = AccessTable.May(caller, Deed.CountEverything)
                ? ([], null)
                : await PageAsync(db, set, caller, query, cancellation).ConfigureAwait(false);
            var firsts = await ReadModel.FirstByUrlAsync(db, set, caller, page, cancellation).ConfigureAwait(false);
            return new ItemPage(
                await GroupReader.MarkedAsync(
                    db, set, caller, ListedItem.Of(caller, page.Select(r => (r, (long?)null, QueueReader.DuplicateOf(firsts, r))), model),
                        cancellation).ConfigureAwait(false),
                next,
                at);
        }, cancellation);
    }

    /// <summary>
    /// The day on which the public reported is sealed, so a search by it opens the rows that everything else lets through. After many that do not fit the page
    /// ends short, and the next one goes on there.
    /// </summary>
    private async Task<(ItemRow[] Rows, PagePlace? Next)> PageAsync(
        IDataContext db, int set, Caller caller, SearchQuery query, CancellationToken cancellation)
    {
        var (from, to) = (query.ReceivedFrom ?? DateTimeOffset.MinValue, query.ReceivedTo ?? DateTimeOffset.MaxValue);
        var opens = query.ReceivedFrom is not null || query.ReceivedTo is not null;
        var batch = opens ? OpenedAtOnce : query.MaxResults + 1;
        var found = new List<ItemRow>();
        var after = query.After;
        for (var looked = 0; looked < OpenedAtMost; looked += batch)
        {
            var rows = await Filter(db, set, caller, query with { After = after }).OrderByDescending(i => i.AddedAt).ThenByDescending(i => i.Key)
                .Take(batch).ToListAsync(cancellation).ConfigureAwait(false);
            found.AddRange(opens ? rows.Where(r => model.Secrets(r.ReportId, r.Ordinal, r.Sealed)?.ReceivedAt is { } at && at >= from && at < to) : rows);
            if (found.Count > query.MaxResults)
            {
                var page = found.Take(query.MaxResults).ToArray();
                return (page, After(page[^1]));
            }

            if (rows.Count < batch)
            {
                return ([.. found], null);
            }

            after = After(rows[^1]);
        }

        return ([.. found], after);

        static PagePlace After(ItemRow row) => PagePlace.After(row, row.AddedAt);
    }

    private IQueryable<ItemRow> Filter(IDataContext db, int set, Caller caller, SearchQuery q)
    {
        // By the fields a filter reads, so that nobody learns by filtering what the answer would not show.
        var fields = new List<FieldGroup> { FieldGroup.Existence, FieldGroup.State };
        void Reads(bool given, FieldGroup group)
        {
            if (given)
            {
                fields.Add(group);
            }
        }

        Reads(q.KnownWithoutLook is not null, FieldGroup.Classification);
        Reads(!q.Countries.IsEmpty || !q.Commercialities.IsEmpty, FieldGroup.Hosting);
        Reads(q.Url is not null || q.Host is not null || q.Domain is not null, FieldGroup.Url);
        Reads(!q.Hashes.IsEmpty, FieldGroup.Hashes);
        var filter = new ItemFilter { Classifications = q.Classifications, HostingCountries = q.HostingCountries, SiteTypes = q.SiteTypes };
        var items = ReadTables.Items(db, set).Where(AccessScope.And(AccessScope.Sees(caller, [.. fields]), filter.For(caller)));

        if (q.ReportId is { } report)
        {
            var id = report.ToString();
            items = items.Where(i => i.ReportId == id);
        }

        if (!q.Numbers.IsEmpty)
        {
            var numbers = q.Numbers.ToList();
            var keys = q.Numbers.Where(n => n is > 0 and < NumberAllocator.Limit).Select(n => ReadRows.KeyOf(caller.Tenant, n)).ToList();
            items = items.Where(i => keys.Contains(i.Key) || numbers.Contains(i.ReportNumber));
        }

        if (!q.States.IsEmpty)
        {
            var states = q.States.ToList();
            items = items.Where(i => states.Contains(i.State));
        }

        if (!q.Countries.IsEmpty)
        {
            var codes = q.Countries.Select(c => c.Code).ToList();
            items = items.Where(i => codes.Contains(i.HostingCountry!) || codes.Contains(i.AssignedCountry!));
        }

        if (!q.AssignedCountries.IsEmpty)
        {
            var codes = q.AssignedCountries.Select(c => c.Code).ToList();
            items = items.Where(i => codes.Contains(i.AssignedCountry!));
        }

        if (!q.Hotlines.IsEmpty)
        {
            var ids = q.Hotlines.Select(h => h.Value).ToList();
            items = items.Where(i => ids.Contains(i.Hotline!));
        }

        if (!q.ReportingHotlines.IsEmpty)
        {
            var ids = q.ReportingHotlines.Select(h => h.Value).ToList();
            items = items.Where(i => ids.Contains(i.ReportingHotline));
        }

        if (!string.IsNullOrWhiteSpace(q.AgencyText))
        {
            var text = q.AgencyText.Trim().ToLowerInvariant();
            items = items.Where(i => i.ReportingHotline.Contains(text) || i.Hotline!.Contains(text));
        }

        if (!q.Commercialities.IsEmpty)
        {
            var values = q.Commercialities.Select(c => (Commerciality?)c).ToList();
            items = items.Where(i => values.Contains(i.Commerciality));
        }

        if (q.Urgent is { } urgent)
        {
            items = items.Where(i => i.Urgent == urgent);
        }

        if (q.KnownWithoutLook is { } known)
        {
            items = items.Where(i => i.KnownWithoutLook == known);
        }

        items = Dates(items, q);
        if (!q.Hashes.IsEmpty)
        {
            var keys = q.Hashes.Select(h => ReadRows.HashKey(seam, caller.Tenant, h)).ToList();
            items = items.Where(i => ReadTables.Hashes(db, set).Any(h => h.Item == i.Key && keys.Contains(h.HashKey)));
        }

        if (q.Url is { } url && WebAddress.TryParse(url, out var address, out _))
        {
            var key = Convert.ToHexStringLower(keyMaker.Of(address).Url);
            items = items.Where(i => i.UrlKey == key);
        }

        if (q.Host is { } host)
        {
            var key = Convert.ToHexStringLower(keyMaker.OfHost(SearchQuery.HostOf(host)!));
            items = items.Where(i => i.HostKey == key);
        }

        if (q.Domain is { } domain)
        {
            var key = Convert.ToHexStringLower(keyMaker.OfDomain(SearchQuery.HostOf(domain)!));
            items = items.Where(i => i.DomainKey == key);
        }

        if (q.Reference is { } reference)
        {
            // The reporting hotline's references are its own; the assigned hotline's are part of the state.
            var key = ReadRows.ReferenceKey(seam, caller.Tenant, reference);
            var own = AccessScope.And(AccessScope.Sees(caller, FieldGroup.ReporterData), i => i.ReferenceKey == key || i.ItemReferenceKey == key);
            items = items.Where(AccessScope.Or(own, i => i.AssignedReferenceKey == key));
        }

        if (q.After is { } after)
        {
            var (key, number) = (after.Key, after.Number);
            items = items.Where(i => i.AddedAt < key || (i.AddedAt == key && i.Key < number));
        }

        return items;
    }

    private static IQueryable<ItemRow> Dates(IQueryable<ItemRow> items, SearchQuery q)
    {
        if (q.AddedFrom?.UtcTicks is { } addedFrom)
        {
            items = items.Where(i => i.AddedAt >= addedFrom);
        }

        if (q.AddedTo?.UtcTicks is { } addedTo)
        {
            items = items.Where(i => i.AddedAt < addedTo);
        }

        if (q.ChangedFrom?.UtcTicks is { } changedFrom)
        {
            items = items.Where(i => i.ChangedAt >= changedFrom);
        }

        if (q.ChangedTo?.UtcTicks is { } changedTo)
        {
            items = items.Where(i => i.ChangedAt < changedTo);
        }

        return items;
    }
}
