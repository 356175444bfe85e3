namespace CPort.Actors.Hashes;

/// <summary>A bucket's answers from its state.</summary>
internal static class HashBucketAnswers
{
    /// <summary>After a write is durable.</summary>
    public static IWireMessage To(IHashBucketWrite command, HashBucketOutcome o, HashBucket state) => command switch
    {
        SightAndLookup c => Verdicts(state, c.RequestId, c.Sightings.Select(s => s.Hash)),
        RecordBucketOpinions c => new OpinionsStored { RequestId = c.RequestId, Changed = o.Changed },
        ChangeQuarantine c => new QuarantineChanged { RequestId = c.RequestId, Changed = o.Changed },
        ImportHashes c => new HashesImported { RequestId = c.RequestId, Rows = o.Rows ?? [] },
        _ => throw new InvalidOperationException($"{command.GetType().Name} is no write that a bucket knows."),
    };

    /// <summary>As many as fit into one message; the asker asks for the rest.</summary>
    public static HashesAnswered Verdicts(HashBucket state, long requestId, IEnumerable<ContentHash> hashes)
    {
        var verdicts = ImmutableArray.CreateBuilder<HashVerdict>();
        var weight = 0;
        foreach (var hash in hashes)
        {
            var verdict = HashBucketRules.VerdictOf(state, hash);
            weight += HashBucketRules.WeightOf(verdict);
            if (weight > HashBucketLimits.PartBytes && verdicts.Count > 0)
            {
                break;
            }

            verdicts.Add(verdict);
        }

        return new HashesAnswered { RequestId = requestId, Verdicts = verdicts.DrainToImmutable() };
    }

    public static BucketStats Stats(HashBucket state, HashFanOut fanOut, HashNearSearch? near) => new()
    {
        Bucket = state.Id, Hashes = state.Count, Sightings = state.SightingCount, ReportsToTell = fanOut.Count, Known = state.Known,
        MemoryBytes = state.MemoryBytes + (near?.MemoryBytes ?? 0),
    };
}
