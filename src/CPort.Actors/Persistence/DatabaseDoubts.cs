using System.Collections.Concurrent;

namespace CPort.Actors.Persistence;

/// <summary>Where in the database something was found that this node does not believe. A closed set: a metric's tag.</summary>
public enum DoubtfulPlace
{
    /// <summary>Table <c>cport_numbers</c>.</summary>
    Numbers = 1,

    /// <summary>Table <c>cport_keys</c>.</summary>
    Keys = 2,

    /// <summary>Tables <c>rm_…</c>.</summary>
    ReadTables = 3,

    /// <summary>Table <c>cport_rejections</c>.</summary>
    Rejections = 4,

    /// <summary>Tables <c>cport_audit_…</c>.</summary>
    Audit = 5,

    /// <summary>Tables <c>cport_feed…</c>.</summary>
    Feed = 6,
}

/// <summary>Something that the database says and this node does not believe.</summary>
/// <param name="Place">Where.</param>
/// <param name="What">Which row: a series, a key, a report's item. Holds no data.</param>
/// <param name="Reason">The kind of fault, without data.</param>
/// <param name="Since">When it was first seen, UTC.</param>
/// <param name="Times">How often it was seen.</param>
public sealed record Doubt(DoubtfulPlace Place, string What, string Reason, DateTimeOffset Since, int Times);

/// <summary>
/// What this node found in the database and did not obey, by name, since its start: somebody with access to the database changed it. What concerns an entity
/// stands in the list of <c>StuckEntities</c>. Thread-safe.
/// </summary>
public sealed class DatabaseDoubts(TimeProvider time)
{
    /// <summary>More are counted by the metric and not kept by name.</summary>
    public const int Most = 1_000;

    private readonly ConcurrentDictionary<(DoubtfulPlace, string), Doubt> _doubts = new();

    /// <summary>Told of each at its first time.</summary>
    public Action<Doubt>? Tell { get; set; }

    /// <summary>For metrics.</summary>
    public static string WordOf(DoubtfulPlace place) => place == DoubtfulPlace.ReadTables ? "read tables" : place.ToString().ToLowerInvariant();

    /// <summary>From wherever it was found; returns at once and never throws.</summary>
    public void Note(DoubtfulPlace place, string what, string reason)
    {
        CPortMetrics.Doubted(WordOf(place));
        if (_doubts.Count >= Most && !_doubts.ContainsKey((place, what)))
        {
            return;
        }

        var doubt = _doubts.AddOrUpdate(
            (place, what), _ => new Doubt(place, what, reason, time.GetUtcNow(), 1), (_, known) => known with { Reason = reason, Times = known.Times + 1 });
        if (doubt.Times == 1)
        {
            Tell?.Invoke(doubt);
        }
    }

    /// <summary>It is right again.</summary>
    public void Clear(DoubtfulPlace place, string what) => _doubts.TryRemove((place, what), out _);

    /// <summary>The oldest first.</summary>
    public ImmutableArray<Doubt> List() => [.. _doubts.Values.OrderBy(d => d.Since).ThenBy(d => d.What, StringComparer.Ordinal)];
}
