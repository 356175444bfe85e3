using System.Collections.Frozen;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Exchange;

/// <summary>A kind of news in agencies' feeds.</summary>
/// <param name="Name">CloudEvents' type: full stops, the version last. A changed shape is a new name.</param>
/// <param name="Needs">Who is told must see this of the item, beside that it exists.</param>
/// <param name="Meaning">A sentence for people, for the API's description.</param>
public sealed record FeedType(string Name, FieldGroup Needs, string Meaning)
{
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Name;
}

/// <summary>What of one item, or of a report as a whole, an event is news of.</summary>
/// <param name="Ordinal">The item's; null: the report.</param>
/// <param name="Type">Which kind.</param>
/// <param name="Asker">The police (or INTERPOL) whose word it is: only who takes part in that is told.</param>
public readonly record struct FeedSubject(int? Ordinal, FeedType Type, AgencyId? Asker = null);

/// <summary>
/// Which event of a report is which news: the one table. An event that nobody is told of stands in <see cref="Silent"/> with its reason; a test holds that each
/// event is in one of the two.
/// </summary>
public static class FeedTypes
{
    public static readonly FeedType Added = new("cport.item.added.v1", FieldGroup.State, "An item came, with a report or after it.");
    public static readonly FeedType Traced = new("cport.item.traced.v1", FieldGroup.Hosting, "Where it is hosted was found out, or changed.");

    public static readonly FeedType Matched = new(
        "cport.item.matched.v1", FieldGroup.Classification, "What is said elsewhere of its hashes changed what is shown of it.");

    public static readonly FeedType Assigned = new("cport.item.assigned.v1", FieldGroup.State, "It became a country's, or a hotline's, job; or an orphan.");
    public static readonly FeedType Moved = new("cport.item.moved.v1", FieldGroup.State, "It became another country's job.");
    public static readonly FeedType Assessed = new("cport.item.assessed.v1", FieldGroup.State, "Somebody judged it.");
    public static readonly FeedType Corrected = new("cport.item.corrected.v1", FieldGroup.State, "Somebody corrected their own judgement.");
    public static readonly FeedType Objected = new("cport.item.objected.v1", FieldGroup.Classification, "Somebody objects to what it is taken for.");
    public static readonly FeedType Acted = new("cport.item.acted.v1", FieldGroup.State, "Something was done about it.");
    public static readonly FeedType SeenAgain = new("cport.item.seen_again.v1", FieldGroup.State, "It was seen online again after its end.");
    public static readonly FeedType Reopened = new("cport.item.reopened.v1", FieldGroup.State, "Work on it was taken up again.");
    public static readonly FeedType Withdrawn = new(
        "cport.item.withdrawn.v1", FieldGroup.Existence, "Its hotline took the report back, or it is no longer for the reader.");
    public static readonly FeedType Noted = new("cport.report.noted.v1", FieldGroup.Memo, "A note was added to a report or one of its items.");
    public static readonly FeedType Described = new("cport.report.described.v1", FieldGroup.Hosting, "What kind of site it is was said.");
    public static readonly FeedType Amended = new("cport.report.amended.v1", FieldGroup.State, "Its hotline completed the report.");
    public static readonly FeedType Urgent = new("cport.report.urgent.v1", FieldGroup.State, "A report was marked as urgent, or is no longer.");

    public static readonly FeedType HoldRequested = new(
        "cport.hold.requested.v1", FieldGroup.Existence, "Police asks that the item's host is not told before a time.");

    public static readonly FeedType HoldExtended = new("cport.hold.extended.v1", FieldGroup.Existence, "A hold lasts longer.");
    public static readonly FeedType HoldLifted = new("cport.hold.lifted.v1", FieldGroup.Existence, "Who asked for a hold has lifted it.");
    public static readonly FeedType HoldExpired = new("cport.hold.expired.v1", FieldGroup.Existence, "A hold has ended by its time.");
    public static readonly FeedType HoldObjected = new("cport.hold.objected.v1", FieldGroup.Existence, "Somebody objects to a hold.");
    public static readonly FeedType HoldOverruled = new("cport.hold.overruled.v1", FieldGroup.Existence, "The national bureau has ended a hold.");
    public static readonly FeedType ReferralOpened = new("cport.referral.opened.v1", FieldGroup.Existence, "The item was referred to police.");
    public static readonly FeedType IwolListed = new("cport.iwol.listed.v1", FieldGroup.State, "The item's domain came on INTERPOL's \"worst of\" list.");
    public static readonly FeedType IwolRemoved = new("cport.iwol.removed.v1", FieldGroup.State, "The item's domain went off INTERPOL's \"worst of\" list.");
    public static readonly FeedType IcseReleased = new("cport.icse.released.v1", FieldGroup.Classification, "The item went to ICSE.");
    public static readonly FeedType IcseAnswered = new("cport.icse.answered.v1", FieldGroup.Classification, "ICSE said something of the item.");
    public static readonly FeedType IcseRecalled = new("cport.icse.recalled.v1", FieldGroup.Classification, "The item was called back from ICSE.");
    public static readonly FeedType ReferralUrgent = new(
        "cport.referral.urgent.v1", FieldGroup.Existence, "Something urgent was referred to police: a person there acknowledges it within 15 minutes.");

