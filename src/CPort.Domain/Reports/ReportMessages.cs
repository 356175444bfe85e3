namespace CPort.Domain.Reports;

/// <summary>What can be done to a report: a command, or CPort's own work.</summary>
public interface IReportVerb
{
    ReportId ReportId { get; }

    CommandContext Context { get; }

    /// <summary>The same with its confidential parts sealed, as the rules see it.</summary>
    IReportVerb Seal(ConfidentialSeam seam, Report report) => this;

    /// <summary>The verb's own rule; what holds for all stands before it (<see cref="ReportRules.Decide"/>).</summary>
    ReportDecision Decide(Report report, ReportEnvironment environment);

    /// <summary>A withdrawn report takes it as well: what became elsewhere of its items it is told for good.</summary>
    bool ComesAfterWithdrawal => false;
}

/// <summary>A command for one report. Repeating it with the same command id is always safe.</summary>
public interface IReportCommand : IReportVerb, IReportMessage
{
    new ReportId ReportId { get; }
}

/// <summary>
/// Something that happened to a report. Stored for ever: field numbers and manifests are never reused. <see cref="Receipt"/> is the answer given to the
/// command, set on the command's last event, so that a replayed command gets the same answer.
/// </summary>
public interface IReportEvent : IWireEvent
{
    EventMeta Meta { get; init; }

    CommandReply? Receipt { get; init; }

    /// <summary>The same event with other metadata or receipt (records of different types share no <c>with</c>).</summary>
    IReportEvent Stamped(EventMeta meta, CommandReply? receipt);

    /// <summary>
    /// What the event changes, besides what every event does (<see cref="ReportRules.Apply"/>). Reads neither clock nor randomness nor policy, and never fails
    /// on an event that was once persisted.
    /// </summary>
    Report Apply(Report report);

    /// <summary>The items it touches; empty when it is about the report.</summary>
    ImmutableArray<int> Touches() => [];

    /// <summary>What it says to people about the items that are seen, a sentence a line; free of URLs, memos and hash values.</summary>
    ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access);

    /// <summary>Its own free text, sealed.</summary>
    SealedText? FreeText() => null;

    /// <summary>False: to this caller it has not happened, though it sees the items: what police and hotlines say to each other is theirs.</summary>
    bool IsShownTo(Caller caller, Report report) => true;
}

/// <summary>A free text of an event, and the place for which it was sealed.</summary>
public readonly record struct SealedText(SealedField Field, Sealed Text, int Ordinal = 0);

/// <summary>Names an item of the command's report, and the version the caller saw of it (If-Match); null: whatever version.</summary>
[ProtoContract]
public sealed record ItemTarget
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public int? ExpectedVersion { get; init; }

    /// <summary>Versions of which one must be the present one; empty: any will do.</summary>
    [ProtoMember(3)] public ImmutableArray<int> IfVersions { get; init; } = [];

    public bool Allows(int version) =>
        (ExpectedVersion is null || ExpectedVersion == version) && (IfVersions.IsEmpty || IfVersions.Contains(version));
}

/// <summary>Asks for a report as the caller may see it, a page of items at a time. Answered by <see cref="ReportPage"/>.</summary>
[ProtoContract, Manifest("rq2")]
public sealed record GetReport : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>First ordinal of the page, from 1.</summary>
    [ProtoMember(3)] public int FromOrdinal { get; init; } = 1;

    /// <summary>1 to this; fewer come when they would be too long for one answer.</summary>
    [ProtoMember(4)] public int MaxItems { get; init; } = ReportRules.ItemsPerPart;

    /// <summary>The first memo of the page, from 0, of all memos on the report; null: none, for who asks for an item.</summary>
    [ProtoMember(5)] public int? FromMemo { get; init; }

    /// <summary>With what the caller can do with the items now (<see cref="ItemView.Ways"/>); only when it asks for one.</summary>
    [ProtoMember(6)] public bool WithWays { get; init; }

    /// <summary>The page starts with the first item of this question that the caller sees; null: with <see cref="FromOrdinal"/>.</summary>
    [ProtoMember(7)] public int? OfQuestion { get; init; }
}
