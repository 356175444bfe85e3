using System.Data.Common;
using System.Diagnostics;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.SQLite;
using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace CPort.Actors.Persistence;

public enum DatabaseProvider
{
    /// <summary>A file beside the node; one node only.</summary>
    Sqlite = 1,

    /// <summary>PostgreSQL 13 or later; needed for more than one node.</summary>
    PostgreSql = 2,
}

/// <summary>When SQLite waits for the disk. Ignored on PostgreSQL, where <c>fsync</c> and <c>synchronous_commit</c> decide.</summary>
public enum SqliteSynchronous
{
    /// <summary>Each commit waits for the disk: about 3,000 events a second. The default.</summary>
    Full = 2,

    /// <summary>About three times faster; a power loss can take the last commits back, though never corrupt the file.</summary>
    Normal = 1,
}

/// <summary>A table set of which pages are damaged.</summary>
/// <param name="Set">The number of the set (<c>rm_…_3</c>).</param>
/// <param name="Fault">In words for operators, without data.</param>
public sealed record ReadDamage(int Set, string Fault);

/// <summary>
/// The one database of a node: journal, settings, numbers and read tables. Opens connections with the right pragmas and knows the few places where the two
/// products differ. Thread-safe. <see cref="ToString"/> never shows the connection string.
/// </summary>
public sealed class Database
{
    private readonly string _pragmas;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly Lazy<Database> _forRequests;
    private int _walSet;
    private long _writes;
    private volatile string? _writeFault;
    private volatile ReadDamage? _damage;

