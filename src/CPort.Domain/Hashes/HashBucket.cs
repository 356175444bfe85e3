using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// A bucket's state, changed in place for memory's sake: the hashes with what is said of each, who carries them, and whose changed verdict some report has yet
/// to take (the persisted fan-out).
/// <para>
/// Unlike other entities' states it changes in place, by <see cref="HashBucketRules.Apply"/> only: with 300,000 hashes in a bucket an immutable dictionary
/// costs some 250 bytes and three objects a hash, and every import of a list would rebuild much of it. It belongs to one actor, which hands no part of it out;
/// <see cref="HashBucketRules.Decide"/> only reads. What a test holds instead of immutability: the state replayed from the events, and the one from a snapshot
/// and the events after it, equal the live one.
/// </para>
/// Some 50 bytes for an imported SHA-256 that no report carries; 120 more for one that a report carries.
/// </summary>
public sealed class HashBucket
{
    // Steps from one shared entry to the next that are remembered, so that rows of one list share also across events.
    private const int MaxSteps = 4_096;

    private readonly HashTable _table;
    private readonly List<HashEntry?> _entries = [];
    private readonly Stack<int> _free = new();
    private readonly Dictionary<(HashEntry From, SourceOpinion Word, long Version), HashEntry> _steps = [];
    private readonly Dictionary<int, HashQuarantine> _quarantine = [];
    private readonly Dictionary<int, int> _untold = [];
    private readonly Dictionary<AgencyId, RecordedTrust> _trust = [];

    // Values that count as traps today and got in before: their opinions do not count.
    private readonly HashSet<int> _traps = [];
    private int[] _entryOf = [];

    private HashBucket(HashBucketId id, HashTable? table = null)
    {
        Id = id;
        _table = table ?? new HashTable(ContentHash.LengthOf(id.Algorithm));
    }

    public HashBucketId Id { get; }

    /// <summary>Hashes with an opinion, a sighting or a quarantine.</summary>
    public int Count => _table.Count;

    /// <summary>Hashes whose verdict is known.</summary>
    public int Known { get; private set; }

    /// <summary>Items over all hashes.</summary>
    public long SightingCount => Sightings.Total;

    internal HashSightings Sightings { get; } = new();

    /// <summary>Rows with sightings whose report has yet to take the verdict.</summary>
    public IReadOnlyCollection<int> Pending => _untold.Keys;

    /// <summary>Rows that are or were in quarantine.</summary>
    internal IReadOnlyDictionary<int, HashQuarantine> Quarantine => _quarantine;

    /// <summary>Entries held; many hashes share one.</summary>
    internal int EntryCount => _entries.Count - _free.Count;

    /// <summary>Bytes of the large arrays, for measurements.</summary>
    internal long TableBytes => _table.Bytes + (4L * _entryOf.Length);

    /// <summary>About so many bytes of memory: the large arrays, the sightings, and a guess at what entries that few hashes share take (300 each).</summary>
    internal long MemoryBytes => TableBytes + Sightings.MemoryBytes + (300L * EntryCount);

    public static HashBucket New(HashBucketId id) => new(id);

    internal int RowOf(ContentHash hash) => hash.Algorithm == Id.Algorithm ? _table.Find(hash.Bytes) : -1;

    internal int RowOf(ReadOnlySpan<byte> value) => _table.Find(value);

    internal ReadOnlySpan<byte> ValueOf(int row) => _table[row];

    internal ContentHash HashOf(int row) => ContentHash.FromBytes(Id.Algorithm, _table[row]);

    internal HashEntry EntryOf(ContentHash hash) => RowOf(hash) is var row and >= 0 ? EntryOf(row) : HashEntry.Empty;

    internal HashEntry EntryOf(int row) => _entryOf[row] is var number and >= 0 ? _entries[number]! : HashEntry.Empty;

    internal bool IsPending(int row) => _untold.ContainsKey(row);

    internal bool IsQuarantined(int row) => _quarantine.TryGetValue(row, out var state) && !state.Released;

    /// <summary>A trap by its value, a trusted source's word, or because it is in quarantine unconfirmed.</summary>
    internal bool IsTrap(int row) => IsTrap(row, EntryOf(row));

