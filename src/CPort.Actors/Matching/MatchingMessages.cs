namespace CPort.Actors.Matching;

/// <summary>
/// To this node's matching actor: record that the items carry these hashes and what is said of them there (<see cref="ItemHashes.Words"/>), and answer what is
/// known of each, these words included. Reaches the tenant's buckets only. Local message. Answered by <see cref="ReportMatched"/> once every bucket has
/// answered durably, or by <see cref="MatchingUnavailable"/>. Idempotent.
/// </summary>
public sealed record MatchReport(Tenant Tenant, ReportId ReportId, ImmutableArray<ItemHashes> Items)
{
    /// <summary>The recorded trace that the request belongs to.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>All buckets answered; a partial answer is never given.</summary>
public sealed record ReportMatched(ReportId ReportId, ImmutableArray<ItemVerdicts> Items);

/// <summary>At least one bucket did not answer in time; nothing is to be concluded; try again.</summary>
public sealed record MatchingUnavailable(ReportId ReportId, string Reason);

/// <summary>
/// To this node's matching actor: what is known of these hashes (at most <see cref="MatchingOptions.MaxLookup"/>, any algorithms). Local. With a radius, PDQ
/// hashes are also searched near. Answered by <see cref="LookedUp"/>, <see cref="LookupRefused"/> or <see cref="LookupUnavailable"/>.
/// </summary>
/// <param name="Tenant">Whose buckets are asked.</param>
/// <param name="Hashes">Answered in this order; duplicates are answered each.</param>
/// <param name="Radius">Hamming distance 0 to <see cref="PdqLimits.MaxRadius"/>; null: no near search.</param>
/// <param name="MaxResults">Near matches a hash, 1 to 100.</param>
/// <param name="ExactOnly">By hash: true where nothing near is to be searched (poor quality); default: everywhere as the radius says.</param>
public sealed record LookupMany(
    Tenant Tenant, ImmutableArray<ContentHash> Hashes, int? Radius = null, int MaxResults = 20, ImmutableArray<bool> ExactOnly = default)
{
    internal bool IsWithin(MatchingOptions options) =>
        Hashes.Length <= options.MaxLookup && Radius is null or (>= 0 and <= PdqLimits.MaxRadius) && MaxResults is >= 1 and <= 100;

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
