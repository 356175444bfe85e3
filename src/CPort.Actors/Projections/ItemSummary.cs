using System.Collections.Immutable;
using CPort.Actors.Persistence;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using LinqToDB.Async;
using LinqToDB;

namespace CPort.Actors.Projections;

/// <summary>What an answer from the read model is current to. Stands in every list, search and statistic.</summary>
/// <param name="Position">Every journal row up to this one is in the answer.</param>
/// <param name="LagEvents">Journal rows after it, at most.</param>
/// <param name="Lag">How long the oldest of those has been waiting; zero when there is none.</param>
/// <param name="Rebuilding">A new table set is being built beside the one that answered.</param>
public sealed record ReadPosition(long Position, long LagEvents, TimeSpan Lag, bool Rebuilding);

/// <summary>The read tables are not there yet, because no projection has ever run; ask again soon.</summary>
public sealed class ReadModelUnavailableException() : UnavailableException("The read model has not been started yet.");

/// <summary>
/// An item in a list, as the caller may see it (docs/access.md): what it may not see is null. Confidential fields are not here for anybody; they come
/// from the report itself.
/// </summary>
public sealed record ItemSummary
{
    public required ReportId ReportId { get; init; }
    public required int Ordinal { get; init; }
    public required long Number { get; init; }
    public required long ReportNumber { get; init; }

