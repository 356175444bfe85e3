using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Tests.Projections;
using CPort.Tests.Shared;
using LinqToDB;

namespace CPort.Actors.Tests.Persistence;

/// <summary>Nothing depends on how the server's locale orders texts, and a database that cannot hold every text is not used.</summary>
public sealed class CollationTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private const string Icu = "ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE ";

    public static TheoryData<string> Kinds =>
    [
        "ENCODING 'UTF8' LOCALE 'C'",
        $"{Icu}'en-US'",

        // Punctuation is ignored at first, as in glibc's locales.
        $"{Icu}'en-US-u-ka-shifted'",
        .. PostgreSqlServer.UsualLocale is { } usual ? [$"ENCODING 'UTF8' LOCALE '{usual}'"] : Array.Empty<string>(),
    ];

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public async Task Reports_are_read_under_every_locale_and_texts_are_in_the_order_of_bytes(string kind)
    {
        var database = await CreateAsync(kind);
        await DatabaseSchema.VerifyEncodingAsync(database);
        await using var world = await ReadModelWorld.StartAsync(database);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(3, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 100).Select(_ => lives.Step()).ToArray());
        var end = await JournalView.NumberAsync(database, "SELECT MAX(ordering) FROM journal");
        using var projector = world.Projector(set);
        while (!await projector.AdvanceAsync(ProjectionSlices.In(database).All, end))
        {
        }

        Assert.NotEmpty(lives.Reports);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
        Assert.Equal("", await TextColumnsInAnotherOrderAsync(database));

        // A set that shows nothing says so, and is mended.
        Assert.False((await world.StatusAsync()).Sets.Single().ShowsNothing);
        await using (var db = world.Tables.Connect())
        {
            await ReadTables.Reports(db, set).DeleteAsync();
            await ReadTables.Items(db, set).DeleteAsync();
            await ReadTables.EarlierCountries(db, set).DeleteAsync();
            await ReadTables.Hashes(db, set).DeleteAsync();
        }

        Assert.True((await world.StatusAsync()).Sets.Single().ShowsNothing);
        Assert.Equal(lives.Reports.Count, await projector.ReconcileAsync(all: true));
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
    }

    [SkippableFact]
    public async Task Tables_of_an_older_version_are_put_in_the_order_of_bytes()
    {
        var database = await CreateAsync($"{Icu}'en-US-u-ka-shifted'");
        await database.ExecuteAsync("""
            CREATE TABLE cport_settings (name VARCHAR(100) NOT NULL PRIMARY KEY, value VARCHAR(500) NOT NULL);
            CREATE TABLE journal (
              ordering BIGINT GENERATED ALWAYS AS IDENTITY CONSTRAINT "PK_journal" PRIMARY KEY, created BIGINT NOT NULL, deleted BOOLEAN NOT NULL,
              persistence_id TEXT NOT NULL, sequence_number BIGINT NOT NULL, message BYTEA NOT NULL,
              manifest TEXT NULL, identifier INTEGER NULL, writer_uuid TEXT NULL);
            """, default);
        Assert.NotEqual("", await TextColumnsInAnotherOrderAsync(database));
        await DatabaseSchema.EnsureAsync(database);
        Assert.Equal("", await TextColumnsInAnotherOrderAsync(database));
    }

    [SkippableTheory]
    [InlineData("LATIN1")]
    [InlineData("SQL_ASCII")]
    public async Task Another_encoding_is_refused(string encoding)
    {
        var refused = await Assert.ThrowsAsync<FixedFiguresException>(async () =>
            await DatabaseSchema.VerifyEncodingAsync(await CreateAsync($"ENCODING '{encoding}' LOCALE 'C'")));
        Assert.Contains(encoding, refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_row_that_the_database_does_not_take_leaves_out_its_report_alone_until_it_is_taken()
    {
        await using var world = await ReadModelWorld.StartAsync(await CreateAsync("ENCODING 'UTF8' LOCALE 'C'"));
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(5, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 60).Select(_ => lives.Step()).ToArray());
        var refused = lives.Reports.Keys.Order().First();
        var report = ReadTables.Name(typeof(ReportRow), set);
        await world.Database.ExecuteAsync($"ALTER TABLE {report} ADD CONSTRAINT refused CHECK (report_id <> '{refused}')", default);
        var end = (await world.EventsAsync())[^1].Ordering;
        using var projector = world.Projector(set);
        while (!await projector.AdvanceAsync(ProjectionSlices.In(world.Database).All, end))
        {
        }

        var left = Assert.Single((await world.StatusAsync()).Stuck);
        Assert.Equal(($"report-{refused}", "PostgreSQL error 23514"), (left.PersistenceId, left.Reason));
        Assert.True(lives.Reports.Count > 1);
        Assert.Equal(lives.Reports.Count - 1, await JournalView.NumberAsync(world.Database, $"SELECT COUNT(*) FROM {report}"));

        await world.Database.ExecuteAsync($"ALTER TABLE {report} DROP CONSTRAINT refused", default);
        Assert.Equal(1, await projector.ReconcileAsync(all: true));
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
        Assert.Empty((await world.StatusAsync()).Stuck);
    }

    private static async Task<string> TextColumnsInAnotherOrderAsync(Database database)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.Statement("""
            SELECT COALESCE(string_agg(table_name || '.' || column_name, ', '), '') FROM information_schema.columns
            WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task<Database> CreateAsync(string kind)
    {
        Skip.IfNot(server.IsAvailable, server.Unavailable);
        return Database.Create(DatabaseProvider.PostgreSql, await server.CreateDatabaseAsync(kind));
    }
}
