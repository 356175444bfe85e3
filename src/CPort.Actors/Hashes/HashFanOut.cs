namespace CPort.Actors.Hashes;

/// <summary>
/// Which reports have yet to be told of changed verdicts, and which message is under way to each. Derived from the bucket's state (a sighting whose report has
/// taken an older version than the entry's) and so rebuilt after a restart; owns no truth. One message at a time goes to a report; a report that does not
/// answer is asked again at growing intervals and does not hold the others up.
/// </summary>
internal sealed class HashFanOut(HashBucketOptions options, TimeProvider time)
{
    private sealed class Work
    {
        public HashSet<int> Rows { get; } = [];

        public TakeVerdicts? Sent { get; set; }

        public ImmutableArray<VerdictDelivered> Covers { get; set; } = [];

        /// <summary>The report has answered <see cref="Sent"/>; what it took is not written yet.</summary>
        public bool Taken { get; set; }

        public int Attempt { get; set; }

        public DateTimeOffset Due { get; set; }
    }

    private readonly Dictionary<ReportId, Work> _work = [];
    private readonly Queue<ReportId> _ready = new();
    private readonly Dictionary<long, ReportId> _sent = [];
    private int _fresh;
    private int _taken;

    // Ids of an earlier life of this bucket must not be taken for ours: start at the clock, in microseconds.
    private long _nextId = time.GetUtcNow().UtcTicks / 10;

    /// <summary>Reports that have yet to take something.</summary>
    public int Count => _work.Count - _taken;

    /// <summary>Something is under way and may need repeating.</summary>
    public bool Waiting => _sent.Count > 0;

    /// <summary>Notes all that is untold.</summary>
    public void Track(HashBucket state)
    {
        foreach (var row in state.Pending)
        {
            Track(state, row);
        }
    }

    /// <summary>Notes every report that has an untold sighting of the row's hash.</summary>
    public void Track(HashBucket state, int row)
    {
        var version = state.EntryOf(row).Version;
        foreach (var s in state.Sightings.Of(row))
        {
            if (s.Told >= version)
            {
                continue;
            }

            if (!_work.TryGetValue(s.Report, out var work))
            {
                _work.Add(s.Report, work = new Work());
                _ready.Enqueue(s.Report);
            }

            work.Rows.Add(row);
        }
    }

    /// <summary>
    /// What has gone unanswered for too long, to be sent again: as it is now. What was sent first may be older than what the report has heard otherwise since,
    /// and it would take it for newer.
    /// </summary>
    public IReadOnlyList<TakeVerdicts> Again(HashBucket state)
    {
        var now = time.GetUtcNow();
        List<TakeVerdicts>? again = null;
        foreach (var (id, report) in _sent.Where(s => _work[s.Value].Due <= now).ToArray())
        {
            var work = _work[report];
            var (sent, covers) = (work.Sent, work.Covers);
            _fresh -= work.Attempt == 0 ? 1 : 0;
            if (Build(state, report, work) is null)
            {
                _sent.Remove(id);
                continue;
            }

            if (work.Covers.SequenceEqual(covers))
            {
                // The same: an answer to the first is one to this.
                work.Sent = sent;
            }
            else
            {
                _sent.Remove(id);
                _sent.Add(work.Sent!.FanOutId, report);
            }

            work.Attempt++;
            work.Due = now + Delay(work.Attempt);
            (again ??= []).Add(work.Sent!);
        }

        return again ?? [];
    }

    /// <summary>First messages, as far as the limit in flight allows.</summary>
    public IReadOnlyList<TakeVerdicts> First(HashBucket state)
    {
        List<TakeVerdicts>? due = null;
        while (_fresh < options.FanOutInFlight && _ready.TryDequeue(out var report))
        {
            if (_work.TryGetValue(report, out var work) && work.Sent is null && Build(state, report, work) is { } message)
            {
                work.Attempt = 0;
                work.Due = time.GetUtcNow() + Delay(0);
                _sent.Add(message.FanOutId, report);
                _fresh++;
                (due ??= []).Add(message);
            }
        }

        return due ?? [];
    }