    public static readonly FeedType ReferralEscalated = new(
        "cport.referral.escalated.v1", FieldGroup.Existence, "Nobody acknowledged it in time: it went to the national bureau, or INTERPOL, as well.");

    public static readonly FeedType FeedbackGiven = new("cport.feedback.given.v1", FieldGroup.Existence, "Police says what became of a referred item.");

    public static readonly FeedType QuestionAsked = new("cport.question.asked.v1", FieldGroup.Existence, "Police asks for data, or asks again.");
    public static readonly FeedType QuestionAnswered = new("cport.question.answered.v1", FieldGroup.Existence, "A hotline has answered police's question.");
    public static readonly FeedType QuestionSatisfied = new("cport.question.satisfied.v1", FieldGroup.Existence, "Police has what it asked for.");
    public static readonly FeedType QuestionOverdue = new("cport.question.overdue.v1", FieldGroup.Existence, "A question was not answered in time.");

    public static readonly FeedType AwaitsLook = new(
        "cport.item.second_look.v1", FieldGroup.State, "It was judged and waits for a second look, or another agency was asked for one.");

    /// <summary>All of them, by name.</summary>
    public static readonly FrozenDictionary<string, FeedType> All = new[]
    {
        Added, Traced, Matched, Assigned, Moved, Assessed, Corrected, Objected, Acted, SeenAgain, Reopened, Withdrawn, Noted, Described, Amended, Urgent,
        IwolListed, IwolRemoved, IcseReleased, IcseAnswered, IcseRecalled,
        HoldRequested, HoldExtended, HoldLifted, HoldExpired, HoldObjected, HoldOverruled, ReferralOpened, ReferralUrgent, ReferralEscalated, FeedbackGiven,
        QuestionAsked, QuestionAnswered, QuestionSatisfied, QuestionOverdue, AwaitsLook,
    }.ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>Events that are no news, each with the reason.</summary>
    public static readonly FrozenDictionary<Type, string> Silent = new Dictionary<Type, string>
    {
        [typeof(ItemsClaimed)] = "who works on an item at the moment is told by the queues",
        [typeof(ItemsReleased)] = "who works on an item at the moment is told by the queues",
        [typeof(LookGiven)] = "who waits for second looks finds out once enough have come to the same",
        [typeof(IcseProposed)] = "who decides on it finds it among the candidates",
        [typeof(ReferralRequested)] = "it is told once the referral has it",
        [typeof(HotlineReferenceSet)] = "a hotline's own reference concerns that hotline alone, which has set it",
    }.ToFrozenDictionary();

