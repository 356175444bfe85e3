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
            var scope = AccessTable.May(caller, Deed.CountEverything) ? AccessScope.CountedFor(caller) : AccessScope.WorkOf(caller, queue);
            summaries.Add(await CountAsync(db, set, queue, scope, cancellation).ConfigureAwait(false));
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
            var keyed = rows.Select(Keyed(age)).Where(k => k.Age != null);
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
                        && (k.Row.Priority < c.Priority || (k.Row.Priority == c.Priority && (k.Age > c.Key || (k.Age == c.Key && k.Row.Key > c.Number))))))
                    : keyed.Where(k => (urgent && !k.Row.Urgent) || (k.Row.Urgent == urgent && (k.Age > c.Key || (k.Age == c.Key && k.Row.Key > c.Number))));
            }

            var ordered = byPriority
                ? keyed.OrderByDescending(k => k.Row.Urgent).ThenByDescending(k => k.Row.Priority).ThenBy(k => k.Age).ThenBy(k => k.Row.Key)
                : keyed.OrderByDescending(k => k.Row.Urgent).ThenBy(k => k.Age).ThenBy(k => k.Row.Key);
            var found = await ordered.Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            var firsts = await ReadModel.FirstByUrlAsync(db, set, caller, page.Select(p => p.Row), cancellation).ConfigureAwait(false);
            return new ItemPage(
                await GroupReader.MarkedAsync(
                    db, set, caller, ListedItem.Of(caller, page.Select(p => (p.Row, p.Age, DuplicateOf(firsts, p.Row))), model),
                        cancellation).ConfigureAwait(false),
                found.Count > max ? PagePlace.After(page[^1].Row, page[^1].Age!.Value) : null,
                at);
        }, cancellation);
    }

    internal static long? DuplicateOf(Dictionary<string, (long AddedAt, long Number)> firsts, ItemRow row) =>
        row.UrlKey is { } key && firsts.TryGetValue(key, out var first) && first.Number != row.Number ? first.Number : null;

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
        public ItemRow Row { get; init; } = null!;
    }

    private static Expression<Func<ItemRow, KeyedRow>> Keyed(Expression<Func<ItemRow, long?>> age)
    {
        var row = age.Parameters[0];
        return Expression.Lambda<Func<ItemRow, KeyedRow>>(
            Expression.MemberInit(
                Expression.New(typeof(KeyedRow)),
                Expression.Bind(typeof(KeyedRow).GetProperty(nameof(KeyedRow.Age))!, age.Body),
                Expression.Bind(typeof(KeyedRow).GetProperty(nameof(KeyedRow.Row))!, row)),
            row);
    }
}
