using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>What one batch of writes changes in a bucket, as its verbs work it out one after the other. Only reads the bucket's state.</summary>
internal sealed class HashBatch(HashBucket state)
{
    // System's hand: who said what stands in the opinions.
    private static readonly EventMeta NoMeta = new CommandContext
    {
        CommandId = CommandId.Parse("batch"), Caller = Caller.System, OccurredAt = default,
    }.ToMeta();

    private readonly Dictionary<ContentHash, HashEntry> _changed = [];
    private readonly Dictionary<ContentHash, RecordedQuarantine> _quarantined = [];
    private readonly Dictionary<AgencyId, RecordedTrust> _trust = [];
    private readonly Dictionary<HashEntry, HashEntry> _present = [];
    private readonly List<HashSighting> _sightings = [];
    private HashSet<(ContentHash, ItemRef)>? _sighted;

    /// <summary>As it stands before the batch.</summary>
    public HashBucket State => state;

    public ImmutableArray<RecordedOpinions>.Builder Opinions { get; } = ImmutableArray.CreateBuilder<RecordedOpinions>();

    public IReadOnlyList<HashSighting> Sightings => _sightings;

    public bool Belongs(ContentHash hash) => HashBucketRules.Belongs(state, hash);

    /// <summary>The entry as the batch has left it so far.</summary>
    public HashEntry EntryOf(ContentHash hash) => EntryOf(hash, out _);

    /// <summary>As above, and whether the batch has changed it by a word.</summary>
    public HashEntry EntryOf(ContentHash hash, out bool changed)
    {
        changed = _changed.TryGetValue(hash, out var entry);
        return entry ?? Present(state.EntryOf(hash));
    }

    /// <summary>Decided before everything else of the batch. False: the bucket knows it already, or something newer.</summary>
    public bool ChangeTrust(RecordedTrust told)
    {
        if ((_trust.GetValueOrDefault(told.Agency) ?? state.TrustIn(told.Agency)) is { AsOf: > 0 } held
            && (held.AsOf >= told.AsOf || held.Trust == told.Trust))
        {
            return false;
        }

        _trust[told.Agency] = told;
        return true;
    }

    /// <summary>How far the agency is believed now; as given when nobody told the bucket.</summary>
    public TrustLevel TrustOf(AgencyId agency, TrustLevel given) =>
        _trust.TryGetValue(agency, out var told) ? told.Trust : state.TrustOf(agency, given);

    /// <summary>The word with its agency's present trust.</summary>
    public SourceOpinion Present(SourceOpinion word) =>
        TrustOf(word.Opinion.Agency, word.Opinion.Trust) is var trust && trust == word.Opinion.Trust ? word : word.With(trust);

    public void EnsureCapacity(int more) => _changed.EnsureCapacity(_changed.Count + more);

    public void Set(ContentHash hash, HashEntry entry) => _changed[hash] = entry;

    /// <summary>Once, however often the batch says it.</summary>
    public void Sight(HashSighting sighting)
    {
        if ((_sighted ??= []).Add((sighting.Hash, sighting.Item)))
        {
            _sightings.Add(sighting);
        }
    }

    /// <summary>The quarantine of a hash and its row (-1: none) as the batch has left it so far.</summary>
    public HashQuarantine? QuarantineOf(ContentHash hash, int row) =>
        _quarantined.TryGetValue(hash, out var q) ? q.State : row >= 0 ? state.Quarantine.GetValueOrDefault(row) : null;

    public void Quarantine(ContentHash hash, HashQuarantine to)
    {
        // The verdict changes when opinions count that now apply no more, or again.
        var entry = EntryOf(hash);
        if (entry is { Known: true, Confirmed: false })
        {
            _changed[hash] = entry = entry.At(entry.Version + 1);
        }

        _quarantined[hash] = new RecordedQuarantine { Hash = hash, State = to, Version = entry.Version };
    }

    // One for all hashes that share it, as they will when the trust is applied.
    private HashEntry Present(HashEntry entry)
    {
        if (_trust.Count == 0 || entry.Sources.IsEmpty)
        {
            return entry;
        }

        if (!_present.TryGetValue(entry, out var present))
        {
            _present.Add(entry, present = _trust.Values.Aggregate(entry, (e, told) => e.With(told.Agency, told.Trust) ?? e));
        }

        return present;
    }

    /// <summary>Null when nothing is new.</summary>
    public HashesRecorded? ToEvent(IReadOnlyList<VerdictDelivered> delivered) =>
        Opinions.Count == 0 && _sightings.Count == 0 && delivered.Count == 0 && _quarantined.Count == 0 && _trust.Count == 0
            ? null
            : new HashesRecorded
            {
                Meta = NoMeta, Bucket = state.Id, Opinions = Opinions.DrainToImmutable(), Sightings = [.. _sightings], Delivered = [.. delivered],
                Quarantined = [.. _quarantined.Values], Trust = [.. _trust.Values],
            };
}
