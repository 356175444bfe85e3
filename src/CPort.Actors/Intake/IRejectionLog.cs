namespace CPort.Actors.Intake;

/// <summary>What became of one submitted report. The names in lower case are the API's words.</summary>
public enum IntakeResult
{
    /// <summary>Durable.</summary>
    Accepted = 1,

    /// <summary>Accepted before with the same content; nothing was written.</summary>
    Duplicate = 2,

    /// <summary>Its reference was used before with other content; nothing was written.</summary>
    Conflict = 3,

    /// <summary>Wrong for good: sending it again unchanged does not help.</summary>
    Rejected = 4,

    /// <summary>Nothing is known of its fate and nothing is wrong with it: send it again, which is always safe.</summary>
    Unavailable = 5,
}

/// <summary>A line that was rejected or in conflict, as kept for its sender: what was wrong, and nothing of the line itself but the reference.</summary>
public sealed record RejectedLine
{
    /// <summary>Rises with every new entry; 0 before it is stored.</summary>
    public long Id { get; init; }
    public required AgencyId Agency { get; init; }
    public required Tenant Tenant { get; init; }

    /// <summary>Keyed digest of the line: the same line sent again is the same entry.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset FirstAt { get; init; }
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>How often the line came.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Its number in the stream it came in last.</summary>
    public long Line { get; init; }
    public string? Reference { get; init; }

    /// <summary>Of a conflict: the report that has the reference.</summary>
    public ReportId? ReportId { get; init; }
    public required IntakeResult Result { get; init; }

    /// <summary>What was wrong; null when the row that keeps it does not open any more.</summary>
    public required IntakeProblem? Problem { get; init; }
    public IReadOnlyList<string> Fields { get; init; } = [];
}

/// <summary>Keeps rejected lines for their senders. Thread-safe; throws the provider's exception when the database is away.</summary>
public interface IRejectionLog
{
    /// <summary>Durable when it returns. A line that is there already gets a new time and counts one more.</summary>
    Task RecordAsync(IReadOnlyCollection<RejectedLine> lines, CancellationToken cancellation);

    /// <summary>An agency's entries, newest first, those before <paramref name="before"/> (null: from the newest), at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<RejectedLine>> ListAsync(AgencyId agency, Tenant tenant, long? before, int limit, CancellationToken cancellation);

    /// <summary>How many entries a tenant has.</summary>
    Task<long> CountAsync(Tenant tenant, CancellationToken cancellation);
}
