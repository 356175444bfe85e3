using CPort.Domain.Referrals;
using CPort.Domain.Routing;

namespace CPort.Domain.Reports;

/// <summary>The closed set of ways a command to a report can end. Anything else is a time-out, which is always safe to repeat.</summary>
public enum CommandOutcome
{
    /// <summary>Durable.</summary>
    Accepted = 1,

    /// <summary>The same submission was accepted before; nothing was written.</summary>
    Duplicate = 2,

    /// <summary>The same reference came with other content; nothing was written.</summary>
    Conflict = 3,

    /// <summary>A rule says no; nothing was written.</summary>
    Rejected = 4,

    /// <summary>A part of a large submission was taken; the rest is awaited. Not durable.</summary>
    PartReceived = 5,
}

/// <summary>Why a rule says no. The names are the API's problem codes.</summary>
public enum RejectionCode
{
    None = 0,

    /// <summary>Absent, or not for the caller: the two look alike.</summary>
    NotFound = 1,

    /// <summary>The caller sees the item and may not do this (ICCAM rule 4 and the access table).</summary>
    NotAuthorised = 2,
    VersionMismatch = 3,
    Leased = 4,
    NotLeased = 5,
    BaselineIsFinal = 6,
    OnlyNationalIsOverruled = 7,
    AlreadyActedOn = 8,
    ItemIsClosed = 9,
    ActionAlreadyRecorded = 10,
    NotAssessedYet = 11,
    ReportNotComplete = 12,
    ActionDoesNotFitAssessment = 13,
    ReasonMissing = 14,
    ReasonDoesNotFit = 15,
    DateInFuture = 16,
    HostingFirst = 17,
    AlreadyAssignedThere = 18,
    NotAssigned = 19,
    NotOffline = 20,
    NothingToCorrect = 21,
    TooManyItems = 22,
    WrongHotline = 23,
    OthersHaveActed = 24,
    Withdrawn = 25,
    PartsOutOfOrder = 26,
    NothingToChange = 27,
    DoubtfulHasNoEffect = 28,

    /// <summary>The command id was used for another command, or for the same with other content.</summary>
    CommandIdInUse = 29,

    /// <summary>Another agency set it, and only who set it lifts or changes it.</summary>
    SetByAnother = 30,
    NothingToObjectTo = 31,
    NotReopenable = 32,

    /// <summary>A category of the scheme of a country that the agency does not work for.</summary>
    CategoryOfAnotherLaw = 33,

    /// <summary>The command may be done, and needs the numbers of the items that it makes.</summary>
    NumberWanted = 34,

    /// <summary>It would change something else than the caller has confirmed.</summary>
    CountChanged = 35,

    /// <summary>Police has asked that the host is not told yet.</summary>
    OnHold = 36,
    AlreadyOnHold = 37,

    /// <summary>Absent, or one of which the caller is not part: the two look alike.</summary>
    NoSuchHold = 38,
    HoldEndDoesNotFit = 39,
    HoldHasEnded = 40,

    /// <summary>No hotline objects, so there is nothing to decide.</summary>
    NotObjectedTo = 41,

    /// <summary>Somebody else has to decide it than who asked.</summary>
    SamePerson = 42,

    /// <summary>Neither police that takes part nor INTERPOL, or not the caller's to refer to.</summary>
    NotPolice = 43,

    /// <summary>Whoever asks has the items in a referral.</summary>
    NotReferred = 50,

    /// <summary>Absent, or one of which the caller is not part: the two look alike.</summary>
    NoSuchQuestion = 51,
    QuestionNotOpen = 52,

    /// <summary>It says something of each field that was asked for, and of no other.</summary>
    AnswerIncomplete = 53,

    /// <summary>Another question about it waits for an answer.</summary>
    AskedAlready = 54,
    QuestionDueDoesNotFit = 55,

    /// <summary>The question is for another agency.</summary>
    AskedOfAnother = 56,

    /// <summary>Not taken for illegal.</summary>
    NotIllegal = 60,

    /// <summary>It was judged, and waits for somebody else's look.</summary>
    AwaitsSecondLook = 80,
    NoSecondLook = 81,

    /// <summary>Not one that gives second looks to others, or it was asked already.</summary>
    NotForLooks = 82,
}

