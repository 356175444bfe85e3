using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Akka.Persistence;
using CPort.Actors.Confidential;
using Npgsql;
using NpgsqlTypes;

namespace CPort.Actors.Persistence;

/// <summary>
/// Writes the journal's rows, those of all that waits in one statement and one transaction, from a thread of its own: at saturation the pool's queue made a
/// write of 5 ms last 60, and all other work waits for this one. On PostgreSQL the rows go as arrays into a prepared statement, one round trip a
/// transaction; on SQLite as one prepared statement run for each. Rows are those that Akka.Persistence.Sql makes, and its own class reads them
/// (SqlPersistenceTests).
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    /// <summary>Rows of one transaction; on SQLite one wait for the disk pays for more.</summary>
    private const int PostgresRows = 400;

    private const int SqliteRows = 2_000;

    /// <summary>Bytes of one transaction, so that many large events are no statement of a gigabyte.</summary>
    private const int MaxBytes = 8 * 1024 * 1024;

    private const string PostgresInsert = """
        INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
        SELECT created, false, id, number, message, manifest, @serializer, @writer
        FROM unnest(@created, @id, @number, @message, @manifest) AS rows (created, id, number, message, manifest)
        """;

    private const string SqliteInsert = """
        INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
        VALUES (@created, 0, @id, @number, @message, @manifest, @serializer, @writer)
        """;

    private readonly BlockingCollection<Waiting> _waiting = [];
    private readonly Database _database;
    private readonly int _maxRows;

    /// <summary>Names this journal's life in its rows, as Akka.Persistence.Sql does.</summary>
    private readonly string _writer = Guid.NewGuid().ToString("N");

    private DbConnection? _connection;

    public JournalWriter(Database database)
    {
        _database = database;
        _maxRows = database.IsSqlite ? SqliteRows : PostgresRows;
        new Thread(Run) { IsBackground = true, Name = "CPort journal" }.Start();
    }

    /// <summary>Done when the rows are committed, all of them; faults with the provider's exception when none is.</summary>
    public Task WriteAsync(IReadOnlyList<JournalEntry> rows)
    {
        var waiting = new Waiting(rows, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _waiting.Add(waiting);
        return waiting.Done.Task;
    }

    /// <summary>Takes no more rows; what waits is still written.</summary>
    public void Dispose() => _waiting.CompleteAdding();

    private void Run()
    {
        var batch = new List<Waiting>();
        Waiting? next = null;
        while (next is not null || _waiting.TryTake(out next, Timeout.Infinite))
        {
            var (rows, bytes) = (0, 0L);
            do
            {
                batch.Add(next);
                rows += next.Rows.Count;
                bytes += next.Bytes;
                next = null;
            }
            while (_waiting.TryTake(out next) && rows + next.Rows.Count <= _maxRows && bytes + next.Bytes <= MaxBytes);
            WriteBatch(batch, rows);
            batch.Clear();
        }

        _connection?.Dispose();
        _waiting.Dispose();
    }

    private void WriteBatch(List<Waiting> batch, int rows)
    {
        try
        {
            var start = Stopwatch.GetTimestamp();
            _connection ??= _database.Open();
            if (_database.IsSqlite)
            {
                WriteSqlite(_connection, batch);
            }
            else
            {
                WritePostgres((NpgsqlConnection)_connection, batch, rows);
            }

            CPortMetrics.JournalWrote(rows, Stopwatch.GetElapsedTime(start));
        }
        catch (Exception e)
        {
            Forget();
            foreach (var waiting in batch)
            {
                waiting.Done.TrySetException(e);
            }

            return;
        }

        foreach (var waiting in batch)
        {
            waiting.Done.TrySetResult();
        }
    }

    /// <summary>After a fault the next write begins with a fresh connection from the pool, which knows whether this one is still good.</summary>
    private void Forget()
    {
        try
        {
            _connection?.Dispose();
        }
        catch (DbException)
        {
            // It was broken, which is why it is given up.
        }

        _connection = null;
    }

    private void WritePostgres(NpgsqlConnection connection, List<Waiting> batch, int rows)
    {
        var (created, ids, numbers, messages, manifests) = (new long[rows], new string[rows], new long[rows], new byte[rows][], new string[rows]);
        var at = 0;
        foreach (var row in batch.SelectMany(w => w.Rows))
        {
            (created[at], ids[at], numbers[at], messages[at], manifests[at]) =
                (row.Created, row.PersistenceId, row.SequenceNr, row.Sealed.Bytes, row.Sealed.Manifest);
            at++;
        }

        using var command = new NpgsqlCommand(PostgresInsert, connection);
        command.Parameters.Add(new NpgsqlParameter<int>("serializer", SealedRowSerializer.SerializerId));
        command.Parameters.Add(new NpgsqlParameter<string>("writer", NpgsqlDbType.Text) { TypedValue = _writer });
        command.Parameters.Add(new NpgsqlParameter<long[]>("created", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { TypedValue = created });
        command.Parameters.Add(new NpgsqlParameter<string[]>("id", NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = ids });
        command.Parameters.Add(new NpgsqlParameter<long[]>("number", NpgsqlDbType.Array | NpgsqlDbType.Bigint) { TypedValue = numbers });
        command.Parameters.Add(new NpgsqlParameter<byte[][]>("message", NpgsqlDbType.Array | NpgsqlDbType.Bytea) { TypedValue = messages });
        command.Parameters.Add(new NpgsqlParameter<string[]>("manifest", NpgsqlDbType.Array | NpgsqlDbType.Text) { TypedValue = manifests });

        // Remembered by the physical connection: prepared once, whatever command asks.
        command.Prepare();
        command.ExecuteNonQuery();
    }

    private void WriteSqlite(DbConnection connection, List<Waiting> batch)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.Statement(SqliteInsert, ("serializer", SealedRowSerializer.SerializerId), ("writer", _writer),
            ("created", 0L), ("id", ""), ("number", 0L), ("message", Array.Empty<byte>()), ("manifest", ""));
        command.Transaction = transaction;
        command.Prepare();
        var (created, id, number) = (command.Parameters["created"], command.Parameters["id"], command.Parameters["number"]);
        var (message, manifest) = (command.Parameters["message"], command.Parameters["manifest"]);
        foreach (var row in batch.SelectMany(w => w.Rows))
        {
            created.Value = row.Created;
            id.Value = row.PersistenceId;
            number.Value = row.SequenceNr;
            message.Value = row.Sealed.Bytes;
            manifest.Value = row.Sealed.Manifest;
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private sealed record Waiting(IReadOnlyList<JournalEntry> Rows, TaskCompletionSource Done)
    {
        public long Bytes { get; } = Rows.Sum(r => (long)r.Sealed.Bytes.Length);
    }
}

/// <summary>A row to be: an event sealed for its place, and when it was said (ticks, UTC).</summary>
internal sealed record JournalEntry(string PersistenceId, long SequenceNr, long Created, SealedRow Sealed)
{
    public static JournalEntry Of(IPersistentRepresentation e, JournalSeal seal, long now) =>
        new(e.PersistenceId, e.SequenceNr, e.Timestamp == 0 ? now : e.Timestamp, seal.SealEvent(e.PersistenceId, e.SequenceNr, e.Payload));
}
