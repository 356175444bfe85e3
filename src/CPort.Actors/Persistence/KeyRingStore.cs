using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>A key of the database as it is kept (table <c>cport_keys</c>).</summary>
/// <param name="Purpose">What it is for.</param>
/// <param name="Generation">From 1; the identity key has one.</param>
/// <param name="Origin">The master key under which it was made.</param>
/// <param name="Master">The master key under which it is wrapped now.</param>
/// <param name="Wrapped">Nonce, cipher text and tag, as base64.</param>
/// <param name="MadeAt">By the database's clock; sealed with the key, as all before it is.</param>
/// <param name="Age">Since then, by the same clock.</param>
public sealed record StoredKey(KeyPurpose Purpose, int Generation, string Origin, string Master, string Wrapped, DateTimeOffset MadeAt, TimeSpan Age)
{
    /// <summary>Made in the future, by the database's own clock: that was set back since. It opens, and nothing is sealed under it until then.</summary>
    public bool IsAhead => Age < -ClockSkew;

    /// <summary>Clocks of a database and its standby may differ by so much.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    public override string ToString() => $"{Purpose} {Generation}, wrapped under {Master}";
}

/// <summary>What a reading of the ring found amiss.</summary>
/// <param name="Locked">Keys under a master key that this node does not have.</param>
/// <param name="Refused">Keys whose row was changed: they do not open, and what the row says of them is not believed.</param>
/// <param name="Ahead">See <see cref="StoredKey.IsAhead"/>.</param>
public sealed record KeyRingReading(ImmutableArray<StoredKey> Locked, ImmutableArray<StoredKey> Refused, ImmutableArray<StoredKey> Ahead);

/// <summary>
/// Keeps the database's own keys: makes them once, opens them with the master keys of this node, wraps them anew under a new master key, and makes a new
/// generation of the data key with it. Everything that a row says is bound to the key it wraps: a row that was changed does not open. Thread-safe; several
/// nodes may call it at once.
/// </summary>
public sealed class KeyRingStore(Database database, KeyRing ring, TimeProvider time)
{
    /// <summary>
    /// A new generation is sealed under only after this, so that every node has read it by then: who meets a generation that it does not know takes the data
    /// for forged.
    /// </summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(90);

    /// <summary>How often a node reads the ring anew.</summary>
    public static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(15);

    /// <summary>This node's master keys; null before it has opened the ring with them.</summary>
    public MasterKeys? Masters { get; private set; }

    /// <summary>Whether this database has keys: then a missing master key must not be replaced.</summary>
    public async Task<bool> HasKeysAsync(CancellationToken cancellation) => !(await ReadAsync(cancellation).ConfigureAwait(false)).IsEmpty;

    /// <summary>
    /// At start: makes the keys of a new database, opens them, and turns to the newest master key when that is a new one. Throws <see
    /// cref="MasterKeyException"/> when a key cannot be opened with these master keys.
    /// </summary>
    public async Task OpenAsync(MasterKeys masters, CancellationToken cancellation)
    {
        var rows = await ReadAsync(cancellation).ConfigureAwait(false);
        if (rows.IsEmpty)
        {
            await MakeAsync(masters.Newest, cancellation).ConfigureAwait(false);
            rows = await ReadAsync(cancellation).ConfigureAwait(false);
        }

        var keys = rows.ToDictionary(r => r, r => Unwrap(masters, r));
        Complain(masters, keys);
        if (await TurnAsync(masters, keys, cancellation).ConfigureAwait(false))
        {
            rows = await ReadAsync(cancellation).ConfigureAwait(false);
        }

        Take(masters, rows);
        Masters = masters;
    }

    /// <summary>Reads the ring anew, for generations that other nodes have made. What is amiss is left out and named.</summary>
    public async Task<KeyRingReading> RefreshAsync(MasterKeys masters, CancellationToken cancellation)
    {
        var rows = await ReadAsync(cancellation).ConfigureAwait(false);
        Take(masters, rows);
        return Judge(masters, rows);
    }

    /// <summary>What is amiss with these rows.</summary>
    public static KeyRingReading Judge(MasterKeys masters, ImmutableArray<StoredKey> rows)
    {
        var locked = rows.Where(r => masters.Find(r.Master) is null).ToImmutableArray();
        var refused = rows.Except(locked).Where(r => Unwrap(masters, r) is null).ToImmutableArray();
        return new KeyRingReading(locked, refused, [.. rows.Except(locked).Except(refused).Where(r => r.IsAhead)]);
    }

