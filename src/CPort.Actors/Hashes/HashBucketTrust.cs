using CPort.Actors.Agencies;

namespace CPort.Actors.Hashes;

/// <summary>
/// Compares the trust of a bucket's words with this node's directory of agencies: when the directory moves on, when the bucket is looked at, and before each
/// word. Owns no truth: what it says is written as <see cref="ChangeTrust"/>, and not said again once the bucket holds it.
/// </summary>
internal sealed class HashBucketTrust(IAgencyDirectorySource? directory, HashBucketQueue queue) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private long _watching = -1;

    /// <summary>Queues what the bucket has to be told of these agencies, before what comes next.</summary>
    public void Compare(HashBucket state, IEnumerable<AgencyId> agencies)
    {
        if (directory?.Current is not { Version: > 0 } current)
        {
            return;
        }

        foreach (var agency in agencies)
        {
            if (current.Find(agency)?.PresentTrust is { } trust
                && (state.TrustIn(agency) is not { AsOf: > 0 } held || (held.Trust != trust && held.AsOf < current.Version)))
            {
                queue.Add(
                    new ChangeTrust { Bucket = state.Id, RequestId = 0, Agency = agency, Trust = trust, AsOf = current.Version }, ActorRefs.Nobody);
            }
        }
    }

    /// <summary>Tells the bucket once when the directory goes beyond what it is now.</summary>
    public void Watch(IActorRef bucket)
    {
        if (directory?.Current.Version is { } version && version > _watching)
        {
            _watching = version;
            _ = directory.WaitForAsync(version + 1, _stop.Token)
                .ContinueWith(_ => bucket.Tell(DirectoryMoved.Instance), TaskContinuationOptions.OnlyOnRanToCompletion);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}

/// <summary>To a bucket from itself: this node's directory of agencies has a newer version.</summary>
internal sealed record DirectoryMoved
{
    public static readonly DirectoryMoved Instance = new();
}
