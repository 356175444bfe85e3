using System.Collections.Immutable;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Matching;

/// <summary>
/// To this node's matching actor: what is known of these hashes (at most <see cref="MatchingOptions.MaxLookup"/>, any algorithms). Local.
/// With a radius, PDQ hashes are also searched near. Answered by <see cref="LookedUp"/>, <see cref="LookupRefused"/> or <see cref="LookupUnavailable"/>.
/// </summary>
/// <param name="Hashes">Answered in this order; duplicates are answered each.</param>
/// <param name="Radius">Hamming distance 0 to <see cref="PdqLimits.MaxRadius"/>; null: no near search.</param>
/// <param name="MaxResults">Near matches a hash, 1 to 100.</param>
/// <param name="ExactOnly">By hash: true where nothing near is to be searched (poor quality); default: everywhere as the radius says.</param>
public sealed record LookupMany(
    ImmutableArray<ContentHash> Hashes, int? Radius = null, int MaxResults = 20, ImmutableArray<bool> ExactOnly = default)
{
    internal bool IsExactOnly(int index) => !ExactOnly.IsDefault && index < ExactOnly.Length && ExactOnly[index];
}

/// <summary>Every bucket answered. One result a hash asked, in order.</summary>
public sealed record LookedUp(ImmutableArray<HashLookupResult> Results);

/// <summary>A hash's verdict (version 0 when unknown) and the known values near it, nearest first.</summary>
public sealed record HashLookupResult(HashVerdict Verdict, ImmutableArray<NearMatch> Near, bool NearTruncated);

/// <summary>The request breaks a limit; sending it again is of no use.</summary>
public sealed record LookupRefused(string Reason);

/// <summary>At least one bucket did not answer in time, or too much is under way: try again.</summary>
public sealed record LookupUnavailable(string Reason);

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

    /// <summary>When a bucket that has not answered is asked again, at least (<see cref="AnswerTimes"/>: later while answers take long); doubles twice.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When a request is given up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Hashes of all unanswered requests together (a PDQ hash counts once, though every PDQ bucket is asked); a request beyond that is answered
    /// "unavailable" at once, unless it is the only one.
    /// </summary>
    public int MaxWaiting { get; init; } = 200_000;
}
