using LinqToDB;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>Another projector has written the same slices; this one's picture is stale and it must begin again from the stored positions.</summary>
public sealed class ProjectionFencedException() : InvalidOperationException("Another projector has advanced these slices.");

/// <summary>The statements that write one table set, in the caller's transaction.</summary>
internal sealed class RowWriter(ReadTables tables, int set, ConfidentialSeam seam, TimeProvider time)
{
    /// <summary>
    /// A transaction for read tables. They need no wait for the disk, because a power loss takes rows and position back together and the journal brings them
    /// again; a position in memory that is ahead then does not fit and is read anew. The journal's own transactions wait.
    /// </summary>
    public async Task<DataConnectionTransaction> BeginAsync(DataConnection db, CancellationToken cancellation)
    {
        if (tables.Database.IsSqlite)
        {
            await db.ExecuteAsync("PRAGMA synchronous=NORMAL", cancellation).ConfigureAwait(false);
            return await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        }

        var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await db.ExecuteAsync("SET LOCAL synchronous_commit TO OFF", cancellation).ConfigureAwait(false);
        return transaction;
    }

    /// <summary>
    /// Takes the slices forward, first thing in their transaction: whoever else advances one of them waits for its end, and then finds it elsewhere.
    /// </summary>
    public async Task MoveAsync(DataConnection db, ImmutableArray<int> slices, long before, long position, long? positionAt, CancellationToken cancellation)
    {
        var at = positionAt ?? 0;
        var some = slices.ToList();
        var moved = await db.GetTable<SliceRow>().Where(s => s.SetId == set && s.Position == before && some.Contains(s.Slice))
            .Set(s => s.Position, position).Set(s => s.PositionAt, s => at == 0 ? s.PositionAt : at)
            .UpdateAsync(cancellation).ConfigureAwait(false);
        if (moved != some.Count)
        {
            throw new ProjectionFencedException();
        }
    }

    /// <summary>Deletes by key and inserts anew: the same statement count for any number of rows, on both databases.</summary>
    public async Task ReplaceAsync(
        DataConnection db, List<ReportRow> reports, List<ItemRow> items, List<(Tenant Tenant, ContentItem Item)> newItems, CancellationToken cancellation)
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
            await ReplaceHoldsAsync(db, copy, [.. reports.SelectMany(r => r.Holds)], cancellation).ConfigureAwait(false);
            await ReplaceQuestionsAsync(db, copy, [.. reports.SelectMany(r => r.Questions)], cancellation).ConfigureAwait(false);
        }

        if (items.Count > 0)
        {
            foreach (var part in items.Select(i => i.Key).Chunk(1_000))
            {
                var numbers = part.ToList();
                await ReadTables.Items(db, set).Where(i => numbers.Contains(i.Key)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.Items(db, set).BulkCopyAsync(copy, items, cancellation).ConfigureAwait(false);
        }

        // They never become fewer; most items have none.
        var earlier = items.SelectMany(i => i.EarlierCountries).ToList();
        if (earlier.Count > 0)
        {
            foreach (var part in earlier.Select(e => e.Item).Distinct().Chunk(1_000))
            {
                var numbers = part.ToList();
                await ReadTables.EarlierCountries(db, set).Where(e => numbers.Contains(e.Item)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.EarlierCountries(db, set).BulkCopyAsync(copy, earlier, cancellation).ConfigureAwait(false);
        }

        if (newItems.Count > 0)
        {
            foreach (var part in newItems.Select(i => ReadRows.KeyOf(i.Tenant, i.Item.Number)).Chunk(1_000))
            {
                var numbers = part.ToList();
                await ReadTables.Hashes(db, set).Where(h => numbers.Contains(h.Item)).DeleteAsync(cancellation).ConfigureAwait(false);
            }

            await ReadTables.Hashes(db, set).BulkCopyAsync(copy, newItems.SelectMany(i => ReadRows.HashesOf(seam, i.Tenant, i.Item)), cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Holds never become fewer; most reports have none.</summary>
    private async Task ReplaceHoldsAsync(DataConnection db, BulkCopyOptions copy, List<HoldRow> holds, CancellationToken cancellation)
    {
        if (holds.Count == 0)
        {
            return;
        }

        foreach (var part in holds.Select(h => h.ReportId).Distinct().Chunk(1_000))
        {
            var ids = part.ToList();
            await ReadTables.Holds(db, set).Where(h => ids.Contains(h.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
            await ReadTables.HoldItems(db, set).Where(h => ids.Contains(h.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        }

        await ReadTables.Holds(db, set).BulkCopyAsync(copy, holds, cancellation).ConfigureAwait(false);
        await ReadTables.HoldItems(db, set).BulkCopyAsync(copy, holds.SelectMany(h => h.Items), cancellation).ConfigureAwait(false);
    }

    /// <summary>Questions never become fewer; most reports have none.</summary>
    private async Task ReplaceQuestionsAsync(DataConnection db, BulkCopyOptions copy, List<QuestionRow> questions, CancellationToken cancellation)
    {
        if (questions.Count == 0)
        {
            return;
        }

        foreach (var part in questions.Select(q => q.ReportId).Distinct().Chunk(1_000))
        {
            var ids = part.ToList();
            await ReadTables.Questions(db, set).Where(q => ids.Contains(q.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
            await ReadTables.QuestionItems(db, set).Where(q => ids.Contains(q.ReportId)).DeleteAsync(cancellation).ConfigureAwait(false);
        }

        await ReadTables.Questions(db, set).BulkCopyAsync(copy, questions, cancellation).ConfigureAwait(false);
        await ReadTables.QuestionItems(db, set).BulkCopyAsync(copy, questions.SelectMany(q => q.Items), cancellation).ConfigureAwait(false);
    }

    /// <summary>Notes the reports that cannot be folded in, and that others no longer are such.</summary>
    public async Task NoteStuckAsync(DataConnection db, IReadOnlyCollection<Folding> touched, CancellationToken cancellation)
    {
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
}
