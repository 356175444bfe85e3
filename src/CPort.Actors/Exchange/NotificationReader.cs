using CPort.Actors.Projections;
using CPort.Domain.Exchange;
using CPort.Domain.People;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Exchange;

/// <summary>Something of which people of an agency are told: what one event says of one report.</summary>
/// <param name="Kind">Which.</param>
/// <param name="News">What the feed says; of an event about several items, of the first.</param>
/// <param name="Ordinals">The items; none: the report as a whole.</param>
public sealed record Notification(NotificationKind Kind, DeliveredNews News, ImmutableArray<int> Ordinals);

/// <summary>
/// The newest of an agency's notifications. They are no record of their own: news of the agency's feed (<see cref="FeedReader"/>), found by their kind, and
/// as every news looked at anew for who asks.
/// </summary>
public sealed class NotificationReader(ReadModel model, FeedReader feed)
{
    /// <summary>So many pieces of news are looked at; older ones stand in the feed.</summary>
    public const int Most = 100;

    /// <summary>Those of the last <see cref="Most"/> news of these kinds that are for the caller, newest first; and how far this is.</summary>
    public Task<(ImmutableArray<Notification> Found, long Head)> LatestAsync(Caller caller, NotificationKind kinds, CancellationToken cancellation) =>
        model.QueryAsync(
            async (db, set, at) =>
            {
                var (agency, tenant, wanted) = (caller.Agency.Value, caller.Tenant, kinds.Each().ToList());
                var head = await FeedReader.HeadAsync(db, at, cancellation).ConfigureAwait(false);
                var rows = wanted.Count == 0 ? [] : await (
                    from k in db.GetTable<NotificationRow>()
                    where k.Agency == agency && k.Tenant == tenant && wanted.Contains(k.Kind) && k.Ordering <= head
                    join n in db.GetTable<FeedNewsRow>() on new { k.Ordering, k.Part } equals new { n.Ordering, n.Part }
                    orderby n.Ordering descending, n.Part
                    select new { k.Kind, News = n }).Take(Most).ToListAsync(cancellation).ConfigureAwait(false);
                var kindOf = rows.ToDictionary(r => new FeedPlace(r.News.Ordering, r.News.Part), r => r.Kind);
                var seen = await feed.AsSeenAsync(db, set, caller, rows.Select(r => r.News), cancellation).ConfigureAwait(false);
                return ((ImmutableArray<Notification>)
                    [
                        .. seen.GroupBy(n => (n.Facts.Ordering, n.Facts.Type)).Select(g => new Notification(
                            kindOf[g.First().Place], g.First(), [.. g.Select(n => n.Facts.Ordinal).OfType<int>().Order()])),
                    ], head);
            },
            cancellation);

    /// <summary>How many events of each kind an agency's people were told of after a place, up to where this is.</summary>
    public Task<(ImmutableArray<(NotificationKind Kind, int Count)> Counts, long Head)> CountAsync(
        Caller caller, NotificationKind kinds, FeedPlace after, CancellationToken cancellation) => model.QueryAsync(
        async (db, _, at) =>
        {
            var (agency, tenant, wanted, from) = (caller.Agency.Value, caller.Tenant, kinds.Each().ToList(), after.Ordering);
            var head = await FeedReader.HeadAsync(db, at, cancellation).ConfigureAwait(false);
            var counts = await db.GetTable<NotificationRow>()
                .Where(k => k.Agency == agency && k.Tenant == tenant && wanted.Contains(k.Kind) && k.Ordering > from && k.Ordering <= head)
                .GroupBy(k => k.Kind).Select(g => new { Kind = g.Key, Count = g.Select(k => k.Ordering).Distinct().Count() })
                .ToListAsync(cancellation).ConfigureAwait(false);
            return ((ImmutableArray<(NotificationKind, int)>)[.. counts.OrderBy(c => c.Kind).Select(c => (c.Kind, c.Count))], head);
        },
        cancellation);
}
