using System.Collections.Immutable;
using System.Data.Common;
using Akka.Event;
using CPort.Actors.Confidential;
using CPort.Actors.Hashes;
using CPort.Actors.Reports;
using CPort.Actors.Routing;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>Limits of the projection, the sweeper and the reconciler.</summary>
public sealed record ProjectionOptions
{
    /// <summary>Most events folded in by one transaction.</summary>
    public int BatchSize { get; init; } = 500;

    /// <summary>How long a batch gathers when fewer events come.</summary>
    public TimeSpan BatchWait { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Items of reports kept in memory, so that their next event needs no reading of the journal; about 2 kB each.</summary>
    public int CachedItems { get; init; } = 50_000;

    /// <summary>How often recent reports are compared with the journal.</summary>
    public TimeSpan ReconcileEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Journal rows before the present position that the timer's comparison looks at; on demand it looks at all.</summary>
    public long ReconcileWindow { get; init; } = 50_000;

    /// <summary>A retired table set is dropped after this, when no query can still be reading it.</summary>
    public TimeSpan DropAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the sweeper looks.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Automatic work unfinished for so long is taken up again; also the least time between two wakings of one report.</summary>
    public TimeSpan UnfinishedAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An orphan that no mandated hotline took in this time goes to national police, else to INTERPOL.</summary>
    public TimeSpan OrphanDeadline { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Most reports the sweeper wakes at once.</summary>
    public int SweepLimit { get; init; } = 500;
}

/// <summary>Another projector has written the same table set; this one's picture is stale and it must begin again from the stored position.</summary>
public sealed class ProjectionFencedException() : InvalidOperationException("Another projector has advanced this table set.");

/// <summary>
/// Writes one table set: folds events into report states with the report's own <see cref="ReportRules.Apply"/> and derives rows from the states with
/// <see cref="ReadRows"/>, so that a row can never say anything the report does not. Rows and position are written in one transaction; events already
/// folded in are recognised and left out. Follows nothing by itself (<c>ProjectionActor</c> feeds it). Calls wait for one another.
/// </summary>
public sealed class Projector(
    ReadTables tables, int set, JournalReader journal, ConfidentialSeam seam, TimeProvider time, ProjectionOptions options, ILoggingAdapter? log = null) : IDisposable
{
    /// <summary>Gaps in the order of commits close within this (akka.md 0.2).</summary>
    private static readonly TimeSpan GapPatience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ReportCache _cache = new(options.CachedItems);
    private readonly GroupWriter _groups = new(tables, set, seam);
    private readonly HashSet<string> _stuck = new(StringComparer.Ordinal);
    private long _position = -1;
    private bool _opened;
    private (long Ordering, DateTimeOffset Since) _blockedBy;

    public int Set => set;

    /// <summary>The last position written; -1 before <see cref="OpenAsync"/>.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>
    /// The position to follow the journal from. After a fault it first steps over rows that cannot be read: they are listed in <c>rm_stuck</c>, and
    /// the others go on.
    /// </summary>
    public Task<long> OpenAsync(CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        await using (var db = tables.Connect())
        {
            var stored = await db.GetTable<TableSet>().FirstAsync(s => s.Id == set, cancellation).ConfigureAwait(false);
            if (stored.Position != _position)
            {
                _cache.Clear();
                _position = stored.Position;
            }

            _stuck.Clear();
            _stuck.UnionWith(await db.GetTable<StuckRow>().Where(s => s.SetId == set).Select(s => s.PersistenceId).ToListAsync(cancellation).ConfigureAwait(false));
        }

        if (_opened)
        {
            await StepOverUnreadableAsync(cancellation).ConfigureAwait(false);
        }

        _opened = true;
        return _position;
    }, cancellation);

    /// <summary>Folds in events in journal order; those at or before the position are left out. Answers the new position.</summary>
    public Task<long> ApplyAsync(IReadOnlyList<JournalEvent> events, CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        await FoldAsync(events, cancellation).ConfigureAwait(false);
        return _position;
    }, cancellation);

