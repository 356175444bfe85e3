using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>What a number names.</summary>
/// <param name="Report">The report; null: nothing is known of the number.</param>
/// <param name="Ordinal">Of an item's number: the item in the report.</param>
/// <param name="IsCurrent">Nothing that was durable when it was asked is missing: what is not known does not exist.</param>
public sealed record NumberPlace(ReportId? Report, int Ordinal, bool IsCurrent);

/// <summary>
/// Which report has a number. Clients of ICCAM know reports and items by number only, and ask by it the moment they are told it, on any node: so the numbers
/// of what comes in that way are noted (table <c>cport_report_numbers</c>) before they are told; all others are known from the read tables. Says nothing of
/// who may see the report, which the report itself does. Thread-safe; throws when the database is away.
/// </summary>
public sealed class ReportNumbers(Database database, ReadModel model)
{
    private readonly Database _database = database.ForRequests;

    /// <summary>Makes the table when it is missing; several nodes may call it at once.</summary>
    public static Task EnsureTableAsync(Database database, CancellationToken cancellation = default) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_report_numbers (tenant INTEGER NOT NULL, number BIGINT NOT NULL, first_item BIGINT NOT NULL, items INTEGER NOT NULL,
          report_id VARCHAR(26) NOT NULL, PRIMARY KEY (tenant, number));
        CREATE INDEX IF NOT EXISTS cport_report_numbers_item ON cport_report_numbers (tenant, first_item);
        """, cancellation);

    /// <summary>Keeps the numbers of a durable report and of its first items, which follow one another. To note them again changes nothing.</summary>
    public Task NoteAsync(Tenant tenant, ReportId report, long number, long firstItem, int items, CancellationToken cancellation) => _database.ExecuteAsync(
        """
        INSERT INTO cport_report_numbers (tenant, number, first_item, items, report_id) VALUES (@tenant, @number, @first, @items, @report)
        ON CONFLICT (tenant, number) DO NOTHING
        """,
        cancellation, ("tenant", (int)tenant), ("number", number), ("first", firstItem), ("items", items), ("report", report.ToString()));

    /// <summary>The report of this number.</summary>
    public async Task<NumberPlace> ReportAsync(Tenant tenant, long number, CancellationToken cancellation) =>
        await NotedAsync("number = @number", tenant, number, cancellation).ConfigureAwait(false) is { } noted ? new NumberPlace(noted.Report, 0, true)
        : await model.QueryAsync(async (db, set, at) =>
        {
            var found = await ReadTables.Reports(db, set).Where(r => r.Number == number && r.Tenant == tenant).Select(r => r.ReportId)
                .FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
            return Place(found, 0, at);
        }, cancellation).ConfigureAwait(false);

    /// <summary>The item of this number.</summary>
    public async Task<NumberPlace> ItemAsync(Tenant tenant, long number, CancellationToken cancellation) =>
        number is <= 0 or >= NumberAllocator.Limit ? new NumberPlace(null, 0, true) // above them stand other tenants' keys
        : await NotedAsync("first_item <= @number", tenant, number, cancellation).ConfigureAwait(false) is { } noted && number < noted.First + noted.Items
            ? new NumberPlace(noted.Report, (int)(number - noted.First) + 1, true)
        : await model.QueryAsync(async (db, set, at) =>
        {
            var key = ReadRows.KeyOf(tenant, number);
            var found = await ReadTables.Items(db, set).Where(i => i.Key == key).Select(i => new { i.ReportId, i.Ordinal })
                .FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
            return Place(found?.ReportId, found?.Ordinal ?? 0, at);
        }, cancellation).ConfigureAwait(false);

    private static NumberPlace Place(string? report, int ordinal, ReadPosition at) =>
        ReportId.TryParse(report, out var id) ? new NumberPlace(id, ordinal, true) : new NumberPlace(null, 0, at.LagEvents == 0);

    private async Task<(ReportId Report, long First, int Items)?> NotedAsync(
        string condition, Tenant tenant, long number, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            $"SELECT report_id, first_item, items FROM cport_report_numbers WHERE tenant = @tenant AND {condition} ORDER BY first_item DESC LIMIT 1",
            ("tenant", (int)tenant), ("number", number));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await reader.ReadAsync(cancellation).ConfigureAwait(false) && ReportId.TryParse(reader.GetString(0), out var report)
            ? (report, reader.GetInt64(1), reader.GetInt32(2)) : null;
    }
}
