namespace CPort.Actors.Hashes;

/// <summary>How far the buckets that hold anything have been heard of by one node since its start, wherever they live.</summary>
/// <param name="InUse">Buckets that have events in the journal; null until the journal has been asked.</param>
/// <param name="Loaded">Those of them that answered.</param>
/// <param name="Stuck">Those that cannot be read from the journal; an operator has to look at them.</param>
/// <param name="Asked">Every bucket has been asked once and has answered, or was given up for this round.</param>
public sealed record HashBucketsLoaded(int? InUse, int Loaded, int Stuck, bool Asked);

/// <summary>Where a node's waker says how far the buckets are, for <c>/health/ready</c>. Thread-safe.</summary>
public sealed class HashBucketLoading
{
    private volatile HashBucketsLoaded _now = new(null, 0, 0, false);

    /// <summary>Figures of the first round while it lasts, later of the last whole one.</summary>
    public HashBucketsLoaded Now => _now;

    internal void Set(HashBucketsLoaded now) => _now = now;
}
