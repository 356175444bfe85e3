using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using CPort.Actors.Confidential;
using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>Another node has taken the log further: what this one knows of its end is old.</summary>
public sealed class AuditFencedException() : UnavailableException("Another node has taken the audit log further.");

/// <summary>What to append: an entry, by which it is found, and where it waited.</summary>
internal sealed record Appended(byte[] Bytes, AuditEntry Entry, string? Person, (string Writer, long Number)? Waited, bool IsIndexed = true);

/// <summary>
/// The tree in the database, and the one who appends to it. Each append is one transaction that moves the log's row from the size it was to the size it is: of
/// two that append at once one fails (<see cref="AuditFencedException"/>). Not thread-safe; reading is <see cref="AuditReader"/>'s.
/// </summary>
public sealed class AuditTree(Database database, KeyRing ring, ConfidentialSeam seam, TimeProvider time)
{
    private const string Purpose = "audit signer 1";
    private const string StatePurpose = "audit state 1";
    private TreeEdge? _edge;
    private long _signedSize = -1;

    /// <summary>Signs checkpoints; its name is the log's origin. Set by <see cref="PrepareAsync"/>.</summary>
    public NoteSigner Signer { get; private set; } = null!;

    /// <summary>The journal is in the log up to here.</summary>
    public long Journal { get; private set; }

    /// <summary>
    /// Makes tables and the log's key, once for a database, and reads them. The origin is <paramref name="prefix"/>, a slash and the database's id; one that
    /// is made keeps its own.
    /// </summary>
    public async Task PrepareAsync(string prefix, CancellationToken cancellation)
    {
        await AuditTables.EnsureAsync(database, cancellation).ConfigureAwait(false);
        await database.ExecuteAsync(
            "INSERT INTO cport_settings (name, value) VALUES ('database-id', @id) ON CONFLICT (name) DO NOTHING", cancellation,
            ("id", Guid.NewGuid().ToString("N"))).ConfigureAwait(false);
        var origin = $"{prefix}/{await FixedFigures.ReadAsync(database, "database-id", cancellation).ConfigureAwait(false)}";
        var seed = RandomNumberGenerator.GetBytes(NoteSigner.SeedLength);
        await database.ExecuteAsync(
            """
            INSERT INTO cport_audit_log (id, origin, signer, size, journal, state) VALUES (1, @origin, @signer, 0, 0, @state) ON CONFLICT (id) DO NOTHING
            """, cancellation, ("origin", origin), ("signer", Convert.ToBase64String(RingSeal.Seal(ring, Purpose, seed, origin))),
            ("state", StateOf(origin, TreeEdge.Of(0, _ => []), 0))).ConfigureAwait(false);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT origin, signer FROM cport_audit_log WHERE id = 1");
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        origin = reader.GetString(0);
        Signer = new NoteSigner(origin, RingSeal.Open(ring, Purpose, Convert.FromBase64String(reader.GetString(1)), origin)
            ?? throw new SealBrokenException("The audit log's key (table cport_audit_log) does not open."));
    }

