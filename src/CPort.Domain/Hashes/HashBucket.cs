using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// A bucket's state, changed in place for memory's sake: the hashes, of several algorithms, with what is said of each, who carries them, and whose changed
/// verdict some report has yet to take (the persisted fan-out).
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

    private readonly HashColumn?[] _columns = new HashColumn?[HashRow.Algorithms];
    private readonly List<HashEntry?> _entries = [];
    private readonly Stack<int> _free = new();
    private readonly Dictionary<(HashEntry From, SourceOpinion Word, long Version), HashEntry> _steps = [];
    private readonly Dictionary<int, HashQuarantine> _quarantine = [];
    private readonly Dictionary<int, int> _untold = [];

    private readonly Dictionary<AgencyId, RecordedTrust> _trust = [];

    // Values that count as traps today and got in before: their opinions do not count.
    private readonly HashSet<int> _traps = [];

    private HashBucket(HashBucketId id) => Id = id;

    public HashBucketId Id { get; }

    /// <summary>Hashes with an opinion, a sighting or a quarantine.</summary>
    public int Count { get; private set; }

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
    internal long TableBytes => Columns.Sum(c => c.Bytes);

    /// <summary>About so many bytes of memory: the large arrays, the sightings, and a guess at what entries that few hashes share take (300 each).</summary>
    internal long MemoryBytes => TableBytes + Sightings.MemoryBytes + (300L * EntryCount);

    public static HashBucket New(HashBucketId id) => new(id);

    /// <summary>The agencies that have spoken here, with their trust as far as the bucket was told.</summary>
    public IReadOnlyCollection<RecordedTrust> Trust => _trust.Values;

    /// <summary>All rows, those of one algorithm after the other.</summary>
    internal IEnumerable<int> Rows => Columns.SelectMany(c => Enumerable.Range(0, c.Table.Count), (c, index) => HashRow.At(c.Algorithm, index));

    /// <summary>The entries that rows have, each once (<see cref="HashEntry.Rows"/>).</summary>
    internal IEnumerable<HashEntry> Entries => _entries.OfType<HashEntry>();

    /// <summary>As <see cref="Rows"/>, from one of them on.</summary>
    internal IEnumerable<int> RowsFrom(int row) => Columns.Where(c => c.Algorithm >= HashRow.AlgorithmOf(row)).SelectMany(
        c => c.Algorithm == HashRow.AlgorithmOf(row)
            ? Enumerable.Range(HashRow.IndexOf(row), Math.Max(0, c.Table.Count - HashRow.IndexOf(row))) : Enumerable.Range(0, c.Table.Count),
        (c, index) => HashRow.At(c.Algorithm, index));

    private IEnumerable<HashColumn> Columns => _columns.OfType<HashColumn>();

    internal int CountOf(HashAlgorithm algorithm) => _columns[(int)algorithm]?.Table.Count ?? 0;

    internal bool HasRow(int row) => row >= 0 && HashRow.IndexOf(row) < CountOf(HashRow.AlgorithmOf(row));

    /// <summary>The row that an event names; throws <see cref="InvalidDataException"/> when there is none.</summary>
    internal int Held(int row) => HasRow(row) ? row : throw new InvalidDataException("An event names a row that the bucket does not have.");

    internal int RowOf(ContentHash hash) => RowOf(hash.Algorithm, hash.Bytes);

    internal int RowOf(HashAlgorithm algorithm, ReadOnlySpan<byte> value) =>
        _columns[(int)algorithm] is { } column && column.Table.Find(value) is var index and >= 0 ? HashRow.At(algorithm, index) : -1;

    internal ReadOnlySpan<byte> ValueOf(int row) => ColumnOf(row).Table[HashRow.IndexOf(row)];

    internal ContentHash HashOf(int row) => ContentHash.FromBytes(HashRow.AlgorithmOf(row), ValueOf(row));

    internal HashEntry EntryOf(ContentHash hash) => RowOf(hash) is var row and >= 0 ? EntryOf(row) : HashEntry.Empty;

    internal HashEntry EntryOf(int row) => NumberOf(row) is var number and >= 0 ? _entries[number]! : HashEntry.Empty;

    internal bool IsPending(int row) => _untold.ContainsKey(row);

    internal bool IsQuarantined(int row) => _quarantine.TryGetValue(row, out var state) && !state.Released;

    /// <summary>A trap by its value, a trusted source's word, or because it is in quarantine unconfirmed.</summary>
    internal bool IsTrap(int row) => IsTrap(row, EntryOf(row));

    internal bool IsKnown(int row) => IsKnown(row, EntryOf(row));

    /// <summary>The row of a value, made when it is new.</summary>
    internal int Add(HashAlgorithm algorithm, ReadOnlySpan<byte> value)
    {
        var column = _columns[(int)algorithm] ??= new HashColumn(algorithm);
        var before = column.Table.Count;
        var row = HashRow.At(algorithm, column.Add(value));
        if (column.Table.Count > before)
        {
            Count++;
            if (TrapValues.IsTrap(algorithm, value))
            {
                _traps.Add(row);
            }
        }

        return row;
    }

    /// <summary>Values that the events after them name by their rows: they must be new, or those would name others.</summary>
    internal void AddNew(HashValues values)
    {
        var before = Count;
        var length = ContentHash.LengthOf(values.Algorithm);
        if (values.Values.Length % length != 0)
        {
            throw new InvalidDataException("The values of an event are cut off.");
        }

        for (var rest = values.Values.AsSpan(); !rest.IsEmpty; rest = rest[length..])
        {
            Add(values.Algorithm, rest[..length]);
        }

        if (Count - before != values.Values.Length / length)
        {
            throw new InvalidDataException("An event brings values as new that the bucket holds.");
        }
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
        ref var place = ref NumberOf(row);
        var (old, before) = (place, IsKnown(row));
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
        place = next.Number;
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

        foreach (var row in Rows)
        {
            if (NumberOf(row) is var number and >= 0 && before[number] is { } old)
            {
                CountKnown(row, IsKnown(row, old));
            }
        }

        foreach (var row in Sightings.Rows)
        {
            if (NumberOf(row) is var number and >= 0 && before[number] is { } old && old.Version != _entries[number]!.Version)
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

    /// <summary>A report has the verdict of a version on its items in the range.</summary>
    internal void Deliver(int row, ReportId report, long taken, int firstOrdinal, int lastOrdinal)
    {
        var version = EntryOf(row).Version;
        var sightings = Sightings.Of(row);
        var told = 0;
        for (var i = HashSightings.FirstOf(sightings, report, firstOrdinal); i < sightings.Length; i++)
        {
            ref var s = ref sightings[i];
            if (s.Report != report || s.Ordinal > lastOrdinal)
            {
                break;
            }

            told += s.Told < version && taken >= version ? 1 : 0;
            s = s with { Told = Math.Max(s.Told, taken) };
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
        var columns = ImmutableArray.CreateBuilder<HashColumnImage>();
        foreach (var column in Columns)
        {
            var runs = new List<int>();
            foreach (var held in column.EntryOf[..column.Table.Count])
            {
                var number = -1;
                if (held >= 0)
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

            columns.Add(new HashColumnImage { Algorithm = column.Algorithm, Values = column.Table.Values.ToArray(), EntryRuns = [.. runs] });
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
            Bucket = Id, Columns = columns.DrainToImmutable(), Entries = entries.DrainToImmutable(), Sighted = [.. sighted], Sightings = sightings,
            Quarantined = [.. _quarantine.OrderBy(q => q.Key).Select(q => new QuarantinedRow { Row = q.Key, State = q.Value })],
            Trust = [.. _trust.Values.OrderBy(t => t.Agency.Value, StringComparer.Ordinal)],
        };
    }

    /// <summary>Takes over the image's arrays of values. Throws <see cref="InvalidDataException"/> when its parts do not fit together.</summary>
    public static HashBucket From(HashBucketImage image)
    {
        var state = new HashBucket(image.Bucket);
        HashEntry[] shared = [.. image.Entries.Select(HashEntry.From)];
        foreach (var column in image.Columns)
        {
            state.Load(column, shared);
        }

        var rest = image.Sightings.AsSpan();
        for (var i = 0; i + 1 < image.Sighted.Length; i += 2)
        {
            var (row, count) = (image.Sighted[i], image.Sighted[i + 1]);
            if (!state.HasRow(row) || count < 1 || count > rest.Length / HashBucketImage.SightingBytes)
            {
                throw new InvalidDataException("Sightings of no row, or cut off.");
            }

            var sightings = new Sighting[count];
            for (var s = 0; s < count; s++)
            {
                sightings[s] = new Sighting(
                    new ReportId(BinaryPrimitives.ReadUInt128LittleEndian(rest)), BinaryPrimitives.ReadInt32LittleEndian(rest[16..]),
                    BinaryPrimitives.ReadInt64LittleEndian(rest[20..]));
                rest = rest[HashBucketImage.SightingBytes..];
            }

            state.Sightings.Load(row, sightings);
            state.CountUntold(row, state.EntryOf(row).Version);
        }

        foreach (var told in image.Trust)
        {
            state._trust[told.Agency] = told;
        }

        foreach (var q in image.Quarantined)
        {
            if (!state.HasRow(q.Row))
            {
                throw new InvalidDataException("A quarantine of no row.");
            }

            state.SetQuarantine(q.Row, q.State);
        }

        return state;
    }

    // Of the row's entry; -1: none.
    private ref int NumberOf(int row) => ref ColumnOf(row).EntryOf[HashRow.IndexOf(row)];

    private HashColumn ColumnOf(int row) => _columns[row & (HashRow.Algorithms - 1)]!;

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

    private void Load(HashColumnImage image, HashEntry[] shared)
    {
        ref var column = ref _columns[(int)image.Algorithm];
        if (column is not null)
        {
            throw new InvalidDataException("The values of an algorithm twice.");
        }

        column = new HashColumn(image.Algorithm, new HashTable(ContentHash.LengthOf(image.Algorithm), image.Values));
        var rows = column.Table.Count;
        column.MakeRoom(rows);
        Count += rows;
        for (var index = 0; index < rows; index++)
        {
            if (TrapValues.IsTrap(image.Algorithm, column.Table[index]))
            {
                _traps.Add(HashRow.At(image.Algorithm, index));
            }
        }

        var from = 0;
        for (var i = 0; i + 1 < image.EntryRuns.Length; i += 2)
        {
            var (number, run) = (image.EntryRuns[i], image.EntryRuns[i + 1]);
            if (number >= shared.Length || number < -1 || run < 1 || run > rows - from)
            {
                throw new InvalidDataException("Runs of entries that do not fit the rows.");
            }

            if (number >= 0)
            {
                Fill(column, from, run, shared[number]);
            }

            from += run;
        }

        if (from != rows)
        {
            throw new InvalidDataException("Rows without an entry.");
        }
    }

    // Rows of a snapshot, which have no entry yet.
    private void Fill(HashColumn column, int from, int run, HashEntry entry)
    {
        if (entry.Number < 0)
        {
            entry.Number = _entries.Count;
            _entries.Add(entry);
        }

        entry.Rows += run;
        column.EntryOf.Slice(from, run).Fill(entry.Number);
        for (var index = from; index < from + run && entry.Known; index++)
        {
            Known += _traps.Contains(HashRow.At(column.Algorithm, index)) ? 0 : 1;
        }
    }
}
