using CPort.Actors.Hashes;

namespace CPort.Node.Readiness;

/// <summary>
/// A near search asks all buckets of PDQ and a report those of its hashes: until all have been heard of once since the node's start, look-ups would wait for
/// them. What does not answer later is said, and is no reason to take the node away: the others would not fare better.
/// </summary>
internal sealed class HashBucketReadiness(HashBucketLoading loading) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(Of(loading.Now));

    internal static ReadinessReason Of(HashBucketsLoaded now) => new("hash buckets", now.Asked, now switch
    {
        { InUse: null } => "the journal is asked which buckets hold anything",
        _ => string.Create(CultureInfo.InvariantCulture, $"{now.Loaded} of {now.InUse} loaded")
            + (now.Stuck > 0 ? string.Create(CultureInfo.InvariantCulture, $", {now.Stuck} cannot be read (pbm reports stuck)") : ""),
    });
}
