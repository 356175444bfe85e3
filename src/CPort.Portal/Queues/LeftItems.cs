using System.Collections.Concurrent;
using CPort.Domain.Queues;

namespace CPort.Portal.Queues;

/// <summary>
/// Items that have left a queue while lists still show them there, remembered on this node until the lists have caught up: when they are behind, each row that
/// is done would be asked for by everybody who wants the next. Bounded. Thread-safe.
/// </summary>
internal sealed class LeftItems(TimeProvider time)
{
    private const int Most = 20_000;

    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(string Queue, ReportId Report, int Item), (int Version, DateTimeOffset Until)> _left = new();

    /// <summary>The list's row is one that has left: it shows no newer version than the one that was seen outside the queue.</summary>
    public bool Has(WorkQueue queue, (ReportId Report, int Item) item, int version) =>
        _left.TryGetValue((queue.Name, item.Report, item.Item), out var seen) && version <= seen.Version && seen.Until > time.GetUtcNow();

    public void Note(WorkQueue queue, (ReportId Report, int Item) item, int version)
    {
        var now = time.GetUtcNow();
        if (_left.Count >= Most)
        {
            foreach (var old in _left.Where(l => l.Value.Until <= now))
            {
                _left.TryRemove(old);
            }

            if (_left.Count >= Most)
            {
                return;
            }
        }

        _left[(queue.Name, item.Report, item.Item)] = (version, now + Kept);
    }
}
