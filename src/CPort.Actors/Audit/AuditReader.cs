using System.Buffers.Binary;
using CPort.Actors.Projections;
using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>What is looked for in the log; everything given must fit.</summary>
public sealed record AuditSearch
{
    /// <summary>Entries of these agencies; null: of all.</summary>
    public ImmutableArray<string>? Agencies { get; init; }

    /// <summary>The public part of a key, or a person's id.</summary>
    public string? Person { get; init; }

    /// <summary>A report or item by its id, or anything else that entries name.</summary>
    public AuditObject? Record { get; init; }

    public ImmutableArray<AuditKind> Kinds { get; init; } = [];

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Entries before this place; null: from the newest on.</summary>
    public long? Before { get; init; }

    /// <summary>1 to 1,000.</summary>
    public int MaxResults { get; init; } = ReadModel.MaxResults;
}

/// <summary>An entry, its place in the tree (null: it waits for one), and what was sealed in it where that can still be opened.</summary>
public sealed record FoundEntry(long? Seq, AuditEntry Entry, AuditDetails? Details);

/// <summary>Reads the audit log: entries, tiles, checkpoints, proofs. Thread-safe.</summary>
public sealed class AuditReader(Database database, AuditPeriods periods, ConfidentialSeam seam) : IKeptLog
{
    public async Task<string?> CheckpointAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT note FROM cport_audit_checkpoints ORDER BY size DESC, minute DESC LIMIT 1");
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string;
    }

    public async Task<IReadOnlyList<string>> EarlierAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT note FROM cport_audit_checkpoints ORDER BY size");
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var notes = new List<string>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            notes.Add(reader.GetString(0));
        }

        return notes;
    }

    /// <summary>The first hashes of a tile, as many as are asked for; null where the tree has not so many.</summary>
    public async Task<byte[]?> TileAsync(Tile tile, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT hashes FROM cport_audit_tiles WHERE level = @level AND number = @number", ("level", tile.Level), ("number", tile.Index));
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is byte[] hashes && hashes.Length >= tile.Width * Merkle.HashLength
            ? hashes[..(tile.Width * Merkle.HashLength)] : null;
    }

    public async Task<IReadOnlyList<byte[]>> EntriesAsync(long index, int width, CancellationToken cancellation)
    {
        var entries = Enumerable.Repeat(Array.Empty<byte>(), width).ToArray();
        var first = index * Tile.Whole;
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT seq, entry FROM cport_audit_entries WHERE seq >= @first AND seq < @end", ("first", first), ("end", first + width));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            entries[reader.GetInt64(0) - first] = (byte[])reader.GetValue(1);
        }

        return entries;
    }

    /// <summary>The entries of a tile as tlog-tiles has them: each with its length before it (2 bytes, big-endian); of one that is gone the length 0.</summary>
    public async Task<byte[]> BundleAsync(long index, int width, CancellationToken cancellation)
    {
        var entries = await EntriesAsync(index, width, cancellation).ConfigureAwait(false);
        var bundle = new byte[entries.Sum(e => 2 + e.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), (ushort)entry.Length);
            entry.CopyTo(bundle, at + 2);
            at += 2 + entry.Length;
        }

        return bundle;
    }

    /// <summary>An entry by its id, as it was written, also one that waits for its place; null: there is none.</summary>
    public async Task<(long? Seq, byte[] Bytes)?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        if (id.Split('-') is [var writer, var digits] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            await using var waiting = connection.Statement(
                "SELECT entry FROM cport_audit_waiting WHERE writer = @writer AND number = @number", ("writer", writer), ("number", number));
            if (await waiting.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is byte[] bytes)
            {
                return (null, bytes);
            }
        }

        // Afterwards: between the two it can have moved from there to here.
        await using var select = connection.Statement("SELECT seq, entry FROM cport_audit_entries WHERE id = @id", ("id", id));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await reader.ReadAsync(cancellation).ConfigureAwait(false) ? (reader.GetInt64(0), (byte[])reader.GetValue(1)) : null;
    }

    /// <summary>What proves that the entry at this place is in the log; null: no signed checkpoint has it yet.</summary>
    public async Task<TlogProof?> ProveAsync(long seq, CancellationToken cancellation)
    {
        var note = await CheckpointAsync(cancellation).ConfigureAwait(false);
        if (!Checkpoint.TryParse(note, out var checkpoint) || checkpoint.Size <= seq)
        {
            return null;
        }

        return new TlogProof(seq, await RootsAsync(TreeProofs.Inclusion(seq, checkpoint.Size), checkpoint.Size, cancellation).ConfigureAwait(false), note!);
    }

    /// <summary>What proves that the tree of a size goes on where an older one ended; nothing where that was empty.</summary>
    public async Task<ImmutableArray<byte[]>> ProveGrowthAsync(long old, long size, CancellationToken cancellation) =>
        old == 0 ? [] : await RootsAsync(TreeProofs.Consistency(old, size), size, cancellation).ConfigureAwait(false);

    private async Task<ImmutableArray<byte[]>> RootsAsync(ImmutableArray<LeafRange> ranges, long size, CancellationToken cancellation)
    {
        var tiles = new Dictionary<Tile, byte[]>();
        foreach (var tile in TreeProofs.TilesFor(ranges, size))
        {
            tiles[tile] = await TileAsync(tile, cancellation).ConfigureAwait(false)
                ?? throw new AuditUnavailableException($"Tile {tile} of the audit log is not there: the log is damaged (cport audit verify).");
        }

        return TreeProofs.RootsOf(ranges, size, tiles);
    }

    /// <summary>Entries of the tree, newest first, with their details where <paramref name="opens"/> allows it.</summary>
    public async Task<IReadOnlyList<FoundEntry>> SearchAsync(AuditSearch search, Func<AuditEntry, bool> opens, CancellationToken cancellation) =>
        (await PageAsync(search, opens, cancellation).ConfigureAwait(false)).Found;

    /// <summary>The same, and where the next page begins (<see cref="AuditSearch.Before"/>); null: there are no more rows.</summary>
    public async Task<(IReadOnlyList<FoundEntry> Found, long? Next)> PageAsync(
        AuditSearch search, Func<AuditEntry, bool> opens, CancellationToken cancellation)
    {
        var (where, values) = Conditions(search);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            $"SELECT e.seq, e.entry FROM cport_audit_entries e WHERE {where} ORDER BY e.seq DESC LIMIT @limit", [.. values, ("limit", search.MaxResults)]);
        var found = new List<(long Seq, AuditEntry Entry)>();
        var (rows, last) = (0, 0L);
        await using (var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                // What cannot be read is verify's business: here it is nothing that anybody could be shown. Whose an entry is, it says itself: the column by
                // which it is found is nobody's word.
                (rows, last) = (rows + 1, reader.GetInt64(0));
                if (AuditEntry.TryRead((byte[])reader.GetValue(1), out var entry) && (search.Agencies?.Contains(entry.Actor.Agency) ?? true))
                {
                    found.Add((reader.GetInt64(0), entry));
                }
            }
        }

        var opened = await OpenedAsync([.. found.Select(f => ((long?)f.Seq, f.Entry))], opens, cancellation).ConfigureAwait(false);
        return (opened, rows < search.MaxResults ? null : last);
    }

    /// <summary>Entries with their details where that is allowed and their key is there.</summary>
    public async Task<IReadOnlyList<FoundEntry>> OpenedAsync(
        IReadOnlyList<(long? Seq, AuditEntry Entry)> entries, Func<AuditEntry, bool> opens, CancellationToken cancellation)
    {
        var open = entries.Where(e => opens(e.Entry)).Select(e => e.Entry).ToArray();
        var details = (await periods.OpenAsync(open, cancellation).ConfigureAwait(false))
            .Zip(open, (opened, entry) => (entry.Id, Opened: opened)).ToDictionary(p => p.Id, p => p.Opened);
        return [.. entries.Select(e => new FoundEntry(e.Seq, e.Entry, details.GetValueOrDefault(e.Entry.Id)))];
    }

    private (string Where, List<(string, object?)> Values) Conditions(AuditSearch search)
    {
        var (where, values) = (new List<string> { "e.seq < @before" }, new List<(string, object?)> { ("before", search.Before ?? long.MaxValue) });
        void And(string condition, string name, object? value)
        {
            where.Add(condition);
            values.Add((name, value));
        }

        if (search.Agencies is { } agencies)
        {
            var names = agencies.Select((a, i) => (Name: $"agency{i.ToString(CultureInfo.InvariantCulture)}", Value: (object?)a)).ToArray();
            where.Add(names.Length == 0 ? "1 = 0" : $"e.agency IN ({string.Join(", ", names.Select(n => $"@{n.Name}"))})");
            values.AddRange(names);
        }

        if (search.Person is { } person)
        {
            And("e.person = @person", "person", AuditLog.PersonTag(seam, person));
        }

        if (search.Record is { } record)
        {
            And("e.seq IN (SELECT o.seq FROM cport_audit_objects o WHERE o.object = @object)", "object", AuditIndex.Of(record) ?? record.ToString());
        }

        if (!search.Kinds.IsEmpty)
        {
            // Numbers of ours may stand in the statement.
            where.Add($"e.kind IN ({string.Join(", ", search.Kinds.Select(k => ((int)k).ToString(CultureInfo.InvariantCulture)))})");
        }

        if (search.From is { } from)
        {
            And("e.at >= @from", "from", from.UtcTicks);
        }

        if (search.To is { } to)
        {
            And("e.at < @to", "to", to.UtcTicks);
        }

        return (string.Join(" AND ", where), values);
    }
}

/// <summary>Reads the whole log again on this node, one check at a time, and checks it by the key that the database's ring sealed.</summary>
public sealed class AuditVerification(AuditReader reader, AuditTree tree) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    public async Task<LogVerdict> RunAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await new LogCheck(reader, tree.Signer.Verifier).RunAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
