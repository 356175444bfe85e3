namespace CPort.Actors.Projections;

/// <summary>Limits of the projection, the sweeper and the reconciler.</summary>
public sealed record ProjectionOptions
{
    /// <summary>Most events folded in by one transaction.</summary>
    public int BatchSize { get; init; } = 500;

    /// <summary>How often it is looked how far the journal goes: what comes meanwhile is one batch.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Items of reports kept in memory, so that their next event needs no reading of the journal; about 2 kB each.</summary>
    public int CachedItems { get; init; } = 50_000;

    /// <summary>How often recent reports are compared with the journal.</summary>
    public TimeSpan ReconcileEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a comparison of all reports may take: it reads the whole journal.</summary>
    public TimeSpan ReconcilePatience { get; init; } = LongestReconcile;

    public static readonly TimeSpan LongestReconcile = TimeSpan.FromMinutes(15);

    /// <summary>Journal rows before the present position that the timer's comparison looks at; on demand it looks at all.</summary>
    public long ReconcileWindow { get; init; } = 50_000;

    /// <summary>A retired table set is dropped after this, when no query can still be reading it.</summary>
    public TimeSpan DropAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the sweeper looks.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Automatic work unfinished for so long is taken up again; also the least time between two wakings of one report.</summary>
    public TimeSpan UnfinishedAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An orphan that no mandated hotline took in this time goes to national police, else to INTERPOL.</summary>
    public TimeSpan OrphanDeadline { get; init; } = TimeSpan.FromHours(ReportLimits.OrphanHours);

    /// <summary>
    /// PDQ values this near look alike (<see cref="Domain.Groups.LookAlikeGroups"/>); applies to what is folded in from now on, and in a rebuild to all.
    /// </summary>
    public int PdqRadius { get; init; } = Domain.Hashes.PdqLimits.Radius;

    /// <summary>Most reports the sweeper wakes at once.</summary>
    public int SweepLimit { get; init; } = 500;
}
