namespace CPort.Domain.Audit;

/// <summary>A log as it is kept or served: what is checked.</summary>
public interface IKeptLog
{
    /// <summary>The newest signed checkpoint; null: there is none yet.</summary>
    Task<string?> CheckpointAsync(CancellationToken cancellation);

    /// <summary>Older ones, by size; as many as are known.</summary>
    Task<IReadOnlyList<string>> EarlierAsync(CancellationToken cancellation);

    /// <summary>The hashes of a tile; null: it is not there.</summary>
    Task<byte[]?> TileAsync(Tile tile, CancellationToken cancellation);

    /// <summary>The entries of tile <paramref name="index"/> of the lowest level, so many; empty for one that is not there.</summary>
    Task<IReadOnlyList<byte[]>> EntriesAsync(long index, int width, CancellationToken cancellation);
}

/// <summary>What is wrong with a log.</summary>
public enum LogFaultKind
{
    /// <summary>A checkpoint is not signed by the log's key, or not of this log.</summary>
    Checkpoint = 1,

    /// <summary>An entry is not the one that was hashed.</summary>
    Changed,

    /// <summary>An entry is not there.</summary>
    Missing,

    /// <summary>An entry stands where another belongs.</summary>
    Moved,

    /// <summary>A tile is not what the entries make.</summary>
    Tile,

    /// <summary>Entries and tiles fit one another, and not what was signed.</summary>
    Rewritten,
}

/// <summary>The first fault that a check found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="From">The first entry that it is about, from 0; null: none.</param>
/// <param name="To">The last one.</param>
/// <param name="Text">A sentence for people.</param>
public sealed record LogFault(LogFaultKind Kind, long? From, long? To, string Text);

/// <summary>What a check found.</summary>
/// <param name="Size">Entries that were checked.</param>
/// <param name="Root">The root over them, as it was signed.</param>
/// <param name="Checkpoints">Signed checkpoints that fit.</param>
/// <param name="Fault">The first fault; null: all is as it was signed.</param>
public sealed record LogVerdict(long Size, byte[] Root, int Checkpoints, LogFault? Fault);

/// <summary>
/// Reads a whole log and says the first thing that is not as it was: every entry against the hash in its tile, every tile against those below it, every
/// checkpoint against the tree of its size, and every writer's numbers for holes.
/// </summary>
public sealed class LogCheck(IKeptLog log, NoteVerifier key)
{
    private readonly Dictionary<string, long> _writers = [];

    public async Task<LogVerdict> RunAsync(CancellationToken cancellation)
    {
        if (await log.CheckpointAsync(cancellation).ConfigureAwait(false) is not { } note)
        {
            return new LogVerdict(0, Merkle.EmptyRoot, 0, null);
        }

        var notes = new List<Checkpoint>();
        foreach (var signed in (await log.EarlierAsync(cancellation).ConfigureAwait(false)).Append(note))
        {
            if (!Checkpoint.TryParse(key.Open(signed), out var checkpoint) || checkpoint.Origin != key.Name)
            {
                return new LogVerdict(0, [], 0, new LogFault(LogFaultKind.Checkpoint, null, null, "A checkpoint is not signed by the log's key."));
            }

            notes.Add(checkpoint);
        }

        var last = notes[^1];
        notes.RemoveAll(c => c.Size > last.Size);
        notes.Sort((a, b) => a.Size.CompareTo(b.Size));
        var (fault, fitting) = await ReadAsync(last.Size, notes, cancellation).ConfigureAwait(false);
        return new LogVerdict(last.Size, last.Root, fitting, fault);
    }

