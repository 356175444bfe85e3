using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Entities;

/// <summary>The list of stuck entities, which several nodes share.</summary>
public sealed class StuckEntitiesTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly EntityName Report = EntityName.Of(new ReportId(1));

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_entity_that_one_node_had_read_again_is_served_by_the_others_too(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        try
        {
            var clock = new Clock();
            var (one, other) = (new StuckEntities(database, clock), new StuckEntities(database, clock));
            await one.StartAsync(default);
            one.Note(Report, 3, new InvalidDataException());
            await UntilAsync(async () => !(await one.ListAsync(default)).IsEmpty);
            await other.StartAsync(default);
            Assert.True(other.IsStuck(Report));

            await one.ClearAsync(Report, default);
            Assert.False(one.IsStuck(Report));
            clock.Ticks += TimeSpan.FromSeconds(11).Ticks;
            await UntilAsync(() => Task.FromResult(!other.IsStuck(Report)));
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await holds())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticks;
    }
}