    /// <summary>The item's ETag as far as the read model knows.</summary>
    public required int Version { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    public ItemState State { get; init; }
    public bool Urgent { get; init; }
    public AgencyId ReportingHotline { get; init; }
    public Country? AssignedCountry { get; init; }
    public AgencyId? Hotline { get; init; }
    public DateTimeOffset? CountrySince { get; init; }
    public DateTimeOffset? HotlineSince { get; init; }
    public bool IsOrphan { get; init; }
    public AgencyId? EscalatedTo { get; init; }

    /// <summary>Who holds the item, and until when; null when nobody does now.</summary>
    public AgencyId? LeaseAgency { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public ActionType? FinalAction { get; init; }
    public DateTimeOffset? FinalAt { get; init; }
    public ContentType? ContentType { get; init; }
    public bool? IsSourceUrl { get; init; }
    public Classification? Classification { get; init; }
    public InheritanceKind? Inheritance { get; init; }
    public bool? KnownWithoutLook { get; init; }
    public int? Priority { get; init; }
    public ImmutableArray<PriorityReasons> PriorityReasons { get; init; } = [];
    public Country? HostingCountry { get; init; }
    public SiteType? SiteType { get; init; }
    public Commerciality? Commerciality { get; init; }

    /// <summary>Near matches; shown to those who see hashes.</summary>
    public int? NearMatches { get; init; }

    /// <summary>The reporting hotline's own names for report and item; shown to that hotline.</summary>
    public string? Reference { get; init; }
    public string? ItemReference { get; init; }
    public string? AssignedReference { get; init; }
    public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>In a queue: since when its age counts.</summary>
    public DateTimeOffset? AgeFrom { get; init; }

    /// <summary>The earliest other item with the same URL, among those whose URL the caller sees.</summary>
    public long? ProbableDuplicateOf { get; init; }

    /// <summary>The group of look-alikes it is in, when the caller sees another member.</summary>
    public GroupMark? Group { get; init; }

    internal static ItemSummary Of(Caller caller, ItemRow row, DateTimeOffset now, long? age, long? duplicateOf)
    {
        var access = AccessTable.For(caller, row.RelationFacts());
        var state = access.Sees(FieldGroup.State);
        var classification = access.Sees(FieldGroup.Classification);
        var hosting = access.Sees(FieldGroup.Hosting);
        var reporter = access.Sees(FieldGroup.ReporterData);
        var held = row.LeaseUntil > now.UtcTicks;
        return new ItemSummary
        {
            ReportId = ReportId.Parse(row.ReportId), Ordinal = row.Ordinal, Number = row.Number, ReportNumber = row.ReportNumber, Version = row.Version,
            AddedAt = Time(row.AddedAt), ChangedAt = Time(row.ChangedAt), State = row.State, Urgent = row.Urgent,
            ReportingHotline = AgencyId.Parse(row.ReportingHotline),
            AssignedCountry = state ? Code(row.AssignedCountry) : null, Hotline = state ? Agency(row.Hotline) : null,
            CountrySince = state ? Time(row.CountrySince) : null, HotlineSince = state ? Time(row.HotlineSince) : null, IsOrphan = state && row.IsOrphan,
            EscalatedTo = state ? Agency(row.EscalatedTo) : null, LeaseAgency = state && held ? Agency(row.LeaseAgency) : null,
            LeaseUntil = state && held ? Time(row.LeaseUntil) : null, FinalAction = state ? row.FinalAction : null, FinalAt = state ? Time(row.FinalAt) : null,
            ContentType = hosting ? row.ContentType : null, IsSourceUrl = hosting ? row.IsSourceUrl : null,
            Classification = classification ? row.Classification : null, Inheritance = classification ? row.Inheritance : null,
            KnownWithoutLook = classification ? row.KnownWithoutLook : null, Priority = classification ? row.Priority : null,
            PriorityReasons = classification ? [.. ItemPriority.Each(row.PriorityReasons)] : [],
            HostingCountry = hosting ? Code(row.HostingCountry) : null, SiteType = hosting ? row.SiteType : null,
            Commerciality = hosting ? row.Commerciality : null, NearMatches = access.Sees(FieldGroup.Hashes) ? row.NearMatches : null,
            Reference = reporter ? row.Reference : null, ItemReference = reporter ? row.ItemReference : null,
            AssignedReference = state ? row.AssignedReference : null, HotlineReceivedDate = reporter ? Time(row.ReceivedAt) : null,
            AgeFrom = Time(age), ProbableDuplicateOf = access.Sees(FieldGroup.Url) ? duplicateOf : null,
        };
    }

    internal static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    internal static DateTimeOffset? Time(long? ticks) => ticks is { } t ? Time(t) : null;

    private static Country? Code(string? code) => code is null ? null : Country.Parse(code);

    private static AgencyId? Agency(string? id) => id is null ? null : AgencyId.Parse(id);
}

/// <summary>A page of a list. <c>Next</c> says where the next page starts; null on the last one.</summary>
public sealed record ItemPage(ImmutableArray<ItemSummary> Items, PagePlace? Next, ReadPosition At);

/// <summary>
/// Where a page ended: the order keys of its last item. A row that comes while a client pages stands before or after this place and moves nothing, so
/// that no row that was there all the time is skipped or repeated. It gives no rights: every page is asked for anew.
/// </summary>
public sealed record PagePlace(bool Urgent, int Priority, long Key, long Number)
{
    internal static PagePlace After(ItemRow row, long key) => new(row.Urgent, row.Priority, key, row.Number);
}

/// <summary>What the readers share: the serving set, how current it is, probable duplicates.</summary>
public sealed class ReadModel(ReadTables tables, JournalReader journal, TimeProvider time)
{
    /// <summary>Rows a page has by default and at most (as in ICCAM, domain.md 1.3).</summary>
    public const int MaxResults = ReportLimits.PageRows;

    public TimeProvider Time => time;

    /// <summary>
    /// Runs a query on the serving set. The position is read before the rows, so that the rows are at least as current. When the set is dropped
    /// under a query, which takes a very slow one, the query runs once more on its successor. Throws <see cref="ReadModelUnavailableException"/> or the
    /// provider's exception when the database is away.
    /// </summary>
    internal async Task<T> QueryAsync<T>(Func<IDataContext, int, ReadPosition, Task<T>> query, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var db = tables.Connect();
            var sets = await SetsAsync(db, cancellation).ConfigureAwait(false);
            var serving = sets.LastOrDefault(s => s.State == TableSetState.Serving) ?? throw new ReadModelUnavailableException();
            var lag = await journal.LagAsync(serving.Position, cancellation).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var at = new ReadPosition(serving.Position, lag.Events, lag.Oldest is { } o && o < now ? now - o : TimeSpan.Zero,
                sets.Any(s => s.State == TableSetState.Building));
            try
            {
                return await query(db, serving.Id, at).ConfigureAwait(false);
            }
            catch (System.Data.Common.DbException) when (attempt == 1 && !cancellation.IsCancellationRequested)
            {
                var again = await SetsAsync(db, cancellation).ConfigureAwait(false);
                if (again.LastOrDefault(s => s.State == TableSetState.Serving)?.Id == serving.Id)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>By URL key, the earliest item the caller sees the URL of.</summary>
    internal static async Task<Dictionary<string, (long AddedAt, long Number)>> FirstByUrlAsync(
        IDataContext db, int set, Caller caller, IEnumerable<ItemRow> rows, CancellationToken cancellation)
    {
        var keys = rows.Where(r => r.UrlKey is not null).Select(r => r.UrlKey).Distinct().ToList();
        var found = keys.Count == 0
            ? []
            : await ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence, FieldGroup.Url)).Where(i => keys.Contains(i.UrlKey))
                .Select(i => new { i.UrlKey, i.AddedAt, i.Number }).ToListAsync(cancellation).ConfigureAwait(false);
        return found.GroupBy(f => f.UrlKey!).ToDictionary(g => g.Key, g => g.Select(f => (f.AddedAt, f.Number)).Min());
    }

    private static async Task<IReadOnlyList<TableSet>> SetsAsync(IDataContext db, CancellationToken cancellation)
    {
        try
        {
            return await ReadTables.SetsAsync(db, cancellation).ConfigureAwait(false);
        }
        catch (System.Data.Common.DbException e) when (e.SqlState == "42P01" || e.Message.Contains("no such table", StringComparison.Ordinal))
        {
            throw new ReadModelUnavailableException();
        }
    }
}
