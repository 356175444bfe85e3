using System.Collections.Concurrent;
using System.Data.Common;

namespace CPort.Actors.Agencies;

/// <summary>
/// When keys were last used (table <c>cport_key_uses</c>), within some minutes: so that an agency sees which of its keys nobody needs. Nothing depends on it,
/// and no request waits for it. Thread-safe.
/// </summary>
public sealed class KeyUses(Database database, TimeProvider time)
{
    /// <summary>A key's row is written by a node at most so often.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _noted = new(StringComparer.Ordinal);

    public static Task EnsureTableAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_key_uses (key_id VARCHAR(40) NOT NULL PRIMARY KEY, used_at BIGINT NOT NULL);
        """, cancellation);

    /// <summary>The key, which exists, was used just now.</summary>
    public void Note(string keyId)
    {
        var now = time.GetUtcNow();
        if (!_noted.TryGetValue(keyId, out var before) || now - before >= Every)
        {
            _noted[keyId] = now;
            _ = WriteAsync(keyId, now);
        }
    }

    /// <summary>The last use of each of these keys; one that was never used has none.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> LastAsync(IReadOnlyCollection<string> keyIds, CancellationToken cancellation)
    {
        var last = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        foreach (var part in keyIds.Chunk(200))
        {
            var names = part.Select((_, i) => $"@k{i.ToString(CultureInfo.InvariantCulture)}");
            await using var command = connection.Statement(
                $"SELECT key_id, used_at FROM cport_key_uses WHERE key_id IN ({string.Join(',', names)})",
                [.. part.Select((key, i) => ($"k{i.ToString(CultureInfo.InvariantCulture)}", (object?)key))]);
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                last[reader.GetString(0)] = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1));
            }
        }

        return last;
    }

    private async Task WriteAsync(string keyId, DateTimeOffset at)
    {
        try
        {
            await database.ExecuteAsync(
                "INSERT INTO cport_key_uses (key_id, used_at) VALUES (@key, @at) "
                + "ON CONFLICT (key_id) DO UPDATE SET used_at = excluded.used_at WHERE excluded.used_at > cport_key_uses.used_at",
                CancellationToken.None, ("key", keyId), ("at", at.ToUnixTimeMilliseconds())).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or TimeoutException)
        {
            // The database is away: the next use is written.
            _noted.TryRemove(keyId, out _);
        }
    }
}
