using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CPort.Actors.Telemetry;

/// <summary>
/// CPort's instruments, one place. Tag values come from closed sets: never an id, URL, host, agency reference or hash. Names follow OpenTelemetry's
/// conventions; durations are seconds.
/// </summary>
public static class CPortMetrics
{
    public const string MeterName = "CPort";

    // Hops of a report on its way; the tag "hop" of cport.hop.duration.
    public const string IntakeHop = "intake";
    public const string PersistHop = "persist";
    public const string TraceHop = "trace";
    public const string MatchHop = "match";
    public const string AssignHop = "assign";
    public const string ProjectHop = "project";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> IntakeLines = Meter.CreateCounter<long>("cport.intake.reports", "{report}", "Reports received, by outcome.");

    private static readonly Counter<long> Commands = Meter.CreateCounter<long>("cport.commands", "{command}", "Commands answered, by kind and outcome.");

    private static readonly Histogram<double> HopDuration =
        Meter.CreateHistogram("cport.hop.duration", "s", "Time of one hop of a report, by hop.", null, Seconds);

    private static readonly Histogram<double> JournalDuration =
        Meter.CreateHistogram("cport.journal.write.duration", "s", "Time the database took to write one batch of journal rows.", null, Seconds);

    private static readonly Histogram<long> JournalBatch =
        Meter.CreateHistogram("cport.journal.batch.size", "{event}", "Journal rows written by one statement.", null,
            new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 5, 10, 25, 50, 100, 200, 400, 1000] });

    private static readonly Counter<long> JournalEvents = Meter.CreateCounter<long>("cport.journal.events", "{event}", "Events written to the journal.");

    private static readonly Counter<long> PersistFailures =
        Meter.CreateCounter<long>("cport.persist.failures", "{write}", "Writes that the journal refused or the database failed.");

    private static readonly Counter<long> DeadLetterCount =
        Meter.CreateCounter<long>("cport.dead_letters", "{message}", "Messages without a receiver, by message type.");

    private static readonly Counter<long> Stuck =
        Meter.CreateCounter<long>("cport.entities.stuck", "{entity}", "Entities that could not be recovered, by kind.");

    private static readonly Counter<long> Fenced =
        Meter.CreateCounter<long>("cport.journal.fenced", "{write}", "Writes refused because another node had written the same entity first, by kind.");

    private static readonly Counter<long> FramesRefused =
        Meter.CreateCounter<long>("cport.cluster.frames.refused", "{frame}", "Frames on the cluster's port that were not taken, by reason.");

    private static readonly Counter<long> Doubts =
        Meter.CreateCounter<long>("cport.database.doubts", "{row}", "Rows of the database that were found changed and not obeyed, by place.");

    private static readonly Counter<long> SignInsRefused =
        Meter.CreateCounter<long>("cport.signins.refused", "{attempt}", "Attempts by keys and people that were refused, by way and cause.");

    private static readonly Counter<long> Damaged =
        Meter.CreateCounter<long>("cport.database.damaged", "{statement}", "Statements on the read tables that met damaged pages of the database.");

    private static readonly ConcurrentDictionary<string, long> Queues = new();
    private static readonly ConcurrentDictionary<string, ProjectionPosition> Projections = new();

    static CPortMetrics()
    {
        Meter.CreateObservableGauge("cport.queue.length",
            () => Queues.Select(q => new Measurement<long>(q.Value, new KeyValuePair<string, object?>("queue", q.Key))),
            "{item}", "Items waiting in a queue, as last counted by the projection.");
        Meter.CreateObservableGauge("cport.projection.lag",
            () => Projections.Select(p => new Measurement<long>(p.Value.Lag, new KeyValuePair<string, object?>("projection", p.Key))),
            "{event}", "Journal rows the projection has not applied yet.");
        Meter.CreateObservableGauge("cport.projection.delay",
            () => Projections.Select(p => new Measurement<double>(p.Value.Delay.TotalSeconds, new KeyValuePair<string, object?>("projection", p.Key))),
            "s", "Time between an event's recording and its application, of the newest applied event.");
    }

    internal static InstrumentAdvice<double> Seconds => new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    /// <summary>
    /// Has the counters that alarms watch exist with 0: of one that begins with its first event, the first event is never seen as a rise. To be called once
    /// somebody listens, with the words that their tags take.
    /// </summary>
    public static void Begin(IEnumerable<string> entities, IEnumerable<string> doubtfulPlaces, IEnumerable<string> intakeOutcomes)
    {
        Fenced.Add(0);
        PersistFailures.Add(0);
        Each(Stuck, "entity", entities);
        Each(Doubts, "place", doubtfulPlaces);
        Each(IntakeLines, "outcome", intakeOutcomes);

        static void Each(Counter<long> counter, string tag, IEnumerable<string> words)
        {
            foreach (var word in words)
            {
                counter.Add(0, new KeyValuePair<string, object?>(tag, word));
            }
        }
    }

    /// <summary>A report was answered at intake: <c>accepted</c>, <c>duplicate</c>, <c>conflict</c>, <c>rejected</c> or <c>unavailable</c>.</summary>
    public static void IntakeAnswered(string outcome) => IntakeLines.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A command was answered; kind and outcome are type or code names from closed sets.</summary>
    public static void CommandAnswered(string kind, string outcome) =>
        Commands.Add(1, new KeyValuePair<string, object?>("command", kind), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A report spent this long on a hop (one of the constants above).</summary>
    public static void Hop(string hop, TimeSpan time) => HopDuration.Record(time.TotalSeconds, new KeyValuePair<string, object?>("hop", hop));

    /// <summary>Starts timing a hop; disposing ends it.</summary>
    public static HopTimer TimeHop(string hop) => new(hop, Stopwatch.GetTimestamp());

    /// <summary>One statement wrote so many journal rows.</summary>
    public static void JournalWrote(int rows, TimeSpan time)
    {
        JournalBatch.Record(rows);
        JournalEvents.Add(rows);
        JournalDuration.Record(time.TotalSeconds);
    }

    /// <summary>An entity has another writer: the journal refused its write, or it was woken with more than it knows.</summary>
    public static void JournalFenced() => Fenced.Add(1);

    public static void PersistFailed() => PersistFailures.Add(1);

    public static void DeadLetter(Type message) => DeadLetterCount.Add(1, new KeyValuePair<string, object?>("message", message.Name));

    /// <summary>A frame that did not come from a node of this cluster, or not now; the reason is a name from a closed set.</summary>
    public static void FrameRefused(string reason) => FramesRefused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>An entity of a kind failed to recover.</summary>
    public static void EntityStuck(string kind) => Stuck.Add(1, new KeyValuePair<string, object?>("entity", kind));

    /// <summary>A row was found changed and not obeyed.</summary>
    /// <summary>A key or a person was refused; both words are from closed sets.</summary>
    public static void SignInRefused(string way, string cause) =>
        SignInsRefused.Add(1, new KeyValuePair<string, object?>("way", way), new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A damaged page was met.</summary>
    public static void MetDamage() => Damaged.Add(1);

    public static void Doubted(string place) => Doubts.Add(1, new KeyValuePair<string, object?>("place", place));

    /// <summary>The projection counted a queue.</summary>
    public static void QueueLength(string queue, long items) => Queues[queue] = items;

    /// <summary>The projection applied a batch: so many journal rows behind, its newest event so old.</summary>
    public static void ProjectionAt(string projection, long lag, TimeSpan delay) => Projections[projection] = new ProjectionPosition(lag, delay);

    /// <summary>Ends a hop when disposed.</summary>
    public readonly struct HopTimer(string hop, long start) : IDisposable
    {
        public void Dispose() => Hop(hop, Stopwatch.GetElapsedTime(start));
    }

    private readonly record struct ProjectionPosition(long Lag, TimeSpan Delay);
}

/// <summary>Traces. <c>Activity.Current</c> does not cross mailboxes: commands carry the W3C <c>traceparent</c> and the receiver continues it here.</summary>
public static class CPortTracing
{
    public const string SourceName = "CPort";

    public static readonly ActivitySource Source = new(SourceName);

    /// <summary>Starts a span under the caller's trace; null when nobody listens. The name is a hop or command name, never data.</summary>
    public static Activity? Continue(string name, string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)
            ? Source.StartActivity(name, ActivityKind.Internal, parent)
            : Source.StartActivity(name);

    /// <summary>A trace as further messages carry it: null unless it is being recorded, because what nobody records need not travel.</summary>
    public static string? Recorded(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, out var context) && (context.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? traceParent : null;

    /// <summary>Notes in each of the traces that a message of several reports was taken here.</summary>
    public static void Mark(string name, IEnumerable<string> traceParents)
    {
        foreach (var parent in traceParents)
        {
            Continue(name, parent)?.Dispose();
        }
    }

    /// <summary>The current trace as a command carries it.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;
}