    private Database(DatabaseProvider provider, string connectionString, SqliteSynchronous synchronous, string? life, TimeSpan? patience = null)
    {
        Provider = provider;
        Life = life;
        ConnectionString = connectionString;
        Synchronous = synchronous;

        // foreign_keys=OFF is SQLite's own default, said here because Microsoft.Data.Sqlite lets the build decide.
        var wait = (long)(patience ?? TimeSpan.FromSeconds(30)).TotalMilliseconds;
        _forRequests = new Lazy<Database>(MakeForRequests);
        _pragmas = $"PRAGMA busy_timeout={wait.ToString(CultureInfo.InvariantCulture)}; PRAGMA synchronous={(synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")}; PRAGMA temp_store=MEMORY;";
        DataOptions = MakeDataOptions();
    }

    public DatabaseProvider Provider { get; }

    /// <summary>Holds a password on PostgreSQL: never log it.</summary>
    public string ConnectionString { get; }

    public SqliteSynchronous Synchronous { get; }

    /// <summary>
    /// Names this process in each of its PostgreSQL sessions (setting <c>cport.life</c>), so that the database refuses its events once the cluster has declared
    /// it down (<see cref="Cluster.ClusterRecord"/>); null: nobody can be told apart, and only the journal's key fences.
    /// </summary>
    public string? Life { get; }

    public bool IsSqlite => Provider == DatabaseProvider.Sqlite;

    /// <summary>SQLite's file; null on PostgreSQL.</summary>
    public string? File => IsSqlite ? new SqliteConnectionStringBuilder(ConnectionString).DataSource : null;

    /// <summary>
    /// The same database for what somebody waits for: a file that another program holds is told after <see cref="RequestPatience"/>, and not when work would be
    /// given up. On PostgreSQL this itself, whose commands end soon anyway.
    /// </summary>
    public Database ForRequests => _forRequests.Value;

    /// <summary>See <see cref="ForRequests"/>.</summary>
    public static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(5);

    /// <summary>For linq2db: with the provider's exact name, because a data provider object alone crashes Akka.Persistence.Sql (akka.md 3.1).</summary>
    public DataOptions DataOptions { get; }

    /// <summary>
    /// Takes a provider and its connection string, for SQLite also a bare file name. Fills in what is not given: pool size 50, 5 s to connect, 10 s a command
    /// on PostgreSQL, so that a database that is gone is an error soon; and sessions that the server ends itself when their node stands still or is cut off in
    /// the midst of a transaction. Throws <see cref="ArgumentException"/> when malformed.
    /// </summary>
    /// <param name="provider">Which product.</param>
    /// <param name="connectionString">Where it is.</param>
    /// <param name="synchronous">SQLite only.</param>
    /// <param name="life">See <see cref="Life"/>: letters and digits.</param>
    public static Database Create(
        DatabaseProvider provider, string connectionString, SqliteSynchronous synchronous = SqliteSynchronous.Full, string? life = null)
    {
        if (provider == DatabaseProvider.Sqlite)
        {
            // A folder of a file's name may hold '=': a connection string begins with a keyword.
            var isFile = connectionString.AsSpan().IndexOfAny('=', '/', '\\') is var first && (first < 0 || connectionString[first] != '=');
            var sqlite = isFile
                ? new SqliteConnectionStringBuilder { DataSource = connectionString }
                : new SqliteConnectionStringBuilder(connectionString);
            if (sqlite.DataSource is "" or ":memory:" || sqlite.Mode == SqliteOpenMode.Memory)
            {
                throw new ArgumentException("SQLite needs a file: a database in memory forgets everything.", nameof(connectionString));
            }

            sqlite.Cache = SqliteCacheMode.Private;
            return new Database(provider, sqlite.ConnectionString, synchronous, null);
        }

        var postgres = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrEmpty(postgres.Host))
        {
            throw new ArgumentException("A PostgreSQL connection string needs Host=…", nameof(connectionString));
        }

        void Default(string key, Action set)
        {
            if (!postgres.ShouldSerialize(key))
            {
                set();
            }
        }

        Default("Maximum Pool Size", () => postgres.MaxPoolSize = 50);
        Default("Timeout", () => postgres.Timeout = 5);
        Default("Command Timeout", () => postgres.CommandTimeout = 10);
        Default("Keepalive", () => postgres.KeepAlive = 10);
        Default("Application Name", () => postgres.ApplicationName = "cport");
        Default("Include Error Detail", () => postgres.IncludeErrorDetail = false);
        Default("No Reset On Close", () => postgres.NoResetOnClose = true);

        // Rows that a frozen or cut-off node has inserted and not committed make whoever writes the same entities next wait, and with them all of that node's
        // journal: by default until TCP gives up, after hours. 6 s: such a node's shards start elsewhere after about that time.
        Default("Options", () => postgres.Options =
            "-c idle_in_transaction_session_timeout=6000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3");
        if (life is not null)
        {
            postgres.Options = $"{postgres.Options} -c cport.life={life}";
        }

        return new Database(provider, postgres.ConnectionString, synchronous, life);
    }

    // The provider itself asks a busy file again until its own time is over, 30 s by default, whatever SQLite's own patience is. That is a little longer, so
    // that it asks once: while SQLite waits it looks often, between two asks nobody does.
    private Database MakeForRequests() => !IsSqlite ? this : new Database(
        Provider, new SqliteConnectionStringBuilder(ConnectionString) { DefaultTimeout = (int)RequestPatience.TotalSeconds }.ConnectionString, Synchronous,
        Life, RequestPatience + TimeSpan.FromMilliseconds(100));

    private DbConnection Closed() => IsSqlite ? new PooledSqliteConnection(ConnectionString) : new NpgsqlConnection(ConnectionString);

    /// <summary>As <see cref="OpenAsync"/>, for a thread that may wait.</summary>
    public DbConnection Open()
    {
        var connection = Closed();
        try
        {
            connection.Open();
            if (IsSqlite)
            {
                Prepare(connection);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>An open connection; the caller disposes it (it goes back to the pool).</summary>
    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellation = default)
    {
        var connection = Closed();
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            if (IsSqlite)
            {
                Prepare(connection);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs one statement with named parameters (<c>@name</c>) and answers the number of rows.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using var connection = await OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Throws when the database does not answer a trivial query.</summary>
    public async Task PingAsync(CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("SELECT 1");
        _ = await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// A write met another one: its row is there already, or PostgreSQL broke a deadlock between two batches. The transaction left nothing behind.
    /// </summary>
    public static bool IsWriteConflict(Exception e) => e.GetBaseException() switch
    {
        // 23505 unique_violation, 40P01 deadlock_detected, 40001 serialization_failure
        PostgresException postgres => postgres.SqlState is "23505" or "40P01" or "40001",

        // SQLITE_CONSTRAINT
        SqliteException sqlite => sqlite.SqliteErrorCode == 19,
        _ => false,
    };

    /// <summary>The database's own clock in SQL, milliseconds since 1970: nodes' clocks may differ, and what they agree on must not depend on them.</summary>
    public string NowMilliseconds => IsSqlite ? "CAST(unixepoch('subsec') * 1000 AS INTEGER)" : "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

    /// <summary>Fires when this node has given the database up: what waits for it need not wait any longer.</summary>
    public CancellationToken GivenUp => _givenUp.Token;

    /// <summary>
    /// For a node that is about to end because it alone cannot reach the database: entities that wait for hanging commands fail at once and can be handed over.
    /// A command that still arrives is the journal's key's business.
    /// </summary>
    public void GiveUp() => _givenUp.Cancel();

    /// <summary>What the journal's last write failed with, in words for operators and without data; null when it succeeded.</summary>
    public string? WriteFault => _writeFault;

    /// <summary>How often this node's journal has written: who follows it looks when it has.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>From the journal, after each of its writes.</summary>
    public void NoteWrite(Exception? fault)
    {
        _writeFault = fault is null ? null : DatabaseFault.InWords(fault);
        if (fault is null)
        {
            Interlocked.Increment(ref _writes);
        }
    }

    /// <summary>
    /// What the last damaged page of the read tables was met in; null: none was, since the start. It stays, because a page heals only with a new set: whoever
    /// tells of it compares with the set that serves.
    /// </summary>
    public ReadDamage? Damage => _damage;

    /// <summary>From whoever reads or writes a table set, with what failed there. Only damage is noted.</summary>
    public void NoteDamage(int set, Exception fault)
    {
        if (DatabaseFault.IsOfDamage(fault))
        {
            _damage = new ReadDamage(set, DatabaseFault.InWords(fault));
            CPortMetrics.MetDamage();
        }
    }

    /// <summary>
    /// Whether another program holds SQLite's file: for so long nobody gets its write lock, and no write of the journal gets through. Readers do not notice it,
    /// and writers only once they have waited for half a minute.
    /// </summary>
    public async Task<bool> IsLockedAsync(TimeSpan patience, CancellationToken cancellation = default)
    {
        if (!IsSqlite)
        {
            return false;
        }

        await using var connection = (SqliteConnection)await OpenAsync(cancellation).ConfigureAwait(false);

        // By itself: the provider would wait with its thread.
        var handle = connection.Handle;
        raw.sqlite3_busy_timeout(handle, 0);
        var (before, since) = (Volatile.Read(ref _writes), Stopwatch.GetTimestamp());
        while (raw.sqlite3_exec(handle, "BEGIN IMMEDIATE") == raw.SQLITE_BUSY && Volatile.Read(ref _writes) == before)
        {
            if (Stopwatch.GetElapsedTime(since) > patience)
            {
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation).ConfigureAwait(false);
        }

        if (raw.sqlite3_get_autocommit(handle) == 0)
        {
            raw.sqlite3_exec(handle, "ROLLBACK");
        }

        return false;
    }

    /// <summary>
    /// Writes about as much as a small batch of events and takes it away again: what a full disk refuses, though it still takes a few bytes. Throws when it
    /// fails; forgets <see cref="WriteFault"/> when it succeeds and there is room for more.
    /// </summary>
    public async Task ProbeWriteAsync(CancellationToken cancellation = default)
    {
        await ExecuteAsync(
            "INSERT INTO cport_settings (name, value) VALUES ('write-probe', @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", cancellation,
            ("value", new string('x', IsSqlite ? 128 * 1024 : 500))).ConfigureAwait(false);
        await ExecuteAsync("DELETE FROM cport_settings WHERE name = 'write-probe'", cancellation).ConfigureAwait(false);
        _writeFault = HasRoom ? null : _writeFault;
    }

    /// <summary>
    /// The disk of SQLite's file has room for more than a few writes. On a full one small writes succeed for a while in what the log has taken already.
    /// </summary>
    private bool HasRoom => File is not { } file || new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(file))!).AvailableFreeSpace >= 1024 * 1024;

    /// <summary>Where the data is, without credentials: a file name, or host, port and database.</summary>
    public override string ToString()
    {
        if (IsSqlite)
        {
            return $"SQLite {File}";
        }

        var postgres = new NpgsqlConnectionStringBuilder(ConnectionString);
        return string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {postgres.Host}:{postgres.Port}/{postgres.Database}");
    }

    /// <summary>WAL is a property of the file and set once; the others belong to the connection and are set at each opening.</summary>
    private void Prepare(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Volatile.Read(ref _walSet) == 0 ? $"{_pragmas} PRAGMA journal_mode=WAL;" : _pragmas;
        command.ExecuteNonQuery();
        Volatile.Write(ref _walSet, 1);
    }

    private DataOptions MakeDataOptions() => IsSqlite
        ? new DataOptions().UseConnectionFactory(SQLiteTools.GetDataProvider(SQLiteProvider.Microsoft), _ => new PooledSqliteConnection(ConnectionString))
            .WithOptions<ConnectionOptions>(options => options with { ProviderName = "SQLite.MS" })
            .UseAfterConnectionOpened(Prepare, async (connection, _) =>
            {
                // Microsoft.Data.Sqlite has no asynchronous input and output: what follows blocks its thread until it is done. Not the caller's.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                Prepare(connection);
            })
        : new DataOptions().UseConnectionString("PostgreSQL.15", ConnectionString);
}

/// <summary>ADO.NET without ceremony.</summary>
public static class Statements
{
    /// <summary>A command with named parameters; null becomes <c>DBNull</c>.</summary>
    public static DbCommand Statement(this DbConnection connection, string sql, params (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Runs a statement as part of a transaction; how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(
        this DbTransaction transaction, string sql, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using var command = transaction.Connection!.Statement(sql, parameters);
        command.Transaction = transaction;
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
