using BitFaster.Caching.Lru;

namespace CPort.Actors.Projections;

/// <summary>How a node reads the journal's newest rows.</summary>
public sealed record JournalTailOptions
{
    /// <summary>The journal is looked at again so soon at most, however many ask.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// So late at most: between looks that found nothing the time doubles up to here, unless this node's own journal wrote meanwhile. Other nodes' writes are
    /// only seen by looking.
    /// </summary>
    public TimeSpan LookAtLeastEvery { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Rows that are kept for those who follow less far.</summary>
    public int KeptRows { get; init; } = 4_000;

    /// <summary>Sealed bytes of them; opened they take some times as much.</summary>
    public int KeptBytes { get; init; } = 6 * 1024 * 1024;

    /// <summary>Looks whenever it is asked.</summary>
    public static readonly JournalTailOptions Always = new() { LookEvery = TimeSpan.Zero, LookAtLeastEvery = TimeSpan.Zero };
}

/// <summary>Rows of the journal in their order.</summary>
/// <param name="Rows">Those asked for.</param>
/// <param name="UpTo">There are no others up to here.</param>
public readonly record struct JournalStretch(ImmutableArray<JournalEvent> Rows, long UpTo);

/// <summary>
/// Reads the journal's newest rows for all who follow it on this node: how far it is complete is asked once, each row is read and opened once and handed to
/// everybody. Those who follow keep their own places in the database; this keeps nothing that an end of the node could lose. Who is further behind than what
/// is kept, or begins, reads by himself until he has caught up: nobody waits for him, and he waits for nobody. Rows of hash buckets are left out: nobody
/// follows them. Thread-safe.
/// </summary>
public sealed class JournalTail(Database database, JournalReader journal, TimeProvider time, JournalTailOptions? options = null) : IDisposable
{
    /// <summary>Rows read at once for all: others want more than who asks first.</summary>
    private const int AtOnce = 1_000;

    /// <summary>Reports read last, of a few kB each; larger ones are not kept.</summary>
    private const int KeptReports = 600;

    private const int KeptOfReport = 32 * 1024;

    private readonly JournalTailOptions _options = options ?? new JournalTailOptions();
    private readonly ConcurrentLru<string, ImmutableArray<JournalEvent>> _reports = new(1, KeptReports, StringComparer.Ordinal);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Queue<JournalEvent> _kept = new();
    private JournalHorizon _horizon = new();
    private long _bytes;

    /// <summary>All rows after <see cref="_from"/> up to <see cref="_to"/> are kept.</summary>
    private long _from = -1;
    private long _to = -1;

    private long? _lookedAt;
    private TimeSpan _wait;
    private long _writes = -1;

