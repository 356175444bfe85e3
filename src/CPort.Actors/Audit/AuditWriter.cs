using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>The audit log takes nothing at the moment; so nothing is shown.</summary>
public sealed class AuditUnavailableException(string message, Exception? inner = null) : UnavailableException(message, inner);

/// <summary>An entry to be, and by which keyed name its person is found.</summary>
internal sealed record WaitingEntry(AuditEntry Entry, string? Person);

/// <summary>
/// Makes entries durable, those of all that wait in one transaction, from a thread of its own: while one batch waits for the disk the next one gathers. Numbers
/// them from 1 without gaps under a name of its own, so that one which is taken away leaves a hole; after a fault, when nobody knows what was committed, under
/// a new one.
/// </summary>
internal sealed class AuditWriter : IDisposable
{
    /// <summary>Rows of one transaction.</summary>
    private const int MaxRows = 500;

    /// <summary>More that wait means that the database does not keep up: better refused at once than late.</summary>
    private const int MaxWaiting = 20_000;

    /// <summary>How long as many as the last time are waited for at most: 2 ms, less than a commit takes.</summary>
    private static readonly long Gather = Stopwatch.Frequency / 500;

    private readonly BlockingCollection<Waiting> _waiting = [];
    private readonly Database _database;
    private readonly ConfidentialSeam _seam;
    private DbConnection? _connection;
    private string _name = NewName();
    private long _number;
    private long _last;

    public AuditWriter(Database database, ConfidentialSeam seam)
    {
        // Somebody waits for an answer: a file that another program holds is told sooner than work is given up.
        (_database, _seam) = (database.ForRequests, seam);
        new Thread(Run) { IsBackground = true, Name = "CPort audit" }.Start();
    }

    /// <summary>The entry's id, once it is committed; faults when it is not, or nobody knows.</summary>
    public Task<string> WriteAsync(WaitingEntry entry)
    {
        if (_waiting.Count >= MaxWaiting)
        {
            throw new AuditUnavailableException("The audit log does not keep up.");
        }

        var waiting = new Waiting(entry, new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
        _waiting.Add(waiting);
        return waiting.Done.Task;
    }

    /// <summary>Takes no more; what waits is still written.</summary>
    public void Dispose() => _waiting.CompleteAdding();

    /// <summary>What proves of a row that waits that this installation wrote it so.</summary>
    internal static byte[] Mark(ConfidentialSeam seam, string writer, long number, ReadOnlySpan<byte> entry) =>
        seam.Keyed("audit-waiting-1", [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{writer} {number} ")), .. entry]);

    private static int LeftUntil(long until) => (int)Math.Max(0, (until - Stopwatch.GetTimestamp()) * 1_000 / Stopwatch.Frequency);

    private static string NewName() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private void Run()
    {
        var (batch, before) = (new List<Waiting>(), 0);
        while (_waiting.TryTake(out var next, Timeout.Infinite))
        {
            // Who was answered by the last commit asks again within a moment: without it the first of them would have a commit of its own, and all the others
            // wait for two. Who is alone waits for nobody.
            var until = Stopwatch.GetTimestamp() + Gather;
            do
            {
                batch.Add(next);
            }
            while (batch.Count < MaxRows && _waiting.TryTake(out next, batch.Count < before ? LeftUntil(until) : 0));
            WriteBatch(batch);
            before = batch.Count;
            batch.Clear();
        }

        _connection?.Dispose();
    }

    private void WriteBatch(List<Waiting> batch)
    {
        string[] ids;
        try
        {
            ids = Insert(batch);
        }
        catch (Exception e)
        {
            Forget();
            var fault = Faults.IsPassing(e) ? e : new AuditUnavailableException("The audit log could not be written.", e);
            foreach (var waiting in batch)
            {
                waiting.Done.TrySetException(fault);
            }

            return;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Done.TrySetResult(ids[i]);
        }
    }

    private string[] Insert(List<Waiting> batch)
    {
        _connection ??= _database.Open();
        var (ids, numbers, ats, entries, persons, marks) = (
            new string[batch.Count], new long[batch.Count], new long[batch.Count], new byte[batch.Count][], new string?[batch.Count], new byte[batch.Count][]);
        for (var i = 0; i < batch.Count; i++)
        {
            var (entry, person) = batch[i].Entry;
            numbers[i] = _number + i + 1;
            ids[i] = string.Create(CultureInfo.InvariantCulture, $"{_name}-{numbers[i]}");
            (entries[i], persons[i]) = ((entry with { Id = ids[i] }).ToBytes(), person);

            // By it they come into the tree: in the order of their numbers.
            ats[i] = _last = Math.Max(_last, entry.At.UtcTicks);
            marks[i] = Mark(_seam, _name, numbers[i], entries[i]);
        }

        // PostgreSQL commits a statement of its own by itself: one way there and back instead of two.
        using var transaction = _database.IsSqlite ? _connection.BeginTransaction() : null;
        ManyRows.InsertAsync(
            _connection, transaction, "cport_audit_waiting", "", ("writer", Enumerable.Repeat(_name, batch.Count).ToArray()), ("number", numbers), ("at", ats),
            ("entry", entries), ("person", persons), ("mark", marks)).GetAwaiter().GetResult(); // a thread of its own: it may wait
        transaction?.Commit();
        _number += batch.Count;
        return ids;
    }

    /// <summary>After a fault the next write begins with a fresh connection and a new name.</summary>
    private void Forget()
    {
        (_name, _number) = (NewName(), 0);
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

    private sealed record Waiting(WaitingEntry Entry, TaskCompletionSource<string> Done);
}
