using CPort.Domain.Wire;
using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Routing;
using ProtoBuf;

namespace CPort.Domain.Reports;

/// <summary>A command for one report. Repeating it with the same command id is always safe.</summary>
public interface IReportCommand : IReportMessage
{
    CommandContext Context { get; }
}

/// <summary>Names an item of the command's report, and the version the caller saw of it (If-Match); null: whatever version.</summary>
[ProtoContract]
public sealed record ItemTarget
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public int? ExpectedVersion { get; init; }
}

/// <summary>
/// A report as a hotline sends it. Reports of more than 200 items travel in parts of the same command; nothing is durable or answered
/// as accepted before the last part has come and everything is persisted together.
/// </summary>
[ProtoContract]
[Manifest("rc1")]
public sealed record SubmitReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required HotlineReference Reference { get; init; }

    /// <summary>When the public reported to the hotline, UTC (ICCAM rule 6).</summary>
    [ProtoMember(4)] public required DateTimeOffset HotlineReceivedDate { get; init; }
    [ProtoMember(5)] public SiteType? SiteType { get; init; }
    [ProtoMember(6)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(7)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    /// <summary>A child at immediate risk: goes before everything.</summary>
    [ProtoMember(8)] public bool Urgent { get; init; }

    /// <summary>In the clear on the way in; null once sealed.</summary>
    [ProtoMember(9)] public ReportSecrets? Secrets { get; init; }
    [ProtoMember(10)] public Sealed? SealedSecrets { get; init; }

    /// <summary>Made when the report is sealed by its actor.</summary>
    [ProtoMember(11)] public WrappedKey? DataKey { get; init; }

    /// <summary>Unique number for the report; its items take the numbers from <see cref="FirstItemNumber"/> on.</summary>
    [ProtoMember(12)] public required long ReportNumber { get; init; }
    [ProtoMember(13)] public required long FirstItemNumber { get; init; }
    [ProtoMember(14)] public ImmutableArray<SubmittedItem> Items { get; init; } = [];

    /// <summary>Keyed digests of the report's own fields, by field name.</summary>
    [ProtoMember(15)] public ImmutableArray<FieldDigest> Digests { get; init; } = [];

    /// <summary>From 0; parts come in order.</summary>
    [ProtoMember(16)] public int Part { get; init; }
    [ProtoMember(17)] public int PartCount { get; init; } = 1;
}

/// <summary>A keyed digest (64 bits of HMAC) of one field as submitted.</summary>
[ProtoContract]
public sealed record FieldDigest
{
    [ProtoMember(1)] public required string Field { get; init; }
    [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public required ulong Mac { get; init; }
}

/// <summary>One entry of a submitted report.</summary>
[ProtoContract]
public sealed record SubmittedItem
{
    [ProtoMember(1)] public ItemSecrets? Secrets { get; init; }
    [ProtoMember(2)] public Sealed? SealedSecrets { get; init; }
    [ProtoMember(3)] public HotlineReference? Reference { get; init; }

    /// <summary>Hosting as the sender gave it; null when it gave nothing.</summary>
    [ProtoMember(4)] public HostingFacts? Hosting { get; init; }
    [ProtoMember(5)] public bool IsSourceUrl { get; init; }
    [ProtoMember(6)] public required ContentType ContentType { get; init; }
    [ProtoMember(7)] public AssessmentInput? Assessment { get; init; }
    [ProtoMember(8)] public ImmutableArray<ActionInput> Actions { get; init; } = [];
    [ProtoMember(9)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(10)] public int? PdqQuality { get; init; }
    [ProtoMember(11)] public long? MediaSize { get; init; }
    [ProtoMember(12)] public string? MimeType { get; init; }

    /// <summary>Packed keyed digest of the entry, see <see cref="SubmissionDigest"/>.</summary>
    [ProtoMember(13)] public byte[] Digest { get; init; } = [];
}

/// <summary>An assessment as the caller gives it.</summary>
[ProtoContract]
public sealed record AssessmentInput
{
    [ProtoMember(1)] public required Classification Classification { get; init; }
    [ProtoMember(2)] public AgeCategory Age { get; init; } = AgeCategory.NotDetermined;
    [ProtoMember(3)] public GenderCategory Gender { get; init; } = GenderCategory.NotDetermined;
    [ProtoMember(4)] public bool VirtualContent { get; init; }
    [ProtoMember(5)] public bool UserGeneratedContent { get; init; }
    [ProtoMember(6)] public bool ChildModeling { get; init; }
}

/// <summary>An action as the caller gives it.</summary>
[ProtoContract]
public sealed record ActionInput
{
    [ProtoMember(1)] public required ActionType Type { get; init; }
    [ProtoMember(2)] public required DateTimeOffset Date { get; init; }
    [ProtoMember(3)] public ActionReason? Reason { get; init; }
    [ProtoMember(4)] public SecretText? ReasonText { get; init; }
    [ProtoMember(5)] public Sealed? SealedReasonText { get; init; }
}

/// <summary>The reporting hotline adds items to its own report.</summary>
[ProtoContract]
[Manifest("rc2")]
public sealed record AddItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required long FirstItemNumber { get; init; }

    /// <summary>At most 200 a command.</summary>
    [ProtoMember(4)] public ImmutableArray<SubmittedItem> Items { get; init; } = [];
}

/// <summary>The reporting hotline corrects what it said of the report; null leaves a field as it is.</summary>
[ProtoContract]
[Manifest("rc3")]
public sealed record AmendReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>Only the fields set in here are changed.</summary>
    [ProtoMember(4)] public ReportSecrets? Secrets { get; init; }
    [ProtoMember(5)] public Sealed? SealedSecrets { get; init; }
}

