using System.Security.Cryptography;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>What a comparison of rows with the journal found.</summary>
/// <param name="Changed">Reports whose rows said something else; they are written anew.</param>
/// <param name="Unproven">Reports that rows tell of and the journal does not, or not so far; the rows are as they were.</param>
public sealed record RowFindings(ImmutableArray<string> Changed, ImmutableArray<string> Unproven)
{
    public static readonly RowFindings None = new([], []);

    public RowFindings And(RowFindings other) => new([.. Changed, .. other.Changed], [.. Unproven, .. other.Unproven]);
}

/// <summary>How a report's rows stand to its events.</summary>
internal enum RowState
{
    /// <summary>They say what a replay gives, or nothing can be said: the report is not in the tables yet, or an event of it cannot be read.</summary>
    Right = 1,
    Changed = 2,

    /// <summary>They have seen more than the journal has.</summary>
    Unproven = 3,
}

/// <summary>A report's rows as they are stored.</summary>
internal sealed record StoredRows(
    ReportRow Report, ImmutableArray<ItemRow> Items, ImmutableArray<EarlierCountryRow> EarlierCountries, ImmutableArray<ItemHashRow> Hashes,
    ImmutableArray<HoldRow> Holds, ImmutableArray<HoldItemRow> HoldItems, ImmutableArray<QuestionRow> Questions,
    ImmutableArray<QuestionItemRow> QuestionItems);

/// <summary>
/// Holds rows against a replay of the journal. Groups of look-alikes are left out: they join reports and follow from the order of all events, so only a rebuild
/// tells.
/// </summary>
internal static class RowComparison
{
    public static string ReportOf(string persistenceId) => persistenceId[EntityKind.Report.Prefix.Length..];

    /// <summary>As far as the rows say that they have come.</summary>
    public static RowState Of(string id, ImmutableArray<JournalEvent> events, StoredRows? stored, ItemKeys keys, ConfidentialSeam seam)
    {
        if (stored is null)
        {
            return RowState.Right;
        }

        var folding = new Folding(id, Report.None) { Whole = true };
        folding.Fold(events.Where(e => e.Sequence <= stored.Report.Version));
        var (reports, items, newItems) = (new List<ReportRow>(), new List<ItemRow>(), new List<(Tenant Tenant, ContentItem Item)>());
        if (folding.Fault is null && folding.Now.Exists)
        {
            folding.RowsInto(keys, reports, items, newItems);
        }

        return folding.Fault is not null ? RowState.Right
            : folding.Now.Version < stored.Report.Version ? RowState.Unproven
            : reports is [var report] && report with { Holds = [], Questions = [] } == stored.Report
                && report.Holds.Select(HoldRows.Alone).ToHashSet().SetEquals(stored.Holds)
                && report.Holds.SelectMany(h => h.Items).ToHashSet().SetEquals(stored.HoldItems)
                && report.Questions.Select(QuestionRows.Alone).ToHashSet().SetEquals(stored.Questions)
                && report.Questions.SelectMany(q => q.Items).ToHashSet().SetEquals(stored.QuestionItems)
                && items.Count == stored.Items.Length
                && items.Zip(stored.Items.OrderBy(i => i.Ordinal), (right, row) => AreEqual(right, row, seam)).All(equal => equal)
                && items.SelectMany(i => i.EarlierCountries).ToHashSet().SetEquals(stored.EarlierCountries)
                && newItems.SelectMany(i => ReadRows.HashesOf(seam, i.Tenant, i.Item)).ToHashSet().SetEquals(stored.Hashes)
            ? RowState.Right : RowState.Changed;
    }

