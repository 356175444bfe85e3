using CPort.Domain.Audit;

namespace CPort.Actors.Audit;

/// <summary>A witness that the log asks: whose key is known, and where it answers.</summary>
/// <param name="Key">Its public key, which bears its name.</param>
/// <param name="Url">The submission prefix (C2SP tlog-witness).</param>
public sealed record AuditWitness(CosignatureVerifier Key, Uri Url)
{
    public string Name => Key.Name;
}

/// <summary>How it went with a witness the last time it was asked.</summary>
public enum WitnessOutcome
{
    /// <summary>It has cosigned what it was brought.</summary>
    Cosigned = 1,

    /// <summary>It did not answer, or with something else than the specification has.</summary>
    NoAnswer,

    /// <summary>It does not know the log, or not its key.</summary>
    Unknown,

    /// <summary>It says that the log does not go on where the tree ended that it saw last.</summary>
    Refused,

    /// <summary>It has seen a larger tree than there is: an old copy of the database runs here, or another log in this one's name.</summary>
    SawMore,
}

/// <summary>What is known of a witness.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Outcome">How it went the last time; null: it was not asked yet.</param>
/// <param name="AskedAt">When.</param>
/// <param name="Size">The size that it has cosigned last; null: none.</param>
/// <param name="At">When it did, as it says itself.</param>
public sealed record WitnessStand(string Name, WitnessOutcome? Outcome, DateTimeOffset? AskedAt, long? Size, DateTimeOffset? At);

/// <summary>What the witnesses have seen.</summary>
/// <param name="Size">The largest tree that one of them has cosigned; null: none yet.</param>
/// <param name="Note">Its checkpoint, with the cosignatures of all who have seen just that one.</param>
/// <param name="SeenBy">How many these are.</param>
/// <param name="Witnesses">Every configured one, in their order.</param>
public sealed record WitnessedLog(long? Size, string? Note, int SeenBy, ImmutableArray<WitnessStand> Witnesses);

/// <summary>What a witness answered.</summary>
/// <param name="Status">HTTP's; null: nothing came.</param>
/// <param name="Body">At most <see cref="AddCheckpoint.MaxLength"/> bytes.</param>
public sealed record WitnessReply(int? Status, string Body);

/// <summary>Brings a request to a witness. Throws nothing but that it is cancelled.</summary>
public interface IWitnessClient
{
    Task<WitnessReply> AddCheckpointAsync(Uri url, string body, CancellationToken cancellation);
}

/// <summary>What witnesses have seen, in the database.</summary>
public sealed class WitnessStore(Database database, IReadOnlyList<AuditWitness> witnesses)
{
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(
        database,
        """
        CREATE TABLE IF NOT EXISTS cport_audit_witnesses (witness VARCHAR(300) NOT NULL PRIMARY KEY, outcome INTEGER NOT NULL, asked_at BIGINT NOT NULL,
          size BIGINT NULL, note TEXT NULL);
        """,
        cancellation);

    /// <summary>By what the rows hold; what a cosignature does not verify is not there.</summary>
    public async Task<WitnessedLog> ReadAsync(CancellationToken cancellation)
    {
        var rows = new Dictionary<string, (WitnessOutcome Outcome, DateTimeOffset Asked, string? Note)>(StringComparer.Ordinal);
        if (witnesses.Count > 0)
        {
            await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
            await using var select = connection.Statement("SELECT witness, outcome, asked_at, note FROM cport_audit_witnesses");
            await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                rows[reader.GetString(0)] = (
                    (WitnessOutcome)reader.GetInt32(1), new DateTimeOffset(reader.GetInt64(2), TimeSpan.Zero), reader.IsDBNull(3) ? null : reader.GetString(3));
            }
        }

        var stands = witnesses.Select(w =>
        {
            var row = rows.TryGetValue(w.Key.ToString(), out var found) ? found : default((WitnessOutcome Outcome, DateTimeOffset Asked, string? Note)?);
            var (at, tree) = row?.Note is { } note && w.Key.TimeOf(note) is { } time && Checkpoint.TryParse(NoteText.Of(note), out var read)
                ? (time, read) : ((DateTimeOffset?)null, (Checkpoint?)null);
            return (Witness: w, Stand: new WitnessStand(w.Name, row?.Outcome, row?.Asked, tree?.Size, at), Note: at is null ? null : row?.Note);
        }).ToArray();
        var largest = stands.Max(s => s.Stand.Size);
        if (stands.FirstOrDefault(s => largest is not null && s.Stand.Size == largest).Note is not { } first)
        {
            return new WitnessedLog(null, null, 0, [.. stands.Select(s => s.Stand)]);
        }

