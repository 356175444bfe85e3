namespace CPort.Actors.Cluster;

/// <summary>A node as the database records it.</summary>
/// <param name="Address">As other nodes reach it: <c>akka.tcp://cport@host:port</c>.</param>
/// <param name="Incarnation">The cluster it is a member of.</param>
/// <param name="Age">Time since its last sign of life, by the database's clock.</param>
public sealed record RecordedMember(string Address, string Incarnation, TimeSpan Age);

/// <summary>What the database knows of the cluster.</summary>
/// <param name="Incarnation">The cluster that owns this database; null before the first.</param>
/// <param name="Members">Nodes that did not leave properly, living or not.</param>
public sealed record ClusterView(string? Incarnation, ImmutableArray<RecordedMember> Members);

/// <summary>
/// The cluster's record in the database that all its nodes share anyway: who is a member (table <c>cport_members</c>, a sign of life each second) and which
/// cluster is the one (setting <c>cluster-incarnation</c>). A new cluster is formed by one statement under one lock, so there is never a second one that the
/// database knows of; a node that finds another incarnation there than its own has been replaced and ends. And which processes have been declared down
/// (<c>cport_lives</c>): PostgreSQL takes no more events of theirs, whatever they believe to own. All times are the database's. Thread-safe.
/// </summary>
public sealed class ClusterRecord(Database database)
{
    private const string Incarnation = "cluster-incarnation";

    /// <summary>A sign of life each.</summary>
    public static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    /// <summary>Without a sign of life for so long a member is not taken to be alive any more.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(5);

    /// <summary>For one sign of life: a cut connection hangs much longer.</summary>
    public static readonly TimeSpan BeatWithin = TimeSpan.FromSeconds(3);

    /// <summary>Records of nodes that never came back are forgotten after this.</summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(1);

    // Once a statement, and a statement writes the events of many entities. The journal's key alone refuses the second writer of an event: a node that stood
    // still could be the first, and the entity's true home would not know.
    private const string RefuseDowned = """
        CREATE OR REPLACE FUNCTION cport_refuse_downed() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
          IF EXISTS (SELECT 1 FROM cport_lives WHERE life = current_setting('cport.life', true) AND downed IS NOT NULL) THEN
            RAISE EXCEPTION 'this node was declared down' USING ERRCODE = 'CP001';
          END IF;
          RETURN NULL;
        END $body$;
        DO $body$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = 'journal'::regclass AND tgname = 'cport_refuse_downed') THEN
            CREATE TRIGGER cport_refuse_downed BEFORE INSERT ON journal FOR EACH STATEMENT EXECUTE FUNCTION cport_refuse_downed();
          END IF;
        END $body$;
        """;

    /// <summary>Makes the table; also a name of its own for this database, by which nodes of another one are told apart.</summary>
    public async Task<string> EnsureAsync(CancellationToken cancellation)
    {
        await DatabaseSchema.ApplyAsync(database, """
            CREATE TABLE IF NOT EXISTS cport_members (address VARCHAR(300) NOT NULL PRIMARY KEY, incarnation VARCHAR(40) NOT NULL,
              roles VARCHAR(200) NOT NULL, version VARCHAR(60) NOT NULL, since BIGINT NOT NULL, seen BIGINT NOT NULL);
            CREATE TABLE IF NOT EXISTS cport_lives (life VARCHAR(40) NOT NULL PRIMARY KEY, address VARCHAR(300) NOT NULL, uid BIGINT NOT NULL,
              since BIGINT NOT NULL, downed BIGINT NULL);
            """ + (database.IsSqlite ? "" : RefuseDowned), cancellation).ConfigureAwait(false);
        await database.ExecuteAsync("INSERT INTO cport_settings (name, value) VALUES ('database-id', @id) ON CONFLICT (name) DO NOTHING", cancellation,
            ("id", Guid.NewGuid().ToString("N"))).ConfigureAwait(false);
        return (await FixedFigures.ReadAsync(database, "database-id", cancellation).ConfigureAwait(false))!;
    }

    public async Task<ClusterView> ReadAsync(CancellationToken cancellation)
    {
        var members = ImmutableArray.CreateBuilder<RecordedMember>();
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using (var command = connection.Statement($"SELECT address, incarnation, {database.NowMilliseconds} - seen FROM cport_members ORDER BY address"))
        await using (var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                members.Add(new RecordedMember(reader.GetString(0), reader.GetString(1), TimeSpan.FromMilliseconds(reader.GetInt64(2))));
            }
        }

