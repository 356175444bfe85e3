using CPort.Domain.Agencies;
using CPort.Domain.Reports;

namespace CPort.Domain.Exchange;

/// <summary>A piece of news and the agencies in whose feeds it stands.</summary>
/// <param name="Report">Of which report.</param>
/// <param name="Tenant">Live or a training.</param>
/// <param name="Facts">What it says.</param>
/// <param name="Agencies">Whose feeds.</param>
public sealed record FeedNews(ReportId Report, Tenant Tenant, FeedFacts Facts, ImmutableArray<AgencyId> Agencies);

/// <summary>
/// Whom news concern, of these readers. Of items that stand alike to everybody, as those of one report mostly do, it is worked out once. Not thread-safe.
/// </summary>
public sealed class FeedAudience(ImmutableArray<Caller> readers)
{
    private const int MaxKnown = 10_000;

    private readonly Dictionary<(ItemRelationFacts Item, FeedType Type, AgencyId? Asker), ImmutableArray<AgencyId>> _known = [];

    /// <summary>Agencies of readers for whom the news of one of the items are, in the readers' order.</summary>
    public ImmutableArray<AgencyId> Of(IEnumerable<ItemRelationFacts> items, FeedType type, AgencyId? asker)
    {
        ImmutableArray<AgencyId>[] each = [.. items.Distinct().Select(item => Of(item, type, asker))];
        return each is [var one] ? one : [.. readers.Select(r => r.Agency).Where(agency => each.Any(of => of.Contains(agency)))];
    }

    /// <summary>As the other, of one item.</summary>
    public ImmutableArray<AgencyId> Of(ItemRelationFacts item, FeedType type, AgencyId? asker)
    {
        if (!_known.TryGetValue((item, type, asker), out var of))
        {
            if (_known.Count >= MaxKnown)
            {
                _known.Clear();
            }

            _known[(item, type, asker)] = of = [.. readers.Where(r => FeedRules.IsFor(r, item, type, asker)).Select(r => r.Agency)];
        }

        return of;
    }
}

/// <summary>Which news an event is, and for whom. Pure.</summary>
public static class FeedRules
{
    private static readonly Roles Every = Enum.GetValues<Roles>().Aggregate((a, b) => a | b);

    /// <summary>Kinds of agencies that have a feed: those that a relation of the access table ties to single items.</summary>
    public static readonly ImmutableArray<AgencyKind> Readers = [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol];

    /// <summary>The agencies that have a feed, each as whoever sees most of it there; what a single caller sees is looked at when it is delivered.</summary>
    public static ImmutableArray<Caller> ReadersOf(AgencyDirectory directory, DateOnly day, Tenant tenant) =>
        [.. directory.Agencies.Select(a => ReaderOf(directory, a, day, tenant)).OfType<Caller>()];

    /// <summary>One of <see cref="ReadersOf"/>; null: it is none, or is closed.</summary>
    public static Caller? ReaderOf(AgencyDirectory directory, AgencyId agency, DateOnly day, Tenant tenant) =>
        directory.Find(agency) is { } found ? ReaderOf(directory, found, day, tenant) : null;

    /// <summary>Whether news of this kind about an item is for the caller: as it stands to the item, and takes part in what police says.</summary>
    public static bool IsFor(Caller caller, ItemRelationFacts item, FeedType type, AgencyId? asker) =>
        AccessTable.For(caller, item) is { Exists: true } access && access.Sees(type.Needs)
        && (asker is not { } police || AccessTable.IsParty(caller, item, police));

    /// <summary>What an event is news of, in order, each with those whom it concerns by the report as it is after it; nobody's news is left out.</summary>
    public static IEnumerable<FeedNews> NewsOf(long ordering, IReportEvent happened, Report after, FeedAudience readers)
    {
        var part = 0;
        foreach (var (ordinal, type, asker) in FeedTypes.Of(happened, after))
        {
            part++;
            var item = ordinal is { } o ? after.Items[o - 1] : null;
            var concerned = item is null ? readers.Of(after.Items.Select(i => ReportViews.RelationFacts(after, i)), type, asker)
                : readers.Of(ReportViews.RelationFacts(after, item), type, asker);
            if (concerned.IsEmpty)
            {
                continue;
            }

            yield return new FeedNews(after.Id, after.Tenant, new FeedFacts
            {
                Ordering = ordering, Part = part, Type = type.Name, Ordinal = ordinal, Number = item?.Number ?? after.Number,
                Version = item?.Version ?? (int)after.Version, Urgent = after.Urgent, Classification = item?.Effective(), State = item?.State(),
                By = happened.Meta.Agency, ByKind = happened.Meta.Kind, At = happened.Meta.OccurredAt, TraceParent = happened.Meta.TraceParent,
                Asker = asker,
            }, concerned);
        }
    }

    private static Caller? ReaderOf(AgencyDirectory directory, Agency agency, DateOnly day, Tenant tenant) =>
        !agency.Active || !Readers.Contains(agency.Kind) ? null : directory.CallerOf(agency, day, Every & ~Roles.Auditor & ~Roles.Operator, "feed") with
        {
            Tenant = tenant,

            // Whoever reads it states one.
            Purpose = "feed",
        };
}
