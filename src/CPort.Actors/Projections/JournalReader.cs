using System.Data.Common;
using System.Text.Json;
using CPort.Actors.Confidential;
using CPort.Actors.Serialization;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Projections;

/// <summary>An event at its place in the journal; <see cref="Event"/> is null when it is none of a report's, or cannot be read (<see cref="Fault"/>).</summary>
/// <param name="Ordering">Place in the journal over all entities.</param>
/// <param name="PersistenceId">Whose event.</param>
/// <param name="Sequence">Place among its entity's events, from 1 without gaps.</param>
/// <param name="RecordedTicks">When it was written, UTC ticks.</param>
/// <param name="Event">The event of a report.</param>
public sealed record JournalEvent(long Ordering, string PersistenceId, long Sequence, long RecordedTicks, IReportEvent? Event)
{
    /// <summary>Why it cannot be read: an exception type's name, without data.</summary>
    public string? Fault { get; init; }

    /// <summary>The event, whatever kind of entity's; null when it cannot be read.</summary>
    public object? Happened { get; init; }

    /// <summary>Of the row as it was sealed.</summary>
    internal int Bytes { get; init; }

    /// <summary>What became of its report by it: worked out by the first who folds it in, on the same state, and taken over by the others.</summary>
    internal AppliedOnce Applied { get; } = new();

    public bool IsOfReport => EntityKind.Of(PersistenceId) == EntityKind.Report;
}

/// <summary>A report before and after an event. Equal to any other: it says nothing that the event does not.</summary>
internal sealed class AppliedOnce
{
    // Two may work it out at once: the same.
    private volatile Held? _held;

    /// <summary>The report after the event.</summary>
    public Report To(Report before, IReportEvent happened)
    {
        if (_held is { } held && ReferenceEquals(held.Before, before))
        {
            return held.After;
        }

        var after = ReportRules.Apply(before, happened);
        _held ??= new Held(before, after);
        return after;
    }

    public override bool Equals(object? other) => other is AppliedOnce;

    public override int GetHashCode() => 0;

    private sealed record Held(Report Before, Report After);
}

/// <summary>How far behind the journal a position is.</summary>
/// <param name="Events">Journal rows after the position, at most (numbers never used count as well).</param>
/// <param name="Oldest">When the oldest row after the position was written; null when there is none.</param>
public readonly record struct JournalLag(long Events, DateTimeOffset? Oldest);

/// <summary>
/// Reads journal rows directly: whole reports by id, several in one query, and row by row where the read journal's stream breaks on a row that cannot be read.
/// Opens what the journal sealed, each row for the place at which it stands. Knows nothing of transactions under way: whoever follows the journal asks <see
/// cref="LookAsync"/> how far it may go.
/// </summary>
public sealed class JournalReader(Database database, JournalSeal seal)
{
    // By the letters: what lies between two names depends on the database's collation.
    private readonly string _ofReports = Of(database, EntityKind.Report);
    private readonly string _ofBuckets = Of(database, EntityKind.HashBucket);

    private const string Columns = "ordering, persistence_id, sequence_number, created, message, manifest, identifier";

    // BIT and BOOLEAN differ, and CPort deletes no events.
    private const string SqliteByIds =
        $"SELECT {Columns} FROM journal WHERE persistence_id IN (SELECT value FROM json_each(@ids)) ORDER BY persistence_id, sequence_number";

    private const string PostgresByIds = $"SELECT {Columns} FROM journal WHERE persistence_id = ANY(@ids) ORDER BY persistence_id, sequence_number";

