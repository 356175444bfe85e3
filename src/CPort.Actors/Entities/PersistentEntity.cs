using Akka.Event;
using Akka.Cluster.Sharding;
using Akka.Persistence;
using CPort.Actors.Confidential;

namespace CPort.Actors.Entities;

/// <summary>What the entities of one kind share on a node.</summary>
/// <param name="time">The node's clock.</param>
/// <param name="stuck">Where an entity that cannot be read is listed; null: nowhere.</param>
public sealed class EntityShell(TimeProvider time, StuckEntities? stuck = null)
{
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(5);
    private long _said;

    internal TimeProvider Time => time;

    internal StuckEntities? Stuck => stuck;

    /// <summary>With the database away all entities in flight fail alike: the journal counts each, the log has it at most once in five seconds.</summary>
    internal bool MaySayAgain()
    {
        var (last, now) = (Volatile.Read(ref _said), time.GetTimestamp());
        return (last == 0 || time.GetElapsedTime(last, now) > SayAgain) && Interlocked.CompareExchange(ref _said, now, last) == last;
    }
}

/// <summary>
/// The shell of every persistent entity: its name, what it does when its journal fails or has another writer, how it is woken and ends. What the entity knows
/// and decides is pure and not here.
/// </summary>
public abstract class PersistentEntity : ReceivePersistentActor
{
    private readonly EntityShell _shell;

    protected PersistentEntity(EntityName name, EntityShell shell)
    {
        (Name, _shell, PersistenceId) = (name, shell, name.ToString());
        Command<WakeEntity>(Wake);
        Command<StopEntity>(_ => OnStop());
    }

    public sealed override string PersistenceId { get; }

    /// <summary>No snapshots where events are few: asking for one would cost a query an entity.</summary>
    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    protected EntityName Name { get; }

    protected TimeProvider Time => _shell.Time;

    /// <summary>The entity has been woken and knows all that its waker knows.</summary>
    protected virtual void OnWoken()
    {
    }

    /// <summary>Its shard wants it to end; it ends as soon as nothing is in flight.</summary>
    protected virtual void OnStop() => Context.Stop(Self);

    /// <summary>An entity of a made-up id is of no use to anybody a moment later: it does not wait in memory for its idle time to pass.</summary>
    protected void LeaveUnless(bool exists)
    {
        if (!exists)
        {
            Context.Parent.Tell(new Passivate(StopEntity.Instance));
        }
    }

    /// <summary>An event's metadata as it is written.</summary>
    protected static EventMeta Stamp(EventMeta meta, DateTimeOffset now) => meta with { EventId = Guid.CreateVersion7(now), RecordedAt = now };

    /// <summary>
    /// The entity stops (the base class sees to it), and its caller gets no answer, asks again, and finds what the journal really holds. The base class would
    /// log each failure with a stack trace.
    /// </summary>
    protected sealed override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        // Of a fenced write the journal has told.
        if (cause is not FencedException && _shell.MaySayAgain())
        {
            Log.Warning("{0} cannot persist ({1}); it stops and is read anew at the next message.", Name, DatabaseFault.InWords(cause));
        }
    }

    /// <summary>A rejected event (it could not be serialised) never reaches its callback, and what waits for that would wait for ever.</summary>
    protected sealed override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self);
    }

    /// <summary>Stops too. Where the data is to blame, its row is there for the operator, and other entities go on.</summary>
    protected sealed override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _shell.Stuck?.Note(Name, LastSequenceNr, reason);
        if (_shell.Stuck?.IsStuck(Name) == true || _shell.MaySayAgain())
        {
            Log.Error("{0} cannot be read from the journal after event {1} ({2}).", Name, LastSequenceNr, DatabaseFault.InWords(reason));
        }
    }

    /// <summary>
    /// A secret inside does not open, though its row did: nobody is shown anything of the entity until an operator has looked.
    /// </summary>
    protected override void PreRestart(Exception reason, object message)
    {
        if (reason is SealBrokenException)
        {
            // Its text names the place and nothing in it.
            Log.Error("{0}: {1}", Name, reason.Message);
            _shell.Stuck?.Note(Name, LastSequenceNr, reason);
        }

        base.PreRestart(reason, message);
    }

    private void Wake(WakeEntity wake)
    {
        if (wake.Version > LastSequenceNr)
        {
            // A node that stood still and took itself for this entity's home wrote the rest. The key refuses only who writes second, and this one, owing
            // nothing that it knows of, would not write; asked for its state it would answer the old one. The shard keeps the message until this one has ended,
            // and starts the next with it.
            CPortMetrics.JournalFenced();
            Log.Warning("{0} has another writer: the journal has event {1}, it knows {2}. It stops and is read anew.", Name, wake.Version, LastSequenceNr);
            Context.Parent.Tell(new Passivate(StopEntity.Instance));
            Context.Parent.Forward(wake);
            return;
        }

        OnWoken();
        Sender.Tell(new EntityAwake { Id = Name.Id, Version = LastSequenceNr });
    }
}