    internal bool IsKnown(int row) => IsKnown(row, EntryOf(row));

    /// <summary>The row of a value, made when it is new.</summary>
    internal int Add(ReadOnlySpan<byte> value)
    {
        var row = _table.FindOrAdd(value);
        if (row >= _entryOf.Length)
        {
            var old = _entryOf.Length;
            Array.Resize(ref _entryOf, Math.Max(row + 4, (int)(row * 1.25)));
            _entryOf.AsSpan(old).Fill(-1);
        }

        if (_table.Count == row + 1 && _entryOf[row] < 0 && TrapValues.IsTrap(Id.Algorithm, value))
        {
            _traps.Add(row);
        }

        return row;
    }

    /// <summary>The entry after a word that many hashes share (an import's): the same one for the same step, as long as some row has it.</summary>
    internal HashEntry Step(HashEntry from, SourceOpinion word, long version)
    {
        if (_steps.TryGetValue((from, word, version), out var known) && known.Number >= 0)
        {
            return known;
        }

        if (_steps.Count >= MaxSteps)
        {
            _steps.Clear();
        }

        return _steps[(from, word, version)] = from.Put(word, version);
    }

    internal void SetEntry(int row, HashEntry next)
    {
        var (old, before) = (_entryOf[row], IsKnown(row));
        if (next.Number < 0)
        {
            if (_free.TryPop(out var free))
            {
                _entries[next.Number = free] = next;
            }
            else
            {
                next.Number = _entries.Count;
                _entries.Add(next);
            }
        }

        next.Rows++;
        _entryOf[row] = next.Number;
        var version = 0L;
        if (old >= 0)
        {
            var left = _entries[old]!;
            version = left.Version;
            if (--left.Rows == 0)
            {
                _entries[old] = null;
                left.Number = -1;
                _free.Push(old);
            }
        }

        CountKnown(row, before);
        if (next.Version != version)
        {
            CountUntold(row, next.Version);
        }
    }

    /// <summary>The agencies that have spoken here, with their trust as far as the bucket was told.</summary>
    public IReadOnlyCollection<RecordedTrust> Trust => _trust.Values;

    internal RecordedTrust? TrustIn(AgencyId agency) => _trust.GetValueOrDefault(agency);

    /// <summary>How far the agency is believed now; as given when nobody told the bucket.</summary>
    internal TrustLevel TrustOf(AgencyId agency, TrustLevel given) => TrustIn(agency) is { AsOf: > 0 } told ? told.Trust : given;

    /// <summary>The word with its agency's present trust.</summary>
    internal SourceOpinion Present(SourceOpinion word) => word.With(TrustOf(word.Opinion.Agency, word.Opinion.Trust));

    /// <summary>An agency has spoken.</summary>
    internal void Hear(AgencyId agency, TrustLevel trust) => _trust.TryAdd(agency, new RecordedTrust { Agency = agency, Trust = trust, AsOf = 0 });

    /// <summary>Puts all words of an agency at a trust: entry by entry, however many hashes share one.</summary>
    internal void SetTrust(RecordedTrust told)
    {
        _trust[told.Agency] = told;
        _steps.Clear();
        var before = new HashEntry?[_entries.Count];
        for (var number = 0; number < before.Length; number++)
        {
            if (_entries[number] is { } old && old.With(told.Agency, told.Trust) is { } next)
            {
                (next.Number, next.Rows, old.Number, old.Rows) = (number, old.Rows, -1, 0);
                (before[number], _entries[number]) = (old, next);
            }
        }

        for (var row = 0; row < Count; row++)
        {
            if (_entryOf[row] is var number and >= 0 && before[number] is { } old)
            {
                CountKnown(row, IsKnown(row, old));
            }
        }

        foreach (var row in Sightings.Rows)
        {
            if (_entryOf[row] is var number and >= 0 && before[number] is { } old && old.Version != _entries[number]!.Version)
            {
                CountUntold(row, _entries[number]!.Version);
            }
        }
    }

