using System.Diagnostics.Metrics;

namespace CPort.Actors.Hashes;

/// <summary>Metrics of hash buckets and matching; meter <c>CPort.Hashes</c>. Tags never hold a hash.</summary>
public static class HashInstruments
{
    private static readonly Meter Meter = new("CPort.Hashes");
    private static readonly Histogram<int> Batch =
        Meter.CreateHistogram<int>("cport.hashes.batch.size", "{command}", "Commands of reports, imports and people that one event joined.");
    private static readonly Histogram<int> BatchRows =
        Meter.CreateHistogram<int>("cport.hashes.batch.rows", "{row}", "Sightings, words, deliveries and rows of lists in one event.");
    private static readonly Histogram<double> Write =
        Meter.CreateHistogram("cport.hashes.write.duration", "s", "From deciding a batch to its being durable.", null, CPortMetrics.Seconds);
    private static readonly Counter<long> Told =
        Meter.CreateCounter<long>("cport.hashes.fanout.sent", "{message}", "Messages about changed verdicts, repeats included.");
    private static readonly Histogram<double> Match =
        Meter.CreateHistogram("cport.matching.duration", "s", "From a request to the last bucket's answer.", null, CPortMetrics.Seconds);
    private static readonly Counter<long> Retry =
        Meter.CreateCounter<long>("cport.matching.retries", "{message}", "Bucket requests sent again.");
    private static readonly Histogram<int> Bundle =
        Meter.CreateHistogram<int>("cport.matching.bundle.size", "{message}", "Bucket messages that left for one node together.");
    private static readonly Counter<long> Failed =
        Meter.CreateCounter<long>("cport.matching.unavailable", "{request}", "Requests that not all buckets answered in time.");

    private static readonly Histogram<double> Recovery =
        Meter.CreateHistogram("cport.hashes.recovery.duration", "s", "From the start of a bucket with events to ready.", null, CPortMetrics.Seconds);
    private static readonly Counter<long> Quarantined =
        Meter.CreateCounter<long>("cport.hashes.quarantined", "{hash}", "Hashes put into quarantine by a bucket, by reason.");

    /// <summary>As <see cref="CPortMetrics.Begin"/>.</summary>
    public static void Begin()
    {
        Retry.Add(0);
        Failed.Add(0);
        foreach (var reason in Enum.GetValues<QuarantineReason>())
        {
            Quarantined.Add(0, new KeyValuePair<string, object?>("reason", reason.ToString()));
        }
    }

    public static void OnRecovered(TimeSpan took) => Recovery.Record(took.TotalSeconds);

    public static void OnQuarantined(QuarantineReason reason) =>
        Quarantined.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public static void OnBatchWritten(int commands, int rows, TimeSpan took)
    {
        Batch.Record(commands);
        BatchRows.Record(rows);
        Write.Record(took.TotalSeconds);
    }

    public static void OnReportTold() => Told.Add(1);

    public static void OnMatched(TimeSpan took) => Match.Record(took.TotalSeconds);

    public static void OnBucketAskedAgain() => Retry.Add(1);

    public static void OnBundle(int messages) => Bundle.Record(messages);

    public static void OnUnavailable() => Failed.Add(1);
}