/// <summary>The answer to a command.</summary>
[ProtoContract, Manifest("rr1")]
public sealed record CommandReply : IWireReply
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandOutcome Outcome { get; init; }

    /// <summary>The report's number; 0 when there is none.</summary>
    [ProtoMember(3)] public long ReportNumber { get; init; }

    /// <summary>The report's version after the command; its ETag.</summary>
    [ProtoMember(4)] public long Version { get; init; }
    [ProtoMember(5)] public RejectionCode Code { get; init; }

    /// <summary>A sentence for people, free of confidential data.</summary>
    [ProtoMember(6)] public string? Detail { get; init; }

    /// <summary>For a conflict: the fields whose content differs.</summary>
    [ProtoMember(7)] public ImmutableArray<string> Fields { get; init; } = [];

    /// <summary>For commands on items: one outcome an item, in the order asked.</summary>
    [ProtoMember(8)] public ImmutableArray<ItemOutcome> Items { get; init; } = [];

    /// <summary>The answer was remembered from the first time this command id came.</summary>
    [ProtoMember(9)] public bool Replayed { get; init; }

    /// <summary>Which command it answers (its manifest), as remembered with it.</summary>
    [ProtoMember(10)] public string? Command { get; init; }

    /// <summary>Of that command (<see cref="CommandContext.Digest"/>).</summary>
    [ProtoMember(11, DataFormat = DataFormat.FixedSize)] public ulong Digest { get; init; }

    /// <summary>For a duplicate: the report was withdrawn by its hotline since.</summary>
    [ProtoMember(12)] public bool Withdrawn { get; init; }

    /// <summary>
    /// The person whose command it answers, as remembered with it. A colleague's command under the same id is another one: nobody is told that what somebody
    /// else did is done by them. Null: a key's, and its agency's, since a system repeats its commands with the next key too.
    /// </summary>
    [ProtoMember(13)] public PersonId? By { get; init; }

    /// <summary>Of a command about a hold: its number in the report.</summary>
    [ProtoMember(14)] public int Hold { get; init; }

    /// <summary>Of a command about a question: its number in the report.</summary>
    [ProtoMember(15)] public int Question { get; init; }

    /// <summary>Of what became of an item at ICSE: the referrals that the item is in, which are to hear of it, too.</summary>
    [ProtoMember(20)] public ImmutableArray<ReferralRef> Referrals { get; init; } = [];

    /// <summary>Of what became of items at ICSE, and of what a referral says of them: what ICSE says of these items now, for the referrals.</summary>
    [ProtoMember(21)] public ImmutableArray<ItemWord> Icse { get; init; } = [];
}

/// <summary>What became of one item of a command.</summary>
[ProtoContract]
public sealed record ItemOutcome
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public RejectionCode Code { get; init; }

    /// <summary>The item's version after the command, or its present one when refused.</summary>
    [ProtoMember(3)] public int Version { get; init; }
    [ProtoMember(4)] public string? Detail { get; init; }
    [ProtoMember(5)] public long Number { get; init; }

    public bool Accepted => Code == RejectionCode.None;
}

/// <summary>The report's own fields in an answer; what the caller may not see is null.</summary>
[ProtoContract]
public sealed record ReportHead
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }

    /// <summary>State without items, as it is now.</summary>
    [ProtoMember(2)] public required Report Report { get; init; }

    /// <summary>Opened for those who may see them.</summary>
    [ProtoMember(3)] public ReportSecrets? Secrets { get; init; }
    [ProtoMember(4)] public int ItemCount { get; init; }
    [ProtoMember(5)] public ReportState State { get; init; }
    [ProtoMember(6)] public ImmutableArray<MemoView> Memos { get; init; } = [];

    /// <summary>The page that was reported, for everybody who sees the URL of one of the report's items; null when no item is the page itself.</summary>
    [ProtoMember(7)] public SourcePage? SourcePage { get; init; }
}

/// <summary>The page on which a report's items were found: what belongs to the report as a whole.</summary>
[ProtoContract]
public sealed record SourcePage
{
    [ProtoMember(1)] public required string Url { get; init; }
    [ProtoMember(2)] public HostingFacts? Hosting { get; init; }

    /// <summary>The number of the item that it is, by which clients of ICCAM ask for the page of what they have.</summary>
    [ProtoMember(3)] public long Number { get; init; }
    [ProtoMember(4)] public int Ordinal { get; init; }
}

/// <summary>A memo, opened.</summary>
[ProtoContract]
public sealed record MemoView
{
    [ProtoMember(1)] public required Memo Memo { get; init; }
    [ProtoMember(2)] public string? Text { get; init; }
}

/// <summary>An item in an answer.</summary>
[ProtoContract]
public sealed record ItemView
{
    [ProtoMember(1)] public required ContentItem Item { get; init; }
    [ProtoMember(2)] public ItemSecrets? Secrets { get; init; }

    /// <summary>Opened texts of the reasons of the item's actions, in the actions' order.</summary>
    [ProtoMember(3)] public ImmutableArray<string> ReasonTexts { get; init; } = [];

    /// <summary>Derived before anything was hidden, so that who does not see opinions still sees the true state; null when that is hidden too.</summary>
    [ProtoMember(4)] public ItemState? State { get; init; }

    /// <summary>The classification that counts (<see cref="ContentItemExtensions.Effective"/>); null when hidden or when nobody's opinion counts yet.</summary>
    [ProtoMember(5)] public Classification? Effective { get; init; }