    internal void SetQuarantine(int row, HashQuarantine state)
    {
        var before = IsKnown(row);
        _quarantine[row] = state;
        CountKnown(row, before);
    }

    /// <summary>A report took the verdict.</summary>
    internal void Deliver(int row, VerdictDelivered d)
    {
        var version = EntryOf(row).Version;
        var sightings = Sightings.Of(row);
        var told = 0;
        for (var i = HashSightings.FirstOf(sightings, d.ReportId, d.FirstOrdinal); i < sightings.Length; i++)
        {
            ref var s = ref sightings[i];
            if (s.Report != d.ReportId || s.Ordinal > d.LastOrdinal)
            {
                break;
            }

            told += s.Told < version && d.Version >= version ? 1 : 0;
            s = s with { Told = Math.Max(s.Told, d.Version) };
        }

        if (told > 0 && _untold.TryGetValue(row, out var left))
        {
            if (left <= told)
            {
                _untold.Remove(row);
            }
            else
            {
                _untold[row] = left - told;
            }
        }
    }

    public HashBucketImage ToSnapshot()
    {
        // Numbers without holes, in order of their first row.
        var numbers = new int[_entries.Count];
        var entries = ImmutableArray.CreateBuilder<HashEntrySnapshot>();
        var runs = new List<int>();
        for (var row = 0; row < Count; row++)
        {
            var number = -1;
            if (_entryOf[row] is var held and >= 0)
            {
                if (numbers[held] == 0)
                {
                    entries.Add(_entries[held]!.ToSnapshot());
                    numbers[held] = entries.Count;
                }

                number = numbers[held] - 1;
            }

            if (runs.Count > 0 && runs[^2] == number)
            {
                runs[^1]++;
            }
            else
            {
                runs.AddRange([number, 1]);
            }
        }

        var sighted = new List<int>();
        var sightings = new byte[checked(Sightings.Total * HashBucketImage.SightingBytes)];
        var rest = sightings.AsSpan();
        foreach (var row in Sightings.Rows.Order())
        {
            var of = Sightings.Of(row);
            sighted.AddRange([row, of.Length]);
            foreach (var s in of)
            {
                BinaryPrimitives.WriteUInt128LittleEndian(rest, s.Report.Value);
                BinaryPrimitives.WriteInt32LittleEndian(rest[16..], s.Ordinal);
                BinaryPrimitives.WriteInt64LittleEndian(rest[20..], s.Told);
                rest = rest[HashBucketImage.SightingBytes..];
            }
        }

        return new HashBucketImage
        {
            Bucket = Id, Hashes = _table.Values.ToArray(), EntryRuns = [.. runs], Entries = entries.DrainToImmutable(),
                Sighted = [.. sighted],
            Sightings = sightings, Quarantined = [.. _quarantine.OrderBy(q => q.Key)
                .Select(q => new QuarantinedRow { Row = q.Key, State = q.Value })],
            Trust = [.. _trust.Values.OrderBy(t => t.Agency.Value, StringComparer.Ordinal)],
        };
    }

