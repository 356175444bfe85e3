using Akka.Event;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>
/// Writes slices of one table set: folds events into report states with the report's own <see cref="ReportRules.Apply"/> and derives rows from the states with
/// <see cref="ReadRows"/>, so that a row can never say anything the report does not. Rows and positions are written in one transaction; events already folded
/// in are recognised and left out. Follows nothing by itself (<see cref="ProjectionWriterActor"/> tells it how far to go). Calls wait for one another.
/// <para>
/// Slices at one position are written together; those that lag, because they came from another node, catch up first. The groups are written with all the
/// reports when all are here, which saves reading their events twice, and else by themselves; both in the journal's order, so with the same outcome.
/// </para>
/// </summary>
public sealed class Projector(
    ReadTables tables, int set, JournalReader journal, ConfidentialSeam seam, UrlKeyMaker urlKeys, TimeProvider time, ProjectionOptions options,
    ILoggingAdapter? log = null, JournalTail? tail = null) : IDisposable
{
    private const int ComparedAtOnce = 100;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ReportCache _cache = new(options.CachedItems);
    private readonly RowWriter _rows = new(tables, set, seam, time);
    private readonly GroupWriter _groups = new(tables, set, seam, options.PdqRadius);
    private readonly HashSet<string> _stuck = new(StringComparer.Ordinal);
    private volatile ImmutableSortedDictionary<int, long> _positions = ImmutableSortedDictionary<int, long>.Empty;
    private ProjectionSlices _slices;
    private ItemKeys _keys = new(seam, urlKeys, null);

    public int Set => set;

    /// <summary>Slices that are at the same position and go on together.</summary>
    private sealed record Cohort(ImmutableArray<int> Slices, long Position);

    /// <summary>The position of the slice that is least far, of those advanced last; -1 before <see cref="OpenAsync"/>.</summary>
    public long Position => _positions is { IsEmpty: false } held ? held.Values.Min() : -1;

    /// <summary>Takes up all slices of the set at their stored positions. Answers the lowest.</summary>
    public Task<long> OpenAsync(CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        _positions = _positions.Clear();
        await TakeUpAsync(null, cancellation).ConfigureAwait(false);
        return Position;
    }, cancellation);

    /// <summary>
    /// Advances these slices by one batch of at most <see cref="ProjectionOptions.BatchSize"/> events towards <paramref name="horizon"/>, up to which the
    /// journal must be complete. Answers whether all of them are there.
    /// </summary>
    public Task<bool> AdvanceAsync(ImmutableArray<int> slices, long horizon, CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        await TakeUpAsync(slices, cancellation).ConfigureAwait(false);
        if (CohortOf(_positions, _slices) is not { } cohort || cohort.Position >= horizon)
        {
            return true;
        }

        // Not beyond the next slices: from there on they go together.
        var upTo = _positions.Values.Where(p => p > cohort.Position).Append(horizon).Min();
        if (cohort.Slices is [var only] && only == _slices.Groups)
        {
            await AdvanceGroupsAsync(cohort, upTo, cancellation).ConfigureAwait(false);
        }
        else
        {
            var (rows, reached) = await ReadAsync(cohort, upTo, cancellation).ConfigureAwait(false);
            await FoldAsync(cohort, rows, reached, cancellation).ConfigureAwait(false);
        }

        return Position >= horizon;
    }, cancellation);

    /// <summary>
    /// With the others who follow on this node, where all slices are here; else those of its own slices, so that of several nodes not each reads everything.
    /// </summary>
    private async Task<JournalStretch> ReadAsync(Cohort cohort, long upTo, CancellationToken cancellation)
    {
        if (tail is not null && cohort.Slices.Length == _slices.RowCount)
        {
            return await tail.ReadAsync(cohort.Position, upTo, options.BatchSize, row => row.IsOfReport, cancellation).ConfigureAwait(false);
        }

        var rows = await journal.ReadSlicesAsync(_slices, cohort.Slices, cohort.Position, upTo, options.BatchSize, cancellation).ConfigureAwait(false);
        return new JournalStretch(rows, Reached(rows, upTo));
    }

    /// <summary>Folds in events of all slices in journal order; those at or before the position are left out. Answers the new position.</summary>
    public Task<long> ApplyAsync(IReadOnlyList<JournalEvent> events, CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        var cohort = CohortOf(_positions, _slices)!;
        var fresh = events.Where(e => e.Ordering > cohort.Position).ToArray();
        if (fresh.Length > 0)
        {
            await FoldAsync(cohort, fresh, fresh[^1].Ordering, cancellation).ConfigureAwait(false);
        }

        return Position;
    }, cancellation);

    /// <summary>
    /// Compares reports of the slices advanced last with the journal and writes anew what is behind or was stuck: the last <see
    /// cref="ProjectionOptions.ReconcileWindow"/> rows, or all. Answers how many reports it mended.
    /// </summary>
    public Task<int> ReconcileAsync(bool all, CancellationToken cancellation = default) => ReconcileAsync([.. _positions.Keys], all, cancellation);

    /// <summary>As above for these slices.</summary>
    public Task<int> ReconcileAsync(ImmutableArray<int> slices, bool all, CancellationToken cancellation = default) => AloneAsync(async () =>
    {
        await TakeUpAsync(slices, cancellation).ConfigureAwait(false);
        var mine = _positions.Keys.Where(s => s != _slices.Groups).ToImmutableArray();
        if (mine.IsEmpty)
        {
            return 0;
        }

        var position = mine.Min(s => _positions[s]);
        var after = all ? 0 : Math.Max(0, position - options.ReconcileWindow);
        var behind = await journal.ReportsBehindAsync(set, _slices, mine, after, position, 10_000, cancellation).ConfigureAwait(false);
        var ids = behind.Union(_stuck.Where(id => mine.Contains(_slices.Of(id)))).ToArray();
        var mended = 0;
        foreach (var part in ids.Chunk(100))
        {
            var read = await journal.ReadReportsAsync(part, cancellation).ConfigureAwait(false);
            var whole = new List<Folding>();
            foreach (var id in part)
            {
                var folding = new Folding(id, Report.None) { Whole = true };
                folding.Fold(read.GetValueOrDefault(id, []));
                whole.Add(folding);
            }

            await WriteAsync(whole, null, 0, null, cancellation).ConfigureAwait(false);
            mended += whole.Count(f => f.Fault is null);
        }

        return mended;
    }, cancellation);

    /// <summary>
    /// Compares what the rows of these slices say with what a replay of the journal gives, report by report, and writes anew what differs. Reports of which the
    /// journal has no event, or fewer than the rows have seen, are only named: the rows may be all that is left of them. The slices go on meanwhile.
    /// </summary>
    public async Task<RowFindings> CompareAsync(ImmutableArray<int> slices, CancellationToken cancellation = default)
    {
        var findings = RowFindings.None;
        for (string? after = ""; after is not null;)
        {
            var from = after;
            (after, var found) = await AloneAsync(() => ComparePartAsync(slices, from, cancellation), cancellation).ConfigureAwait(false);
            findings = findings.And(found);
        }

        return slices.Contains(_slices.Groups)
            ? findings.And(new RowFindings([], await RowComparison.StrangersAsync(tables, set, cancellation).ConfigureAwait(false)))
            : findings;
    }

    /// <summary>Some reports, and the last of them; null: there are no more.</summary>
    private async Task<(string? Last, RowFindings Found)> ComparePartAsync(ImmutableArray<int> slices, string after, CancellationToken cancellation)
    {
        await TakeUpAsync(slices, cancellation).ConfigureAwait(false);
        var mine = _positions.Keys.Where(s => s != _slices.Groups).ToImmutableArray();
        if (mine.IsEmpty || !(await tables.SetsAsync(cancellation).ConfigureAwait(false)).Any(s => s.Id == set && tables.IsOfToday(s)))
        {
            // A set of another shape has other rows by right, and is being replaced.
            return (null, RowFindings.None);
        }

        var ids = await journal.ReportsAsync(_slices, mine, after, mine.Max(s => _positions[s]), ComparedAtOnce, cancellation).ConfigureAwait(false);
        var read = await journal.ReadReportsAsync([.. ids.Where(id => !_stuck.Contains(id))], cancellation).ConfigureAwait(false);
        var stored = await RowComparison.StoredAsync(tables, set, read.Keys, cancellation).ConfigureAwait(false);
        var (changed, unproven) = (new List<string>(), ImmutableArray.CreateBuilder<string>());
        foreach (var (id, events) in read)
        {
            switch (RowComparison.Of(id, events, stored.GetValueOrDefault(RowComparison.ReportOf(id)), _keys, seam))
            {
                case RowState.Changed:
                    changed.Add(id);
                    break;
                case RowState.Unproven:
                    unproven.Add(RowComparison.ReportOf(id));
                    break;
            }
        }

        if (changed.Count > 0)
        {
            var whole = changed.ConvertAll(id => new Folding(id, Report.None) { Whole = true });
            whole.ForEach(f => f.Fold(read[f.Id]));
            await WriteAsync(whole, null, 0, null, cancellation, (db, c) => RowComparison.RemoveAsync(db, set, changed.Select(RowComparison.ReportOf), c))
                .ConfigureAwait(false);
        }

        return (ids.Length < ComparedAtOnce ? null : ids[^1], new RowFindings([.. changed.Select(RowComparison.ReportOf)], unproven.ToImmutable()));
    }

    public void Dispose() => _one.Dispose();

    private async Task<T> AloneAsync<T>(Func<Task<T>> action, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            tables.Database.NoteDamage(set, e);

            // What is stored is not known any more: the next call asks.
            _positions = _positions.Clear();
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The slices that go on next: those least far, reports before groups, unless all are together.</summary>
    private static Cohort? CohortOf(ImmutableSortedDictionary<int, long> positions, ProjectionSlices slices)
    {
        if (positions.IsEmpty)
        {
            return null;
        }

        var least = positions.Values.Min();
        var at = positions.Where(p => p.Value == least).Select(p => p.Key).ToImmutableArray();
        return new Cohort(at.Length == slices.RowCount || at.Length == 1 ? at : at.Remove(slices.Groups), least);
    }

    /// <summary>Holds exactly these slices (null: all); those not held are read from the tables.</summary>
    private async Task TakeUpAsync(ImmutableArray<int>? slices, CancellationToken cancellation)
    {
        if (slices is { } wanted && _positions.Count == wanted.Length && wanted.All(_positions.ContainsKey))
        {
            return;
        }

        await using var db = tables.Connect();
        var stored = await db.GetTable<SliceRow>().Where(s => s.SetId == set).ToListAsync(cancellation).ConfigureAwait(false);
        _slices = new ProjectionSlices(stored.Count - 1);
        _keys = new ItemKeys(seam, urlKeys,
            await db.GetTable<TableSet>().Where(s => s.Id == set).Select(s => s.SuffixList).FirstOrDefaultAsync(cancellation).ConfigureAwait(false));
        if (_positions.IsEmpty)
        {
            _cache.Clear();
        }

        // States kept of a slice that was elsewhere meanwhile are old, which shows by their next event's number: such reports are read again.
        _positions = stored.Where(s => slices is not { } wanted || wanted.Contains(s.Slice))
            .ToImmutableSortedDictionary(s => s.Slice, s => _positions.GetValueOrDefault(s.Slice, s.Position));
        _stuck.Clear();
        _stuck.UnionWith(await db.GetTable<StuckRow>().Where(s => s.SetId == set).Select(s => s.PersistenceId).ToListAsync(cancellation).ConfigureAwait(false));
    }

    private async Task FoldAsync(Cohort cohort, IReadOnlyList<JournalEvent> events, long position, CancellationToken cancellation)
    {
        var byReport = events.Where(e => e.IsOfReport && !_stuck.Contains(e.PersistenceId)).GroupBy(e => e.PersistenceId).ToArray();
        var missing = byReport
            .Where(g => g.First().Sequence > (_cache.TryGet(g.Key, out var held) ? held.Version : 0) + 1)
            .ToDictionary(g => g.Key, g => g.First().Sequence - 1);
        var read = tail is null
            ? await journal.ReadReportsAsync(missing.Keys, cancellation).ConfigureAwait(false)
            : await tail.ReadReportsAsync(missing, cancellation).ConfigureAwait(false);
        var stored = await StoredAsync(read.Values, cancellation).ConfigureAwait(false);
        var foldings = new List<Folding>(byReport.Length);
        foreach (var group in byReport)
        {
            var folding = new Folding(group.Key, _cache.TryGet(group.Key, out var held) ? held : Report.None);
            if (read.TryGetValue(group.Key, out var before))
            {
                // Not in memory as it was before this batch: the tables have it, or else the report is written as a whole. What memory has of it may be older
                // than the tables, which another node wrote meanwhile, and says nothing of what has changed in them.
                before = [.. before.TakeWhile(e => e.Sequence < group.First().Sequence)];
                folding = new Folding(group.Key, Report.None);
                folding.Fold(before);
                if (folding.Fault is null && stored.GetValueOrDefault(folding.Now.Id.ToString()) == folding.Now.Version)
                {
                    folding.Before = folding.Now;
                    folding.Alike.Clear();
                }
                else
                {
                    folding = new Folding(group.Key, Report.None) { Whole = true };
                    folding.Fold(before);
                }
            }

            folding.Fold(group);
            foldings.Add(folding);
        }

        await WriteAsync(foldings, cohort, position, events.Count == 0 ? null : events.Max(e => e.RecordedTicks), cancellation).ConfigureAwait(false);
    }

    /// <summary>The versions at which the tables hold these reports.</summary>
    private async Task<Dictionary<string, long>> StoredAsync(IEnumerable<ImmutableArray<JournalEvent>> reports, CancellationToken cancellation)
    {
        var ids = reports.Select(events => events is [{ Event: ReportSubmitted first }, ..] ? first.ReportId.ToString() : null).OfType<string>().ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        await using var db = tables.Connect();
        return await ReadTables.Reports(db, set).Where(r => ids.Contains(r.ReportId)).ToDictionaryAsync(r => r.ReportId, r => r.Version, cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>The groups alone: what was found alike stands in few events, and of their reports only the values are needed.</summary>
    private async Task AdvanceGroupsAsync(Cohort cohort, long upTo, CancellationToken cancellation)
    {
        var rows = await journal.ReadMatchedAsync(cohort.Position, upTo, options.BatchSize, cancellation).ConfigureAwait(false);
        var position = Reached(rows, upTo);
        var ids = rows.Where(r => r.Event is AutomaticWorkDone e && e.Steps.Any(s => s.Match is { LookAlikes.IsEmpty: false }))
            .Select(r => r.PersistenceId).Distinct().ToArray();
        var sightings = new List<LookAlikeSighting>();
        foreach (var (id, events) in await journal.ReadReportsAsync(ids, cancellation).ConfigureAwait(false))
        {
            var folding = new Folding(id, Report.None);
            folding.Fold(events.TakeWhile(e => e.Ordering <= position));
            if (folding.Fault is null)
            {
                sightings.AddRange(folding.Alike.Where(s => s.Ordering > cohort.Position));
            }
        }

        await using var db = tables.Connect();
        await using var transaction = await _rows.BeginAsync(db, cancellation).ConfigureAwait(false);
        await _rows.MoveAsync(db, cohort.Slices, cohort.Position, position, rows.IsEmpty ? null : rows.Max(r => r.RecordedTicks), cancellation)
            .ConfigureAwait(false);
        await WriteGroupsAsync(db, sightings, cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        Moved(cohort, position);
    }

    /// <summary>How far a read of at most a batch up to <paramref name="upTo"/> has come: a full batch may have left some.</summary>
    private long Reached(ImmutableArray<JournalEvent> rows, long upTo) => rows.Length < options.BatchSize ? upTo : rows[^1].Ordering;

    private void Moved(Cohort cohort, long position) => _positions = _positions.SetItems(cohort.Slices.Select(s => KeyValuePair.Create(s, position)));

    /// <summary>
    /// Writes reports, and takes their cohort to <paramref name="position"/>; <paramref name="cohort"/> null: mends them where the slices are. A report whose
    /// rows the database does not take is left out like one that cannot be read.
    /// </summary>
    private async Task WriteAsync(
        IReadOnlyCollection<Folding> foldings, Cohort? cohort, long position, long? positionAt, CancellationToken cancellation,
        Func<DataConnection, CancellationToken, Task>? first = null)
    {
        try
        {
            await WriteAllAsync(foldings, cohort, position, positionAt, cancellation, first).ConfigureAwait(false);
        }
        catch (Exception e) when (DatabaseFault.IsOfData(e))
        {
            foreach (var folding in foldings.Where(f => f.Fault is null && f.Now.Exists))
            {
                await TryAloneAsync(folding, cancellation).ConfigureAwait(false);
            }

            await WriteAllAsync(foldings, cohort, position, positionAt, cancellation, first).ConfigureAwait(false);
        }
    }

    /// <summary>Writes one report's rows and takes them back, to see whether the database takes them.</summary>
    private async Task TryAloneAsync(Folding folding, CancellationToken cancellation)
    {
        var (reports, items, newItems) = (new List<ReportRow>(), new List<ItemRow>(), new List<(Tenant Tenant, ContentItem Item)>());
        folding.RowsInto(_keys, reports, items, newItems);
        await using var db = tables.Connect();
        await using var transaction = await _rows.BeginAsync(db, cancellation).ConfigureAwait(false);
        try
        {
            await _rows.ReplaceAsync(db, reports, items, newItems, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (DatabaseFault.IsOfData(e))
        {
            folding.Refuse(DatabaseFault.InWords(e));
        }

        await transaction.RollbackAsync(cancellation).ConfigureAwait(false);
    }

    private async Task WriteAllAsync(
        IReadOnlyCollection<Folding> foldings, Cohort? cohort, long position, long? positionAt, CancellationToken cancellation,
        Func<DataConnection, CancellationToken, Task>? first)
    {
        var reports = new List<ReportRow>();
        var items = new List<ItemRow>();
        var newItems = new List<(Tenant Tenant, ContentItem Item)>();
        foreach (var folding in foldings.Where(f => f.Fault is null && f.Now.Exists))
        {
            folding.RowsInto(_keys, reports, items, newItems);
        }

        await using var db = tables.Connect();
        await using var transaction = await _rows.BeginAsync(db, cancellation).ConfigureAwait(false);
        if (cohort is not null)
        {
            await _rows.MoveAsync(db, cohort.Slices, cohort.Position, position, positionAt, cancellation).ConfigureAwait(false);
        }

        if (first is not null)
        {
            await first(db, cancellation).ConfigureAwait(false);
        }

        await _rows.ReplaceAsync(db, reports, items, newItems, cancellation).ConfigureAwait(false);
        if (cohort is null || cohort.Slices.Contains(_slices.Groups))
        {
            await WriteGroupsAsync(db, [.. foldings.Where(f => f.Fault is null).SelectMany(f => f.Alike)], cancellation).ConfigureAwait(false);
        }

        await _rows.NoteStuckAsync(db, [.. foldings.Where(f => f.Fault is not null || _stuck.Contains(f.Id))], cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);

        // Memory changes only once the tables have.
        foreach (var folding in foldings)
        {
            if (folding.Fault is null)
            {
                _stuck.Remove(folding.Id);
                _cache.Put(folding.Id, folding.Now);
            }
            else
            {
                _stuck.Add(folding.Id);
                _cache.Remove(folding.Id);
            }
        }

        if (cohort is not null)
        {
            Moved(cohort, position);
        }
    }

    /// <summary>Groups are a help for analysts: a defect in working them out must not keep queues and searches from going on.</summary>
    private async Task WriteGroupsAsync(DataConnection db, IReadOnlyCollection<LookAlikeSighting> sightings, CancellationToken cancellation)
    {
        if (sightings.Count == 0)
        {
            return;
        }

        // One writer of groups at a time: a node that mends a report meets the one that advances the groups here.
        await db.GetTable<SliceRow>().Where(s => s.SetId == set && s.Slice == _slices.Groups).Set(s => s.Slice, s => s.Slice).UpdateAsync(cancellation)
            .ConfigureAwait(false);
        GroupChanges changes;
        try
        {
            changes = await _groups.ChangesAsync(db, sightings, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!Faults.IsPassing(e))
        {
            // Not the exception itself: its text may quote a value.
            log?.Error("{0} look-alikes could not be grouped because of a defect ({1}); table set {2} goes on without them.\n{3}", sightings.Count, e.GetType()
                .Name, set, e.StackTrace);
            return;
        }

        await _groups.WriteAsync(db, changes, cancellation).ConfigureAwait(false);
    }
}