        // The others' lines go under the first one's; two trees of one size would be two histories, and are not told as one.
        var same = stands.Where(s => s.Note is { } note && NoteText.Of(note) == NoteText.Of(first)).ToArray();
        return new WitnessedLog(
            largest, first + string.Concat(same.Skip(1).Select(s => s.Witness.Key.LineOf(s.Note!))), same.Length, [.. stands.Select(s => s.Stand)]);
    }

    /// <summary>The note that a witness cosigned last; null: none.</summary>
    internal async Task<string?> NoteOfAsync(AuditWitness witness, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT note FROM cport_audit_witnesses WHERE witness = @witness", ("witness", witness.Key.ToString()));
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string;
    }

    /// <summary>How it went; a larger tree that was cosigned takes the place of the one before.</summary>
    internal Task KeepAsync(AuditWitness witness, WitnessOutcome outcome, DateTimeOffset now, long? size, string? note, CancellationToken cancellation) =>
        database.ExecuteAsync(
            """
            INSERT INTO cport_audit_witnesses (witness, outcome, asked_at, size, note) VALUES (@witness, @outcome, @asked, @size, @note)
            ON CONFLICT (witness) DO UPDATE SET outcome = excluded.outcome, asked_at = excluded.asked_at,
              note = CASE WHEN excluded.size >= COALESCE(cport_audit_witnesses.size, 0) THEN excluded.note ELSE cport_audit_witnesses.note END,
              size = CASE WHEN excluded.size >= COALESCE(cport_audit_witnesses.size, 0) THEN excluded.size ELSE cport_audit_witnesses.size END
            """, cancellation, ("witness", witness.Key.ToString()), ("outcome", (int)outcome), ("asked", now.UtcTicks), ("size", size), ("note", note));
}

/// <summary>
/// Brings the newest checkpoint to every witness, on one node of the cluster (lease <c>cport-witnesses</c>): each at its own pace, so that one that is dead
/// delays neither the others nor the log. That two nodes do it at once for a moment is no harm: a witness cosigns what goes on.
/// </summary>
public sealed class AuditWitnessing(
    AuditReader reader, AuditTree tree, WitnessStore store, IWitnessClient client, IReadOnlyList<AuditWitness> witnesses, TimeSpan pace, TimeProvider time,
    Action<string, WitnessOutcome>? tell = null)
{
    /// <summary>Until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(witnesses.Select(w => AskAsync(w, cancellation)));

    /// <summary>Asks one witness once, unless it has seen the newest checkpoint; says how it went.</summary>
    public async Task<WitnessOutcome> StepAsync(AuditWitness witness, CancellationToken cancellation)
    {
        if (await reader.CheckpointAsync(cancellation).ConfigureAwait(false) is not { } note || tree.Signer.Verifier.Open(note) is not { } text
            || !Checkpoint.TryParse(text, out var newest))
        {
            return WitnessOutcome.NoAnswer;
        }

        var seen = await store.NoteOfAsync(witness, cancellation).ConfigureAwait(false);
        var old = seen is not null && witness.Key.TimeOf(seen) is not null && Checkpoint.TryParse(NoteText.Of(seen), out var before) ? before.Size : 0;
        if (seen is not null && witness.Key.TimeOf(seen) is not null && NoteText.Of(seen) == text)
        {
            return WitnessOutcome.Cosigned;
        }

        var (outcome, cosigned) = await BringAsync(witness, note, newest, Math.Min(old, newest.Size), cancellation).ConfigureAwait(false);
        await store.KeepAsync(witness, outcome, time.GetUtcNow(), cosigned is null ? null : newest.Size, cosigned, cancellation).ConfigureAwait(false);
        return outcome;
    }

    private async Task AskAsync(AuditWitness witness, CancellationToken cancellation)
    {
        WitnessOutcome? said = null;
        while (!cancellation.IsCancellationRequested)
        {
            WitnessOutcome outcome;
            try
            {
                outcome = await StepAsync(witness, cancellation).ConfigureAwait(false);
            }
            catch (Exception) when (!cancellation.IsCancellationRequested)
            {
                // The database is away: the other witnesses' turns go on, and this one's comes again.
                outcome = WitnessOutcome.NoAnswer;
            }

            if (outcome != said)
            {
                said = outcome;
                if (outcome != WitnessOutcome.Cosigned)
                {
                    tell?.Invoke(witness.Name, outcome);
                }
            }

            await Task.Delay(pace, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(WitnessOutcome Outcome, string? Cosigned)> BringAsync(
        AuditWitness witness, string note, Checkpoint newest, long old, CancellationToken cancellation)
    {
        // Once more where it says which size it has seen; that one more has come meanwhile, another node brought.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var request = new AddCheckpoint(old, await reader.ProveGrowthAsync(old, newest.Size, cancellation).ConfigureAwait(false), note);
            var reply = await client.AddCheckpointAsync(witness.Url, request.ToString(), cancellation).ConfigureAwait(false);
            switch (reply.Status)
            {
                case 200:
                    var cosigned = note + reply.Body;
                    return witness.Key.LineOf(cosigned) is { } line ? (WitnessOutcome.Cosigned, note + line) : (WitnessOutcome.NoAnswer, null);
                case 409 when AddCheckpoint.TryParseSize(reply.Body.TrimEnd('\n'), out var has) && has != old:
                    if (has > newest.Size)
                    {
                        return (WitnessOutcome.SawMore, null);
                    }

                    old = has;
                    break;
                case 403 or 404:
                    return (WitnessOutcome.Unknown, null);

                // A tree of the same size with another root is 409 without a size.
                case 409 when old == newest.Size:
                case 422:
                    return (WitnessOutcome.Refused, null);
                default:
                    return (WitnessOutcome.NoAnswer, null);
            }
        }

        return (WitnessOutcome.NoAnswer, null);
    }
}
