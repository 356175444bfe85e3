using System.Data.Common;
using Npgsql;

namespace CPort.Actors.Audit;

/// <summary>The tables of the audit log, and how many rows at once are written into them.</summary>
public static class AuditTables
{
    /// <summary>
    /// Makes what is missing; several nodes may call it at once. <c>waiting</c>: durable, not in the tree yet; <c>entries</c>: by their place in the tree;
    /// <c>objects</c>: which entries name a record; <c>tiles</c>: the tree; <c>log</c>: one row, how far it goes; <c>checkpoints</c>: the last of each minute;
    /// <c>periods</c>: the keys of agencies' months.
    /// </summary>
    public static Task EnsureAsync(Database database, CancellationToken cancellation = default)
    {
        var bytes = database.IsSqlite ? "BLOB" : "BYTEA";
        return DatabaseSchema.ApplyAsync(
            database,
            $"""
            CREATE TABLE IF NOT EXISTS cport_audit_waiting (writer VARCHAR(20) NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, entry {bytes} NOT NULL,
              person VARCHAR(32) NULL, mark {bytes} NOT NULL, PRIMARY KEY (writer, number));
            CREATE TABLE IF NOT EXISTS cport_audit_entries (seq BIGINT NOT NULL PRIMARY KEY, id VARCHAR(60) NOT NULL UNIQUE, at BIGINT NOT NULL,
              kind INTEGER NOT NULL, agency VARCHAR(40) NOT NULL, person VARCHAR(32) NULL, entry {bytes} NOT NULL);
            CREATE INDEX IF NOT EXISTS cport_audit_entries_agency ON cport_audit_entries (agency, seq);
            CREATE INDEX IF NOT EXISTS cport_audit_entries_person ON cport_audit_entries (person, seq);
            CREATE TABLE IF NOT EXISTS cport_audit_objects (object VARCHAR(200) NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (object, seq));
            CREATE TABLE IF NOT EXISTS cport_audit_tiles (level INTEGER NOT NULL, number BIGINT NOT NULL, hashes {bytes} NOT NULL, PRIMARY KEY (level, number));
            CREATE TABLE IF NOT EXISTS cport_audit_log (id INTEGER NOT NULL PRIMARY KEY, origin VARCHAR(200) NOT NULL, signer TEXT NOT NULL,
              size BIGINT NOT NULL, journal BIGINT NOT NULL, state TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS cport_audit_checkpoints (minute BIGINT NOT NULL PRIMARY KEY, size BIGINT NOT NULL, note TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS cport_audit_periods (agency VARCHAR(40) NOT NULL, period VARCHAR(7) NOT NULL, wrapped TEXT NULL, erased_at BIGINT NULL,
              PRIMARY KEY (agency, period));
            """,
            cancellation);
    }

    /// <summary>Inserts rows: on PostgreSQL as arrays in one statement, on SQLite one prepared statement run for each.</summary>
    /// <param name="transaction">In which.</param>
    /// <param name="table">Into which table.</param>
    /// <param name="onConflict">What follows, for rows that are there already; empty: an error.</param>
    /// <param name="columns">Columns by name, with a value a row.</param>
    internal static async Task InsertAsync(DbTransaction transaction, string table, string onConflict, params (string Name, Array Values)[] columns)
    {
        if (columns[0].Values.Length > 0)
        {
            var names = string.Join(", ", columns.Select(c => c.Name));
            await ForEachAsync(
                transaction, $"INSERT INTO {table} ({names}) SELECT {names} FROM rows {onConflict}",
                $"INSERT INTO {table} ({names}) VALUES ({string.Join(", ", columns.Select(c => '@' + c.Name))}) {onConflict}", columns).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes rows by the columns given.</summary>
    internal static Task DeleteAsync(DbTransaction transaction, string table, params (string Name, Array Values)[] columns) => ForEachAsync(
        transaction, $"DELETE FROM {table} USING rows WHERE {string.Join(" AND ", columns.Select(c => $"{table}.{c.Name} = rows.{c.Name}"))}",
        $"DELETE FROM {table} WHERE {string.Join(" AND ", columns.Select(c => $"{c.Name} = @{c.Name}"))}", columns);

    private static async Task ForEachAsync(DbTransaction transaction, string postgres, string sqlite, (string Name, Array Values)[] columns)
    {
        var connection = transaction.Connection!;
        if (connection is NpgsqlConnection)
        {
            var names = string.Join(", ", columns.Select(c => c.Name));
            await using var all = connection.Statement(
                $"WITH rows AS (SELECT * FROM unnest({string.Join(", ", columns.Select(c => '@' + c.Name))}) AS r ({names})) {postgres}",
                [.. columns.Select(c => (c.Name, (object?)c.Values))]);
            all.Transaction = transaction;
            await all.ExecuteNonQueryAsync().ConfigureAwait(false);
            return;
        }

        await using var one = connection.Statement(sqlite, [.. columns.Select(c => (c.Name, c.Values.GetValue(0)))]);
        one.Transaction = transaction;
        await one.PrepareAsync().ConfigureAwait(false);
        for (var row = 0; row < columns[0].Values.Length; row++)
        {
            foreach (var (name, values) in columns)
            {
                one.Parameters[name].Value = values.GetValue(row) ?? DBNull.Value;
            }

            await one.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }
}
