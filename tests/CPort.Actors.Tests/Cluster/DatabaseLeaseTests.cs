using Akka.Coordination;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Cluster;

/// <summary>The lease of the split-brain resolver: one owner at a time, whatever becomes of it.</summary>
public sealed class DatabaseLeaseTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Of_two_contenders_one_gets_it_and_the_other_after_its_release(DatabaseProvider provider)
    {
        var database = await DatabaseAsync(provider);
        var (a, b) = (Lease(database, "a"), Lease(database, "b"));
        for (var round = 0; round < 5; round++)
        {
            var got = await Task.WhenAll(a.Acquire(), b.Acquire());
            Assert.Single(got, g => g);
            var (owner, other) = got[0] ? (a, b) : (b, a);
            Assert.True(owner.CheckLease());
            Assert.False(other.CheckLease());
            Assert.True(await owner.Acquire(), "Its owner may ask again.");
            Assert.False(await other.Acquire());
            await other.Release();
            Assert.False(await other.Acquire(), "Only its owner can release it.");
            Assert.True(await owner.Release());
            Assert.False(owner.CheckLease());
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task It_is_renewed_while_held_and_free_again_some_time_after_its_owner_is_gone(DatabaseProvider provider)
    {
        var database = await DatabaseAsync(provider);
        var (a, b) = (Lease(database, "a", valid: 5000, every: 300), Lease(database, "b", valid: 5000, every: 300));
        Assert.True(await a.Acquire());

        // Longer than it is valid without being renewed.
        await Task.Delay(7000);
        Assert.True(a.CheckLease());
        Assert.False(await b.Acquire());

        // The owner of another process, which is gone: nobody renews.
        await database.ExecuteAsync("UPDATE cport_leases SET owner = 'a/gone'", default);
        Assert.False(await b.Acquire());
        await UntilAsync(() => b.Acquire());
        Assert.True(b.CheckLease());
        Assert.False(a.CheckLease());
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Its_owner_is_told_when_it_is_lost(DatabaseProvider provider)
    {
        var database = await DatabaseAsync(provider);
        var lease = Lease(database, "a", valid: 2000, every: 200);
        var lost = new TaskCompletionSource<Exception>();
        Assert.True(await lease.Acquire(e => lost.TrySetResult(e)));
        await database.ExecuteAsync("UPDATE cport_leases SET owner = 'b/1'", default);
        Assert.IsType<LeaseException>(await lost.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.False(lease.CheckLease());
    }

    [SkippableFact]
    public async Task Without_the_database_an_owner_gives_up_in_time_and_a_question_is_an_error()
    {
        await using var own = await PostgreSqlServer.StartNewAsync(fsync: false);
        Skip.IfNot(own.IsAvailable, own.Unavailable);
        var database = await TestDatabases.CreateAsync(DatabaseProvider.PostgreSql, own);
        await DatabaseLease.EnsureTableAsync(database, default);
        var lease = Lease(database, "a", valid: 1500, every: 200);
        var lost = new TaskCompletionSource<Exception>();
        Assert.True(await lease.Acquire(e => lost.TrySetResult(e)));
        await own.StopAsync();
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(lease.CheckLease());
        await Assert.ThrowsAsync<LeaseException>(() => Lease(database, "b").Acquire());
    }

    private async Task<Database> DatabaseAsync(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await DatabaseLease.EnsureTableAsync(database, default);
        return database;
    }

    private static DatabaseLease Lease(Database database, string owner, int valid = 30_000, int every = 5_000) => new(
        new LeaseSettings("test", owner, new TimeoutSettings(TimeSpan.FromMilliseconds(every), TimeSpan.FromMilliseconds(valid), TimeSpan.FromSeconds(5)),
            Akka.Configuration.Config.Empty),
        database, TimeProvider.System);

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not become free.");
            await Task.Delay(100);
        }
    }
}
