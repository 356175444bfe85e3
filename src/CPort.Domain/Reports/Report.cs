using CPort.Domain.Reports.Verbs;

namespace CPort.Domain.Reports;

/// <summary>Where a report stands, derived from its items (ICCAM rule 9).</summary>
public enum ReportState
{
    /// <summary>Some item still has to be traced, assigned or assessed, or a site fact is missing.</summary>
    Classification = 1,

    /// <summary>All items assessed and site type, commerciality and payment methods set; not all are gone yet.</summary>
    Monitoring = 2,

    /// <summary>Every item has a final action.</summary>
    Completed = 3,
    Withdrawn = 4,
}

/// <summary>A note on a report or item; its text is sealed.</summary>
[ProtoContract]
public sealed record Memo
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>Null: on the report.</summary>
    [ProtoMember(3)] public int? Ordinal { get; init; }
    [ProtoMember(4)] public required Sealed Text { get; init; }
}

/// <summary>
/// A report: one URL that a hotline reports, with the content items found there (one to 10,000). Immutable; changed only by <see cref="ReportRules.Apply"/>.
/// <see cref="Items"/> is not part of the wire form: answers carry items in pages.
/// </summary>
[ProtoContract]
public sealed record Report
{
    /// <summary>How many of the last commands' answers are remembered for replays.</summary>
    public const int RememberedCommands = 64;

    /// <summary>Before the first event.</summary>
    public static readonly Report None = new() { Id = default };

    [ProtoMember(1)] public required ReportId Id { get; init; }
    [ProtoMember(2)] public long Number { get; init; }

    /// <summary>Number of events so far.</summary>
    [ProtoMember(3)] public long Version { get; init; }
    [ProtoMember(4)] public AgencyId ReportingHotline { get; init; }
    [ProtoMember(5)] public Country? ReportingCountry { get; init; }
    [ProtoMember(6)] public HotlineReference Reference { get; init; }
    [ProtoMember(7)] public DateTimeOffset HotlineReceivedDate { get; init; }

    /// <summary>When CPort accepted it, UTC.</summary>
    [ProtoMember(8)] public DateTimeOffset SubmittedAt { get; init; }
    [ProtoMember(9)] public SiteType? SiteType { get; init; }
    [ProtoMember(10)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(11)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];
    [ProtoMember(12)] public bool Urgent { get; init; }
    [ProtoMember(13)] public bool Withdrawn { get; init; }
    [ProtoMember(14)] public Tenant Tenant { get; init; }
    [ProtoMember(15)] public DateTimeOffset LastChangedAt { get; init; }

    /// <summary>Who says that it is urgent: it is while one of them does, and each lifts its own word only.</summary>
    [ProtoMember(16)] public ImmutableArray<AgencyId> UrgentBy { get; init; } = [];

    /// <summary>Who set each fact of the site, and may change it.</summary>
    [ProtoMember(17)] public AgencyId? SiteTypeBy { get; init; }
    [ProtoMember(18)] public AgencyId? CommercialityBy { get; init; }
    [ProtoMember(19)] public AgencyId? PaymentMethodsBy { get; init; }

    /// <summary>A provider sent it, no hotline: its sender sees nothing of it, and is asked nothing.</summary>
    [ProtoMember(90)] public bool FromProvider { get; init; }

    public Sealed? Secrets { get; init; }
    public ImmutableArray<FieldDigest> Digests { get; init; } = [];

    /// <summary>The command that submitted it: repeated by a sender that got no answer, it is answered as the first time.</summary>
    public CommandId SubmissionCommand { get; init; }

    /// <summary>How many items came with the submission itself.</summary>
    public int SubmittedItems { get; init; }

    /// <summary>Item n has ordinal n + 1.</summary>
    public ImmutableList<ContentItem> Items { get; init; } = [];
    public ImmutableList<Memo> Memos { get; init; } = [];

    /// <summary>Number n stands at n - 1.</summary>
    public ImmutableArray<PoliceHold> Holds { get; init; } = [];

    /// <summary>Number n stands at n - 1.</summary>
    public ImmutableArray<PoliceQuestion> Questions { get; init; } = [];

    /// <summary>
    /// Answers to the last <see cref="RememberedCommands"/> commands, oldest first. A command id is its agency's own: two agencies may both count from 1.
    /// </summary>
    public ReplayMemory<(AgencyId Agency, CommandId Command), CommandReply> Receipts { get; init; } = ReplayMemory<(AgencyId, CommandId), CommandReply>.Empty;

    public bool Exists => Version > 0;

    public ContentItem? Item(int ordinal) => ordinal >= 1 && ordinal <= Items.Count ? Items[ordinal - 1] : null;

    public PoliceHold? Hold(int number) => Holds.FirstOrDefault(h => h.Number == number);

    public PoliceQuestion? Question(int number) => Questions.FirstOrDefault(q => q.Number == number);

    public ReportState State() =>
        Withdrawn ? ReportState.Withdrawn
        : Items.All(i => i.IsClosed()) ? ReportState.Completed
        : IsClassified() ? ReportState.Monitoring
        : ReportState.Classification;

    /// <summary>ICCAM rule 9: all content assessed, and site type, commerciality and payment methods set.</summary>
    public bool IsClassified() =>
        SiteType is not null && Commerciality is not null && !PaymentMethods.IsEmpty && Items.All(i => i.IsClosed() || i.IsAssessed());

    /// <summary>A withdrawn report still owes the hash buckets that its opinions are taken back.</summary>
    public bool HasUnfinishedWork() => Exists && Items.Any(i => i.HasUnfinishedWork());
}
