using CPort.Actors.Cluster;
using CPort.Actors.Serialization;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// A submission too long for one message between nodes travels in parts: <see cref="Cut"/> at the gateway, gathered here at the report's actor, in memory only.
/// Any other is one message, whatever the number of its items.
/// </summary>
internal sealed class SubmissionParts
{
    /// <summary>Far below <see cref="ClusterTuning.MaxFrameSize"/>, and short enough for heartbeats to pass.</summary>
    internal const int MaxBytes = 200_000;

    /// <summary>So few items are one message unmeasured: an item's texts are 60 kB at most.</summary>
    private const int FewItems = 4;

    private readonly List<SubmitReport> _parts = [];

    /// <summary>The submission itself where it is short enough.</summary>
    public static ImmutableArray<SubmitReport> Cut(SubmitReport submission)
    {
        if (submission.Items.Length <= FewItems || Length(submission) <= MaxBytes)
        {
            return [submission];
        }

        var parts = new List<ImmutableArray<SubmittedItem>.Builder>();
        var bytes = 0L;
        foreach (var item in submission.Items)
        {
            var length = Length(item);
            if (parts.Count == 0 || bytes + length > MaxBytes)
            {
                parts.Add(ImmutableArray.CreateBuilder<SubmittedItem>());
                bytes = 0;
            }

            parts[^1].Add(item);
            bytes += length;
        }

        return
        [
            .. parts.Select((items, i) => submission with
            {
                Items = items.ToImmutable(), Part = i, PartCount = parts.Count, Digests = i == 0 ? submission.Digests : [],
            }),
        ];
    }

    /// <summary>Takes the next part; false where it does not follow the one before, and then all are forgotten.</summary>
    public bool Fit(SubmitReport part)
    {
        if (part.Part == 0)
        {
            _parts.Clear();
        }

        if (part.Part != _parts.Count || (_parts.Count > 0
            && (_parts[0].Context.CommandId != part.Context.CommandId || _parts[0].Context.Caller.KeyId != part.Context.Caller.KeyId)))
        {
            _parts.Clear();
            return false;
        }

        _parts.Add(part);
        return true;
    }

    /// <summary>The whole submission once its last part has come.</summary>
    public SubmitReport? Whole()
    {
        if (_parts.Count < _parts[0].PartCount)
        {
            return null;
        }

        var whole = _parts[0] with { Items = [.. _parts.SelectMany(p => p.Items)], Part = 0, PartCount = 1 };
        _parts.Clear();
        return whole;
    }

    private static long Length<T>(T message)
    {
        using var measured = WireModel.Instance.Measure(message);
        return measured.Length;
    }
}
