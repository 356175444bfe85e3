using System.Diagnostics.CodeAnalysis;
using CPort.Domain.Reports;
using CPort.Domain.Routing;

namespace CPort.Actors.Projections;

/// <summary>A report's state as last written, and the URL keys worked out so far (decrypting and hashing a URL costs more than the rest of a row).</summary>
internal sealed class CachedReport(Report report)
{
    public Report Report { get; set; } = report;

    public Dictionary<int, UrlKeys?> Keys { get; } = [];
}

/// <summary>The states of the reports touched last, by persistence id. Bounded by items, because that is what takes memory. One thread at a time.</summary>
internal sealed class ReportCache(int maxItems)
{
    private readonly Dictionary<string, LinkedListNode<(string Id, CachedReport Entry, int Weight)>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Id, CachedReport Entry, int Weight)> _order = [];
    private long _weight;

    public bool TryGet(string id, [NotNullWhen(true)] out CachedReport? entry)
    {
        entry = null;
        if (!_entries.TryGetValue(id, out var node))
        {
            return false;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        entry = node.Value.Entry;
        return true;
    }

    public void Put(string id, CachedReport entry)
    {
        Remove(id);
        var weight = 2 + entry.Report.Items.Count;
        _entries[id] = _order.AddFirst((id, entry, weight));
        _weight += weight;
        while (_weight > maxItems && _order.Last is { } oldest)
        {
            Remove(oldest.Value.Id);
        }
    }

    public void Remove(string id)
    {
        if (_entries.Remove(id, out var node))
        {
            _order.Remove(node);
            _weight -= node.Value.Weight;
        }
    }

    public void Clear()
    {
        _entries.Clear();
        _order.Clear();
        _weight = 0;
    }
}