    /// <summary>All keys as they are kept.</summary>
    public async Task<ImmutableArray<StoredKey>> ReadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            $"SELECT purpose, generation, origin, master, wrapped, made_at, {database.NowMilliseconds} FROM cport_keys ORDER BY purpose, generation");
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = ImmutableArray.CreateBuilder<StoredKey>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            // A time that is none is a changed row's, which does not open whatever it is read as.
            var madeAt = Math.Clamp(reader.GetInt64(5), 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds());
            rows.Add(new StoredKey((KeyPurpose)reader.GetInt32(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                DateTimeOffset.FromUnixTimeMilliseconds(madeAt), TimeSpan.FromMilliseconds(reader.GetInt64(6) - madeAt)));
        }

        return rows.ToImmutable();
    }

    private async Task MakeAsync(MasterKey master, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);

        // Together or not at all; of two nodes that start at once the second waits here, and then finds the first one's.
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        await using (var events = connection.Statement("SELECT COUNT(*) FROM (SELECT 1 FROM journal LIMIT 1) AS event"))
        {
            events.Transaction = transaction;
            if (Convert.ToInt64(await events.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture) > 0)
            {
                throw new MasterKeyException("The database has a journal, and its keys (table cport_keys) are gone. Without them nothing in it can be read: "
                    + "restore the table from the last backup. The node does not start, and makes no new ones.");
            }
        }

        foreach (var purpose in Enum.GetValues<KeyPurpose>())
        {
            await InsertAsync(connection, transaction, purpose, 1, master, cancellation).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Another node may have made the same generation: then that one counts.</summary>
    private async Task InsertAsync(
        DbConnection connection, DbTransaction? transaction, KeyPurpose purpose, int generation, MasterKey master, CancellationToken cancellation)
    {
        await using var clock = connection.Statement($"SELECT {database.NowMilliseconds}");
        clock.Transaction = transaction;
        var now = Convert.ToInt64(await clock.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture);
        var row = Wrap(
            master, new StoredKey(purpose, generation, master.KeyId, master.KeyId, "", DateTimeOffset.FromUnixTimeMilliseconds(now), TimeSpan.Zero),
            RandomNumberGenerator.GetBytes(KeyRing.KeyLength));
        await using var insert = connection.Statement("""
            INSERT INTO cport_keys (purpose, generation, origin, master, wrapped, made_at)
            VALUES (@purpose, @generation, @origin, @master, @wrapped, @at) ON CONFLICT (purpose, generation) DO NOTHING
            """, ("purpose", (int)row.Purpose), ("generation", row.Generation), ("origin", row.Origin), ("master", row.Master), ("wrapped", row.Wrapped),
            ("at", now));
        insert.Transaction = transaction;
        await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// The ring follows the master key under which its newest data key was made: all others are wrapped anew under that one. A master key that has made none
    /// yet is a new one, and makes the next. So of nodes that list the same two keys in different order none turns back what another has done. Answers
    /// whether anything changed.
    /// </summary>
    private async Task<bool> TurnAsync(MasterKeys masters, Dictionary<StoredKey, byte[]?> keys, CancellationToken cancellation)
    {
        var data = keys.Keys.Where(k => k.Purpose == KeyPurpose.Data).OrderBy(k => k.Generation).ToArray();
        var (newest, current, changed) = (masters.Newest, data[^1].Origin, false);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        if (data.All(k => k.Origin != newest.KeyId))
        {
            await InsertAsync(connection, null, KeyPurpose.Data, data[^1].Generation + 1, newest, cancellation).ConfigureAwait(false);
            (current, changed) = (newest.KeyId, true);
        }

        if (masters.Find(current) is not { } master)
        {
            return changed;
        }

        foreach (var (row, key) in keys.Where(k => k.Key.Master != current))
        {
            await using var update = connection.Statement(
                "UPDATE cport_keys SET master = @master, wrapped = @wrapped WHERE purpose = @purpose AND generation = @generation AND master = @before",
                ("master", current), ("wrapped", Wrap(master, row, key!).Wrapped), ("purpose", (int)row.Purpose), ("generation", row.Generation),
                ("before", row.Master));
            await update.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            changed = true;
        }

        return changed;
    }

    /// <summary>What this node has opened once it keeps, whatever becomes of the rows.</summary>
    private void Take(MasterKeys masters, ImmutableArray<StoredKey> rows)
    {
        var (before, keys) = (ring.Current, rows.ToDictionary(r => r, r => Unwrap(masters, r)));
        var data = (before?.Data ?? ImmutableSortedDictionary<int, byte[]>.Empty)
            .SetItems(keys.Where(k => k.Key.Purpose == KeyPurpose.Data && k.Value is not null).Select(k => KeyValuePair.Create(k.Key.Generation, k.Value!)));
        var identity = keys.FirstOrDefault(k => k.Key.Purpose == KeyPurpose.Identity).Value ?? before?.Identity;
        if (identity is null || data.IsEmpty)
        {
            throw new MasterKeyException("The keys of this database cannot be opened with the master keys given.");
        }

        // By rows that opened: of another one not even the age is believed.
        var settled = keys.Where(k => k.Key.Purpose == KeyPurpose.Data && k.Key.Age >= SettleTime && k.Value is not null).Select(k => k.Key.Generation);
        ring.Take(new KeyRing.Held(
            identity,
            data,
            rows.Where(r => r.Purpose == KeyPurpose.Data && !data.ContainsKey(r.Generation)).ToImmutableSortedDictionary(
                r => r.Generation,
                r => masters.Find(r.Master) is null
                    ? $"is wrapped under the master key {r.Master}, which this node does not have" : "has a row that was changed"),
            settled.Append(before?.Writing ?? data.Keys.First()).Max())
        {
            ReadAt = time.GetTimestamp(),
        });
    }

    private static void Complain(MasterKeys masters, Dictionary<StoredKey, byte[]?> keys)
    {
        var lost = keys.Keys.Where(k => masters.Find(k.Master) is null).Select(k => k.Master).Distinct().ToArray();
        if (lost.Length > 0)
        {
            throw new MasterKeyException($"The master key {string.Join(", ", masters.Ids)} is not the one under which this database's keys are wrapped "
                + $"({string.Join(", ", lost)}). The node does not start, because it could read nothing. Give the right key by file or environment (while "
                + "master keys are changed: both, the newest first), or use the database that belongs to this key.");
        }

        var broken = keys.Where(k => k.Value is null).Select(k => k.Key.ToString()).ToArray();
        if (broken.Length > 0)
        {
            throw new MasterKeyException($"A key of this database does not open: {string.Join("; ", broken)}. Its row in cport_keys was changed; "
                + "restore it from a backup. The node does not start.");
        }

        if (keys.Keys.Count(k => k.Purpose == KeyPurpose.Identity) != 1 || keys.Keys.All(k => k.Purpose != KeyPurpose.Data))
        {
            throw new MasterKeyException("Some of this database's keys (table cport_keys) are gone; restore the table from a backup. The node does not start.");
        }
    }

    /// <summary>The row with the key wrapped under a master key, bound to all that the row says.</summary>
    public static StoredKey Wrap(MasterKey master, StoredKey row, byte[] key)
    {
        var bytes = new byte[AesSeal.NonceLength + key.Length + AesSeal.TagLength];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, AesSeal.NonceLength));
        var wrapped = row with { Master = master.KeyId };
        AesSeal.Encrypt(WrappingKey(master), bytes.AsSpan(0, AesSeal.NonceLength), key, bytes.AsSpan(AesSeal.NonceLength), Bound(wrapped));
        return wrapped with { Wrapped = Convert.ToBase64String(bytes) };
    }

    /// <summary>Null when it cannot be opened: another master key's, or a row that was changed.</summary>
    public static byte[]? Unwrap(MasterKeys masters, StoredKey row)
    {
        var key = new byte[KeyRing.KeyLength];
        var bytes = new byte[AesSeal.NonceLength + KeyRing.KeyLength + AesSeal.TagLength];
        return masters.Find(row.Master) is { } master && Convert.TryFromBase64String(row.Wrapped, bytes, out var length) && length == bytes.Length
            && AesSeal.TryDecrypt(WrappingKey(master), bytes.AsSpan(0, AesSeal.NonceLength), bytes.AsSpan(AesSeal.NonceLength), key, Bound(row))
            ? key : null;
    }

    private static byte[] WrappingKey(MasterKey master) => master.Derive("wrap the ring 2");

    private static byte[] Bound(StoredKey row) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"cport-ring-2 {row.Master} {(int)row.Purpose} {row.Generation} {row.Origin.Length} {row.Origin} {row.MadeAt.ToUnixTimeMilliseconds()}"));
}