    /// <summary>
    /// Forgets what it knows of the end, and reads it anew. What stands there must be what a node of this database has put there last, as it sealed it with
    /// each append: size, root and how far the journal is in. Else nothing is ever appended or signed on top of it (<see cref="SealBrokenException"/>); an old
    /// copy of all tables together is the one thing that this cannot tell.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        _edge = null;
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        long size;
        string state;
        await using (var select = connection.Statement("SELECT size, journal, state FROM cport_audit_log WHERE id = 1"))
        await using (var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            await reader.ReadAsync(cancellation).ConfigureAwait(false);
            (size, Journal, state) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2));
        }

        var tiles = new Dictionary<Tile, byte[]>();
        for (var level = 0; size >> (8 * level) > 0; level++)
        {
            var index = (size >> (8 * level)) / Tile.Whole;
            await using var select = connection.Statement(
                "SELECT hashes FROM cport_audit_tiles WHERE level = @level AND number = @number", ("level", level), ("number", index));
            tiles[new Tile(level, index, Tile.WidthAt(level, index, size))] =
                await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as byte[] ?? [];
        }

        TreeEdge edge;
        try
        {
            edge = TreeEdge.Of(size, tile => tiles[tile]);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new SealBrokenException("The end of the audit log's tree cannot be read: it was changed (cport audit verify).");
        }

        if (!IsState(state, Signer.Verifier.Name, edge, Journal))
        {
            throw new SealBrokenException("The end of the audit log is not as a node has put it there: it was changed (cport audit verify).");
        }

        _edge = edge;
        _signedSize = -1;
    }

    /// <summary>The log's end as it is sealed beside it: size, how far the journal is in, root.</summary>
    private string StateOf(string origin, TreeEdge edge, long journal) =>
        Convert.ToBase64String(RingSeal.Seal(ring, StatePurpose, Bytes(edge, journal), origin));

    private bool IsState(string state, string origin, TreeEdge edge, long journal)
    {
        try
        {
            return RingSeal.Open(ring, StatePurpose, Convert.FromBase64String(state), origin) is { } kept && kept.AsSpan().SequenceEqual(Bytes(edge, journal));
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static byte[] Bytes(TreeEdge edge, long journal)
    {
        var bytes = new byte[16 + Merkle.HashLength];
        BinaryPrimitives.WriteInt64BigEndian(bytes, edge.Size);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), journal);
        edge.Root().CopyTo(bytes.AsSpan(16));
        return bytes;
    }

    /// <summary>Appends in this order, and says that the journal is in the log up to <paramref name="journal"/>.</summary>
    internal async Task AppendAsync(IReadOnlyList<Appended> entries, long journal, CancellationToken cancellation)
    {
        var edge = _edge ?? throw new InvalidOperationException("The tree is not loaded.");
        var first = edge.Size;

        // From here on the edge is ahead of the database: whatever goes wrong, it is read anew.
        _edge = null;
        foreach (var entry in entries)
        {
            edge.Add(Merkle.LeafHash(entry.Bytes));
        }

        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (var move = connection.Statement(
            "UPDATE cport_audit_log SET size = @size, journal = @journal, state = @state WHERE id = 1 AND size = @first AND journal = @before",
            ("size", edge.Size), ("journal", journal), ("state", StateOf(Signer.Verifier.Name, edge, journal)), ("first", first), ("before", Journal)))
        {
            move.Transaction = transaction;
            if (await move.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) != 1)
            {
                throw new AuditFencedException();
            }
        }

        if (entries.Count > 0)
        {
            await WriteAsync(transaction, entries, first, edge.TakeChanged()).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        (_edge, Journal) = (edge, journal);
    }

    /// <summary>Signs the tree as it is, unless that is signed already, and keeps the note as the minute's last.</summary>
    public async Task SignAsync(CancellationToken cancellation)
    {
        if (_edge is not { } edge || edge.Size == _signedSize)
        {
            return;
        }

        var note = Signer.Sign(new Checkpoint(Signer.Verifier.Name, edge.Size, edge.Root()).ToString());
        await database.ExecuteAsync(
            """
            INSERT INTO cport_audit_checkpoints (minute, size, note) VALUES (@minute, @size, @note)
            ON CONFLICT (minute) DO UPDATE SET size = excluded.size, note = excluded.note WHERE cport_audit_checkpoints.size <= excluded.size
            """, cancellation, ("minute", time.GetUtcNow().ToUnixTimeSeconds() / 60), ("size", edge.Size), ("note", note)).ConfigureAwait(false);
        _signedSize = edge.Size;
    }

    private async Task WriteAsync(
        DbTransaction transaction, IReadOnlyList<Appended> entries, long first, ImmutableArray<(Tile Tile, byte[] Hashes)> tiles)
    {
        await ManyRows.InsertAsync(
            transaction.Connection!, transaction, "cport_audit_entries", "", ("seq", entries.Select((_, i) => first + i).ToArray()), ("id", entries.Select(e => e.Entry.Id).ToArray()),
            ("at", entries.Select(e => e.Entry.At.UtcTicks).ToArray()), ("kind", entries.Select(e => (int)e.Entry.Kind).ToArray()),
            ("agency", entries.Select(e => e.Entry.Actor.Agency).ToArray()), ("person", entries.Select(e => e.Person).ToArray()),
            ("entry", entries.Select(e => e.Bytes).ToArray())).ConfigureAwait(false);
        var objects = entries.SelectMany((e, i) => e.IsIndexed ? AuditIndex.Of(e.Entry).Select(o => (Object: o, Seq: first + i)) : []).ToArray();
        await ManyRows.InsertAsync(
            transaction.Connection!, transaction, "cport_audit_objects", "ON CONFLICT (object, seq) DO NOTHING", ("object", objects.Select(o => o.Object).ToArray()),
            ("seq", objects.Select(o => o.Seq).ToArray())).ConfigureAwait(false);
        await ManyRows.InsertAsync(
            transaction.Connection!, transaction, "cport_audit_tiles", "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
            ("level", tiles.Select(t => t.Tile.Level).ToArray()), ("number", tiles.Select(t => t.Tile.Index).ToArray()),
            ("hashes", tiles.Select(t => t.Hashes).ToArray())).ConfigureAwait(false);
        var waited = entries.Where(e => e.Waited is not null).Select(e => e.Waited!.Value).ToArray();
        if (waited.Length > 0)
        {
            await ManyRows.DeleteAsync(
                transaction, "cport_audit_waiting", ("writer", waited.Select(w => w.Writer).ToArray()), ("number", waited.Select(w => w.Number).ToArray()))
                .ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The oldest entries that wait, in each writer's order, at most <paramref name="limit"/>; what somebody else wrote there is told and left.
    /// </summary>
    internal async Task<ImmutableArray<Appended>> WaitingAsync(int limit, DatabaseDoubts? doubts, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement(
            "SELECT writer, number, entry, person, mark FROM cport_audit_waiting ORDER BY at, writer, number LIMIT @limit",
            ("limit", (limit * 10) + 1_000));
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = ImmutableArray.CreateBuilder<Appended>();
        while (found.Count < limit && await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            var (writer, number, bytes) = (reader.GetString(0), reader.GetInt64(1), (byte[])reader.GetValue(2));
            if (!CryptographicOperations.FixedTimeEquals(AuditWriter.Mark(seam, writer, number, bytes), (byte[])reader.GetValue(4))
                || !AuditEntry.TryRead(bytes, out var entry))
            {
                doubts?.Note(DoubtfulPlace.Audit, string.Create(CultureInfo.InvariantCulture, $"audit entry {writer}-{number}"), "NotMarked");
                continue;
            }

            found.Add(new Appended(bytes, entry, reader.IsDBNull(3) ? null : reader.GetString(3), (writer, number)));
        }

        return found.ToImmutable();
    }
}

/// <summary>By which records an entry is found.</summary>
internal static class AuditIndex
{
    /// <summary>Items by their report, events by their entity.</summary>
    public static IEnumerable<string> Of(AuditEntry entry) => entry.Objects.Select(Of).OfType<string>().Distinct();

    /// <summary>Null for what is not looked for.</summary>
    public static string? Of(AuditObject what) => what.Kind switch
    {
        AuditObjectKind.Item => $"report:{what.Id.Split('-')[0]}",
        AuditObjectKind.Event when what.Id.StartsWith(EntityKind.Report.Prefix, StringComparison.Ordinal) =>
            $"report:{what.Id[EntityKind.Report.Prefix.Length..].Split('#')[0]}",
        AuditObjectKind.Event when what.Id.StartsWith(EntityKind.Iwol.Prefix, StringComparison.Ordinal) =>
            $"domain:{what.Id[EntityKind.Iwol.Prefix.Length..].Split('#')[0]}",
        AuditObjectKind.Event when what.Id.StartsWith(EntityKind.Package.Prefix, StringComparison.Ordinal) =>
            $"package:{what.Id[EntityKind.Package.Prefix.Length..].Split('#')[0]}",
        AuditObjectKind.Report or AuditObjectKind.Group or AuditObjectKind.Agency or AuditObjectKind.Key or AuditObjectKind.Person or AuditObjectKind.Package
            or AuditObjectKind.Domain or AuditObjectKind.List or AuditObjectKind.Entry => what.ToString(),
        _ => null,
    };
}