/// <summary>The reporting hotline takes its report back; refused once another agency has acted on an item.</summary>
[ProtoContract]
[Manifest("rc4")]
public sealed record WithdrawReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public SecretText? Reason { get; init; }
    [ProtoMember(4)] public Sealed? SealedReason { get; init; }
}

/// <summary>Sets or lifts the urgent flag (a child at immediate risk).</summary>
[ProtoContract]
[Manifest("rc5")]
public sealed record MarkUrgent : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required bool Urgent { get; init; }
}

/// <summary>What the automatic steps of one report found; they share one command and one write.</summary>
[ProtoContract]
[Manifest("rc6")]
public sealed record CompleteAutomaticWork : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTrace> Traces { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<ItemVerdicts> Verdicts { get; init; } = [];

    /// <summary>Assessments that the hash buckets have recorded.</summary>
    [ProtoMember(5)] public ImmutableArray<AssessmentRef> Propagated { get; init; } = [];

    /// <summary>The verdicts are a look-up of all hashes of these items, not news of a few.</summary>
    [ProtoMember(6)] public bool FullLookup { get; init; }
}

/// <summary>A tracer's answer for one item; facts without a country mean "not found", which is an answer too.</summary>
[ProtoContract]
public sealed record ItemTrace
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required HostingFacts Facts { get; init; }
}

/// <summary>Names an assessment of an item.</summary>
[ProtoContract]
public sealed record AssessmentRef
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required int AssessmentId { get; init; }
}

/// <summary>Gives items to a hotline of their assigned country; for an orphan, a mandated hotline takes it for its own country.</summary>
[ProtoContract]
[Manifest("rc7")]
public sealed record AssignItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AgencyId Hotline { get; init; }
}

/// <summary>Holds items for one analyst; the first hotline of the country to claim an unassigned item has it.</summary>
[ProtoContract]
[Manifest("rc8")]
public sealed record ClaimItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];

    /// <summary>1 to 1,440.</summary>
    [ProtoMember(4)] public int Minutes { get; init; } = 30;
}

/// <summary>Gives up a claim before it runs out.</summary>
[ProtoContract]
[Manifest("rc9")]
public sealed record ReleaseItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
}

/// <summary>The assigned country's opinion of items (ICCAM rules 1 to 4).</summary>
[ProtoContract]
[Manifest("rc10")]
public sealed record AssessItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }
}

/// <summary>An agency puts its own last assessment of an item right; the wrong one stays in the trail.</summary>
[ProtoContract]
[Manifest("rc11")]
public sealed record CorrectAssessment : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }
    [ProtoMember(5)] public SecretText? Why { get; init; }
    [ProtoMember(6)] public Sealed? SealedWhy { get; init; }
}

/// <summary>Something done about items (ICCAM rules 4, 7 to 10).</summary>
[ProtoContract]
[Manifest("rc12")]
public sealed record RecordActions : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required ActionInput Action { get; init; }
}

/// <summary>New facts about where items are hosted; the first half of a move (ICCAM rule 11).</summary>
[ProtoContract]
[Manifest("rc13")]
public sealed record UpdateHosting : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required HostingFacts Facts { get; init; }
}

/// <summary>The second half of a move: the items become the job of the country they are now hosted in (ICCAM rule 11).</summary>
[ProtoContract]
[Manifest("rc14")]
public sealed record MoveToCountry : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required Country Country { get; init; }
}

/// <summary>An item that was removed or unavailable is there again: a new occurrence, linked to the old one.</summary>
[ProtoContract]
[Manifest("rc15")]
public sealed record SeenOnlineAgain : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required long ItemNumber { get; init; }
}

/// <summary>The assigned hotline's own reference for an item.</summary>
[ProtoContract]
[Manifest("rc16")]
public sealed record SetHotlineReference : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required HotlineReference Reference { get; init; }
}

/// <summary>Site type, commerciality and payment methods of the source URL; null leaves one as it is.</summary>
[ProtoContract]
[Manifest("rc17")]
public sealed record SetSiteFacts : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public SiteType? SiteType { get; init; }
    [ProtoMember(4)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(5)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    /// <summary>Tells an empty list that is meant from one that was not given.</summary>
    [ProtoMember(6)] public bool PaymentMethodsGiven { get; init; }
}

/// <summary>A note on the report or on one item.</summary>
[ProtoContract]
[Manifest("rc18")]
public sealed record AddMemo : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public int? Ordinal { get; init; }
    [ProtoMember(4)] public SecretText? Text { get; init; }
    [ProtoMember(5)] public Sealed? SealedText { get; init; }
}

/// <summary>Orphans that no mandated hotline took before the deadline go to national police, else to INTERPOL.</summary>
[ProtoContract]
[Manifest("rc19")]
public sealed record EscalateOrphans : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
}

/// <summary>Wakes a report so that it goes on with unfinished automatic work; harmless when there is none. No reply.</summary>
[ProtoContract]
[Manifest("rq1")]
public sealed record WakeReport : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }

    /// <summary>Events of the report that the sender has seen in the journal; 0: not said. One who knows less reads the journal anew.</summary>
    [ProtoMember(2)] public long Version { get; init; }
}

/// <summary>Asks for a report as the caller may see it, a page of items at a time. Answered by <see cref="ReportPage"/>.</summary>
[ProtoContract]
[Manifest("rq2")]
public sealed record GetReport : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>First ordinal of the page, from 1.</summary>
    [ProtoMember(3)] public int FromOrdinal { get; init; } = 1;

    /// <summary>1 to 200.</summary>
    [ProtoMember(4)] public int MaxItems { get; init; } = 200;
}
