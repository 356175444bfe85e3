using System.Linq.Expressions;
using CPort.Domain.Queues;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>In which order a queue is listed; urgent items come first in either.</summary>
public enum QueueOrder
{
    OldestFirst = 1,

    /// <summary>Highest <see cref="ItemPriority"/> first, then oldest.</summary>
    Priority = 2,
}

/// <summary>A page of a queue.</summary>
public sealed record QueueQuery
{
    public required WorkQueue Queue { get; init; }
    public QueueOrder Order { get; init; } = QueueOrder.OldestFirst;
    public ItemFilter Filter { get; init; } = ItemFilter.None;

    /// <summary>1 to this.</summary>
    public int MaxResults { get; init; } = ReadModel.MaxResults;

    /// <summary>Where the page before ended; null: the first page.</summary>
    public PagePlace? After { get; init; }

    /// <summary>Age keys from this moment on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Age keys before this moment.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>How long a queue is, how many of its items are urgent, and the age key of the oldest (null when the queue is empty).</summary>
public sealed record QueueSummary(WorkQueue Queue, long Count, long Urgent, DateTimeOffset? OldestFrom);

/// <summary>What has come into a queue since a moment.</summary>
public sealed record QueueNews(long Count, long Urgent, ReadPosition At);

/// <summary>All queues as the caller has them.</summary>
public sealed record QueueOverview(ImmutableArray<QueueSummary> Queues, ReadPosition At);

/// <summary>
/// The work queues from the read model, each caller's own part (<see cref="AccessScope.WorkOf"/>). Operators get counts over everything and no lists.
/// </summary>
public sealed class QueueReader(ReadModel model)
{
    public Task<QueueOverview> CountsAsync(Caller caller, CancellationToken cancellation = default) => model.QueryAsync(async (db, set, at) =>
    {
        var summaries = ImmutableArray.CreateBuilder<QueueSummary>();
        foreach (var queue in WorkQueue.All)
        {
            summaries.Add(await CountAsync(db, set, queue, CountedOf(caller, queue), cancellation).ConfigureAwait(false));
        }

        return new QueueOverview(summaries.ToImmutable(), at);
    }, ofOneMoment: true, cancellation);

    /// <summary>
    /// A page. What moves while a client pages (an item that becomes urgent) may be missed on this pass; what stays is neither skipped nor repeated.
    /// </summary>
    public Task<ItemPage> PageAsync(Caller caller, QueueQuery query, CancellationToken cancellation = default)
    {
        var max = Math.Clamp(query.MaxResults, 1, ReadModel.MaxResults);
        return model.QueryAsync(async (db, set, at) =>
        {
            var age = QueueColumns.Of(query.Queue);
            var byPriority = query.Order == QueueOrder.Priority;
            var rows = AccessTable.May(caller, Deed.CountEverything)
                ? ReadTables.Items(db, set).Where(i => false)
                : ReadTables.Items(db, set).Where(AccessScope.WorkOf(caller, query.Queue));
            rows = query.Filter.IsNone ? rows : rows.Where(query.Filter.For(caller));
            var keyed = rows.Select(Keyed(age, PriorityFor(caller, query.Queue))).Where(k => k.Age != null);
            if (query.From is { } from)
            {
                var ticks = from.UtcTicks;
                keyed = keyed.Where(k => k.Age >= ticks);
            }

            if (query.To is { } to)
            {
                var ticks = to.UtcTicks;
                keyed = keyed.Where(k => k.Age < ticks);
            }

            if (query.After is { } c)
            {
                var urgent = c.Urgent;
                keyed = byPriority
                    ? keyed.Where(k => (urgent && !k.Row.Urgent) || (k.Row.Urgent == urgent
                        && (k.Priority < c.Priority || (k.Priority == c.Priority && (k.Age > c.Key || (k.Age == c.Key && k.Row.Key > c.Number))))))
                    : keyed.Where(k => (urgent && !k.Row.Urgent) || (k.Row.Urgent == urgent && (k.Age > c.Key || (k.Age == c.Key && k.Row.Key > c.Number))));
            }

            var ordered = byPriority
                ? keyed.OrderByDescending(k => k.Row.Urgent).ThenByDescending(k => k.Priority).ThenBy(k => k.Age).ThenBy(k => k.Row.Key)
                : keyed.OrderByDescending(k => k.Row.Urgent).ThenBy(k => k.Age).ThenBy(k => k.Row.Key);
            var found = await ordered.Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            var firsts = await ReadModel.FirstByUrlAsync(db, set, caller, page.Select(p => p.Row), cancellation).ConfigureAwait(false);
            return new ItemPage(
                await GroupReader.MarkedAsync(
                    db, set, caller, ListedItem.Of(caller, page.Select(p => (p.Row, p.Age, DuplicateOf(firsts, p.Row))), model),
                        cancellation).ConfigureAwait(false),
                found.Count > max ? PagePlace.After(page[^1].Row, page[^1].Age!.Value, byPriority ? page[^1].Priority : 0) : null,
                at);
        }, cancellation);
    }

