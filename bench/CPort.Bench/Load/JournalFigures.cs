using System.Globalization;
using CPort.Actors.Persistence;

namespace CPort.Bench.Load;

/// <summary>What the database itself says: events by kind, and whether all work on all reports is done and visible. Read-only.</summary>
internal static class JournalFigures
{
    /// <summary>Events of each kind (the manifest, and whether a report or a bucket wrote it) and their mean size in bytes.</summary>
    public static async Task<IReadOnlyDictionary<string, (long Count, long Bytes)>> EventsAsync(Database database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var command = connection.Statement("SELECT manifest, COUNT(*), SUM(LENGTH(message)) FROM journal GROUP BY manifest");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var events = new Dictionary<string, (long, long)>();
        while (await reader.ReadAsync(cancellation))
        {
            events[reader.IsDBNull(0) ? "" : reader.GetString(0)] = (reader.GetInt64(1), Convert.ToInt64(reader.GetValue(2), CultureInfo.InvariantCulture));
        }

        return events;
    }

    /// <summary>
    /// Reports in the read model, and how many of them still owe automatic work (trace, match, assign, propagate). Null while there is no read model.
    /// </summary>
    public static async Task<(long Reports, long Unfinished)?> ReadModelAsync(Database database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var sets = connection.Statement("SELECT id FROM rm_offset WHERE state = 2 ORDER BY id DESC");
        if (await sets.ExecuteScalarAsync(cancellation) is not { } id)
        {
            return null;
        }

        var table = string.Create(CultureInfo.InvariantCulture, $"rm_report_{id}");
        await using var counts = connection.Statement(
            $"SELECT (SELECT COUNT(*) FROM {table}), (SELECT COUNT(*) FROM {table} WHERE unfinished_since IS NOT NULL)");
        await using var reader = await counts.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>The database's version and the settings that decide what <c>durable</c> means.</summary>
    public static async Task<string> DescribeAsync(Database database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        async Task<string> AskAsync(string sql)
        {
            await using var command = connection.Statement(sql);
            return Convert.ToString(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture) ?? "";
        }

        return database.IsSqlite
            ? $"SQLite {await AskAsync("SELECT sqlite_version()")}, journal_mode={await AskAsync("PRAGMA journal_mode")}, synchronous={(await AskAsync("PRAGMA synchronous") == "2" ? "FULL" : "NORMAL")}"
            : $"PostgreSQL {await AskAsync("SHOW server_version")}, fsync={await AskAsync("SHOW fsync")}, synchronous_commit={await AskAsync("SHOW synchronous_commit")}, full_page_writes={await AskAsync("SHOW full_page_writes")}, shared_buffers={await AskAsync("SHOW shared_buffers")}";
    }
}
