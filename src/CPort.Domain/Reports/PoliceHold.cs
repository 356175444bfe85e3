namespace CPort.Domain.Reports;

/// <summary>Where a hold stands.</summary>
public enum HoldState
{
    Running = 1,

    /// <summary>By who asked for it.</summary>
    Lifted,

    /// <summary>By its time.</summary>
    Expired,

    /// <summary>By the national bureau, after a hotline objected.</summary>
    Overruled,

    /// <summary>With the report.</summary>
    Withdrawn,
}

/// <summary>
/// Police first (domain.md 1.7): until its end the host of these items is not told, so that no lead is lost. It stops nothing else: assessing goes on, and so
/// does telling police. It ends by its time whatever anybody does, and that is decided by the clock of who asks, not by a timer.
/// </summary>
[ProtoContract]
public sealed record PoliceHold
{
    /// <summary>Of this one alone within the report (<see cref="PoliceNumbers"/>); in old reports from 1.</summary>
    [ProtoMember(1)] public required int Number { get; init; }

    /// <summary>The police agency, or INTERPOL, that asked for it.</summary>
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
    [ProtoMember(4)] public required HoldReason Reason { get; init; }
    [ProtoMember(5)] public ImmutableArray<int> Ordinals { get; init; } = [];

    /// <summary>
    /// The agency's countries in which the items were, or whose job they were: it stops nothing of an item that is in none of them any more. Empty: nobody's.
    /// </summary>
    [ProtoMember(6)] public ImmutableArray<Country> Countries { get; init; } = [];
    [ProtoMember(7)] public required DateTimeOffset Since { get; init; }
    [ProtoMember(8)] public required DateTimeOffset Until { get; init; }

    /// <summary>In words, sealed.</summary>
    [ProtoMember(9)] public Sealed? Note { get; init; }

    /// <summary>How it ended, as far as that was written down; null: by its time, or not yet.</summary>
    [ProtoMember(10)] public HoldState? Ended { get; init; }
    [ProtoMember(11)] public DateTimeOffset? EndedAt { get; init; }
    [ProtoMember(12)] public ImmutableArray<HoldObjection> Objections { get; init; } = [];

    public HoldState StateAt(DateTimeOffset now) => Ended ?? (Until > now ? HoldState.Running : HoldState.Expired);

    /// <summary>Whether the item's host may not be told now.</summary>
    public bool Stops(ContentItem item, DateTimeOffset now) =>
        StateAt(now) == HoldState.Running && Ordinals.Contains(item.Ordinal) && (Countries.IsEmpty || Countries.Any(c => IsIn(item, c)));

    /// <summary>It is hosted there, or it is that country's job.</summary>
    internal static bool IsIn(ContentItem item, Country country) => item.Hosting?.Country == country || item.Assignment?.Country == country;
}

/// <summary>A hotline says why a hold is wrong.</summary>
[ProtoContract]
public sealed record HoldObjection
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>In words, sealed.</summary>
    [ProtoMember(3)] public required Sealed Why { get; init; }
}