    /// <summary>How long the caller's part of one queue is, narrowed.</summary>
    public Task<QueueSummary> LengthAsync(Caller caller, WorkQueue queue, ItemFilter filter, CancellationToken cancellation = default) =>
        model.QueryAsync(
            (db, set, _) => CountAsync(db, set, queue, AccessScope.And(CountedOf(caller, queue), filter.For(caller)), cancellation), cancellation);

    /// <summary>
    /// How many items of the caller's part have come into the queue since a moment and stand in it still; what only changed in it is not counted. Only what
    /// changed since is looked at, however long the queue is.
    /// </summary>
    public Task<QueueNews> NewsAsync(Caller caller, WorkQueue queue, DateTimeOffset since, CancellationToken cancellation = default) =>
        model.QueryAsync(async (db, set, at) =>
        {
            var ticks = since.UtcTicks;
            var counted = await ReadTables.Items(db, set).Where(i => i.ChangedAt > ticks).Where(CountedOf(caller, queue))
                .Where(QueueColumns.EnteredAfter(queue, ticks)).Select(Keyed(QueueColumns.Of(queue))).Where(k => k.Age != null)
                .GroupBy(k => k.Row.Urgent).Select(g => new { Urgent = g.Key, Count = g.LongCount() }).ToListAsync(cancellation).ConfigureAwait(false);
            return new QueueNews(counted.Sum(c => c.Count), counted.Where(c => c.Urgent).Sum(c => c.Count), at);
        }, cancellation);

    internal static long? DuplicateOf(Dictionary<string, (long AddedAt, long Number)> firsts, ItemRow row) =>
        row.UrlKey is { } key && firsts.TryGetValue(key, out var first) && first.Number != row.Number ? first.Number : null;

    /// <summary>What of a queue is counted for the caller: its own part, or everything.</summary>
    private static Expression<Func<ItemRow, bool>> CountedOf(Caller caller, WorkQueue queue) =>
        AccessTable.May(caller, Deed.CountEverything) ? AccessScope.CountedFor(caller) : AccessScope.WorkOf(caller, queue);

    /// <summary>Counts a queue over a scope; also for the gauge of queue lengths.</summary>
    internal static async Task<QueueSummary> CountAsync(
        IDataContext db, int set, WorkQueue queue, Expression<Func<ItemRow, bool>> scope, CancellationToken cancellation)
    {
        var counted = await ReadTables.Items(db, set).Where(scope).Select(Keyed(QueueColumns.Of(queue))).Where(k => k.Age != null)
            .GroupBy(k => k.Row.Urgent).Select(g => new { Urgent = g.Key, Count = g.LongCount(), Oldest = g.Min(k => k.Age) })
            .ToListAsync(cancellation).ConfigureAwait(false);
        return new QueueSummary(queue, counted.Sum(c => c.Count), counted.Where(c => c.Urgent).Sum(c => c.Count), ReadRows.Time(counted.Min(c => c.Oldest)));
    }

    internal sealed class KeyedRow
    {
        public long? Age { get; init; }

        /// <summary>As far as the caller is told.</summary>
        public int Priority { get; init; }
        public ItemRow Row { get; init; } = null!;
    }

    /// <summary>
    /// A priority tells what lists know of an item's hashes, and an order by it would, too: 0 for items of which the caller does not see them.
    /// </summary>
    private static Expression<Func<ItemRow, int>> PriorityFor(Caller caller, WorkQueue queue)
    {
        Expression<Func<ItemRow, int>> priority = i => i.Priority;
        if (AccessScope.WorkShows(caller, queue, FieldGroup.Hashes))
        {
            return priority;
        }

        var sees = AccessScope.Sees(caller, FieldGroup.Hashes);
        return Expression.Lambda<Func<ItemRow, int>>(
            Expression.Condition(sees.Body, AccessScope.Swap(priority, sees.Parameters[0]), Expression.Constant(0)), sees.Parameters);
    }

    private static Expression<Func<ItemRow, KeyedRow>> Keyed(
        Expression<Func<ItemRow, long?>> age, Expression<Func<ItemRow, int>>? priority = null)
    {
        var row = age.Parameters[0];
        return Expression.Lambda<Func<ItemRow, KeyedRow>>(
            Expression.MemberInit(
                Expression.New(typeof(KeyedRow)),
                Expression.Bind(typeof(KeyedRow).GetProperty(nameof(KeyedRow.Age))!, age.Body),
                Expression.Bind(
                    typeof(KeyedRow).GetProperty(nameof(KeyedRow.Priority))!,
                    priority is null ? Expression.Constant(0) : AccessScope.Swap(priority, row)),
                Expression.Bind(typeof(KeyedRow).GetProperty(nameof(KeyedRow.Row))!, row)),
            row);
    }
}
