namespace CPort.Actors.Audit;

/// <summary>The tables of the audit log.</summary>
public static class AuditTables
{
    /// <summary>
    /// Makes what is missing; several nodes may call it at once. <c>waiting</c>: durable, not in the tree yet; <c>entries</c>: by their place in the tree;
    /// <c>objects</c>: which entries name a record; <c>tiles</c>: the tree; <c>log</c>: one row, how far it goes; <c>checkpoints</c>: the last of each minute;
    /// <c>periods</c>: the keys of agencies' months; <c>erasures</c>: which of them somebody would have destroyed.
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
            CREATE TABLE IF NOT EXISTS cport_audit_erasures (agency VARCHAR(40) NOT NULL, period VARCHAR(7) NOT NULL, proposed TEXT NOT NULL,
              PRIMARY KEY (agency, period));
            """,
            cancellation);
    }
}