    /// <summary>Of each event that is news, what of.</summary>
    private static readonly FrozenDictionary<Type, Func<IReportEvent, Report, IEnumerable<FeedSubject>>> Told = new[]
    {
        When<ReportSubmitted>((e, _) => [.. Each(e.Items.Select(i => i.Ordinal), Added), .. e.Urgent ? Whole(Urgent) : []]),
        When<ItemsAdded>((e, _) => Each(e.Items.Select(i => i.Ordinal), Added)),
        When<AutomaticWorkDone>((e, _) => from s in e.Steps let type = Of(s) where type is not null select new FeedSubject(s.Ordinal, type)),
        When<HostingUpdated>((e, _) => Each(e.Ordinals, Traced)),
        When<TrustFollowed>((e, _) => Each(e.Ordinals, Matched)),
        When<ItemsAssigned>((e, _) => e.Assignments.Select(a => new FeedSubject(
            a.Ordinal, a is { CountryChanged: true, Assignment.Episode: > 1 } ? Moved : Assigned))),
        When<ItemsAssessed>((e, _) => e.Assessments.Select(a => new FeedSubject(a.Ordinal, a.Corrects is null ? Assessed : Corrected))),
        When<LooksOpened>((e, _) => Each(e.Touches(), AwaitsLook)),
        When<LookAsked>((e, _) => Each(e.Ordinals, AwaitsLook)),
        When<LookSettled>((e, _) => Each([e.Ordinal], Assessed)),
        When<ObjectionsRaised>((e, _) => Each(e.Objections.Select(o => o.Ordinal), Objected)),
        When<ActionsRecorded>((e, _) => Each(e.Actions.Select(a => a.Ordinal), Acted)),
        When<ItemSeenOnlineAgain>((e, _) => [new FeedSubject(e.EarlierOrdinal, SeenAgain), new FeedSubject(e.Occurrence.Ordinal, Added)]),
        When<ItemReopened>((e, _) => [new FeedSubject(e.EarlierOrdinal, Reopened), new FeedSubject(e.Occurrence.Ordinal, Added)]),
        When<ReportWithdrawn>((_, after) => Each(after.Items.Select(i => i.Ordinal), Withdrawn)),
        When<MemoAdded>((e, _) => [new FeedSubject(e.Memo.Ordinal, Noted)]),
        When<SiteFactsSet>((_, _) => Whole(Described)),
        When<ReportAmended>((_, _) => Whole(Amended)),
        When<UrgencyChanged>((_, _) => Whole(Urgent)),
        When<Reports.Verbs.HoldRequested>((e, _) => ByPolice(e.Hold.Ordinals, HoldRequested, e.Hold.Agency)),
        When<Reports.Verbs.HoldExtended>((e, after) => OfHold(after, e.Number, e.Ordinals, HoldExtended)),
        When<Reports.Verbs.HoldLifted>((e, after) => OfHold(after, e.Number, e.Ordinals, HoldLifted)),
        When<Reports.Verbs.HoldExpired>((e, after) => OfHold(after, e.Number, e.Ordinals, HoldExpired)),
        When<Reports.Verbs.HoldObjected>((e, after) => OfHold(after, e.Number, e.Ordinals, HoldObjected)),
        When<Reports.Verbs.HoldOverruled>((e, after) => OfHold(after, e.Number, e.Ordinals, HoldOverruled)),
        When<IcseNoted>((e, _) => Each([e.Ordinal], e.Icse.Recalled is not null ? IcseRecalled : e.Icse.Finding is not null ? IcseAnswered : IcseReleased)),
        When<ListingNoted>((e, _) => Each(e.Ordinals, e.Listing.Listed ? IwolListed : IwolRemoved)),
        When<ReferralNoted>((e, _) => ByPolice(e.Ordinals, Of(e), e.Agency)),
        When<Reports.Verbs.QuestionAsked>((e, _) => ByPolice(e.Question.Ordinals, QuestionAsked, e.Question.Agency)),
        When<Reports.Verbs.QuestionAnswered>((e, after) => OfQuestion(after, e.Number, e.Ordinals, QuestionAnswered)),
        When<AnswerJudged>((e, after) => OfQuestion(after, e.Number, e.Ordinals, e.IsAskedAgain ? QuestionAsked : QuestionSatisfied)),
        When<Reports.Verbs.QuestionOverdue>((e, after) => OfQuestion(after, e.Number, e.Ordinals, QuestionOverdue)),
    }.ToFrozenDictionary(r => r.Event, r => r.Of);

    /// <summary>Events that are news.</summary>
    public static IEnumerable<Type> Events => Told.Keys;

    /// <summary>What an event is news of, in the items' order; <paramref name="after"/>: the report after it.</summary>
    public static IEnumerable<FeedSubject> Of(IReportEvent happened, Report after) =>
        Told.TryGetValue(happened.GetType(), out var of) ? of(happened, after) : [];

    private static (Type Event, Func<IReportEvent, Report, IEnumerable<FeedSubject>> Of) When<T>(Func<T, Report, IEnumerable<FeedSubject>> of)
        where T : IReportEvent => (typeof(T), (e, after) => of((T)e, after));

    /// <summary>The most that one word of police, or of a referral, says.</summary>
    private static FeedType Of(ReferralNoted noted) =>
        noted.Words.Any(w => w.Escalated) ? ReferralEscalated : noted.Alert ? ReferralUrgent : noted.Words.IsEmpty ? ReferralOpened : FeedbackGiven;

    /// <summary>The most that one round of automatic work says of an item.</summary>
    private static FeedType? Of(ItemSteps steps) => steps switch
    {
        { Route: not null } => Assigned,
        { Match: not null } => Matched,
        { Trace: not null } => Traced,
        _ => null,
    };

    private static IEnumerable<FeedSubject> Each(IEnumerable<int> ordinals, FeedType type) => ordinals.Distinct().Select(o => new FeedSubject(o, type));

    private static IEnumerable<FeedSubject> ByPolice(IEnumerable<int> ordinals, FeedType type, AgencyId police) =>
        ordinals.Distinct().Select(o => new FeedSubject(o, type, police));

    private static IEnumerable<FeedSubject> OfHold(Report after, int number, IEnumerable<int> ordinals, FeedType type) =>
        after.Hold(number) is { } hold ? ByPolice(ordinals, type, hold.Agency) : [];

    private static IEnumerable<FeedSubject> OfQuestion(Report after, int number, IEnumerable<int> ordinals, FeedType type) =>
        after.Question(number) is { } question ? ByPolice(ordinals, type, question.Agency) : [];

    private static IEnumerable<FeedSubject> Whole(FeedType type) => [new FeedSubject(null, type)];
}
