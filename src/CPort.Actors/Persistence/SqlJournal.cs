using System.Text;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Persistence.Hosting;
using Akka.Persistence.Sql;
using Akka.Persistence.Sql.Config;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>
/// The journal's options for <c>WithJournal</c>. The connection comes from <see cref="DatabaseSetup"/> and never stands in the configuration, which Akka may
/// print.
/// </summary>
public sealed class SqlJournal() : JournalOptions(isDefault: true)
{
    /// <summary>
    /// The read journal's plugin id for <c>ReadJournalFor</c>, for the events of one persistence id; costs nothing while nobody asks. Not for streams over all
    /// events: the projection reads the journal itself (<c>JournalReader</c>), for the slices a node writes and without the hash buckets' rows.
    /// </summary>
    public const string QueryPluginId = "akka.persistence.query.journal.sql";

    public override string Identifier { get; set; } = "sql";

    protected override Config InternalDefaultConfig => SqlPersistence.DefaultJournalConfiguration;

    protected override StringBuilder Build(StringBuilder sb)
    {
        // circuit-breaker: a database that is gone fails calls at once after some errors and is tried again every 5 s. A fenced write counts as an error too:
        // 20, so that a few stale writers at a hand-over do not keep everybody from writing. replay-filter: off. It takes the writer's id for that of one
        // entity's life, but a whole node has one: an entity that moved from node A to B and back to A would lose, at its next recovery, every event of its
        // second time on A. What the filter guards against, two writers' events interleaved under the same numbers, the unique index makes impossible.
        sb.AppendLine("""
            class = "CPort.Actors.Persistence.BatchingSqlJournal, CPort.Actors"
            plugin-id = "akka.persistence.journal.sql"
            initialization-retry-delay = 1s
            recovery-event-timeout = 20s
            replay-filter.mode = off
            circuit-breaker {
              max-failures = 20
              call-timeout = 12s
              reset-timeout = 5s
            }
            """);
        base.Build(sb);

        // By id, numbers of all rows are not needed (query-delay); the directory of agencies on each node is the only live stream (refresh-interval).
        return sb.AppendLine($$"""
            {{QueryPluginId}} {
              class = "Akka.Persistence.Sql.Query.SqlReadJournalProvider, Akka.Persistence.Sql"
              plugin-id = "{{QueryPluginId}}"
              write-plugin = "akka.persistence.journal.sql"
              parallelism = 1
              refresh-interval = 200ms
              max-buffer-size = 2000
              journal-sequence-retrieval {
                query-delay = 60s
                max-backoff-query-delay = 60s
              }
            }
            """);
    }
}

/// <summary>The snapshot store's options for <c>WithSnapshot</c>.</summary>
public sealed class SqlSnapshots() : SnapshotOptions(isDefault: true)
{
    public override string Identifier { get; set; } = "sql";

    protected override Config InternalDefaultConfig => SqlPersistence.DefaultSnapshotConfiguration;

    protected override StringBuilder Build(StringBuilder sb)
    {
        sb.AppendLine("""
            class = "CPort.Actors.Persistence.SealingSnapshotStore, CPort.Actors"
            plugin-id = "akka.persistence.snapshot-store.sql"
            initialization-retry-delay = 1s
            circuit-breaker {
              max-failures = 5
              call-timeout = 20s
              reset-timeout = 5s
            }
            """);
        return base.Build(sb);
    }
}

/// <summary>Hands the database and the seal of its journal to the plugins.</summary>
public sealed class DatabaseSetup(Database database, JournalSeal seal) : Setup
{
    internal static (Database Database, JournalSeal Seal) Of(ActorSystem system)
    {
        var setup = system.Settings.Setup.Get<DatabaseSetup>();
        return setup.HasValue
            ? (setup.Value.Database, setup.Value.Seal)
            : throw new ConfigurationException("The journal needs a DatabaseSetup: use AddSqlPersistence.");
    }

    public Database Database { get; } = database;

    public JournalSeal Seal { get; } = seal;
}

public static class SqlPersistenceSetup
{
    /// <summary>
    /// Journal, snapshots and read journal in <paramref name="database"/>. The tables must exist: run <see cref="DatabaseSchema.EnsureAsync"/> before the actor
    /// system starts, and <paramref name="seal"/>'s keys must be loaded.
    /// </summary>
    public static AkkaConfigurationBuilder AddSqlPersistence(this AkkaConfigurationBuilder akka, Database database, JournalSeal seal) => akka
        .AddSetup(new DatabaseSetup(database, seal))
        .WithCustomSerializer("cport-sealed", [typeof(SealedRow)], system => new SealedRowSerializer(system))
        .AddSetup(new DataOptionsSetup(database.DataOptions))
        .WithJournal(new SqlJournal())
        .WithSnapshot(new SqlSnapshots())

        // The read journal's constructor waits for the journal and gives up after 5 s, which a busy machine needs for an actor's first steps: asked first, and
        // longer.
        .AddStartup(async (system, _) => await Akka.Persistence.Persistence.Instance.Apply(system).JournalFor("akka.persistence.journal.sql")
            .Ask<JournalReady>(JournalReady.Instance, TimeSpan.FromSeconds(60)).ConfigureAwait(false))
        .AddHocon(
            // 50 by default. A new report's recovery is one row of a batched query, so that many may wait together.
            ConfigurationFactory.ParseString("akka.persistence.max-concurrent-recoveries = 256"),
            HoconAddMode.Prepend)
        .AddHocon(database.IsSqlite ? ConfigurationFactory.ParseString(ForSqlite) : Config.Empty, HoconAddMode.Prepend);

    // Microsoft.Data.Sqlite begins a transaction by taking the one write lock there is (BEGIN IMMEDIATE), also for a query, unless its isolation level is "read
    // uncommitted": then it is BEGIN, and what it reads is a consistent snapshot all the same (WAL, no shared cache). Otherwise each look at the journal, 10 a
    // second, keeps the journal's writer waiting.
    private const string ForSqlite = $$"""
        akka.persistence.journal.sql.read-isolation-level = read-uncommitted
        akka.persistence.snapshot-store.sql.read-isolation-level = read-uncommitted
        {{SqlJournal.QueryPluginId}}.read-isolation-level = read-uncommitted
        """;
}