    /// <summary>
    /// Up to which number the journal is complete. <paramref name="known"/>: somebody has taken over what is up to there, so it was complete when he did.
    /// </summary>
    public async Task<long> HorizonAsync(long known, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await LookAsync(known, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// The first rows after <paramref name="after"/> that are <paramref name="wanted"/>, up to <paramref name="upTo"/> (or where the journal is complete), as
    /// many as <paramref name="limit"/>; fewer of them do not mean that there are no more: <see cref="JournalStretch.UpTo"/> says how far they go.
    /// </summary>
    public async Task<JournalStretch> ReadAsync(
        long after, long upTo, int limit, Func<JournalEvent, bool> wanted, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            upTo = Math.Min(upTo, await LookAsync(after, cancellation).ConfigureAwait(false));
            if (upTo <= after)
            {
                return new JournalStretch([], after);
            }

            if (after >= _from)
            {
                return await KeptAsync(after, upTo, limit, wanted, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            _one.Release();
        }

        var stretch = await FetchAsync(after, upTo, limit, cancellation).ConfigureAwait(false);
        return stretch with { Rows = stretch.Rows.RemoveAll(row => !wanted(row)) };
    }

    /// <summary>
    /// The events of reports, by report in their order, at least up to the number given for each; later ones may be among them. Who follows meets the same
    /// reports as the others, moments before or after them: what was read last is read once.
    /// </summary>
    public async Task<ImmutableDictionary<string, ImmutableArray<JournalEvent>>> ReadReportsAsync(
        IReadOnlyDictionary<string, long> reports, CancellationToken cancellation)
    {
        var read = ImmutableDictionary.CreateBuilder<string, ImmutableArray<JournalEvent>>();
        foreach (var (id, upTo) in reports)
        {
            if (_reports.TryGet(id, out var held) && held[^1].Sequence >= upTo)
            {
                read.Add(id, held);
            }
        }

        foreach (var (id, events) in await journal.ReadReportsAsync([.. reports.Keys.Where(id => !read.ContainsKey(id))], cancellation).ConfigureAwait(false))
        {
            read.Add(id, events);
            if (events.Sum(e => e.Bytes) <= KeptOfReport && events.All(e => e.Fault is null))
            {
                _reports.AddOrUpdate(id, events);
            }
        }

        return read.ToImmutable();
    }

    /// <summary>
    /// Of which entities of a kind something happened after <paramref name="after"/>, up to where, and whether that is all for now. Of what is kept, as far as
    /// somebody else has it read; else the database is asked, for <paramref name="window"/> rows at most.
    /// </summary>
    public async Task<EntityStretch> ChangedAsync(EntityKind kind, long after, int window, CancellationToken cancellation)
    {
        long upTo;
        bool isAll;
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var horizon = await LookAsync(after, cancellation).ConfigureAwait(false);
            if (horizon <= after)
            {
                return new EntityStretch([], after, true);
            }

            if (after >= _from && after < _to)
            {
                return new EntityStretch(
                    [.. _kept.Where(row => row.Ordering > after && EntityKind.Of(row.PersistenceId) == kind).Select(row => row.PersistenceId).Distinct()], _to,
                    true);
            }

            (upTo, isAll) = (Math.Min(horizon, after + window), horizon <= after + window);
        }
        finally
        {
            _one.Release();
        }

        return new EntityStretch(await journal.ChangedAsync(kind, after, upTo, cancellation).ConfigureAwait(false), upTo, isAll);
    }

    public void Dispose() => _one.Dispose();

    private async Task<long> LookAsync(long known, CancellationToken cancellation)
    {
        _horizon = _horizon.Safe < known ? _horizon with { Safe = known } : _horizon;
        var (writes, now) = (database.Writes, time.GetTimestamp());
        var since = _lookedAt is { } at ? time.GetElapsedTime(at, now) : TimeSpan.MaxValue;
        if (since < (writes == _writes ? _wait : _options.LookEvery))
        {
            return _horizon.Safe;
        }

        var before = _horizon;
        _horizon = await journal.LookAsync(_horizon, time.GetElapsedTime(0), cancellation).ConfigureAwait(false);

        // Also a number that is missing is news: it comes, or is given up in time.
        var longer = _wait * 2 < _options.LookAtLeastEvery ? _wait * 2 : _options.LookAtLeastEvery;
        _wait = _horizon == before && longer > _options.LookEvery ? longer : _options.LookEvery;
        (_lookedAt, _writes) = (now, writes);
        return _horizon.Safe;
    }

    private async Task<JournalStretch> KeptAsync(long after, long upTo, int limit, Func<JournalEvent, bool> wanted, CancellationToken cancellation)
    {
        if (after > _to)
        {
            // Who is furthest has left out rows that nobody asked for.
            _kept.Clear();
            (_bytes, _from, _to) = (0, after, after);
        }

        var rows = ImmutableArray.CreateBuilder<JournalEvent>();
        var there = after;
        foreach (var row in _kept)
        {
            if (row.Ordering > upTo || rows.Count == limit)
            {
                break;
            }

            if (row.Ordering > after && wanted(row))
            {
                rows.Add(row);
            }
        }

        there = rows.Count == limit ? rows[^1].Ordering : Math.Min(upTo, _to);
        while (rows.Count < limit && _to < upTo)
        {
            var next = await FetchAsync(_to, upTo, Math.Max(limit, AtOnce), cancellation).ConfigureAwait(false);
            _to = next.UpTo;
            foreach (var row in next.Rows)
            {
                _kept.Enqueue(row);
                _bytes += row.Bytes;
                if (rows.Count < limit && wanted(row))
                {
                    rows.Add(row);
                }
            }

            there = rows.Count == limit ? rows[^1].Ordering : _to;
            Forget();
        }

        return new JournalStretch(rows.DrainToImmutable(), there);
    }

    private void Forget()
    {
        while (_kept.Count > _options.KeptRows || _bytes > _options.KeptBytes)
        {
            var oldest = _kept.Dequeue();
            _from = oldest.Ordering;
            _bytes -= oldest.Bytes;
        }
    }

    private async Task<JournalStretch> FetchAsync(long after, long upTo, int limit, CancellationToken cancellation)
    {
        var rows = await journal.ReadFollowedAsync(after, upTo, limit, cancellation).ConfigureAwait(false);
        return new JournalStretch(rows, rows.Length < limit ? upTo : rows[^1].Ordering);
    }
}
