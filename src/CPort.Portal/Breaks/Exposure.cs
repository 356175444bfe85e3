namespace CPort.Portal.Breaks;

/// <summary>After how much an agency's people are asked to take a break.</summary>
/// <param name="Minutes">Of work without one.</param>
/// <param name="Items">Assessed or opened.</param>
public sealed record BreakLimit(int Minutes, int Items);

/// <summary>The limits of agencies.</summary>
public sealed record BreakLimits
{
    /// <summary>For agencies that have said nothing.</summary>
    public BreakLimit Default { get; init; } = new(90, 100);

    public ImmutableDictionary<AgencyId, BreakLimit> ByAgency { get; init; } = ImmutableDictionary<AgencyId, BreakLimit>.Empty;

    public BreakLimit Of(AgencyId agency) => ByAgency.GetValueOrDefault(agency) ?? Default;
}

/// <summary>How much one person has looked at since the last break: that person's own affair, told to nobody else.</summary>
public sealed record Exposure
{
    /// <summary>Without a deed for so long somebody has taken a break.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromMinutes(15);

    /// <summary>Who goes on nevertheless is asked again after this.</summary>
    public static readonly TimeSpan Later = TimeSpan.FromMinutes(15);

    public int Assessed { get; init; }

    /// <summary>URLs and texts opened.</summary>
    public int Opened { get; init; }
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset LastAt { get; init; }

    /// <summary>When the person was asked and went on; null: not asked since the last break.</summary>
    public DateTimeOffset? PutOffAt { get; init; }

    /// <summary>After a deed.</summary>
    public Exposure After(DateTimeOffset now, int assessed = 0, int opened = 0) =>
        (IsOver(now) ? new Exposure { Since = now } : this) is var current
            ? current with { Assessed = current.Assessed + assessed, Opened = current.Opened + opened, LastAt = now } : this;

    public Exposure PutOff(DateTimeOffset now) => this with { PutOffAt = now, LastAt = now };

    /// <summary>The person has been away for long enough.</summary>
    public bool IsOver(DateTimeOffset now) => Since == default || now - LastAt >= Break;

    public int Minutes(DateTimeOffset now) => IsOver(now) ? 0 : (int)(now - Since).TotalMinutes;

    /// <summary>A break is due.</summary>
    public bool IsDue(BreakLimit limit, DateTimeOffset now) => !IsOver(now) && !(PutOffAt is { } at && now - at < Later)
        && (now - Since >= TimeSpan.FromMinutes(limit.Minutes) || Assessed + Opened >= limit.Items);
}