    /// <summary>The effective classification is inherited from known hashes, nobody had to look.</summary>
    [ProtoMember(6)] public bool KnownWithoutLook { get; init; }

    /// <summary>A believed Baseline stands against what the assigned country found not illegal.</summary>
    [ProtoMember(7)] public bool Contradicted { get; init; }

    /// <summary>It counts as Baseline, and somebody objects.</summary>
    [ProtoMember(8)] public bool ObjectedTo { get; init; }

    /// <summary>What is sealed in the opinions shown, in their order.</summary>
    [ProtoMember(9)] public ImmutableArray<OpinionTexts> Opinions { get; init; } = [];

    /// <summary>The analysts of the actions shown, in their order; empty where hidden or not told.</summary>
    [ProtoMember(10)] public ImmutableArray<string> ActionAnalysts { get; init; } = [];

    /// <summary>Believed words on it or its hashes contradict one another.</summary>
    [ProtoMember(11)] public bool Disputed { get; init; }

    /// <summary>What the caller can do with it, when that was asked for.</summary>
    [ProtoMember(12)] public ImmutableArray<ItemWay> Ways { get; init; } = [];

    /// <summary>Holds of the item, running and ended, of which the caller is part.</summary>
    [ProtoMember(13)] public ImmutableArray<HoldView> Holds { get; init; } = [];

    /// <summary>To which police it was given, and what they say, for who is part of that.</summary>
    [ProtoMember(14)] public ImmutableArray<ItemReferralView> Referrals { get; init; } = [];

    /// <summary>It waits for a second look.</summary>
    [ProtoMember(80)] public bool WaitsForLook { get; init; }

    /// <summary>The name of the series that ICSE says it is of, opened.</summary>
    [ProtoMember(20)] public string IcseSeries { get; init; } = "";
    /// <summary>What police asks about the item, for who is part of that.</summary>
    [ProtoMember(15)] public ImmutableArray<QuestionView> Questions { get; init; } = [];

    /// <summary>So many older texts of questions, holds and referrals had no room here; the history has them.</summary>
    [ProtoMember(30)] public int TextsLeftOut { get; init; }
}

/// <summary>A question in an answer; it names the items that the caller sees.</summary>
[ProtoContract]
public sealed record QuestionView
{
    [ProtoMember(1)] public required PoliceQuestion Question { get; init; }
    [ProtoMember(2)] public QuestionState State { get; init; }

    /// <summary>The lines' words, in their order.</summary>
    [ProtoMember(3)] public ImmutableArray<string> Texts { get; init; } = [];

    /// <summary>The values of all lines' answers, in their order; empty where there is none, or the report itself has it.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Values { get; init; } = [];

    /// <summary>It is the caller's to answer.</summary>
    [ProtoMember(5)] public bool ToAnswer { get; init; }
}

/// <summary>That an item was given to police, in an answer.</summary>
[ProtoContract]
public sealed record ItemReferralView
{
    [ProtoMember(1)] public required ItemReferral Referral { get; init; }

    /// <summary>What its words say, in their order.</summary>
    [ProtoMember(2)] public ImmutableArray<string> Texts { get; init; } = [];
}

/// <summary>A hold in an answer; it names the items that the caller sees.</summary>
[ProtoContract]
public sealed record HoldView
{
    [ProtoMember(1)] public required PoliceHold Hold { get; init; }
    [ProtoMember(2)] public HoldState State { get; init; }
    [ProtoMember(3)] public string Note { get; init; } = "";

    /// <summary>What the objections say, in their order.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Objections { get; init; } = [];
}

/// <summary>The sealed texts of one opinion, opened; empty where hidden or not given.</summary>
[ProtoContract]
public sealed record OpinionTexts
{
    [ProtoMember(1)] public string Analyst { get; init; } = "";
    [ProtoMember(2)] public string Why { get; init; } = "";
}

/// <summary>A page of a report as one caller may see it; <see cref="Head"/> is null when there is nothing to see, for whatever reason.</summary>
[ProtoContract, Manifest("rr2")]
public sealed record ReportPage : IWireReply
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public ReportHead? Head { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemView> Items { get; init; } = [];

    /// <summary>Where the next page's items start; null when these are the last.</summary>
    [ProtoMember(4)] public int? NextOrdinal { get; init; }

    /// <summary>Where the next page's memos start; null when these are the last.</summary>
    [ProtoMember(5)] public int? NextMemo { get; init; }

    /// <summary>What is asked for is longer than an answer between nodes may be, and cannot be cut; there is nothing else in the page then.</summary>
    [ProtoMember(6)] public bool TooLong { get; init; }

    /// <summary>The question for the next page; null on the last one.</summary>
    public GetReport? Next(GetReport query) => NextOrdinal is null && NextMemo is null ? null
        : query with { FromOrdinal = NextOrdinal ?? int.MaxValue, FromMemo = NextMemo };
}
