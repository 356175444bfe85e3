namespace CPort.Actors.Matching;

/// <summary>Limits and times of matching.</summary>
public sealed record MatchingOptions
{
    /// <summary>PDQ radius for reports, 0 to <see cref="PdqLimits.MaxRadius"/>.</summary>
    public int NearRadius { get; init; } = PdqLimits.Radius;

    /// <summary>Near matches listed for an item.</summary>
    public int NearResults { get; init; } = 20;

    /// <summary>Look-alikes listed for an item (values on other items of which nothing is known), 0 to 100; 0: none are searched.</summary>
    public int MaxLookAlikes { get; init; } = 20;

    /// <summary>PDQ below this quality is neither sighted nor searched.</summary>
    public int QualityFloor { get; init; } = PdqLimits.QualityFloor;

    /// <summary>Hashes in one <see cref="LookupMany"/>.</summary>
    public int MaxLookup { get; init; } = 10_000;

    /// <summary>
    /// When a bucket that has not answered is asked again, at least (<see cref="AnswerTimes"/>: later while answers take long); doubles twice.
    /// </summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When a request is given up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Hashes of all unanswered requests together (a PDQ hash counts once, though every PDQ bucket is asked); a request beyond that is answered "unavailable"
    /// at once, unless it is the only one.
    /// </summary>
    public int MaxWaiting { get; init; } = 200_000;
}
