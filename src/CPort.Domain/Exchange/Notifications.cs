using System.Collections.Frozen;
using CPort.Domain.People;

namespace CPort.Domain.Exchange;

/// <summary>A kind of notification.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Needs">Who is told has this right.</param>
/// <param name="News">The news in the agency's feed that are of this kind; none: it comes by the clock alone.</param>
/// <param name="Agencies">Only agencies of these kinds are told; empty: all.</param>
/// <param name="OwnToo">What the agency did itself is told as well: to its other people it is news.</param>
public sealed record NotificationSource(
    NotificationKind Kind, Deed Needs, ImmutableArray<FeedType> News, ImmutableArray<AgencyKind> Agencies = default, bool OwnToo = false);

/// <summary>Which news, and which clocks that run out, people are told of: the one table.</summary>
public static class NotificationKinds
{
    /// <summary>In the order in which they are shown.</summary>
    public static readonly ImmutableArray<NotificationSource> All =
    [
        new(NotificationKind.Urgent, Deed.SeeExchange, [FeedTypes.Urgent, FeedTypes.ReferralUrgent, FeedTypes.ReferralEscalated]),
        new(NotificationKind.Referrals, Deed.AnswerReferrals, [FeedTypes.ReferralOpened], [AgencyKind.Police, AgencyKind.Interpol]),
        new(NotificationKind.Questions, Deed.SeeExchange,
            [FeedTypes.QuestionAsked, FeedTypes.QuestionAnswered, FeedTypes.QuestionSatisfied, FeedTypes.QuestionOverdue]),
        new(NotificationKind.Holds, Deed.SeeExchange,
        [
            FeedTypes.HoldRequested, FeedTypes.HoldExtended, FeedTypes.HoldLifted, FeedTypes.HoldExpired, FeedTypes.HoldObjected, FeedTypes.HoldOverruled,
        ]),
        new(NotificationKind.Feedback, Deed.SeeExchange, [FeedTypes.FeedbackGiven]),
        new(NotificationKind.Looks, Deed.SeeSecondLooks, [FeedTypes.AwaitsLook], OwnToo: true),
        new(NotificationKind.Icse, Deed.SeeExchange, [FeedTypes.IcseAnswered, FeedTypes.IcseRecalled]),
        new(NotificationKind.Iwol, Deed.SeeExchange, [FeedTypes.IwolListed, FeedTypes.IwolRemoved]),
        new(NotificationKind.Webhooks, Deed.ManageWebhooks, []),
        new(NotificationKind.Keys, Deed.IssueKeys, []),
    ];

    private static readonly FrozenDictionary<string, NotificationSource> ByType =
        All.SelectMany(r => r.News.Select(n => (n.Name, Row: r))).ToFrozenDictionary(p => p.Name, p => p.Row, StringComparer.Ordinal);

    /// <summary>What of this the people of an agency are told; <see cref="NotificationKind.None"/>: nothing.</summary>
    public static NotificationKind Of(FeedFacts news, AgencyId agency, AgencyKind kind) =>
        ByType.TryGetValue(news.Type, out var row) && (row.Agencies.IsDefaultOrEmpty || row.Agencies.Contains(kind)) && (row.OwnToo || news.By != agency)

            // That something is no longer urgent is no alarm.
            && (row.Kind != NotificationKind.Urgent || news.Urgent) ? row.Kind : NotificationKind.None;

    /// <summary>The kinds that the caller may be told of.</summary>
    public static NotificationKind For(Caller caller) => All.Where(r => (r.Agencies.IsDefaultOrEmpty || r.Agencies.Contains(caller.Kind))
        && AccessTable.May(caller, r.Needs)).Aggregate(NotificationKind.None, (all, row) => all | row.Kind);

    /// <summary>Each of them.</summary>
    public static IEnumerable<NotificationKind> Each(this NotificationKind kinds) => All.Select(r => r.Kind).Where(k => (kinds & k) != 0);
}
