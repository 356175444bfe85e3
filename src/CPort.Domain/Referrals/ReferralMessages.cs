namespace CPort.Domain.Referrals;

/// <summary>A command for the referrals of one key. Repeating it with the same command id is always safe.</summary>
public interface IReferralCommand : IReferralMessage
{
    CommandContext Context { get; }

    /// <summary>The same with its confidential parts sealed.</summary>
    IReferralCommand Seal(ConfidentialSeam seam) => this;

    ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment);
}

/// <summary>Something that happened to a referral. Stored for ever.</summary>
public interface IReferralEvent : IWireEvent
{
    EventMeta Meta { get; init; }

    ReferralReply? Receipt { get; init; }

    IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt);

    ReferralBook Apply(ReferralBook book);
}

/// <summary>What the rules look at besides the referrals.</summary>
public sealed record ReferralEnvironment(DateTimeOffset Now, IMembership Members);

/// <summary>Events to persist, and the answer once they are durable.</summary>
public sealed record ReferralDecision(ImmutableArray<IReferralEvent> Events, ReferralReply Reply);

/// <summary>Why a rule says no. The names are the API's problem codes.</summary>
public enum ReferralRejection
{
    None = 0,

    /// <summary>Absent, or not for the caller: the two look alike.</summary>
    NotFound = 1,
    CommandIdInUse = 2,
    ReferralIsOver = 3,
    AnswerDoesNotFit = 4,
    ForwardDoesNotFit = 5,
    TooManyItems = 6,

    /// <summary>A machine's key says nothing for a person.</summary>
    PersonNeeded = 7,
    NothingToAcknowledge = 8,
}

/// <summary>The answer to a command.</summary>
[ProtoContract, Manifest("fr1")]
public sealed record ReferralReply : IWireReply
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }

    /// <summary>Of the referral; 0: there is none.</summary>
    [ProtoMember(2)] public int Number { get; init; }
    [ProtoMember(3)] public ReferralRejection Code { get; init; }
    [ProtoMember(4)] public string? Detail { get; init; }
    [ProtoMember(5)] public bool Replayed { get; init; }
    [ProtoMember(6)] public ReferralState State { get; init; }

    /// <summary>Which command it answers.</summary>
    [ProtoMember(7)] public string? Command { get; init; }
    [ProtoMember(8, DataFormat = DataFormat.FixedSize)] public ulong Digest { get; init; }
}

/// <summary>Asks for a referral as the caller may see it. Answered by <see cref="ReferralPage"/>.</summary>
[ProtoContract, Manifest("fq1")]
public sealed record GetReferral : IReferralMessage
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required int Number { get; init; }
    [ProtoMember(3)] public required Caller Caller { get; init; }

    /// <summary>How many items are left out before the page.</summary>
    [ProtoMember(4)] public int Skip { get; init; }

    /// <summary>Only what was said before this line; null: all, the newest texts first to have room.</summary>
    [ProtoMember(5)] public int? BeforeLine { get; init; }
}

/// <summary>A page of a referral; <see cref="Found"/> false: nothing to see, for whatever reason.</summary>
[ProtoContract, Manifest("fr2")]
public sealed record ReferralPage : IWireReply
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public bool Found { get; init; }
    [ProtoMember(3)] public int Number { get; init; }
    [ProtoMember(4)] public ReferralState State { get; init; }
    [ProtoMember(5)] public ReferralWhy Why { get; init; }
    [ProtoMember(6)] public AgencyId OpenedBy { get; init; }
    [ProtoMember(7)] public DateTimeOffset OpenedAt { get; init; }
    [ProtoMember(8)] public bool Urgent { get; init; }
    [ProtoMember(9)] public int ItemCount { get; init; }
    [ProtoMember(10)] public ImmutableArray<ReferredItem> Items { get; init; } = [];
    [ProtoMember(11)] public ImmutableArray<FeedbackLine> Lines { get; init; } = [];

    /// <summary>What the lines say in words, in their order.</summary>
    [ProtoMember(12)] public ImmutableArray<string> Texts { get; init; } = [];

    /// <summary>Earlier and later referrals of the same key, by number.</summary>
    [ProtoMember(13)] public ImmutableArray<OtherReferral> Others { get; init; } = [];

    /// <summary>How many items are left out before the next page; null on the last.</summary>
    [ProtoMember(14)] public int? Next { get; init; }
    [ProtoMember(15)] public AgencyId Agency { get; init; }

    /// <summary>Of an alert: since when, when a person saw it, until when one has to, and when it went further.</summary>
    [ProtoMember(16)] public DateTimeOffset? UrgentSince { get; init; }
    [ProtoMember(17)] public DateTimeOffset? AcknowledgedAt { get; init; }
    [ProtoMember(18)] public DateTimeOffset? AlertDue { get; init; }
    [ProtoMember(19)] public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>Texts before this line had no room here; null: all are.</summary>
    [ProtoMember(30)] public int? Earlier { get; init; }
}

/// <summary>Another referral of the same key.</summary>
[ProtoContract]
public sealed record OtherReferral
{
    [ProtoMember(1)] public required int Number { get; init; }
    [ProtoMember(2)] public required ReferralState State { get; init; }
    [ProtoMember(3)] public required DateTimeOffset OpenedAt { get; init; }
    [ProtoMember(4)] public int Items { get; init; }
}
