using System.Security.Cryptography;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>What an answer from the read model is current to. Stands in every list, search and statistic.</summary>
/// <param name="Position">Every journal row up to this one is in the answer.</param>
/// <param name="LagEvents">Journal rows after it, at most.</param>
/// <param name="Lag">How long the oldest of those has been waiting; zero when there is none.</param>
/// <param name="Rebuilding">A new table set is being built beside the one that answered.</param>
public sealed record ReadPosition(long Position, long LagEvents, TimeSpan Lag, bool Rebuilding)
{
    /// <summary><see cref="TableSet.SuffixList"/> of the set that answered.</summary>
    public string? SuffixList { get; init; }
}

/// <summary>The read tables are not there yet, because no projection has ever run, or not those that the question needs; ask again later.</summary>
public sealed class ReadModelUnavailableException(string message = "The read model has not been started yet.") : UnavailableException(message);

/// <summary>What the readers share: the serving set, how current it is, probable duplicates.</summary>
public sealed class ReadModel(ReadTables tables, JournalReader journal, ConfidentialSeam seam, TimeProvider time, DatabaseDoubts? doubts = null)
{
    /// <summary>Rows a page has by default and at most (as in ICCAM, domain.md 1.3).</summary>
    public const int MaxResults = ReportLimits.PageRows;

    public TimeProvider Time => time;

    /// <summary>Opens what lists show of an item; null when it does not open, because somebody changed the row, and that is noted.</summary>
    internal ListedSecrets? Secrets(string report, int ordinal, string value)
    {
        try
        {
            return ReadRows.Secrets(seam, report, ordinal, value);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            Doubt(report, ordinal, e);
            return null;
        }
    }

    /// <summary>Opens a value of a group of look-alikes; null when it does not open.</summary>
    internal ContentHash? Value(Tenant tenant, string hashKey, string value)
    {
        try
        {
            return GroupRows.Open(seam, tenant, new LookAlikeRow { HashKey = hashKey, SealedValue = value });
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            doubts?.Note(DoubtfulPlace.ReadTables, "a value of a group of look-alikes", e.GetType().Name);
            return null;
        }
    }

    /// <summary>Notes a row that was changed. Its report's id may be anything: it is told only when it is one.</summary>
    internal void Doubt(string report, int ordinal, Exception fault) => doubts?.Note(
        DoubtfulPlace.ReadTables, string.Create(CultureInfo.InvariantCulture, $"item {(ReportId.TryParse(report, out _) ? report : "?")}-{ordinal}"),
        fault.GetType().Name);

    /// <summary>
    /// Runs a query on the serving set. The position is read before the rows, so that the rows are at least as current. When the set is dropped under a query,
    /// which takes a very slow one, the query runs once more on its successor. Throws <see cref="ReadModelUnavailableException"/> or the provider's exception
    /// when the database is away.
    /// </summary>
    internal Task<T> QueryAsync<T>(Func<IDataContext, int, ReadPosition, Task<T>> query, CancellationToken cancellation) =>
        QueryAsync(query, ofOneMoment: false, cancellation);

    /// <summary>
    /// As above; with <paramref name="ofOneMoment"/> all statements of the query, and the position, see the tables as they were at the first.
    /// </summary>
    internal async Task<T> QueryAsync<T>(Func<IDataContext, int, ReadPosition, Task<T>> query, bool ofOneMoment, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            TableSet? serving = null;
            try
            {
                await using var db = tables.Connect();
                await using var snapshot = ofOneMoment ? await BeginAsync(db, cancellation).ConfigureAwait(false) : null;
                var sets = await SetsAsync(db, cancellation).ConfigureAwait(false);
                serving = sets.LastOrDefault(s => s.State == TableSetState.Serving) ?? throw new ReadModelUnavailableException();
                var lag = await journal.LagAsync(serving.Position, cancellation).ConfigureAwait(false);
                var now = time.GetUtcNow();
                var at = new ReadPosition(serving.Position, lag.Events, lag.Oldest is { } o && o < now ? now - o : TimeSpan.Zero,
                    sets.Any(s => s.State == TableSetState.Building))
                {
                    SuffixList = serving.SuffixList,
                };
                return await query(db, serving.Id, at).ConfigureAwait(false);
            }
            catch (System.Data.Common.DbException e) when (attempt == 1 && serving is not null && !cancellation.IsCancellationRequested)
            {
                tables.Database.NoteDamage(serving.Id, e);

                // On a connection of its own: a transaction that has failed answers nothing any more.
                await using var db = tables.Connect();
                if ((await SetsAsync(db, cancellation).ConfigureAwait(false)).LastOrDefault(s => s.State == TableSetState.Serving)?.Id == serving.Id)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>
    /// A transaction that only reads, and all at one moment. SQLite's must be begun by hand: the provider's takes the write lock, and everybody would wait.
    /// </summary>
    private async Task<IAsyncDisposable> BeginAsync(DataConnection db, CancellationToken cancellation)
    {
        if (tables.Database.IsSqlite)
        {
            await db.ExecuteAsync("BEGIN DEFERRED", cancellation).ConfigureAwait(false);
            return new ReadingOnSqlite(db);
        }

        var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
        await db.ExecuteAsync("SET TRANSACTION READ ONLY", cancellation).ConfigureAwait(false);
        return transaction;
    }

    private sealed class ReadingOnSqlite(DataConnection db) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await db.ExecuteAsync("ROLLBACK", CancellationToken.None).ConfigureAwait(false);
            }
            catch (System.Data.Common.DbException)
            {
                // It ended with the fault that ended the query; closing the connection ends what is left.
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
                .Select(i => new { i.UrlKey, i.AddedAt, i.Key }).ToListAsync(cancellation).ConfigureAwait(false);
        return found.GroupBy(f => f.UrlKey!).ToDictionary(g => g.Key, g => g.Select(f => (f.AddedAt, ReadRows.NumberOf(f.Key))).Min());
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
