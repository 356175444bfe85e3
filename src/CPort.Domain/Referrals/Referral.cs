namespace CPort.Domain.Referrals;

/// <summary>An item that was referred, with when and how far its report has been told what police says.</summary>
[ProtoContract]
public sealed record ReferredItem
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }

    /// <summary>The item's number, for people.</summary>
    [ProtoMember(2)] public long Number { get; init; }
    [ProtoMember(3)] public DateTimeOffset JoinedAt { get; init; }

    /// <summary>Its report is urgent.</summary>
    [ProtoMember(4)] public bool Urgent { get; init; }

    /// <summary>The country by which it concerns the agency; null: it was referred by hand.</summary>
    [ProtoMember(5)] public Country? Country { get; init; }

    /// <summary>What ICSE says of it; null: nothing, or it was called back.</summary>
    [ProtoMember(40)] public IcseWord? Icse { get; init; }

    /// <summary>Since when it does; null: it was never there.</summary>
    [ProtoMember(41)] public DateTimeOffset? IcseAt { get; init; }

    /// <summary>Further countries of the agency that it concerns.</summary>
    [ProtoMember(42)] public ImmutableArray<Country> AlsoFor { get; init; } = [];

    /// <summary>The last line that its report has taken; null: not even that it was referred.</summary>
    public int? Told { get; init; }

    public IEnumerable<Country> Countries => Country is { } country ? AlsoFor.Prepend(country) : AlsoFor;
}

/// <summary>What police says of a referral, append-only: a correction is a further line.</summary>
[ProtoContract]
public sealed record FeedbackLine
{
    /// <summary>From 1 within the referral.</summary>
    [ProtoMember(1)] public required int Line { get; init; }
    [ProtoMember(2)] public required ReferralState State { get; init; }
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }
    [ProtoMember(4)] public required string KeyId { get; init; }
    [ProtoMember(5)] public DeclineReason? Reason { get; init; }
    [ProtoMember(6)] public ReferralOutcome? Outcome { get; init; }
    [ProtoMember(7)] public KnownAs? KnownAs { get; init; }

    /// <summary>Of <see cref="ReferralState.Forwarded"/>: to whom.</summary>
    [ProtoMember(8)] public AgencyId? To { get; init; }

    /// <summary>In words, sealed.</summary>
    [ProtoMember(9)] public Sealed? Text { get; init; }

    /// <summary>CPort's own: an alert was not acknowledged in time, and went to <see cref="To"/> as well.</summary>
    [ProtoMember(10)] public bool Escalated { get; init; }
}

/// <summary>Items that one police agency (or INTERPOL) was given together.</summary>
public sealed record Referral
{
    /// <summary>From 1 among those of the same key.</summary>
    public required int Number { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>CPort by its rule, or who referred by hand.</summary>
    public required AgencyId OpenedBy { get; init; }
    public ImmutableList<ReferredItem> Items { get; init; } = [];
    public ImmutableArray<FeedbackLine> Lines { get; init; } = [];

    /// <summary>The last line whose <see cref="FeedbackLine.To"/> has the items; 0: none.</summary>
    public int Forwarded { get; init; }

    /// <summary>It was handed on, and the agency that it went to has not taken it yet.</summary>
    public bool OwesForward => Lines.Any(l => l.To is not null && l.Line > Forwarded);

    /// <summary>Since when something urgent waits for a person, or waited.</summary>
    public DateTimeOffset? UrgentSince { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }
    public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>No person has said yet that it was seen.</summary>
    public bool IsAlerting => UrgentSince is not null && AcknowledgedAt is null;

    /// <summary>
    /// When it goes further unless a person says so before; null: nothing waits, or it went. What a machine's key ends no person has seen yet; only who it is
    /// handed on to has an alert of its own.
    /// </summary>
    public DateTimeOffset? AlertDue => IsAlerting && EscalatedAt is null && State != ReferralState.Forwarded
        ? UrgentSince?.AddMinutes(ReferralLimits.AlertMinutes) : null;

    /// <summary>While it is one of these, police has not come to an end with it.</summary>
    public static readonly ImmutableArray<ReferralState> WorkStates = [ReferralState.Open, ReferralState.Received, ReferralState.InUse];

    public bool Works => WorkStates.Contains(State);

    public ReferralState State => Lines is [.., var last] ? last.State : ReferralState.Open;

    public bool Urgent => Items.Any(i => i.Urgent);

    /// <summary>A report has yet to be told, or the agency that it was handed on to.</summary>
    public bool Owes => OwesForward || Items.Any(i => i.Told is not { } told || told < Lines.Length);

    /// <summary>
    /// New items of the key join it: always while police has not looked at it, and for some days after, while it works on it. What came to an end takes none.
    /// </summary>
    public bool Takes(DateTimeOffset now) => State == ReferralState.Open
        || (State is ReferralState.Received or ReferralState.InUse && now < OpenedAt.AddDays(ReferralLimits.JoinDays));
}

/// <summary>All referrals of one agency and key: at most one of them is open, which needs no look at any other entity.</summary>
public sealed record ReferralBook
{
    public const int RememberedCommands = 64;

    public static readonly ReferralBook None = new();

    public ReferralKey Key { get; init; }
    public long Version { get; init; }
    public Tenant Tenant { get; init; }

    /// <summary>Whom they are given to.</summary>
    public AgencyId Agency { get; init; }
    public ReferralWhy Why { get; init; }

    /// <summary>What it is about: a keyed hash, or an id of ours.</summary>
    public string About { get; init; } = "";

    /// <summary>Number n stands at n - 1.</summary>
    public ImmutableList<Referral> Referrals { get; init; } = [];
    public ReplayMemory<(AgencyId Agency, CommandId Command), ReferralReply> Receipts { get; init; } =
        ReplayMemory<(AgencyId, CommandId), ReferralReply>.Empty;

    public bool Exists => Version > 0;

    public bool Owes => Referrals.Any(r => r.Owes);

    public Referral? Of(int number) => number >= 1 && number <= Referrals.Count ? Referrals[number - 1] : null;
}

/// <summary>Figures of referrals.</summary>
public static class ReferralLimits
{
    /// <summary>For so many days new items join a referral that police works on.</summary>
    public const int JoinDays = 7;

    /// <summary>In so many minutes a person acknowledges what is urgent.</summary>
    public const int AlertMinutes = 15;

    /// <summary>Items of one command or event.</summary>
    public const int ItemsAtOnce = 200;

    /// <summary>Items of one referral; more open another one.</summary>
    public const int ItemsInAll = 5_000;

    /// <summary>Items on a page.</summary>
    public const int PageItems = 50;

    /// <summary>Answers to one referral.</summary>
    public const int Lines = 200;
}
