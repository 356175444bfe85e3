using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Routing;
using CPort.Domain.Wire;
using ProtoBuf;

namespace CPort.Domain.Reports;

/// <summary>
/// Something that happened to a report. Stored for ever: field numbers and manifests are never reused. <see cref="Receipt"/> is the answer given to
/// the command, set on the command's last event, so that a replayed command gets the same answer.
/// </summary>
public interface IReportEvent : IWireMessage
{
    EventMeta Meta { get; init; }

    CommandReply? Receipt { get; init; }

    /// <summary>The same event with other metadata or receipt (records of different types share no <c>with</c>).</summary>
    IReportEvent Stamped(EventMeta meta, CommandReply? receipt);
}

/// <summary>A hotline's report came in. Its items follow in <see cref="ItemsAdded"/>.</summary>
[ProtoContract]
[Manifest("re1")]
public sealed record ReportSubmitted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required ReportId ReportId { get; init; }
    [ProtoMember(4)] public required long Number { get; init; }
    [ProtoMember(5)] public required AgencyId ReportingHotline { get; init; }
    [ProtoMember(6)] public Country? ReportingCountry { get; init; }
    [ProtoMember(7)] public required HotlineReference Reference { get; init; }
    [ProtoMember(8)] public required DateTimeOffset HotlineReceivedDate { get; init; }
    [ProtoMember(9)] public SiteType? SiteType { get; init; }
    [ProtoMember(10)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(11)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];
    [ProtoMember(12)] public bool Urgent { get; init; }
    [ProtoMember(13)] public required WrappedKey DataKey { get; init; }
    [ProtoMember(14)] public Sealed? Secrets { get; init; }
    [ProtoMember(15)] public ImmutableArray<FieldDigest> Digests { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>Items joined the report: at submission, added later, or seen online again. At most 200 an event.</summary>
[ProtoContract]
[Manifest("re2")]
public sealed record ItemsAdded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }

    /// <summary>The items in their first state.</summary>
    [ProtoMember(3)] public ImmutableArray<ContentItem> Items { get; init; } = [];

    /// <summary>These came with the report itself: re-sent reports are compared with them.</summary>
    [ProtoMember(4)] public bool WithSubmission { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The reporting hotline corrected the report's own fields.</summary>
[ProtoContract]
[Manifest("re3")]
public sealed record ReportAmended : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>The whole secrets as they are now; null: unchanged.</summary>
    [ProtoMember(4)] public Sealed? Secrets { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The reporting hotline took the report back.</summary>
[ProtoContract]
[Manifest("re4")]
public sealed record ReportWithdrawn : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public Sealed? Reason { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The urgent flag was set or lifted.</summary>
[ProtoContract]
[Manifest("re5")]
public sealed record UrgencyChanged : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required bool Urgent { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>Tracers answered for items.</summary>
[ProtoContract]
[Manifest("re6")]
public sealed record ItemsTraced : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTrace> Traces { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>What one item's hashes say, as it follows from the verdicts by the inheritance policy of the time.</summary>
[ProtoContract]
public sealed record ItemMatch
{
    [ProtoMember(1)] public required int Ordinal { get; init; }

    /// <summary>New verdicts; they replace older versions of the same hash.</summary>
    [ProtoMember(2)] public ImmutableArray<HashVerdict> Verdicts { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<NearMatch> Near { get; init; } = [];

    /// <summary><see cref="Near"/> was looked up and replaces what was there.</summary>
    [ProtoMember(4)] public bool NearLookedUp { get; init; }

    /// <summary>The decision that holds from now on; null: the hashes say nothing.</summary>
    [ProtoMember(5)] public InheritanceDecision? Inheritance { get; init; }

    /// <summary>The first match of a new item, or a changed verdict that came later.</summary>
    [ProtoMember(6)] public bool Complete { get; init; }

    /// <summary>
    /// With the first match: PDQ values near the item's own that other items carried and of which nothing was known, nearest first, at most
    /// <see cref="ReportRules.MaxLookAlikes"/>; the item's own among them when others carry it too. What groups are formed from.
    /// </summary>
    [ProtoMember(7)] public ImmutableArray<LookAlike> LookAlikes { get; init; } = [];
}

/// <summary>Hash verdicts reached items; inherited opinions come and go by this event alone.</summary>
[ProtoContract]
[Manifest("re7")]
public sealed record ItemsMatched : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemMatch> Matches { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The new assignment of one item.</summary>
[ProtoContract]
public sealed record ItemAssignment
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required Assignment Assignment { get; init; }

    /// <summary>What the item's hashes say in its new country; set when the country changed.</summary>
    [ProtoMember(3)] public InheritanceDecision? Inheritance { get; init; }
    [ProtoMember(4)] public bool CountryChanged { get; init; }
}

/// <summary>Items were given to a country or hotline, became orphans, or were moved.</summary>
[ProtoContract]
[Manifest("re8")]
public sealed record ItemsAssigned : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssignment> Assignments { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>An analyst holds items.</summary>
[ProtoContract]
[Manifest("re9")]
public sealed record ItemsClaimed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public required Lease Lease { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>Items are free again.</summary>
[ProtoContract]
[Manifest("re10")]
public sealed record ItemsReleased : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>A new assessment of one item; <see cref="Corrects"/> names the one it replaces.</summary>
[ProtoContract]
public sealed record ItemAssessment
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required Assessment Assessment { get; init; }
    [ProtoMember(3)] public int? Corrects { get; init; }
}

/// <summary>An agency gave, or corrected, its opinion of items.</summary>
[ProtoContract]
[Manifest("re11")]
public sealed record ItemsAssessed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssessment> Assessments { get; init; } = [];
    [ProtoMember(4)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>Something was done about items.</summary>
[ProtoContract]
[Manifest("re12")]
public sealed record ActionsRecorded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAction> Actions { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>One item's action.</summary>
[ProtoContract]
public sealed record ItemAction
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required CaseAction Action { get; init; }
}

/// <summary>New facts on where items are hosted.</summary>
[ProtoContract]
[Manifest("re13")]
public sealed record HostingUpdated : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public required HostingFacts Facts { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>An item that had gone was seen online again; its new occurrence is in here.</summary>
[ProtoContract]
[Manifest("re14")]
public sealed record ItemSeenOnlineAgain : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int EarlierOrdinal { get; init; }
    [ProtoMember(4)] public required ContentItem Occurrence { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The assigned hotline named an item.</summary>
[ProtoContract]
[Manifest("re15")]
public sealed record HotlineReferenceSet : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }
    [ProtoMember(4)] public required HotlineReference Reference { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>Site type, commerciality or payment methods as they are now.</summary>
[ProtoContract]
[Manifest("re16")]
public sealed record SiteFactsSet : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public SiteType? SiteType { get; init; }
    [ProtoMember(4)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(5)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>A note was added.</summary>
[ProtoContract]
[Manifest("re17")]
public sealed record MemoAdded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required Memo Memo { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}

/// <summary>The hash buckets have recorded these assessments.</summary>
[ProtoContract]
[Manifest("re18")]
public sealed record OpinionsPropagated : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<AssessmentRef> Assessments { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };
}
