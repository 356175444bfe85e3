namespace CPort.IccamClient.Running;

/// <summary>How often, and how much at a time.</summary>
public sealed record RunSettings
{
    /// <summary>Between two looks at ICCAM's queue.</summary>
    public TimeSpan ImportEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks at our own news.</summary>
    public TimeSpan NewsEvery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Rows of the queue asked for at once; ICCAM gives at most 200.</summary>
    public int QueueRows { get; init; } = 200;

    /// <summary>At the first start: what was assigned so long before is taken, too.</summary>
    public TimeSpan Since { get; init; } = TimeSpan.FromDays(90);
}