    /// <summary>All events of these reports, by report in their order.</summary>
    public async Task<ImmutableDictionary<string,
        ImmutableArray<JournalEvent>>> ReadReportsAsync(IReadOnlyCollection<string> ids, CancellationToken cancellation)
    {
        if (ids.Count == 0)
        {
            return ImmutableDictionary<string, ImmutableArray<JournalEvent>>.Empty;
        }

        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = database.IsSqlite
            ? connection.Statement(SqliteByIds, ("ids", JsonSerializer.Serialize(ids)))
            : connection.Statement(PostgresByIds, ("ids", ids.ToArray()));
        var events = await ReadAsync(command, cancellation).ConfigureAwait(false);
        return events.GroupBy(e => e.PersistenceId).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray());
    }

    /// <summary>The first rows of reports of these slices in (<paramref name="after"/>, <paramref name="upTo"/>], at most <paramref name="limit"/>.</summary>
    public async Task<ImmutableArray<JournalEvent>> ReadSlicesAsync(
        ProjectionSlices of, ImmutableArray<int> slices, long after, long upTo, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"""
            SELECT {Columns} FROM journal
            WHERE ordering > @after AND ordering <= @to AND {_ofReports}{InSlices("persistence_id", of, slices)}
            ORDER BY ordering LIMIT @limit
            """, ("after", after), ("to", upTo), ("limit", limit));
        return await ReadAsync(command, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// The first rows of all entities but hash buckets in (<paramref name="after"/>, <paramref name="upTo"/>], at most <paramref name="limit"/>.
    /// </summary>
    public async Task<ImmutableArray<JournalEvent>> ReadFollowedAsync(long after, long upTo, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"""
            SELECT {Columns} FROM journal WHERE ordering > @after AND ordering <= @to AND NOT ({_ofBuckets}) ORDER BY ordering LIMIT @limit
            """, ("after", after), ("to", upTo), ("limit", limit));
        return await ReadAsync(command, cancellation).ConfigureAwait(false);
    }

    /// <summary>Entities of a kind with an event in (<paramref name="after"/>, <paramref name="upTo"/>].</summary>
    public async Task<ImmutableArray<string>> ChangedAsync(EntityKind kind, long after, long upTo, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            $"SELECT DISTINCT persistence_id FROM journal WHERE ordering > @after AND ordering <= @to AND {Of(database, kind)}",
            ("after", after), ("to", upTo));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var ids = ImmutableArray.CreateBuilder<string>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            ids.Add(reader.GetString(0));
        }

        return ids.ToImmutable();
    }

    /// <summary>An entity's events after one of them, in their order, at most <paramref name="limit"/>.</summary>
    public async Task<ImmutableArray<JournalEvent>> ReadOfAsync(EntityName entity, long after, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            $"SELECT {Columns} FROM journal WHERE persistence_id = @id AND sequence_number > @after ORDER BY sequence_number LIMIT @limit",
            ("id", entity.ToString()), ("after", after), ("limit", limit));
        return await ReadAsync(command, cancellation).ConfigureAwait(false);
    }

    /// <summary>The number of an entity's last event at or before a place in the journal; 0: there is none.</summary>
    public async Task<long> LastOfAsync(EntityName entity, long upTo, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            "SELECT COALESCE(MAX(sequence_number), 0) FROM journal WHERE persistence_id = @id AND ordering <= @to", ("id", entity.ToString()), ("to", upTo));
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The first <see cref="AutomaticWorkDone"/> of all reports in (<paramref name="after"/>, <paramref name="upTo"/>], at most <paramref name="limit"/>.
    /// </summary>
    public async Task<ImmutableArray<JournalEvent>> ReadMatchedAsync(long after, long upTo, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"""
            SELECT {Columns} FROM journal WHERE ordering > @after AND ordering <= @to AND manifest = @manifest ORDER BY ordering LIMIT @limit
            """, ("after", after), ("to", upTo), ("limit", limit), ("manifest", WireContracts.ManifestOf(typeof(AutomaticWorkDone))));
        return await ReadAsync(command, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Looks how far the journal is complete by now. SQLite gives numbers in the order of commits. Where one is missing on PostgreSQL, the numbers are read;
    /// mostly none is, and two figures say so. <paramref name="now"/> is of a clock that only goes on.
    /// </summary>
    public async Task<JournalHorizon> LookAsync(JournalHorizon before, TimeSpan now, CancellationToken cancellation)
    {
        const int Window = 50_000;
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        long head, count, last;
        await using (var command = connection.Statement("""
            SELECT (SELECT COALESCE(MAX(ordering), 0) FROM journal), COUNT(*), COALESCE(MAX(ordering), 0) FROM journal
            WHERE ordering > @safe AND ordering <= @end
            """, ("safe", before.Safe), ("end", before.Safe + Window)))
        await using (var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            (head, count, last) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }

        if (database.IsSqlite)
        {
            return before with { Safe = Math.Max(before.Safe, head) };
        }

        if (head <= before.Safe)
        {
            return before;
        }

        if (count > 0 && last - before.Safe == count)
        {
            return before.Next(Enumerable.Range(1, (int)count).Select(n => before.Safe + n), head, now);
        }

        await using var all = connection.Statement("SELECT ordering FROM journal WHERE ordering > @safe ORDER BY ordering LIMIT @limit", ("safe", before.Safe),
            ("limit", Window));
        await using var rows = await all.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var numbers = new List<long>();
        while (await rows.ReadAsync(cancellation).ConfigureAwait(false))
        {
            numbers.Add(rows.GetInt64(0));
        }

        return before.Next(numbers, head, now);
    }

    public async Task<JournalLag> LagAsync(long position, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("""
            SELECT (SELECT MAX(ordering) FROM journal), (SELECT created FROM journal WHERE ordering > @position ORDER BY ordering LIMIT 1)
            """, ("position", position));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        return reader.IsDBNull(0) || reader.IsDBNull(1)
            ? default
            : new JournalLag(Math.Max(0, reader.GetInt64(0) - position), new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero));
    }

    /// <summary>Of the journal's last <paramref name="within"/> rows the newest of these kinds, newest first, at most <paramref name="limit"/>.</summary>
    public async Task<ImmutableArray<JournalEvent>> NewestAsync(
        IReadOnlyCollection<Type> kinds, int within, int limit, CancellationToken cancellation)
    {
        // Manifests are ours, so they may stand in the statement.
        var manifests = kinds.Select(k => $"'{WireContracts.ManifestOf(k)}'");
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"""
            SELECT {Columns} FROM journal
            WHERE ordering > (SELECT COALESCE(MAX(ordering), 0) FROM journal) - @within AND manifest IN ({string.Join(", ", manifests)})
            ORDER BY ordering DESC LIMIT @limit
            """, ("within", (long)within), ("limit", limit));
        return await ReadAsync(command, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether a report has an event at or before this position.</summary>
    public async Task<bool> HoldsReportsAsync(long upTo, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"SELECT 1 FROM journal WHERE ordering <= @to AND {_ofReports} LIMIT 1", ("to", upTo));
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is not null;
    }

    /// <summary>
    /// Reports of these slices with events in (<paramref name="after"/>, <paramref name="upTo"/>] of the journal whose row is missing or older than the journal
    /// says.
    /// </summary>
    public async Task<ImmutableArray<string>> ReportsBehindAsync(
        int set, ProjectionSlices of, ImmutableArray<int> slices, long after, long upTo, int limit, CancellationToken cancellation)
    {
        var reports = ReadTables.Name(typeof(ReportRow), set);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);

        await using var command = connection.Statement($"""
            SELECT j.persistence_id FROM
              (SELECT persistence_id, MAX(sequence_number) AS last FROM journal
               WHERE ordering > @after AND ordering <= @to AND {_ofReports} GROUP BY persistence_id) j
            LEFT JOIN {reports} r ON r.report_id = SUBSTR(j.persistence_id, {EntityKind.Report.Prefix.Length + 1})
            WHERE (r.version IS NULL OR r.version < j.last){InSlices("j.persistence_id", of, slices)}
            ORDER BY j.persistence_id LIMIT @limit
            """, ("after", after), ("to", upTo), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var ids = ImmutableArray.CreateBuilder<string>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            ids.Add(reader.GetString(0));
        }

        return ids.ToImmutable();
    }

    /// <summary>
    /// Persistence ids of reports of these slices with an event at or before <paramref name="upTo"/>, in their order after <paramref name="after"/>, at most
    /// <paramref name="limit"/>.
    /// </summary>
    public async Task<ImmutableArray<string>> ReportsAsync(
        ProjectionSlices of, ImmutableArray<int> slices, string after, long upTo, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement($"""
            SELECT persistence_id FROM journal
            WHERE persistence_id > @after AND ordering <= @to AND {_ofReports}{InSlices("persistence_id", of, slices)}
            GROUP BY persistence_id ORDER BY persistence_id LIMIT @limit
            """, ("after", after), ("to", upTo), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var ids = ImmutableArray.CreateBuilder<string>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            ids.Add(reader.GetString(0));
        }

        return ids.ToImmutable();
    }

    // The characters are ours, so they may stand in the statement; both databases know SUBSTR from the end of a text by its length.
    private static string InSlices(string column, ProjectionSlices of, ImmutableArray<int> slices) => of.Endings(slices) is { IsEmpty: false } endings
        ? $" AND SUBSTR({column}, LENGTH({column})) IN ({string.Join(", ", endings.Select(e => $"'{e}'"))})"
        : "";

    private static string Of(Database database, EntityKind kind) =>
        database.IsSqlite ? $"persistence_id GLOB '{kind.Prefix}*'" : $"persistence_id LIKE '{kind.Prefix}%'";

    private async Task<ImmutableArray<JournalEvent>> ReadAsync(DbCommand command, CancellationToken cancellation)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var events = ImmutableArray.CreateBuilder<JournalEvent>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var row = new JournalEvent(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), null);
            events.Add(Deserialize(row, (byte[])reader.GetValue(4), reader.IsDBNull(5)
                ? "" : reader.GetString(5), reader.IsDBNull(6) ? 0 : reader.GetInt32(6)));
        }

        return events.ToImmutable();
    }

    private JournalEvent Deserialize(JournalEvent row, byte[] message, string manifest, int serializer)
    {
        try
        {
            var payload = serializer == SealedRowSerializer.SerializerId ? new SealedRow(manifest, message) : null;
            var happened = seal.OpenEvent(row.PersistenceId, row.Sequence, payload);
            return row with { Event = happened as IReportEvent, Happened = happened, Bytes = message.Length };
        }
        catch (Exception e) when (!Faults.IsPassing(e))
        {
            // Whatever a damaged row makes a serializer throw concerns this row alone.
            return row with { Fault = e.GetType().Name };
        }
    }
}
