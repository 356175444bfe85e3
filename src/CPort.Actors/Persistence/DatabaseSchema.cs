namespace CPort.Actors.Persistence;

/// <summary>
/// The tables of the journal, the snapshots, the settings and the numbers. CPort makes them itself: the plugin's auto-initialization makes no unique index on
/// (persistence id, sequence number), and that index is what fences a second writer (design.md rule 8).
/// </summary>
public static class DatabaseSchema
{
    /// <summary>Makes what is missing; several nodes may call it at once. Throws the provider's exception when the database is away.</summary>
    public static Task EnsureAsync(Database database, CancellationToken cancellation = default) =>
        ApplyAsync(database, database.IsSqlite ? Sqlite : PostgreSql, cancellation);

    /// <summary>
    /// Runs DDL alone: one node at a time, in one transaction. For other rooms' tables; statements must be repeatable (<c>IF NOT EXISTS</c>).
    /// </summary>
    public static async Task ApplyAsync(Database database, string ddl, CancellationToken cancellation = default)
    {
        // 3101: our serializer's number serves as the name of the lock. SQLite's BEGIN IMMEDIATE takes the one write lock there is.
        var sql = database.IsSqlite
            ? $"BEGIN IMMEDIATE; {ddl} COMMIT;"
            : $"BEGIN; SELECT pg_advisory_xact_lock(3101); {ddl} {InByteOrder} COMMIT;";
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        try
        {
            await using var command = connection.Statement(sql);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            // The connection goes back to its pool: not with an open transaction.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await using var rollback = connection.Statement("ROLLBACK");
                try
                {
                    await rollback.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
                }
                catch (System.Data.Common.DbException)
                {
                    // Nothing was open; the first error is the one that says why.
                }
            }

            throw;
        }
    }

    /// <summary>Adds the columns that a table of an earlier version lacks.</summary>
    public static async Task AddMissingAsync(
        Database database, string table, IEnumerable<(string Name, string Type)> columns, CancellationToken cancellation)
    {
        var present = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        await using (var connection = await database.OpenAsync(cancellation).ConfigureAwait(false))
        {
            await using var command = connection.Statement($"SELECT * FROM {table} WHERE 1 = 0");
            await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            for (var i = 0; i < reader.FieldCount; i++)
            {
                present.Add(reader.GetName(i));
            }
        }

        // Several nodes may be at it.
        var again = database.IsSqlite ? "" : "IF NOT EXISTS ";
        var missing = columns.Where(c => !present.Contains(c.Name)).Select(c => $"ALTER TABLE {table} ADD COLUMN {again}{c.Name} {c.Type}; ");
        if (string.Concat(missing) is { Length: > 0 } ddl)
        {
            await ApplyAsync(database, ddl, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Throws <see cref="FixedFiguresException"/> unless the database holds any text: in another encoding one Cyrillic reference could not be written.
    /// </summary>
    public static async Task VerifyEncodingAsync(Database database, CancellationToken cancellation = default)
    {
        if (database.IsSqlite)
        {
            return;
        }

        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("SHOW server_encoding");
        if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is string encoding and not "UTF8")
        {
            throw new FixedFiguresException(
                $"The database ({database}) has the encoding {encoding}, which cannot hold every text: make one with ENCODING 'UTF8' TEMPLATE template0.");
        }
    }

    /// <summary>
    /// Texts of CPort's tables are compared as bytes, as on SQLite, whatever collation the database has: glibc's locales ignore punctuation, and then
    /// <c>report-6 &lt; report.</c> is false. Also of tables that an older version made.
    /// </summary>
    private const string InByteOrder = """
        DO $order$ DECLARE changed RECORD; BEGIN
          FOR changed IN
            SELECT c.relname AS name,
              string_agg(format('ALTER COLUMN %I TYPE %s COLLATE "C"', a.attname, format_type(a.atttypid, a.atttypmod)), ', ') AS columns
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relkind = 'r' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
              AND c.relname ~ '^(journal|tags|snapshot|cport_.*|rm_.*)$'
              AND a.attnum > 0 AND NOT a.attisdropped AND a.attcollation <> 0 AND a.attcollation <> 'pg_catalog."C"'::regcollation
            GROUP BY c.relname
          LOOP
            EXECUTE format('ALTER TABLE %I %s', changed.name, changed.columns);
          END LOOP;
        END $order$;
        """;

    private const string Shared = """
        CREATE TABLE IF NOT EXISTS cport_settings (name VARCHAR(100) NOT NULL PRIMARY KEY, value VARCHAR(500) NOT NULL);
        CREATE TABLE IF NOT EXISTS cport_numbers (name VARCHAR(100) NOT NULL PRIMARY KEY, next BIGINT NOT NULL, mark VARCHAR(32));
        CREATE TABLE IF NOT EXISTS cport_keys (purpose INTEGER NOT NULL, generation INTEGER NOT NULL, origin VARCHAR(16) NOT NULL,
          master VARCHAR(16) NOT NULL, wrapped VARCHAR(200) NOT NULL, made_at BIGINT NOT NULL, PRIMARY KEY (purpose, generation));
        """;

    // Column types exactly as Akka.Persistence.Sql 1.5.73 makes them, because linq2db maps by them.
    private const string Sqlite = Shared + """
        CREATE TABLE IF NOT EXISTS [journal] (
          [ordering] INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, [created] INTEGER NOT NULL, [deleted] Bit NOT NULL,
          [persistence_id] NVarChar(255) NOT NULL, [sequence_number] INTEGER NOT NULL, [message] VarBinary NOT NULL,
          [manifest] NVarChar(500) NULL, [identifier] INTEGER NULL, [writer_uuid] NVarChar(128) NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS journal_uq ON [journal] ([persistence_id], [sequence_number]);
        CREATE TABLE IF NOT EXISTS [tags] (
          [ordering_id] INTEGER NOT NULL, [tag] NVarChar(64) NOT NULL, [sequence_nr] INTEGER NOT NULL, [persistence_id] NVarChar(255) NOT NULL,
          CONSTRAINT [PK_tags] PRIMARY KEY ([ordering_id], [tag]));
        CREATE TABLE IF NOT EXISTS [snapshot] (
          [persistence_id] NVarChar(255) NOT NULL, [sequence_number] INTEGER NOT NULL, [created] INTEGER NOT NULL, [snapshot] VarBinary NULL,
          [manifest] NVarChar(500) NULL, [serializer_id] INTEGER NULL,
          CONSTRAINT [PK_snapshot] PRIMARY KEY ([persistence_id], [sequence_number]));
        """;

    private const string PostgreSql = Shared + """
        CREATE TABLE IF NOT EXISTS journal (
          ordering BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT "PK_journal" PRIMARY KEY, created BIGINT NOT NULL, deleted BOOLEAN NOT NULL,
          persistence_id TEXT NOT NULL, sequence_number BIGINT NOT NULL, message BYTEA NOT NULL,
          manifest TEXT NULL, identifier INTEGER NULL, writer_uuid TEXT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS journal_uq ON journal (persistence_id, sequence_number);
        CREATE TABLE IF NOT EXISTS tags (
          ordering_id BIGINT NOT NULL, tag TEXT NOT NULL, sequence_nr BIGINT NOT NULL, persistence_id TEXT NOT NULL,
          CONSTRAINT "PK_tags" PRIMARY KEY (ordering_id, tag));
        CREATE TABLE IF NOT EXISTS snapshot (
          persistence_id TEXT NOT NULL, sequence_number BIGINT NOT NULL, created BIGINT NOT NULL, snapshot BYTEA NULL,
          manifest TEXT NULL, serializer_id INTEGER NULL,
          CONSTRAINT "PK_snapshot" PRIMARY KEY (persistence_id, sequence_number));
        """;
}
