using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>What one batch of writes changes in a bucket, as its verbs work it out one after the other. Only reads the bucket's state.</summary>
internal sealed class HashBatch(HashBucket state)
{
    private readonly Dictionary<ContentHash, HashEntry> _changed = [];
    private readonly Dictionary<int, RecordedQuarantine> _quarantined = [];
    private readonly Dictionary<AgencyId, RecordedTrust> _trust = [];
    private readonly Dictionary<HashEntry, HashEntry> _present = [];
    private readonly List<(int Row, ItemRef Item)> _sightings = [];
    private readonly ImmutableArray<RecordedWord>.Builder _words = ImmutableArray.CreateBuilder<RecordedWord>();
    private readonly List<(int Row, long Version)> _said = [];
    private SourceOpinion? _saying;
    private HashSet<(int, ItemRef)>? _sighted;

    // Values that get a row by this batch, and the rows they will have.
    private Dictionary<ContentHash, int>? _newRows;
    private SortedDictionary<HashAlgorithm, List<byte>>? _newValues;

    /// <summary>As it stands before the batch.</summary>
    public HashBucket State => state;

    public IReadOnlyList<(int Row, ItemRef Item)> Sightings => _sightings;

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

    public void EnsureCapacity(int more) => _changed.EnsureCapacity(_changed.Count + more);

    public void Set(ContentHash hash, HashEntry entry) => _changed[hash] = entry;

    /// <summary>A source's word on a hash, with its agency's present trust; false: the verdict says no more and no less by it.</summary>
    public bool Say(ContentHash hash, SourceOpinion said)
    {
        var (entry, trust) = (EntryOf(hash), TrustOf(said.Opinion.Agency, said.Opinion.Trust));
        var word = trust == said.Opinion.Trust ? said : said.With(trust);
        if (entry.After(word, byContent: false) is not { } next)
        {
            return false;
        }

        // One word is mostly said of several hashes, those of an item.
        Set(hash, next);
        if (_saying is not null && _saying != word)
        {
            CloseWord();
        }

        _saying = word;
        _said.Add((RowFor(hash), next.Version));
        return next.Version > entry.Version;
    }

    /// <summary>What an import says, after all that was said before.</summary>
    public void Add(RecordedWord word)
    {
        CloseWord();
        _words.Add(word);
    }

    /// <summary>Once, however often the batch says it, and not at all what the bucket knows.</summary>
    public void Sight(ContentHash hash, ItemRef item)
    {
        if (state.RowOf(hash) is var row && (row < 0 || !state.Sightings.Has(row, item)) && (_sighted ??= []).Add((row = RowFor(hash), item)))
        {
            _sightings.Add((row, item));
        }
    }

    /// <summary>The quarantine of a hash as the batch has left it so far.</summary>
    public HashQuarantine? QuarantineOf(ContentHash hash) =>
        state.RowOf(hash) is var row && row < 0 && _newRows?.TryGetValue(hash, out row) != true ? null
        : _quarantined.TryGetValue(row, out var q) ? q.State
        : state.Quarantine.GetValueOrDefault(row);

    public void Quarantine(ContentHash hash, HashQuarantine to)
    {
        // The verdict changes when opinions count that now apply no more, or again.
        var entry = EntryOf(hash);
        if (entry is { Known: true, Confirmed: false })
        {
            _changed[hash] = entry = entry.At(entry.Version + 1);
        }

        var row = RowFor(hash);
        _quarantined[row] = new RecordedQuarantine { Row = row, State = to, Version = entry.Version };
    }

    /// <summary>Null when nothing is new.</summary>
    public HashesRecorded? ToEvent(IReadOnlyList<VerdictDelivered> delivered, DateTimeOffset now)
    {
        CloseWord();
        return _words.Count == 0 && _sightings.Count == 0 && delivered.Count == 0 && _quarantined.Count == 0 && _trust.Count == 0
            ? null
            : new HashesRecorded
            {
                At = now, RulesVersion = EventMeta.CurrentRulesVersion, Trust = [.. _trust.Values],
                New = _newValues is null ? [] : [.. _newValues.Select(n => new HashValues { Algorithm = n.Key, Values = [.. n.Value] })],
                Words = _words.DrainToImmutable(), Sightings = [.. _sightings.GroupBy(s => s.Item.Report, RecordedSightings.Of)],
                Delivered = [.. delivered], Quarantined = [.. _quarantined.Values],
            };
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

    private int RowFor(ContentHash hash)
    {
        if (state.RowOf(hash) is var row and >= 0 || (_newRows ??= []).TryGetValue(hash, out row))
        {
            return row;
        }

        _newValues ??= [];
        if (!_newValues.TryGetValue(hash.Algorithm, out var values))
        {
            _newValues.Add(hash.Algorithm, values = []);
        }

        row = HashRow.At(hash.Algorithm, state.CountOf(hash.Algorithm) + (values.Count / hash.Bytes.Length));
        values.AddRange(hash.Bytes);
        _newRows.Add(hash, row);
        return row;
    }

    private void CloseWord()
    {
        if (_saying is not null)
        {
            _words.Add(new RecordedWord { Word = _saying, Rows = [.. _said.Select(s => s.Row)], Versions = [.. _said.Select(s => s.Version)] });
            _said.Clear();
            _saying = null;
        }
    }
}
