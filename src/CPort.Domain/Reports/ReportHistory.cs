namespace CPort.Domain.Reports;

/// <summary>Asks for a report's history as the caller may see it, a page of events at a time. Answered by <see cref="HistoryPage"/>.</summary>
[ProtoContract, Manifest("rq3")]
public sealed record GetHistory : IReportMessage
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>First sequence number of the page, from 1.</summary>
    [ProtoMember(3)] public long FromSequence { get; init; } = 1;

    /// <summary>1 to this; fewer come when they would be too long for one answer.</summary>
    [ProtoMember(4)] public int MaxEvents { get; init; } = ReportLimits.PageRows;
}

/// <summary>What happened, who did it, when and why.</summary>
[ProtoContract]
public sealed record HistoryEntry
{
    /// <summary>Position in the report's own sequence, from 1 without gaps.</summary>
    [ProtoMember(1)] public required long Sequence { get; init; }

    /// <summary>The event's name, for example <c>ItemsAssessed</c>.</summary>
    [ProtoMember(2)] public required string Event { get; init; }
    [ProtoMember(3)] public required EventMeta Meta { get; init; }

    /// <summary>The items touched; empty when the event is about the report.</summary>
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];

    /// <summary>One sentence a line, for people; free of URLs, memos and hashes.</summary>
    [ProtoMember(5)] public ImmutableArray<string> Facts { get; init; } = [];

    /// <summary>A memo or reason in words, for those who may see it.</summary>
    [ProtoMember(6)] public string? Text { get; init; }
}

/// <summary>A page of history; empty when there is nothing to see.</summary>
[ProtoContract, Manifest("rr3")]
public sealed record HistoryPage : IWireReply
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public ImmutableArray<HistoryEntry> Entries { get; init; } = [];

    /// <summary>Where the next page starts; null on the last one.</summary>
    [ProtoMember(3)] public long? NextSequence { get; init; }

    /// <summary>False: nothing to see, for whatever reason.</summary>
    [ProtoMember(4)] public bool Found { get; init; }

    /// <summary>The first event asked for is longer than an answer between nodes may be.</summary>
    [ProtoMember(5)] public bool TooLong { get; init; }
}

/// <summary>An event at its place in the report's own sequence.</summary>
public sealed record SequencedEvent(long Sequence, IReportEvent Event);
