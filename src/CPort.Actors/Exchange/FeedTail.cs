using System.Collections.Concurrent;
using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>A piece of news of one item or report, opened, with how its item stands; null: there is no such item, or it is news of the whole report.</summary>
internal sealed record TailNews(ReportId Report, FeedFacts Facts, ItemRelationFacts? Item);

/// <summary>All news of some agencies after one place and up to another.</summary>
/// <param name="From">Behind which it begins.</param>
/// <param name="UpTo">Where it ends.</param>
/// <param name="ReadAt">When the items stood as it says (<see cref="TimeProvider.GetTimestamp"/>).</param>
/// <param name="News">By agency; of one that is missing nothing is known.</param>
internal sealed record FeedStretch(
    FeedPlace From, FeedPlace UpTo, long ReadAt, IReadOnlyDictionary<(AgencyId Agency, Tenant Tenant), ImmutableArray<TailNews>> News)
{
    /// <summary>When its news were read, however often their items were looked at since.</summary>
    public long MadeAt { get; init; } = ReadAt;
}

/// <summary>
/// The newest news, read and opened once for all who read along on this node, and their items looked at once: fifty agencies that are told of the same items
/// would each ask for them again. What is here is used for <see cref="Fresh"/> only, because how a reader stands to an item is looked at when news are
/// delivered; while somebody still reads there, the items are looked at again, once for all, for as long as <see cref="Kept"/>. Who is further behind is
/// answered by the tables. Thread-safe; <see cref="Add"/> by one at a time.
/// </summary>
internal sealed class FeedTail(TimeProvider time)
{
    /// <summary>News of all agencies that one stretch holds at most; where more came at once, readers go to the tables.</summary>
    public const int MostRows = 50_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReadsAlong = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(10);

    /// <summary>Each stream and webhook by its key: when it read last, and from where.</summary>
    private readonly ConcurrentDictionary<(AgencyId Agency, Tenant Tenant, string Key), (long At, FeedPlace After)> _readers = [];
    private FeedStretch[] _stretches = [];

    /// <summary>From where the next stretch is to go on; null: it begins anew.</summary>
    public FeedPlace? End => Volatile.Read(ref _stretches) is [.., var last] && IsKept(last) ? last.UpTo : null;

    /// <summary>Stretches in which somebody still reads, and whose items are to be looked at again before that is too long ago.</summary>
    public IReadOnlyList<FeedStretch> Aging
    {
        get
        {
            var kept = Volatile.Read(ref _stretches).Where(IsKept).ToArray();
            var places = _readers.Values.Where(r => time.GetElapsedTime(r.At) < Fresh).Select(r => r.After).Where(p => kept.Length > 0 && p >= kept[0].From);
            return places.Any() && places.Min() is var first ? [.. kept.Where(s => s.UpTo > first && time.GetElapsedTime(s.ReadAt) >= Fresh / 4)] : [];
        }
    }

    /// <summary>Agencies that have read lately.</summary>
    public IReadOnlyCollection<(AgencyId Agency, Tenant Tenant)> Readers
    {
        get
        {
            foreach (var (reader, at) in _readers)
            {
                if (time.GetElapsedTime(at.At) > ReadsAlong)
                {
                    _readers.TryRemove(KeyValuePair.Create(reader, at));
                }
            }

            return [.. _readers.Keys.Select(r => (r.Agency, r.Tenant)).Distinct()];
        }
    }

    /// <summary>Takes a stretch up, where it goes on from what there is; otherwise in its place.</summary>
    /// <param name="stretch">The newest.</param>
    /// <param name="again">Of <see cref="Aging"/>, with how the items stand now.</param>
    public void Add(FeedStretch stretch, IReadOnlyList<FeedStretch> again)
    {
        FeedStretch[] before = [.. Volatile.Read(ref _stretches).Select(s => again.FirstOrDefault(a => a.From == s.From && a.UpTo == s.UpTo) ?? s)];
        if (before is [.., var newest] && stretch.UpTo < newest.UpTo && IsKept(newest))
        {
            return;
        }

        Volatile.Write(ref _stretches, before is [.., var last] && last.UpTo == stretch.From ? [.. before.Where(IsKept), stretch] : [stretch]);
    }

    /// <summary>As <see cref="FeedReader.ReadAsync"/>; null when it is not all here.</summary>
    public FeedPage? Read(Caller caller, FeedPlace after, ImmutableHashSet<string> types, int limit)
    {
        var reader = (caller.Agency, caller.Tenant);
        _readers[(caller.Agency, caller.Tenant, caller.KeyId)] = (time.GetTimestamp(), after);
        var all = Volatile.Read(ref _stretches);
        if (all is [.., var last] && last.UpTo == after && IsFresh(last))
        {
            return new FeedPage([], after, false);
        }

        var stretches = all.Where(s => s.UpTo > after).ToArray();
        if (stretches.Length == 0 || stretches[0].From > after || !stretches.All(s => IsFresh(s) && s.News.ContainsKey(reader)))
        {
            return null;
        }

        var found = stretches.SelectMany(s => s.News[reader]).Where(n => n.Facts.Place > after).Take(limit).ToArray();

        // Whether anything of a whole report is seen is asked of the tables: it may have ten thousand items.
        var alone = Array.FindIndex(found, n => n.Facts.Ordinal is null);
        if (alone == 0)
        {
            return null;
        }

        var told = alone < 0 ? found : found[..alone];
        var more = alone > 0 || found.Length == limit;
        return new FeedPage(
            [
                .. told.Where(n => types.IsEmpty || types.Contains(n.Facts.Type)).Select(n => DeliveredNews.Of(n.Report, n.Facts, caller, n.Item))
                    .OfType<DeliveredNews>(),
            ],
            more ? told[^1].Facts.Place : stretches[^1].UpTo, more);
    }

    private bool IsKept(FeedStretch stretch) => time.GetElapsedTime(stretch.MadeAt) < Kept;

    private bool IsFresh(FeedStretch stretch) => time.GetElapsedTime(stretch.ReadAt) < Fresh;
}