    /// <summary>
    /// Compares reports with the journal and writes anew what is behind or was stuck: the last <see cref="ProjectionOptions.ReconcileWindow"/> rows, or
    /// all. Answers how many reports it mended.
    /// </summary>
    public Task<int> ReconcileAsync(bool all, CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        var after = all ? 0 : Math.Max(0, _position - options.ReconcileWindow);
        var ids = (await journal.ReportsBehindAsync(set, after, _position, 10_000, cancellation).ConfigureAwait(false)).Union(_stuck).ToArray();
        var mended = 0;
        foreach (var part in ids.Chunk(100))
        {
            var read = await journal.ReadReportsAsync(part, cancellation).ConfigureAwait(false);
            var whole = new List<Folding>();
            foreach (var id in part)
            {
                var folding = new Folding(id, new CachedReport(Report.None)) { Whole = true };
                folding.Fold(read.GetValueOrDefault(id, []));
                whole.Add(folding);
            }

            await WriteAsync(whole, _position, null, cancellation).ConfigureAwait(false);
            mended += whole.Count(f => f.Fault is null);
        }

        return mended;
    }, cancellation);

    /// <summary>Makes this set the one that serves when it has caught up with the one that does. Answers whether it serves now.</summary>
    public Task<bool> TrySwitchAsync(CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        await using var db = tables.Connect();
        await using var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        var now = time.GetUtcNow().UtcTicks;
        var retired = await db.GetTable<TableSet>()
            .Where(s => s.State == TableSetState.Serving && s.Id != set && s.Position <= _position)
            .Set(s => s.State, TableSetState.Retired).Set(s => s.Since, now)
            .UpdateAsync(cancellation).ConfigureAwait(false);
        if (retired != 1)
        {
            return false;
        }

        await db.GetTable<TableSet>().Where(s => s.Id == set)
            .Set(s => s.State, TableSetState.Serving).Set(s => s.Since, now)
            .UpdateAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }, cancellation);

    public void Dispose() => _one.Dispose();

    private async Task<T> AloneAsync<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await action().ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task StepOverUnreadableAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var rows = await journal.ReadAfterAsync(_position, 2_000, cancellation).ConfigureAwait(false);
            var at = rows.ToList().FindIndex(r => r.Fault is not null);
            if (at < 0)
            {
                return;
            }

            // Rows with numbers below it may still be on their way into the journal: it is passed only when none is missing, or after the patience.
            if (_blockedBy.Ordering != rows[at].Ordering)
            {
                _blockedBy = (rows[at].Ordering, time.GetUtcNow());
            }

            if (rows[at].Ordering - _position != at + 1 && time.GetUtcNow() - _blockedBy.Since < GapPatience)
            {
                return;
            }

            await FoldAsync(rows[..(at + 1)], cancellation).ConfigureAwait(false);
        }
    }

    private async Task FoldAsync(IReadOnlyList<JournalEvent> events, CancellationToken cancellation)
    {
        var fresh = events.Where(e => e.Ordering > _position).ToArray();
        if (fresh.Length == 0)
        {
            return;
        }

        var byReport = fresh.Where(e => e.IsOfReport && !_stuck.Contains(e.PersistenceId)).GroupBy(e => e.PersistenceId).ToArray();
        var missing = byReport
            .Where(g => g.First().Sequence > (_cache.TryGet(g.Key, out var held) ? held.Report.Version : 0) + 1)
            .Select(g => g.Key)
            .ToArray();
        var read = await journal.ReadReportsAsync(missing, cancellation).ConfigureAwait(false);
        var foldings = new List<Folding>(byReport.Length);
        foreach (var group in byReport)
        {
            var held = _cache.TryGet(group.Key, out var entry) ? entry : new CachedReport(Report.None);
            var folding = new Folding(group.Key, held);
            if (read.TryGetValue(group.Key, out var before))
            {
                var first = group.First().Sequence;
                folding.Fold(before.Where(e => e.Sequence < first));
                if (held.Report.Version == 0 && folding.Fault is null)
                {
                    // Not in memory: what came before this batch is in the tables already.
                    folding.Before = folding.Now;
                    folding.Alike.Clear();
                }
            }

            folding.Fold(group);
            foldings.Add(folding);
        }

        await WriteAsync(foldings, fresh[^1].Ordering, fresh.Max(e => e.RecordedTicks), cancellation).ConfigureAwait(false);
    }

    private async Task WriteAsync(IReadOnlyCollection<Folding> foldings, long position, long? positionAt, CancellationToken cancellation)
    {
        var reports = new List<ReportRow>();
        var items = new List<ItemRow>();
        var hashes = new List<ItemHashRow>();
        var replaced = new List<long>();
        foreach (var folding in foldings.Where(f => f.Fault is null && f.Now.Exists))
        {
            reports.Add(ReadRows.Of(folding.Now));
            var sameHead = !folding.Whole && ReadRows.SharesHead(folding.Before, folding.Now);
            for (var i = 0; i < folding.Now.Items.Count; i++)
            {
                var item = folding.Now.Items[i];
                var isNew = folding.Whole || i >= folding.Before.Items.Count;
                if (sameHead && !isNew && ReferenceEquals(item, folding.Before.Items[i]))
                {
                    continue;
                }

                items.Add(ReadRows.Of(folding.Now, item, folding.KeysOf(seam, item)));
                if (isNew)
                {
                    hashes.AddRange(ReadRows.HashesOf(seam, item));
                    replaced.Add(item.Number);
                }
            }
        }

        await using var db = tables.Connect();
        await NoWaitForDiskAsync(db, cancellation).ConfigureAwait(false);
        await using var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await ReplaceAsync(db, reports, items, hashes, replaced, cancellation).ConfigureAwait(false);
        await WriteGroupsAsync(db, [.. foldings.Where(f => f.Fault is null).SelectMany(f => f.Alike)], cancellation).ConfigureAwait(false);
        await NoteStuckAsync(db, foldings, cancellation).ConfigureAwait(false);
        if (positionAt is { } at)
        {
            var before = _position;
            var moved = await db.GetTable<TableSet>().Where(s => s.Id == set && s.Position == before)
                .Set(s => s.Position, position).Set(s => s.PositionAt, at)
                .UpdateAsync(cancellation).ConfigureAwait(false);
            if (moved != 1)
            {
                _position = -1;
                throw new ProjectionFencedException();
            }
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);

        // Memory changes only once the tables have.
        foreach (var folding in foldings)
        {
            if (folding.Fault is null)
            {
                _stuck.Remove(folding.Id);
                folding.Entry.Report = folding.Now;
                _cache.Put(folding.Id, folding.Entry);
            }
            else
            {
                _stuck.Add(folding.Id);
                _cache.Remove(folding.Id);
            }
        }

        _position = position;
    }

    /// <summary>Groups are a help for analysts: a defect in working them out must not keep queues and searches from going on.</summary>
    private async Task WriteGroupsAsync(DataConnection db, IReadOnlyCollection<LookAlikeSighting> sightings, CancellationToken cancellation)
    {
        GroupChanges changes;
        try
        {
            changes = await _groups.ChangesAsync(db, sightings, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (DbException or OperationCanceledException or IOException or TimeoutException))
        {
            // Not the exception itself: its text may quote a value.
            log?.Error("{0} look-alikes could not be grouped because of a defect ({1}); table set {2} goes on without them.\n{3}", sightings.Count, e.GetType().Name, set, e.StackTrace);
            return;
        }

        await _groups.WriteAsync(db, changes, cancellation).ConfigureAwait(false);
    }

    /// <summary>Deletes by key and inserts anew: the same statement count for any number of rows, on both databases.</summary>
    private async Task ReplaceAsync(
        DataConnection db, List<ReportRow> reports, List<ItemRow> items, List<ItemHashRow> hashes, List<long> replaced, CancellationToken cancellation)
    {
        var copy = new BulkCopyOptions { BulkCopyType = tables.Database.IsSqlite ? BulkCopyType.MultipleRows : BulkCopyType.ProviderSpecific };
        if (reports.Count > 0)
        {
            foreach (var part in reports.Select(r => r.ReportId).Chunk(1_000))
            {
                var ids = part.ToList();
                await ReadTables.Reports(db, set).Where(r => ids.Contains(r.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.Reports(db, set).BulkCopyAsync(copy, reports, cancellation).ConfigureAwait(false);
        }

        if (items.Count > 0)
        {
            foreach (var part in items.Select(i => i.Number).Chunk(1_000))
            {
                var numbers = part.ToList();
                await ReadTables.Items(db, set).Where(i => numbers.Contains(i.Number)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.Items(db, set).BulkCopyAsync(copy, items, cancellation).ConfigureAwait(false);
        }

        if (replaced.Count > 0)
        {
            foreach (var part in replaced.Chunk(1_000))
            {
                var numbers = part.ToList();
                await ReadTables.Hashes(db, set).Where(h => numbers.Contains(h.Item)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.Hashes(db, set).BulkCopyAsync(copy, hashes, cancellation).ConfigureAwait(false);
        }
    }

    private async Task NoteStuckAsync(DataConnection db, IReadOnlyCollection<Folding> foldings, CancellationToken cancellation)
    {
        var touched = foldings.Where(f => f.Fault is not null || _stuck.Contains(f.Id)).ToArray();
        foreach (var part in touched.Select(f => f.Id).Chunk(1_000))
        {
            var ids = part.ToList();
            await db.GetTable<StuckRow>().Where(s => s.SetId == set && ids.Contains(s.PersistenceId)).DeleteAsync(cancellation).ConfigureAwait(false);
        }

        var now = time.GetUtcNow().UtcTicks;
        foreach (var folding in touched.Where(f => f.Fault is not null))
        {
            var row = new StuckRow { SetId = set, PersistenceId = folding.Id, Sequence = folding.FaultAt, Reason = folding.Fault!, Since = now };
            await db.InsertAsync(row, token: cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// SQLite only: read tables need no wait for the disk, because a power loss takes rows and position back together and the journal brings them again.
    /// The journal's own connections wait (synchronous=FULL).
    /// </summary>
    private async Task NoWaitForDiskAsync(DataConnection db, CancellationToken cancellation)
    {
        if (tables.Database.IsSqlite)
        {
            await db.ExecuteAsync("PRAGMA synchronous=NORMAL", cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>One report while events are folded in.</summary>
    private sealed class Folding(string id, CachedReport entry)
    {
        public string Id => id;

        public CachedReport Entry => entry;

        /// <summary>The state that the tables show.</summary>
        public Report Before { get; set; } = entry.Report;

        public Report Now { get; private set; } = entry.Report;

        /// <summary>Every item is to be written, whatever the tables show.</summary>
        public bool Whole { get; init; }

        /// <summary>What the folded events say of look-alikes, in their order.</summary>
        public List<LookAlikeSighting> Alike { get; } = [];

        public string? Fault { get; private set; }

        public long FaultAt { get; private set; }

        public void Fold(IEnumerable<JournalEvent> events)
        {
            foreach (var e in events)
            {
                if (Fault is not null || e.Sequence <= Now.Version)
                {
                    continue;
                }

                if (e.Event is null || e.Sequence != Now.Version + 1)
                {
                    (Fault, FaultAt) = (e.Fault ?? (e.Event is null ? "NotAnEventOfAReport" : "MissingEvent"), e.Sequence);
                    continue;
                }

                try
                {
                    Now = ReportRules.Apply(Now, e.Event);
                    if (e.Event is ItemsMatched matched)
                    {
                        Alike.AddRange(
                            from m in matched.Matches
                            where !m.LookAlikes.IsEmpty
                            from hash in Now.Items[m.Ordinal - 1].Hashes
                            where hash.Algorithm == HashAlgorithm.Pdq
                            select new LookAlikeSighting(e.Ordering, hash, m.LookAlikes));
                    }
                }
                catch (Exception fault)
                {
                    // An event that reads but does not fit its report: damaged all the same, and this report's affair alone.
                    (Fault, FaultAt) = (fault.GetType().Name, e.Sequence);
                }
            }
        }

        public UrlKeys? KeysOf(ConfidentialSeam seam, ContentItem item)
        {
            if (!entry.Keys.TryGetValue(item.Ordinal, out var keys))
            {
                entry.Keys[item.Ordinal] = keys = ReadRows.KeysOf(seam, Now, item);
            }

            return keys;
        }
    }
}
