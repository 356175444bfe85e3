using CPort.Actors.Persistence;
using CPort.Actors.Referrals;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Referrals;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Referrals;

/// <summary>Of an agency's rule sets one is on, whoever else switches at the same moment.</summary>
public sealed class PriorityStoreTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Several_that_switch_on_at_once_leave_one_on(DatabaseProvider provider)
    {
        const int Versions = 8;
        var database = await TestDatabases.CreateAsync(provider, server);
        try
        {
            var (store, police, now) = (new PriorityStore(database), AgencyId.Parse("police-nl"), DateTimeOffset.UtcNow);
            await PriorityStore.EnsureTablesAsync(database);
            for (var version = 1; version <= Versions; version++)
            {
                await store.DraftAsync(police, Tenant.Live, PriorityRules.Default.Rules, "anna", CommandId.New(), now, default);
                Assert.False(await store.ActivateAsync(police, Tenant.Live, version, "bob", now, default));
                await store.NoteTriedAsync(police, Tenant.Live, version, now, default);
            }

            Assert.True(await store.ActivateAsync(police, Tenant.Live, 1, "bob", now, default));
            Assert.False(await store.ActivateAsync(police, Tenant.Live, 1, "bob", now, default));
            var switched = await Task.WhenAll(Enumerable.Range(2, Versions - 1)
                .Select(v => Task.Run(() => store.ActivateAsync(police, Tenant.Live, v, "bob", now, default))));
            Assert.All(switched, Assert.True);
            Assert.Single(await store.OfAsync(police, Tenant.Live, default), s => s.State == PriorityState.Active);

            // And what an earlier version of CPort left is mended when the table is prepared.
            await database.ExecuteAsync("DROP INDEX cport_priority_rules_active", default);
            await database.ExecuteAsync("UPDATE cport_priority_rules SET state = 3", default);
            await PriorityStore.EnsureTablesAsync(database);
            Assert.Equal(Versions, Assert.Single(
                await store.OfAsync(police, Tenant.Live, default), s => s.State == PriorityState.Active).Version);
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }
}
