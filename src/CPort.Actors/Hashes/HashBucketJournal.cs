using System.Text.Json;

namespace CPort.Actors.Hashes;

/// <summary>What the journal says of the buckets as a whole.</summary>
public static class HashBucketJournal
{
    /// <summary>
    /// The buckets in use that have at least one event, live ones and those of the training that goes on: one look-up in the journal's index for each of the
    /// 192.
    /// </summary>
    public static async Task<ImmutableArray<HashBucketId>> WithEventsAsync(Database database, Tenant training, CancellationToken cancellation = default)
    {
        var buckets = HashBucketId.AllWith(training).ToDictionary(id => EntityName.Of(id).ToString());
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(
            database.IsSqlite
                ? "SELECT value FROM json_each(@ids) WHERE EXISTS (SELECT 1 FROM journal WHERE persistence_id = value)"
                : "SELECT id FROM unnest(@ids) AS id WHERE EXISTS (SELECT 1 FROM journal WHERE persistence_id = id)",
            ("ids", database.IsSqlite ? JsonSerializer.Serialize(buckets.Keys) : buckets.Keys.ToArray()));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var found = ImmutableArray.CreateBuilder<HashBucketId>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            found.Add(buckets[reader.GetString(0)]);
        }

        return found.ToImmutable();
    }
}
