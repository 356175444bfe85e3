namespace CPort.Actors.Hashes;

/// <summary>
/// Verdicts that reports have taken and the journal does not know of yet. They go with the bucket's next event; without one they are an event of their own
/// after a while, or when many wait, or when the bucket ends. Lost, they are no harm: the reports are told again and answer again.
/// </summary>
internal sealed class HashDeliveries(HashBucketOptions options)
{
    private readonly List<VerdictDelivered> _waiting = [];
    private bool _due;

    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>They are to be written, whether or not there is anything else to write.</summary>
    public bool AreDue => !IsEmpty && (_due || _waiting.Count >= options.DeliveredWait);

    public void Add(ImmutableArray<VerdictDelivered> taken) => _waiting.AddRange(taken);

    /// <summary>From now on, until they are taken.</summary>
    public void SetDue() => _due = true;

    public ImmutableArray<VerdictDelivered> Take()
    {
        ImmutableArray<VerdictDelivered> all = [.. _waiting];
        _waiting.Clear();
        _due = false;
        return all;
    }
}
