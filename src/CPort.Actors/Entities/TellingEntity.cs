using Akka.Persistence;

namespace CPort.Actors.Entities;

/// <summary>
/// The shell of an entity that owes others word of what it has decided: one round at a time, begun when something new is durable, when it was read anew, and
/// when somebody wakes it, until each has taken it. What a round did not bring is sent again, ever more slowly, up to half a minute apart.
/// </summary>
public abstract class TellingEntity : PersistentEntity, IWithTimers
{
    /// <summary>How long the one who is told has to answer.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private bool _telling;
    private int _failed;

    protected TellingEntity(EntityName name, EntityShell shell)
        : base(name, shell)
    {
        Recover<RecoveryCompleted>(_ => TellOwed());
        Command<Again>(_ => TellOwed());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>
    /// Begins a round, whose end comes back to this entity as a message and is told to <see cref="EndRound"/>; false: nobody is owed anything.
    /// </summary>
    protected abstract bool BeginRound();

    protected override void OnWoken() => TellOwed();

    /// <summary>A round has ended; when it failed, the next begins after a pause.</summary>
    protected void EndRound(bool failed)
    {
        _telling = false;
        if (failed)
        {
            Timers.StartSingleTimer(nameof(Again), Again.Instance, TimeSpan.FromSeconds(Math.Pow(2, Math.Min(_failed++, 5))));
        }
        else
        {
            _failed = 0;
        }
    }

    /// <summary>
    /// Persists events together and applies each; with the last of them <paramref name="done"/> runs and what is owed is told. At once when there are none.
    /// </summary>
    protected void Commit<TEvent>(ImmutableArray<TEvent> events, Func<TEvent, DateTimeOffset, TEvent> stamped, Action<TEvent> apply, Action done)
    {
        if (events.IsEmpty)
        {
            done();
            return;
        }

        var (now, left) = (Time.GetUtcNow(), events.Length);
        PersistAll(events.Select(e => stamped(e, now)), e =>
        {
            apply(e);
            if (--left == 0)
            {
                done();
                TellOwed();
            }
        });
    }

    private void TellOwed()
    {
        if (!_telling && !Timers.IsTimerActive(nameof(Again)))
        {
            _telling = BeginRound();
        }
    }

    private sealed class Again : INotInfluenceReceiveTimeout
    {
        public static readonly Again Instance = new();
    }
}
