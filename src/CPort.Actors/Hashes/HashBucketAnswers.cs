namespace CPort.Actors.Hashes;

/// <summary>A bucket's answers from its state.</summary>
internal static class HashBucketAnswers
{
    /// <summary>Answers a batch that is durable, or changed nothing.</summary>
    public static void Send(HashBucketBatch batch, ImmutableArray<HashBucketOutcome> outcomes, HashBucket state)
    {
        for (var i = 0; i < batch.Commands.Length; i++)
        {
            batch.Senders[i].Tell(To(batch.Commands[i], outcomes[i], state));
        }
    }

    /// <summary>A bucket without near values is not asked by anybody; better an answer than a silence.</summary>
    public static NearFound Nothing(SearchNear query) =>
        new() { RequestId = query.RequestId, Answers = [.. query.Queries.Select(_ => new NearAnswer())] };

    /// <summary>What the state says; <paramref name="sequence"/>: the number of the last event that is in it.</summary>
    public static IWireMessage Of(IHashBucketQuestion question, HashBucket state, long sequence) => question switch
    {
        GetQuarantine q => HashBucketRules.Describe(state, q),
        PreviewChange q => HashBucketRules.Preview(state, q),
        GetHashEntry q => HashBucketRules.Describe(state, q),
        GetHashLists q => HashListing.Describe(state, q),
        ReadHashList q => HashListing.Describe(state, q, sequence),
        LocateHashes q => HashListing.Describe(state, q),
        _ => throw new InvalidOperationException($"{question.GetType().Name} is no question that a bucket knows."),
    };

    private static IWireMessage To(IHashBucketWrite command, HashBucketOutcome o, HashBucket state) => command switch
    {
        SightAndLookup c => Verdicts(state, c.RequestId, c.Sightings.Select(s => s.Hash)),
        RecordBucketOpinions c => new OpinionsStored { RequestId = c.RequestId, Changed = o.Changed },
        ChangeQuarantine c => new QuarantineChanged { RequestId = c.RequestId, Changed = o.Changed },
        ChangeTrust c => new TrustTaken { RequestId = c.RequestId },
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
        Algorithms = [.. from row in HashAlgorithms.All let hashes = state.CountOf(row.Algorithm) where hashes > 0
            select new AlgorithmCount { Algorithm = row.Algorithm, Hashes = hashes }],
    };
}
