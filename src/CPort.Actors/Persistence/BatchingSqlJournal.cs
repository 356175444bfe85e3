using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>
/// Akka.Persistence.Sql's journal, except that the highest sequence numbers of many starting actors are read by one query: a transaction for each new report
/// limited intake to about a thousand reports a second (design.md, "Performance facts"); that rows are written by <see cref="JournalWriter"/>; and that every
/// row is sealed for its place (<see cref="JournalSeal"/>): here, where an event gets its number, so that no entity can forget it.
/// </summary>
public sealed class BatchingSqlJournal : SqlWriteJournal
{
    /// <summary>Each attempt after the first means that another entity of the same batch was fenced; more at once than this is not to be expected.</summary>
    private const int MostAttempts = 8;

    /// <summary>Null says so: a list has an element for each write.</summary>
    private static readonly IImmutableList<Exception> NoneRejected = null!;

    private readonly ConcurrentDictionary<string, Task> _writing = new();
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context.System, nameof(BatchingSqlJournal));
    private readonly HighestSequenceNumbers _highest;
    private readonly JournalWriter _writer;
    private readonly Database _database;
    private readonly JournalSeal _seal;

    public BatchingSqlJournal(Config config)
        : base(config)
    {
        (_database, _seal) = DatabaseSetup.Of(Context.System);
        _highest = new HighestSequenceNumbers(_database);
        _writer = new JournalWriter(_database);
    }

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        // An actor that failed and starts again must not read past its own write still in flight.
        if (_writing.TryGetValue(persistenceId, out var write))
        {
            await write.WaitAsync(_database.GivenUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await _highest.ReadAsync(persistenceId).WaitAsync(cancellationToken).WaitAsync(_database.GivenUp).ConfigureAwait(false);
    }

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        // An entity never skips a number: where one is missing a row has been taken away.
        var next = fromSequenceNr;
        return base.ReplayMessagesAsync(context, persistenceId, fromSequenceNr, toSequenceNr, max, row =>
        {
            if (row.SequenceNr != next)
            {
                throw new SealBrokenException($"Row {next} of {persistenceId} is missing.");
            }

            recoveryCallback(row.WithPayload(_seal.OpenEvent(persistenceId, next, row.Payload)));
            next++;
        }).WaitAsync(_database.GivenUp);
    }

    protected override void PostStop()
    {
        _writer.Dispose();
        base.PostStop();
    }

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var now = DateTime.UtcNow.Ticks;
        JournalEntry[] rows = [.. messages.SelectMany(m => (IImmutableList<IPersistentRepresentation>)m.Payload).Select(e => JournalEntry.Of(e, _seal, now))];
        var persistenceId = rows[0].PersistenceId;
        var write = WriteFencedAsync(rows, cancellationToken);
        _writing[persistenceId] = write;
        try
        {
            await write.WaitAsync(_database.GivenUp).ConfigureAwait(false);
            CPortMetrics.Hop(CPortMetrics.PersistHop, Stopwatch.GetElapsedTime(start));
            _database.NoteWrite(null);
            return NoneRejected;
        }
        catch (FencedException)
        {
            // The database took the question and said no: that is no fault of its own.
            CPortMetrics.PersistFailed();
            throw;
        }
        catch (Exception e)
        {
            _database.NoteWrite(e);
            CPortMetrics.PersistFailed();
            throw;
        }
        finally
        {
            _writing.TryRemove(new KeyValuePair<string, Task>(persistenceId, write));
        }
    }

    /// <summary>
    /// Rows of many entities are written by one statement, so that one stale writer's row fails all of them. Whose fault it was is seen in the journal: the
    /// entity whose sequence numbers are there already has another writer and stops; its neighbours are written again. A failed transaction left nothing
    /// behind, so writing again doubles nothing.
    /// </summary>
    private async Task WriteFencedAsync(IReadOnlyList<JournalEntry> rows, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _writer.WriteAsync(rows).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (Database.IsWriteConflict(e))
            {
                if (await IsWrittenByAnotherAsync(rows, cancellation).ConfigureAwait(false))
                {
                    var id = rows[0].PersistenceId;
                    CPortMetrics.JournalFenced();
                    _log.Warning("Entity {0} has another writer: its event {1} is in the journal already. It stops here and is read anew.", id, rows[0].SequenceNr);
                    throw new FencedException(id, e);
                }

                if (attempt == MostAttempts)
                {
                    throw;
                }
            }
        }
    }

    protected override bool ReceivePluginInternal(object message)
    {
        if (message is JournalReady)
        {
            Sender.Tell(message);
            return true;
        }

        return base.ReceivePluginInternal(message);
    }

    private async Task<bool> IsWrittenByAnotherAsync(IReadOnlyList<JournalEntry> rows, CancellationToken cancellation)
    {
        // All rows of a write are one entity's, one number after another.
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            "SELECT COUNT(*) FROM journal WHERE persistence_id = @id AND sequence_number BETWEEN @first AND @last",
            ("id", rows[0].PersistenceId), ("first", rows[0].SequenceNr), ("last", rows[^1].SequenceNr));
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture) > 0;
    }
}

/// <summary>Asks the journal whether it has started; answered by the same message, as soon as it has.</summary>
internal sealed class JournalReady : INoSerializationVerificationNeeded
{
    public static readonly JournalReady Instance = new();
}

/// <summary>
/// Another writer of the same entity, on another node, was first: the journal's unique (persistence id, sequence number) refused this write (design.md rule 8).
/// The entity stops, and what it knew is read anew at its next message. Nothing of the write is in the journal.
/// </summary>
public sealed class FencedException(string persistenceId, Exception inner)
    : Exception($"Entity {persistenceId} has another writer.", inner)
{
    public string PersistenceId { get; } = persistenceId;
}
