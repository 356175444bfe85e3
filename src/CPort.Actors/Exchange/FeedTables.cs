using CPort.Domain.People;
using LinqToDB.Mapping;

namespace CPort.Actors.Exchange;

/// <summary>A piece of news, once, whosoever's feeds it stands in.</summary>
[Table("cport_feed_news")]
public sealed record FeedNewsRow
{
    [Column("ordering"), PrimaryKey(1)] public long Ordering { get; init; }
    [Column("part"), PrimaryKey(2)] public int Part { get; init; }
    [Column("report")] public string Report { get; init; } = "";

    /// <summary>When it was taken into the feeds, Unix milliseconds.</summary>
    [Column("at")] public long At { get; init; }

    /// <summary><c>FeedFacts</c>, sealed for the report.</summary>
    [Column("sealed")] public byte[] Sealed { get; init; } = [];
}

/// <summary>That a piece of news stands in an agency's feed.</summary>
[Table("cport_feed")]
public sealed record FeedRow
{
    [Column("agency"), PrimaryKey(1)] public string Agency { get; init; } = "";
    [Column("tenant"), PrimaryKey(2)] public Tenant Tenant { get; init; }
    [Column("ordering"), PrimaryKey(3)] public long Ordering { get; init; }
    [Column("part"), PrimaryKey(4)] public int Part { get; init; }
}

/// <summary>That people of an agency are told of a piece of news in its feed: found by kind, since what news say is sealed.</summary>
[Table("cport_notifications")]
public sealed record NotificationRow
{
    [Column("agency"), PrimaryKey(1)] public string Agency { get; init; } = "";
    [Column("tenant"), PrimaryKey(2)] public Tenant Tenant { get; init; }
    [Column("kind"), PrimaryKey(3)] public NotificationKind Kind { get; init; }
    [Column("ordering"), PrimaryKey(4)] public long Ordering { get; init; }
    [Column("part"), PrimaryKey(5)] public int Part { get; init; }
}

/// <summary>One row: how far the feeds are, and from where on they are kept.</summary>
[Table("cport_feed_log")]
public sealed record FeedLogRow
{
    [Column("id"), PrimaryKey] public int Id { get; init; }

    /// <summary>Every event of the journal up to this one is in the feeds.</summary>
    [Column("position")] public long Position { get; init; }

    /// <summary>News of events up to this one are gone, or never were there.</summary>
    [Column("kept_after")] public long KeptAfter { get; init; }
}

/// <summary>The feeds' tables. They are no read tables: no rebuild makes them anew, because an id that was given out keeps its meaning.</summary>
public static class FeedTables
{
    /// <summary>
    /// Makes what is missing; several nodes may call it at once. Of a journal that was there before, the feeds begin at its end: what is older is in the
    /// snapshot.
    /// </summary>
    public static async Task EnsureAsync(Database database, CancellationToken cancellation = default)
    {
        var bytes = database.IsSqlite ? "BLOB" : "BYTEA";
        await DatabaseSchema.ApplyAsync(
            database,
            $"""
            CREATE TABLE IF NOT EXISTS cport_feed_news (ordering BIGINT NOT NULL, part INTEGER NOT NULL, report VARCHAR(26) NOT NULL, at BIGINT NOT NULL,
              sealed {bytes} NOT NULL, PRIMARY KEY (ordering, part));
            CREATE TABLE IF NOT EXISTS cport_feed (agency VARCHAR(40) NOT NULL, tenant INTEGER NOT NULL, ordering BIGINT NOT NULL, part INTEGER NOT NULL,
              PRIMARY KEY (agency, tenant, ordering, part));
            CREATE TABLE IF NOT EXISTS cport_notifications (agency VARCHAR(40) NOT NULL, tenant INTEGER NOT NULL, kind INTEGER NOT NULL,
              ordering BIGINT NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (agency, tenant, kind, ordering, part));
            CREATE TABLE IF NOT EXISTS cport_feed_log (id INTEGER NOT NULL PRIMARY KEY, position BIGINT NOT NULL, kept_after BIGINT NOT NULL);
            """,
            cancellation).ConfigureAwait(false);
        await database.ExecuteAsync(
            """
            INSERT INTO cport_feed_log (id, position, kept_after)
            SELECT 1, COALESCE(MAX(ordering), 0), COALESCE(MAX(ordering), 0) FROM journal WHERE 1 = 1 ON CONFLICT (id) DO NOTHING
            """, cancellation).ConfigureAwait(false);
    }
}