        return new ClusterView(await FixedFigures.ReadAsync(database, Incarnation, cancellation).ConfigureAwait(false), members.ToImmutable());
    }

    /// <summary>
    /// Makes <paramref name="self"/> the first member of a new cluster, unless another node shows signs of life or formed one since <paramref name="seen"/> was
    /// read. Answers the new incarnation, or null. One node at a time.
    /// </summary>
    public async Task<string?> TryFormAsync(string self, string? seen, string roles, string version, CancellationToken cancellation)
    {
        var incarnation = Guid.NewGuid().ToString("N");
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);

        // SQLite begins by taking its one write lock; PostgreSQL needs a lock of a name: 3102, as 3101 is DatabaseSchema's.
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        async Task<object?> Run(string sql, params (string, object?)[] values)
        {
            await using var command = connection.Statement(sql, values);
            command.Transaction = transaction;
            return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
        }

        if (!database.IsSqlite)
        {
            await Run("SELECT pg_advisory_xact_lock(3102)").ConfigureAwait(false);
        }

        var current = await Run("SELECT value FROM cport_settings WHERE name = @name", ("name", Incarnation)).ConfigureAwait(false) as string;
        var living = Convert.ToInt64(await Run(
            $"SELECT COUNT(*) FROM cport_members WHERE address <> @self AND {database.NowMilliseconds} - seen <= @stale",
            ("self", self), ("stale", (long)StaleAfter.TotalMilliseconds)).ConfigureAwait(false), CultureInfo.InvariantCulture);
        if (current != seen || living > 0)
        {
            return null;
        }

        // What is recorded of the old cluster is of no more use: whoever lives on finds itself replaced.
        await Run("DELETE FROM cport_members").ConfigureAwait(false);
        await Run("INSERT INTO cport_settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            ("name", Incarnation), ("value", incarnation)).ConfigureAwait(false);
        await Run($"""
            INSERT INTO cport_members (address, incarnation, roles, version, since, seen)
            VALUES (@self, @incarnation, @roles, @version, {database.NowMilliseconds}, {database.NowMilliseconds})
            """, ("self", self), ("incarnation", incarnation), ("roles", roles), ("version", version)).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return incarnation;
    }

    /// <summary>A sign of life of a member. False: the database belongs to another cluster by now.</summary>
    public async Task<bool> BeatAsync(string self, string incarnation, string roles, string version, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);

        // Not waited for on disk: a sign of life lost in a crash of the database is followed by the next.
        var sql = $"""
            INSERT INTO cport_members (address, incarnation, roles, version, since, seen)
              SELECT @self, @incarnation, @roles, @version, {database.NowMilliseconds}, {database.NowMilliseconds}
              FROM cport_settings WHERE name = @name AND value = @incarnation
            ON CONFLICT (address) DO UPDATE SET incarnation = excluded.incarnation, roles = excluded.roles, version = excluded.version, seen = excluded.seen
            """;
        await using (var beat = connection.Statement(database.IsSqlite ? sql : $"BEGIN; SET LOCAL synchronous_commit = off; {sql}; COMMIT",
            ("self", self), ("incarnation", incarnation), ("roles", roles), ("version", version), ("name", Incarnation)))
        {
            await beat.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }

        await using var current = connection.Statement("SELECT value FROM cport_settings WHERE name = @name", ("name", Incarnation));
        return await current.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string == incarnation;
    }

    /// <summary>The node has left properly and is not waited for.</summary>
    public async Task LeaveAsync(string self, string incarnation, CancellationToken cancellation)
    {
        var forget = ("forget", (object?)(long)ForgetAfter.TotalMilliseconds);
        await database.ExecuteAsync(
            $"DELETE FROM cport_members WHERE (address = @self AND incarnation = @incarnation) OR {database.NowMilliseconds} - seen > @forget", cancellation,
            ("self", self), ("incarnation", incarnation), forget).ConfigureAwait(false);
        await database.ExecuteAsync($"DELETE FROM cport_lives WHERE life = @life OR (downed IS NOT NULL AND {database.NowMilliseconds} - since > 30 * @forget)",
            cancellation,
            ("life", database.Life), forget).ConfigureAwait(false);
    }

    /// <summary>Before a node becomes a member: which process (<see cref="Database.Life"/>) a member's address and uid stand for.</summary>
    public async Task BeginLifeAsync(string self, long uid, CancellationToken cancellation)
    {
        if (database.Life is { } life)
        {
            await database.ExecuteAsync(
                $"INSERT INTO cport_lives (life, address, uid, since) VALUES (@life, @self, @uid, {database.NowMilliseconds}) ON CONFLICT (life) DO NOTHING",
                    cancellation,
                ("life", life), ("self", self), ("uid", uid)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// A member was declared down: from now on the database takes no event of it. Not from a node that was declared down itself, which may believe anything.
    /// </summary>
    public Task EndLifeAsync(string address, long uid, CancellationToken cancellation) => database.ExecuteAsync(
        $"""
        UPDATE cport_lives SET downed = {database.NowMilliseconds} WHERE address = @address AND uid = @uid AND downed IS NULL
          AND NOT EXISTS (SELECT 1 FROM cport_lives WHERE life = @life AND downed IS NOT NULL)
        """, cancellation, ("address", address), ("uid", uid), ("life", database.Life ?? ""));

    /// <summary>Whether this process has been declared down.</summary>
    public async Task<bool> IsDownedAsync(CancellationToken cancellation)
    {
        if (database.Life is not { } life)
        {
            return false;
        }

        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("SELECT COUNT(*) FROM cport_lives WHERE life = @life AND downed IS NOT NULL", ("life", life));
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false), CultureInfo.InvariantCulture) > 0;
    }
}
