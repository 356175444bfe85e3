namespace CPort.Actors.Hashes;

/// <summary>
/// When a bucket's snapshot is due (<see cref="HashBucketOptions.SnapshotEvery"/>, <see cref="HashBucketOptions.SnapshotRows"/>), and which to keep.
/// </summary>
internal sealed class HashBucketSnapshots(HashBucketOptions options)
{
    private long _at;
    private long _before;
    private long _rows;

    /// <summary>The bucket was read back from this one.</summary>
    public void Begin(long sequence) => _at = _before = sequence;

    public void Count(HashesRecorded e) => _rows += HashBucketRows.Of(e);

    /// <summary>Whether one is to be made now; asked again it is not, as if it had been made.</summary>
    public bool IsDue(long sequence, int hashes)
    {
        if (sequence - _at < Math.Max(options.SnapshotEvery, hashes / 64) && _rows < Math.Max(options.SnapshotRows, hashes / 2))
        {
            return false;
        }

        (_at, _rows) = (sequence, 0);
        return true;
    }

    /// <summary>Keeps this one and the one before; those up to the returned number can go, if any.</summary>
    public long? Saved(long sequence)
    {
        var superseded = _before > 0 ? _before - 1 : (long?)null;
        _before = sequence;
        return superseded;
    }
}