    /// <summary>Takes over the image's array of values. Throws <see cref="InvalidDataException"/> when its parts do not fit together.</summary>
    public static HashBucket From(HashBucketImage image)
    {
        var state = new HashBucket(image.Bucket, new HashTable(ContentHash.LengthOf(image.Bucket.Algorithm), image.Hashes));
        state._entryOf = new int[state.Count];
        state.FindTraps();
        HashEntry[] shared = [.. image.Entries.Select(HashEntry.From)];
        var row = 0;
        for (var i = 0; i + 1 < image.EntryRuns.Length; i += 2)
        {
            var (number, run) = (image.EntryRuns[i], image.EntryRuns[i + 1]);
            if (number >= shared.Length || number < -1 || run < 1 || run > state.Count - row)
            {
                throw new InvalidDataException("Runs of entries that do not fit the rows.");
            }

            state.Fill(row, run, number < 0 ? null : shared[number]);
            row += run;
        }

        if (row != state.Count)
        {
            throw new InvalidDataException("Rows without an entry.");
        }

        var rest = image.Sightings.AsSpan();
        for (var i = 0; i + 1 < image.Sighted.Length; i += 2)
        {
            var (at, count) = (image.Sighted[i], image.Sighted[i + 1]);
            if (at < 0 || at >= state.Count || count < 1 || count > rest.Length / HashBucketImage.SightingBytes)
            {
                throw new InvalidDataException("Sightings of no row, or cut off.");
            }

            var sightings = new Sighting[count];
            for (var s = 0; s < count; s++)
            {
                sightings[s] = new Sighting(
                    new ReportId(BinaryPrimitives.ReadUInt128LittleEndian(rest)),
                        BinaryPrimitives.ReadInt32LittleEndian(rest[16..]),
                    BinaryPrimitives.ReadInt64LittleEndian(rest[20..]));
                rest = rest[HashBucketImage.SightingBytes..];
            }

            state.Load(at, sightings);
        }

        foreach (var told in image.Trust)
        {
            state._trust[told.Agency] = told;
        }

        foreach (var q in image.Quarantined)
        {
            if (q.Row < 0 || q.Row >= state.Count)
            {
                throw new InvalidDataException("A quarantine of no row.");
            }

            state.SetQuarantine(q.Row, q.State);
        }

        return state;
    }

    /// <summary>From a snapshot of the first shape.</summary>
    public static HashBucket From(HashBucketSnapshot snapshot)
    {
        var state = new HashBucket(snapshot.Bucket,
            new HashTable(ContentHash.LengthOf(snapshot.Bucket.Algorithm), snapshot.Hashes));
        if (snapshot.EntryOf.Length != state.Count)
        {
            throw new InvalidDataException("Rows without an entry.");
        }

        state._entryOf = new int[state.Count];
        state.FindTraps();
        HashEntry[] shared = [.. snapshot.Entries.Select(HashEntry.From)];
        for (var row = 0; row < state.Count; row++)
        {
            // A hash without opinions had an entry for its sightings only.
            var (number, entry) = (snapshot.EntryOf[row], shared[snapshot.EntryOf[row]]);
            state.Fill(row, 1, entry is { Version: 0, Sources.IsEmpty: true } ? null : entry);
            var written = snapshot.Entries[number];
            if (!written.Sightings.IsEmpty)
            {
                state.Load(row, [.. written.Sightings.Select((item, i) =>
                    new Sighting(item.Report, item.Ordinal, written.Told[i]))]);
            }
        }

        return state;
    }

    private bool IsTrap(int row, HashEntry entry) =>
        (entry.HasOpinions && !entry.Known) || _traps.Contains(row) || (!entry.Confirmed && IsQuarantined(row));

    private bool IsKnown(int row, HashEntry entry) => entry.Known && !IsTrap(row, entry);

    private void CountKnown(int row, bool before) => Known += (IsKnown(row) ? 1 : 0) - (before ? 1 : 0);

    private void CountUntold(int row, long version)
    {
        var untold = 0;
        foreach (var s in Sightings.Of(row))
        {
            untold += s.Told < version ? 1 : 0;
        }

        if (untold > 0)
        {
            _untold[row] = untold;
        }
        else
        {
            _untold.Remove(row);
        }
    }

    private void FindTraps()
    {
        for (var row = 0; row < Count; row++)
        {
            if (TrapValues.IsTrap(Id.Algorithm, _table[row]))
            {
                _traps.Add(row);
            }
        }
    }

    // Rows of a snapshot, which have no entry yet.
    private void Fill(int row, int run, HashEntry? entry)
    {
        if (entry is null)
        {
            _entryOf.AsSpan(row, run).Fill(-1);
            return;
        }

        if (entry.Number < 0)
        {
            entry.Number = _entries.Count;
            _entries.Add(entry);
        }

        entry.Rows += run;
        _entryOf.AsSpan(row, run).Fill(entry.Number);
        for (var r = row; r < row + run && entry.Known; r++)
        {
            Known += _traps.Contains(r) ? 0 : 1;
        }
    }

    private void Load(int row, Sighting[] sightings)
    {
        Sightings.Load(row, sightings);
        CountUntold(row, EntryOf(row).Version);
    }
}
