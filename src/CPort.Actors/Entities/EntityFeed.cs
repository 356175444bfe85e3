using System.Runtime.Serialization;
using Akka.Event;
using Akka;
using Akka.Persistence.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Util;
using CPort.Actors.Confidential;

namespace CPort.Actors.Entities;

/// <summary>
/// Keeps what this node knows of a registry current by following its one entity's journal: first all that is there, then live. A failing database only makes it
/// stale: it starts again, with back-off, where it stopped. One per node; every member is safe from any thread.
/// </summary>
/// <typeparam name="TDirectory">Immutable: what the events add up to.</typeparam>
/// <typeparam name="TEvent">The registry's events.</typeparam>
/// <param name="name">The registry's entity.</param>
/// <param name="called">For the log.</param>
/// <param name="empty">Before the first event.</param>
/// <param name="readJournalId">The read journal's configuration path, for example <c>akka.persistence.query.journal.sql</c>. It must offer
/// <see cref="ICurrentEventsByPersistenceIdQuery"/> and <see cref="IEventsByPersistenceIdQuery"/>.</param>
/// <param name="seal">Opens the journal's rows; null only over a journal that seals nothing.</param>
public abstract class EntityFeed<TDirectory, TEvent>(EntityName name, string called, TDirectory empty, string readJournalId, JournalSeal? seal) : IDisposable
    where TDirectory : class
    where TEvent : class
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(10);

    private readonly SharedKillSwitch _stop = KillSwitches.Shared($"{name}-directory");
    private volatile TDirectory _current = empty;
    private TaskCompletionSource _advanced = NewSignal();
    private readonly TaskCompletionSource _ready = NewSignal();
    private volatile string? _broken;
    private long _gapAfter = -1;
    private int _started;

    /// <summary>The directory as of the last event seen; empty before the first.</summary>
    public TDirectory Current => _current;

    /// <summary>All events that were in the journal at the start have been applied. Until then keys that exist are unknown: the node is not ready.</summary>
    public bool Ready => _ready.Task.IsCompletedSuccessfully;

    /// <summary>
    /// Why it stands still after <see cref="Current"/>'s last event: the kind of fault of the next one, without data; null while it follows. What comes later
    /// is not heard, revocations neither.
    /// </summary>
    public string? Broken => _broken;

    /// <summary>Completes when <see cref="Ready"/> becomes true.</summary>
    public Task WhenReady => _ready.Task;

    /// <summary>
    /// Starts to follow; later calls do nothing. Ends with <see cref="Dispose"/> or with the actor system. A row that is not the registry's own is listed in
    /// <paramref name="stuck"/>, and nothing after it is heard.
    /// </summary>
    public void Start(ActorSystem system, StuckEntities? stuck = null) =>
        Start(system, PersistenceQuery.Get(system).ReadJournalFor<IReadJournal>(readJournalId), stuck);

    internal void Start(ActorSystem system, IReadJournal journal, StuckEntities? stuck = null)
    {
        if (journal is not (ICurrentEventsByPersistenceIdQuery and IEventsByPersistenceIdQuery))
        {
            throw new InvalidOperationException($"The read journal '{readJournalId}' cannot follow one persistence id.");
        }

        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            return;
        }

        var log = Logging.GetLogger(system, GetType().Name);
        RestartSource.WithBackoff(
                () => Follow(journal).Select(Take).SelectError(e =>
                {
                    // One event may be seen before the one before it, for a moment; never twice.
                    if (IsOfData(e) && (e is not DirectoryGapException || Interlocked.Exchange(ref _gapAfter, VersionOf(_current)) == VersionOf(_current)))
                    {
                        // Only the seal's own text names the row and nothing in it; another one may quote a value.
                        var kind = (e.InnerException ?? e).GetType().Name;
                        if (_broken != kind)
                        {
                            log.Error("The directory of {Called} stands still at event {Version}: {Cause}", called, VersionOf(_current),
                                e is SealBrokenException ? e.Message : kind);
                        }

                        _broken = kind;
                        stuck?.Note(name, VersionOf(_current), e);
                        return e;
                    }

                    log.Warning("The directory of {Called} stopped following at {Version} and starts again: {Cause}", called, VersionOf(_current),
                        e.GetType().Name);
                    return e;
                }),
                RestartSettings.Create(FirstBackOff, LongestBackOff, randomFactor: 0.2))
            .Via(_stop.Flow<NotUsed>())
            .RunWith(Sink.Ignore<NotUsed>(), system.Materializer());
    }

    /// <summary>
    /// Completes once <see cref="Current"/> contains the event with this sequence number: after a command, so that the caller reads its own write. Throws
    /// <see cref="OperationCanceledException"/> when cancelled first.
    /// </summary>
    public async Task WaitForAsync(long sequenceNr, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal before the check: an event in between completes the signal we hold.
            var advanced = Volatile.Read(ref _advanced).Task;
            if (VersionOf(_current) >= sequenceNr)
            {
                return;
            }

            await advanced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Events in it.</summary>
    protected abstract long VersionOf(TDirectory directory);

    /// <summary>After one more event.</summary>
    protected abstract TDirectory Next(TDirectory directory, TEvent happened);

    public void Dispose()
    {
        _stop.Shutdown();
        GC.SuppressFinalize(this);
    }

    /// <summary>Events from where we are; an empty one between those that were there and those that come.</summary>
    private Source<Option<EventEnvelope>, NotUsed> Follow(IReadJournal journal)
    {
        // Each part is made when its turn comes, so that the second starts after what the first has applied.
        Func<Source<Option<EventEnvelope>, NotUsed>>[] parts =
        [
            () => ((ICurrentEventsByPersistenceIdQuery)journal)
                .CurrentEventsByPersistenceId(name.ToString(), VersionOf(_current) + 1, long.MaxValue).Select(e => Option<EventEnvelope>.Create(e)),
            () => Source.Single(Option<EventEnvelope>.None),
            () => ((IEventsByPersistenceIdQuery)journal)
                .EventsByPersistenceId(name.ToString(), VersionOf(_current) + 1, long.MaxValue).Select(e => Option<EventEnvelope>.Create(e)),
        ];
        return Source.From(parts).ConcatMany(part => part());
    }

    /// <summary>The next event is to blame, not the database's being away: it does not open, is none of the registry's, does not fit, or is missing.</summary>
    private static bool IsOfData(Exception e) =>
        e is SealBrokenException or SerializationException or InvalidCastException or DirectoryGapException && !Faults.IsPassing(e);

    private NotUsed Take(Option<EventEnvelope> next)
    {
        if (!next.HasValue)
        {
            // All that is there was read. An event that is there no more was taken away by an operator, who had to.
            _broken = null;
            _ready.TrySetResult();
            return NotUsed.Instance;
        }

        var (envelope, current) = (next.Value, _current);
        if (envelope.SequenceNr <= VersionOf(current))
        {
            return NotUsed.Instance;
        }

        if (envelope.SequenceNr != VersionOf(current) + 1)
        {
            throw new DirectoryGapException($"Event {envelope.SequenceNr} of {called} follows {VersionOf(current)}.");
        }

        var opened = seal is null ? envelope.Event : seal.OpenEvent(name.ToString(), envelope.SequenceNr, envelope.Event);
        _current = Next(current, (TEvent)opened);
        _broken = null;
        Interlocked.Exchange(ref _advanced, NewSignal()).TrySetResult();
        return NotUsed.Instance;
    }

    /// <summary>An event is missing in the middle.</summary>
    private sealed class DirectoryGapException(string message) : Exception(message);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
