using System.Data.Common;
using System.Text.Json;

namespace CPort.Actors.Persistence;

/// <summary>
/// Answers "what is the highest sequence number of this persistence id" for up to 400 waiting callers by one query. Requests gather while a query runs; the
/// first of a quiet time goes at once. Thread-safe; owns no connection between queries.
/// </summary>
internal sealed class HighestSequenceNumbers(Database database)
{
    private const int MaxBatch = 400;

    // A correlated subquery for each id walks the unique index once; MAX … GROUP BY would read every row of a long-lived id.
    private const string SqliteQuery = "SELECT value, (SELECT MAX(sequence_number) FROM journal WHERE persistence_id = value) FROM json_each(@ids)";

    private const string PostgresQuery = "SELECT id, (SELECT MAX(sequence_number) FROM journal WHERE persistence_id = id) FROM unnest(@ids) AS id";

    private readonly Lock _lock = new();
    private readonly Queue<(string Id, TaskCompletionSource<long> Answer)> _waiting = new();
    private readonly int _maxRunning = database.IsSqlite ? 1 : 2;
    private int _running;

    /// <summary>0 when the id has no rows. Faults with the provider's exception when the database is away.</summary>
    public Task<long> ReadAsync(string persistenceId)
    {
        var answer = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue((persistenceId, answer));
            if (_running == _maxRunning)
            {
                return answer.Task;
            }

            _running++;
        }

        // The loop answers every fault through the callers' tasks.
        _ = Task.Run(DrainAsync);
        return answer.Task;
    }

    private async Task DrainAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                var found = await QueryAsync([.. batch.Select(b => b.Id).Distinct()]).ConfigureAwait(false);
                foreach (var (id, answer) in batch)
                {
                    answer.TrySetResult(found.GetValueOrDefault(id));
                }
            }
            catch (Exception e)
            {
                foreach (var (_, answer) in batch)
                {
                    answer.TrySetException(e);
                }
            }
        }
    }

    private List<(string Id, TaskCompletionSource<long> Answer)> TakeBatch()
    {
        var batch = new List<(string, TaskCompletionSource<long>)>();
        lock (_lock)
        {
            while (batch.Count < MaxBatch && _waiting.TryDequeue(out var next))
            {
                batch.Add(next);
            }

            if (batch.Count == 0)
            {
                _running--;
            }
        }

        return batch;
    }

    private async Task<Dictionary<string, long>> QueryAsync(string[] ids)
    {
        await using var connection = await database.OpenAsync().ConfigureAwait(false);
        await using var command = Command(connection, ids);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        var found = new Dictionary<string, long>(ids.Length);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            if (!reader.IsDBNull(1))
            {
                found[reader.GetString(0)] = reader.GetInt64(1);
            }
        }

        return found;
    }

    private DbCommand Command(DbConnection connection, string[] ids) => database.IsSqlite
        ? connection.Statement(SqliteQuery, ("ids", JsonSerializer.Serialize(ids)))
        : connection.Statement(PostgresQuery, ("ids", ids));
}
