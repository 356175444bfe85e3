using Akka.Event;
using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>
/// Akka.Persistence.Sql's journal, except that the highest sequence numbers of many starting actors are read by one query: a transaction for each new report
/// limited intake to about a thousand reports a second (design.md, "Performance facts"). And that every row is sealed for its place (<see
/// cref="JournalSeal"/>): here, where an event gets its number, so that no entity can forget it.
/// </summary>
public sealed class BatchingSqlJournal : SqlWriteJournal
{
    /// <summary>Each attempt after the first means that another entity of the same batch was fenced; more at once than this is not to be expected.</summary>
    private const int MostAttempts = 8;

    private readonly ConcurrentDictionary<string, Task> _writing = new();
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context.System, nameof(BatchingSqlJournal));
    private readonly HighestSequenceNumbers _highest;
    private readonly Database _database;
    private readonly JournalSeal _seal;

    public BatchingSqlJournal(Config config)
        : base(config)
    {
        (_database, _seal) = DatabaseSetup.Of(Context.System);
        _highest = new HighestSequenceNumbers(_database);
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

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        AtomicWrite[] list = [.. messages.Select(Sealed)];
        var start = Stopwatch.GetTimestamp();
        var persistenceId = list[0].PersistenceId;
        var write = WriteFencedAsync(base.WriteMessagesAsync(list, cancellationToken), list, Self, cancellationToken);
        _writing[persistenceId] = write;
        try
        {
            var rejected = await write.WaitAsync(_database.GivenUp).ConfigureAwait(false);
            CPortMetrics.Hop(CPortMetrics.PersistHop, Stopwatch.GetElapsedTime(start));
            _database.NoteWrite(null);
            return rejected;
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

    private AtomicWrite Sealed(AtomicWrite write) => new(((IImmutableList<IPersistentRepresentation>)write.Payload)
        .Select(e => e.WithPayload(_seal.SealEvent(e.PersistenceId, e.SequenceNr, e.Payload))).ToImmutableList());

    /// <summary>
    /// Rows of many entities are written by one statement, so that one stale writer's row fails all of them. Whose fault it was is seen in the journal: the
    /// entity whose sequence numbers are there already has another writer and stops; its neighbours are written again. A failed transaction left nothing
    /// behind, so writing again doubles nothing.
    /// </summary>
    private async Task<IImmutableList<Exception>> WriteFencedAsync(
        Task<IImmutableList<Exception>> write, IReadOnlyList<AtomicWrite> messages, IActorRef self, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await write.ConfigureAwait(false);
            }
            catch (Exception e) when (Database.IsWriteConflict(e))
            {
                if (await IsWrittenByAnotherAsync(messages, cancellation).ConfigureAwait(false))
                {
                    var id = messages[0].PersistenceId;
                    CPortMetrics.JournalFenced();
                    _log.Warning("Entity {0} has another writer: its event {1} is in the journal already. It stops here and is read anew.", id, messages[0]
                        .LowestSequenceNr);
                    throw new FencedException(id, e);
                }

                if (attempt == MostAttempts)
                {
                    throw;
                }
            }

            // The base class keeps books that only the journal's own actor may touch.
            var again = new WriteAgain(messages, cancellation);
            self.Tell(again, ActorRefs.NoSender);
            write = await again.Started.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    protected override bool ReceivePluginInternal(object message)
    {
        if (message is JournalReady)
        {
            Sender.Tell(message);
            return true;
        }

        if (message is not WriteAgain again)
        {
            return base.ReceivePluginInternal(message);
        }

        again.Started.TrySetResult(base.WriteMessagesAsync(again.Messages, again.Cancellation));
        return true;
    }

    private sealed record WriteAgain(IReadOnlyList<AtomicWrite> Messages, CancellationToken Cancellation) : INoSerializationVerificationNeeded
    {
        public TaskCompletionSource<Task<IImmutableList<Exception>>> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private async Task<bool> IsWrittenByAnotherAsync(IReadOnlyList<AtomicWrite> messages, CancellationToken cancellation)
    {
        await using var connection = await _database.OpenAsync(cancellation).ConfigureAwait(false);
        foreach (var message in messages)
        {
            await using var command = connection.Statement(
                "SELECT COUNT(*) FROM journal WHERE persistence_id = @id AND sequence_number BETWEEN @first AND @last",
                ("id", message.PersistenceId), ("first", message.LowestSequenceNr), ("last", message.HighestSequenceNr));
            if (Convert.ToInt64(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture) > 0)
            {
                return true;
            }
        }

        return false;
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