    /// <summary>The rows of these reports (persistence ids), by report.</summary>
    public static async Task<Dictionary<string, StoredRows>> StoredAsync(
        ReadTables tables, int set, IEnumerable<string> ids, CancellationToken cancellation)
    {
        var reports = ids.Select(ReportOf).ToList();
        if (reports.Count == 0)
        {
            return [];
        }

        await using var db = tables.Connect();
        var heads = await ReadTables.Reports(db, set).Where(r => reports.Contains(r.ReportId)).ToListAsync(cancellation).ConfigureAwait(false);
        var items = await ReadTables.Items(db, set).Where(i => reports.Contains(i.ReportId)).ToListAsync(cancellation).ConfigureAwait(false);
        var (earlier, hashes) = (new List<EarlierCountryRow>(), new List<ItemHashRow>());
        foreach (var part in items.Select(i => i.Key).Chunk(1_000))
        {
            var some = part.ToList();
            earlier.AddRange(await ReadTables.EarlierCountries(db, set).Where(e => some.Contains(e.Item)).ToListAsync(cancellation).ConfigureAwait(false));
            hashes.AddRange(await ReadTables.Hashes(db, set).Where(h => some.Contains(h.Item)).ToListAsync(cancellation).ConfigureAwait(false));
        }

        var holds = (await ReadTables.Holds(db, set).Where(h => reports.Contains(h.ReportId)).ToListAsync(cancellation).ConfigureAwait(false))
            .ToLookup(h => h.ReportId);
        var held = (await ReadTables.HoldItems(db, set).Where(h => reports.Contains(h.ReportId)).ToListAsync(cancellation).ConfigureAwait(false))
            .ToLookup(h => h.ReportId);
        var questions = (await ReadTables.Questions(db, set).Where(q => reports.Contains(q.ReportId)).ToListAsync(cancellation).ConfigureAwait(false))
            .ToLookup(q => q.ReportId);
        var asked = (await ReadTables.QuestionItems(db, set).Where(q => reports.Contains(q.ReportId)).ToListAsync(cancellation).ConfigureAwait(false))
            .ToLookup(q => q.ReportId);
        var (itemsOf, earlierOf, hashesOf) = (items.ToLookup(i => i.ReportId), earlier.ToLookup(e => e.Item), hashes.ToLookup(h => h.Item));
        return heads.ToDictionary(r => r.ReportId, r => new StoredRows(
            r, [.. itemsOf[r.ReportId]], [.. itemsOf[r.ReportId].SelectMany(i => earlierOf[i.Key])],
            [.. itemsOf[r.ReportId].SelectMany(i => hashesOf[i.Key])], [.. holds[r.ReportId]], [.. held[r.ReportId]],
            [.. questions[r.ReportId]], [.. asked[r.ReportId]]));
    }

    /// <summary>Takes all rows of these reports away, also those that nobody would write over.</summary>
    public static async Task RemoveAsync(DataConnection db, int set, IEnumerable<string> reports, CancellationToken cancellation)
    {
        var ids = reports.ToList();
        var keys = await ReadTables.Items(db, set).Where(i => ids.Contains(i.ReportId)).Select(i => i.Key).ToListAsync(cancellation).ConfigureAwait(false);
        foreach (var part in keys.Chunk(1_000))
        {
            var some = part.ToList();
            await ReadTables.EarlierCountries(db, set).Where(e => some.Contains(e.Item)).DeleteAsync(cancellation).ConfigureAwait(false);
            await ReadTables.Hashes(db, set).Where(h => some.Contains(h.Item)).DeleteAsync(cancellation).ConfigureAwait(false);
        }

        await ReadTables.Holds(db, set).Where(h => ids.Contains(h.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        await ReadTables.HoldItems(db, set).Where(h => ids.Contains(h.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        await ReadTables.Questions(db, set).Where(q => ids.Contains(q.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        await ReadTables.QuestionItems(db, set).Where(q => ids.Contains(q.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        await ReadTables.Items(db, set).Where(i => ids.Contains(i.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        await ReadTables.Reports(db, set).Where(r => ids.Contains(r.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Reports that rows tell of and that have no event, at most 1,000; <c>?</c> for what is no report's id.</summary>
    public static async Task<ImmutableArray<string>> StrangersAsync(ReadTables tables, int set, CancellationToken cancellation)
    {
        var (report, item) = (ReadTables.Name(typeof(ReportRow), set), ReadTables.Name(typeof(ItemRow), set));
        await using var db = tables.Connect();
        var ids = await db.QueryToListAsync<string>($"""
            SELECT DISTINCT told.report_id FROM (SELECT report_id FROM {report} UNION SELECT report_id FROM {item}) told
            WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.persistence_id = '{EntityKind.Report.Prefix}' || told.report_id) LIMIT 1000
            """, cancellation).ConfigureAwait(false);
        return [.. ids.Select(id => ReportId.TryParse(id, out _) ? id : "?").Distinct()];
    }

    /// <summary>What is sealed is compared in the clear: under a later key of the database the same gives other bytes.</summary>
    private static bool AreEqual(ItemRow right, ItemRow stored, ConfidentialSeam seam)
    {
        try
        {
            return right with { Sealed = "", EarlierCountries = [] } == stored with { Sealed = "", EarlierCountries = [] }
                && (right.Sealed == stored.Sealed || ReadRows.Secrets(seam, right) == ReadRows.Secrets(seam, stored));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return false;
        }
    }
}