    /// <summary>What the answered message covered, to be persisted in time; empty when the answer belongs to no message under way.</summary>
    public ImmutableArray<VerdictDelivered> Acknowledge(VerdictsTaken taken)
    {
        if (!_sent.TryGetValue(taken.FanOutId, out var report) || report != taken.ReportId)
        {
            return [];
        }

        _sent.Remove(taken.FanOutId);
        var work = _work[report];
        _fresh -= work.Attempt == 0 ? 1 : 0;
        (work.Taken, _taken) = (true, _taken + 1);
        return work.Covers;
    }

    /// <summary>After deliveries are persisted: forgets their reports, or makes them ready for what is left.</summary>
    public void Settle(HashBucket state, ImmutableArray<VerdictDelivered> delivered)
    {
        foreach (var report in delivered.Select(d => d.ReportId).Distinct())
        {
            Settle(state, report);
        }
    }

    private void Settle(HashBucket state, ReportId report)
    {
        if (!_work.TryGetValue(report, out var work) || !work.Taken)
        {
            return;
        }

        _taken--;
        (work.Taken, work.Sent) = (false, null);
        work.Rows.RemoveWhere(row => Untold(state, row, report).Count == 0);
        if (work.Rows.Count == 0)
        {
            _work.Remove(report);
        }
        else
        {
            _ready.Enqueue(report);
        }
    }

    private TakeVerdicts? Build(HashBucket state, ReportId report, Work work)
    {
        var items = new SortedDictionary<int, List<HashVerdict>>();
        var covers = ImmutableArray.CreateBuilder<VerdictDelivered>();
        var weight = 0;
        foreach (var row in work.Rows)
        {
            var hash = state.HashOf(row);
            var verdict = HashBucketRules.VerdictOf(state, hash, row);
            int? first = null;
            var last = 0;
            foreach (var ordinal in Untold(state, row, report))
            {
                var full = (items.Count >= HashBucketLimits.Part && !items.ContainsKey(ordinal))
                    || (weight > 0 && weight + HashBucketRules.WeightOf(verdict) > HashBucketLimits.PartBytes);
                if (full)
                {
                    break;
                }

                weight += HashBucketRules.WeightOf(verdict);
                if (!items.TryGetValue(ordinal, out var verdicts))
                {
                    items.Add(ordinal, verdicts = []);
                }

                verdicts.Add(verdict);
                first ??= ordinal;
                last = ordinal;
            }

            if (first is { } from)
            {
                covers.Add(new VerdictDelivered { ReportId = report, Row = row, Version = verdict.Version, FirstOrdinal = from, LastOrdinal = last });
            }
        }

        if (covers.Count == 0)
        {
            _work.Remove(report);
            return null;
        }

        work.Covers = covers.DrainToImmutable();
        return work.Sent = new TakeVerdicts
        {
            ReportId = report, FanOutId = _nextId++,
            Items = [.. items.Select(i => new ItemVerdicts { Ordinal = i.Key, Exact = [.. i.Value] })],
        };
    }

    private static List<int> Untold(HashBucket state, int row, ReportId report)
    {
        var version = state.EntryOf(row).Version;
        var sightings = state.Sightings.Of(row);
        var untold = new List<int>();
        for (var i = HashSightings.FirstOf(sightings, report); i < sightings.Length && sightings[i].Report == report; i++)
        {
            if (sightings[i].Told < version)
            {
                untold.Add(sightings[i].Ordinal);
            }
        }

        return untold;
    }

    private TimeSpan Delay(int attempt) =>
        TimeSpan.FromTicks(Math.Min(options.FanOutRetryMax.Ticks, options.FanOutRetry.Ticks << Math.Min(attempt, 10)));
}
