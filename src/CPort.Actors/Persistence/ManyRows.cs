using System.Data.Common;
using Npgsql;

namespace CPort.Actors.Persistence;

/// <summary>Writes many rows of a table at once.</summary>
internal static class ManyRows
{
    /// <summary>Inserts rows: on PostgreSQL as arrays in one statement, on SQLite one statement run for each, both prepared.</summary>
    /// <param name="connection">By which.</param>
    /// <param name="transaction">In which; null: none of its own.</param>
    /// <param name="table">Into which table.</param>
    /// <param name="onConflict">What follows, for rows that are there already; empty: an error.</param>
    /// <param name="columns">Columns by name, with a value a row.</param>
    internal static async Task InsertAsync(
        DbConnection connection, DbTransaction? transaction, string table, string onConflict, params (string Name, Array Values)[] columns)
    {
        if (columns[0].Values.Length > 0)
        {
            var names = string.Join(", ", columns.Select(c => c.Name));
            await ForEachAsync(
                connection, transaction, $"INSERT INTO {table} ({names}) SELECT {names} FROM rows {onConflict}",
                $"INSERT INTO {table} ({names}) VALUES ({string.Join(", ", columns.Select(c => '@' + c.Name))}) {onConflict}", columns).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes rows by the columns given.</summary>
    internal static Task DeleteAsync(DbTransaction transaction, string table, params (string Name, Array Values)[] columns) => ForEachAsync(
        transaction.Connection!, transaction, $"DELETE FROM {table} USING rows WHERE {string.Join(" AND ", columns.Select(c => $"{table}.{c.Name} = rows.{c.Name}"))}",
        $"DELETE FROM {table} WHERE {string.Join(" AND ", columns.Select(c => $"{c.Name} = @{c.Name}"))}", columns);

    private static async Task ForEachAsync(
        DbConnection connection, DbTransaction? transaction, string postgres, string sqlite, (string Name, Array Values)[] columns)
    {
        if (connection is NpgsqlConnection)
        {
            var names = string.Join(", ", columns.Select(c => c.Name));
            await using var all = connection.Statement(
                $"WITH rows AS (SELECT * FROM unnest({string.Join(", ", columns.Select(c => '@' + c.Name))}) AS r ({names})) {postgres}",
                [.. columns.Select(c => (c.Name, (object?)c.Values))]);
            all.Transaction = transaction;

            // Planned once a connection, and not with each batch.
            await all.PrepareAsync().ConfigureAwait(false);
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
