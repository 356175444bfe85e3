using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using CPort.Actors.Persistence;

namespace CPort.Bench.Load;

/// <summary>
/// The ceiling beside the journal: rows a second of plain multi-row INSERTs of 400 rows, each statement a transaction of its own, one after the other
/// on one connection (as the journal writes), into an empty table of the journal's own definition in the same database under the same settings.
/// The rows are the journal's own.
/// </summary>
internal static class PlainInserts
{
    private const int RowsPerStatement = 400;
    private const string Columns = "created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid";
    private const int ColumnCount = 8;

    /// <summary>Rows written and rows a second. 0 rows when the journal is too short for one statement.</summary>
    public static async Task<(int Rows, double PerSecond)> MeasureAsync(Database database, int maxRows, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = new List<object[]>();
        await using (var select = connection.Statement(
            string.Create(CultureInfo.InvariantCulture, $"SELECT {Columns} FROM journal ORDER BY ordering DESC LIMIT {maxRows}")))
        await using (var reader = await select.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var row = new object[ColumnCount];
                reader.GetValues(row);
                rows.Add(row);
            }
        }

        await CreateTableAsync(database, connection, cancellation);
        var values = string.Join(", ", Enumerable.Range(0, RowsPerStatement).Select(r =>
            $"({string.Join(", ", Enumerable.Range(0, ColumnCount).Select(c => string.Create(CultureInfo.InvariantCulture, $"@p{(r * ColumnCount) + c}")))})"));
        await using var insert = connection.Statement($"INSERT INTO journal_plain ({Columns}) VALUES {values}");
        for (var i = 0; i < RowsPerStatement * ColumnCount; i++)
        {
            var parameter = insert.CreateParameter();
            parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{i}");
            insert.Parameters.Add(parameter);
        }

        var written = 0;
        var started = 0L;
        var prepared = false;
        foreach (var part in rows.Chunk(RowsPerStatement).Where(p => p.Length == RowsPerStatement))
        {
            for (var i = 0; i < insert.Parameters.Count; i++)
            {
                insert.Parameters[i].Value = part[i / ColumnCount][i % ColumnCount];
            }

            if (!prepared)
            {
                // The first statement pays for preparing and is not measured.
                await InsertAsync(connection, insert, cancellation);
                prepared = true;
                started = Stopwatch.GetTimestamp();
                continue;
            }

            await InsertAsync(connection, insert, cancellation);
            written += RowsPerStatement;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await using var drop = connection.Statement("DROP TABLE journal_plain");
        await drop.ExecuteNonQueryAsync(cancellation);
        return written == 0 ? (0, 0) : (written, written / seconds);
    }

    private static async Task InsertAsync(DbConnection connection, DbCommand insert, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        insert.Transaction = transaction;
        await insert.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task CreateTableAsync(Database database, DbConnection connection, CancellationToken cancellation)
    {
        var ddl = new List<string> { "DROP TABLE IF EXISTS journal_plain" };
        if (database.IsSqlite)
        {
            // Its own words for the table and its indexes, under another name.
            await using var schema = connection.Statement("SELECT sql FROM sqlite_master WHERE tbl_name = 'journal' AND sql IS NOT NULL ORDER BY type DESC");
            await using var reader = await schema.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                ddl.Add(reader.GetString(0)
                    .Replace("[journal]", "journal_plain", StringComparison.Ordinal)
                    .Replace("journal_uq", "journal_plain_uq", StringComparison.Ordinal));
            }
        }
        else
        {
            ddl.Add("CREATE TABLE journal_plain (LIKE journal INCLUDING ALL)");
        }

        foreach (var statement in ddl)
        {
            await using var command = connection.Statement(statement);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }
}
