using System.Linq.Expressions;
using System.Reflection;
using CPort.Domain.Queues;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

/// <summary>
/// Where the read model keeps the queues: a column of <see cref="ItemRow"/> each, which has the queue's name and holds the age key while the item is in it,
/// else null. An index over a column holds the queue's members only.
/// </summary>
internal static class QueueColumns
{
    private static readonly ImmutableDictionary<WorkQueue, PropertyInfo> Properties =
        WorkQueue.All.ToImmutableDictionary(q => q, q => typeof(ItemRow).GetProperties().Single(p => p.GetCustomAttribute<ColumnAttribute>()?.Name == Name(q)));

    private static readonly ImmutableArray<(WorkQueue Queue, Action<ItemRow, long?> Set)> Setters =
        [.. Properties.Select(p => (p.Key, p.Value.SetMethod!.CreateDelegate<Action<ItemRow, long?>>()))];

    public static string Name(WorkQueue queue) => $"q_{queue.Name.Replace('-', '_')}";

    public static Expression<Func<ItemRow, long?>> Of(WorkQueue queue)
    {
        var row = Expression.Parameter(typeof(ItemRow), "i");
        return Expression.Lambda<Func<ItemRow, long?>>(Expression.Property(row, Properties[queue]), row);
    }

    /// <summary>
    /// Of items that stand in the queue: they came into it after a moment (UTC ticks), by what brings items there. Where nothing but a change does, a change
    /// counts.
    /// </summary>
    public static Expression<Func<ItemRow, bool>> EnteredAfter(WorkQueue queue, long ticks) =>
        queue == WorkQueue.Unactioned ? i => i.AssessedAt > ticks || i.HotlineSince > ticks || i.CountrySince > ticks
        : queue == WorkQueue.Offline ? i => i.FinalAt > ticks
        : queue == WorkQueue.Contradicted || queue == WorkQueue.Objections || queue == WorkQueue.SecondLooks ? i => i.ChangedAt > ticks
        : i => i.AddedAt > ticks || i.CountrySince > ticks || i.HotlineSince > ticks;

    /// <summary>Sets the columns of a row that is being made.</summary>
    public static ItemRow Fill(ItemRow row, ContentItem item)
    {
        foreach (var (queue, set) in Setters)
        {
            set(row, queue.AgeOf(item)?.UtcTicks);
        }

        return row;
    }
}