    private async Task<(LogFault? Fault, int Fitting)> ReadAsync(long size, List<Checkpoint> checkpoints, CancellationToken cancellation)
    {
        var (edge, next, proven) = (new TreeEdge(), 0, 0L);
        LogFault? AtCheckpoints()
        {
            for (; next < checkpoints.Count && checkpoints[next].Size == edge.Size; next++)
            {
                if (!edge.Root().AsSpan().SequenceEqual(checkpoints[next].Root))
                {
                    return new LogFault(
                        LogFaultKind.Rewritten, proven, edge.Size - 1,
                        $"Entries {proven} to {edge.Size - 1} with their tiles are not those that were signed at size {edge.Size}.");
                }

                proven = edge.Size;
            }

            return null;
        }

        for (var index = 0L; index * Tile.Whole < size; index++)
        {
            var tile = new Tile(0, index, Tile.WidthAt(0, index, size));
            var hashes = await log.TileAsync(tile, cancellation).ConfigureAwait(false);
            var entries = await log.EntriesAsync(index, tile.Width, cancellation).ConfigureAwait(false);
            if (hashes is null || hashes.Length < tile.Width * Merkle.HashLength)
            {
                return (new LogFault(LogFaultKind.Tile, index * Tile.Whole, (index * Tile.Whole) + tile.Width - 1, $"Tile {tile} is missing."), next);
            }

            for (var i = 0; i < tile.Width; i++)
            {
                var (seq, hash) = ((index * Tile.Whole) + i, hashes.AsSpan(i * Merkle.HashLength, Merkle.HashLength).ToArray());
                if (await FaultOfAsync(seq, i < entries.Count ? entries[i] : [], hash, size, cancellation).ConfigureAwait(false) is { } wrong)
                {
                    return (wrong, next);
                }

                edge.Add(hash);
                if (AtCheckpoints() is { } rewritten)
                {
                    return (rewritten, next);
                }
            }

            if (await HigherAsync(edge, size, cancellation).ConfigureAwait(false) is { } tiles)
            {
                return (tiles, next);
            }
        }

        return (null, next);
    }

    /// <summary>Tiles above the lowest level that are as they will stay, against those that the entries make.</summary>
    private async Task<LogFault?> HigherAsync(TreeEdge edge, long size, CancellationToken cancellation)
    {
        foreach (var (tile, hashes) in edge.TakeChanged())
        {
            // One that will still grow is looked at when it is as it is kept.
            if (tile.Level == 0 || tile.Width < Tile.WidthAt(tile.Level, tile.Index, size))
            {
                continue;
            }

            var kept = await log.TileAsync(tile, cancellation).ConfigureAwait(false);
            if (kept is null || !kept.AsSpan(0, Math.Min(kept.Length, hashes.Length)).SequenceEqual(hashes))
            {
                return new LogFault(LogFaultKind.Tile, null, null, $"Tile {tile} is not what the entries below it make.");
            }
        }

        return null;
    }

    private async Task<LogFault?> FaultOfAsync(long seq, byte[] entry, byte[] hash, long size, CancellationToken cancellation)
    {
        if (entry.Length == 0)
        {
            return new LogFault(LogFaultKind.Missing, seq, seq, $"Entry {seq} is missing.");
        }

        var own = Merkle.LeafHash(entry);
        if (own.AsSpan().SequenceEqual(hash))
        {
            return HoleBefore(seq, entry);
        }

        return await PlaceOfAsync(own, size, cancellation).ConfigureAwait(false) is { } place
            ? new LogFault(LogFaultKind.Moved, seq, place, $"Where entry {seq} belongs stands entry {place}: it was moved.")
            : new LogFault(LogFaultKind.Changed, seq, seq, $"Entry {seq} was changed.");
    }

    /// <summary>Where an entry with this hash belongs.</summary>
    private async Task<long?> PlaceOfAsync(byte[] hash, long size, CancellationToken cancellation)
    {
        for (var index = 0L; index * Tile.Whole < size; index++)
        {
            var hashes = await log.TileAsync(new Tile(0, index, Tile.WidthAt(0, index, size)), cancellation).ConfigureAwait(false) ?? [];
            for (var i = 0; (i + 1) * Merkle.HashLength <= hashes.Length; i++)
            {
                if (hashes.AsSpan(i * Merkle.HashLength, Merkle.HashLength).SequenceEqual(hash))
                {
                    return (index * Tile.Whole) + i;
                }
            }
        }

        return null;
    }

    /// <summary>Writers number what they write: what was taken away before the tree had it leaves a hole.</summary>
    private LogFault? HoleBefore(long seq, byte[] bytes)
    {
        if (!AuditEntry.TryRead(bytes, out var entry) || entry.Id.Split('-') is not [var writer, var digits] || writer == AuditEntry.OfJournal
            || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var before = _writers.GetValueOrDefault(writer);
        _writers[writer] = number;
        return number == before + 1 ? null : new LogFault(
            LogFaultKind.Missing, seq, seq, $"Before entry {seq} ({entry.Id}) the entry {writer}-{before + 1} is missing: it never reached the tree.");
    }
}
