using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Actors.Personal;
using CPort.Domain.Access;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Personal;

/// <summary>What people put down is theirs alone, whatever somebody writes into its row, and goes with them.</summary>
public sealed class PersonalStoreTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Caller Anna = new()
    {
        Agency = AgencyId.Parse("hotline-nl"), Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = "p-0000000000000001",
        Person = PersonId.Parse("p-0000000000000001"),
    };

    private static readonly Caller Bob = Anna with { KeyId = "p-0000000000000002", Person = PersonId.Parse("p-0000000000000002") };

    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_row_that_is_moved_to_another_owner_or_kind_or_id_is_nothing(DatabaseProvider provider)
    {
        await OnAsync(provider, async (database, store) =>
        {
            var id = await store.KeepAsync(Anna, PersonalKind.Search, "an example", default);
            var bobs = await store.KeepAsync(Bob, PersonalKind.Search, "another", default);
            Assert.True(await store.NameAsync(Anna, PersonalKind.Search, id, "mine", default));
            Assert.Equal("an example", (await store.FindAsync(Anna, PersonalKind.Search, id, default))!.Body);
            Assert.Null(await store.FindAsync(Bob, PersonalKind.Search, id, default));

            // Given to Bob by hand, as it is or in place of his own.
            await database.ExecuteAsync(
                "UPDATE cport_personal SET owner = (SELECT owner FROM cport_personal WHERE id = @bobs) WHERE id = @id", default, ("bobs", bobs), ("id", id));
            Assert.Null(await store.FindAsync(Bob, PersonalKind.Search, id, default));
            Assert.Empty(await store.NamedAsync(Bob, PersonalKind.Search, default));
            await database.ExecuteAsync(
                "UPDATE cport_personal SET sealed = (SELECT sealed FROM cport_personal WHERE id = @id) WHERE id = @bobs", default, ("bobs", bobs), ("id", id));
            Assert.Null(await store.FindAsync(Bob, PersonalKind.Search, bobs, default));

            // A search is no selection, nor the training's one a live one.
            var mine = await store.KeepAsync(Anna, PersonalKind.Search, "a third", default);
            await database.ExecuteAsync("UPDATE cport_personal SET kind = 2 WHERE id = @id", default, ("id", mine));
            Assert.Null(await store.FindAsync(Anna, PersonalKind.Selection, mine, default));
            await database.ExecuteAsync("UPDATE cport_personal SET kind = 1 WHERE id = @id", default, ("id", mine));
            Assert.NotNull(await store.FindAsync(Anna, PersonalKind.Search, mine, default));
            Assert.Null(await store.FindAsync(Anna with { Tenant = Tenant.Training }, PersonalKind.Search, mine, default));
        });
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task All_of_a_person_goes_at_once_live_and_training_and_nothing_of_others(DatabaseProvider provider)
    {
        await OnAsync(provider, async (_, store) =>
        {
            var exercise = Anna with { Tenant = Tenant.Training.Next() };
            var (live, training) = (await store.KeepAsync(Anna, PersonalKind.Selection, "1", default),
                await store.KeepAsync(exercise, PersonalKind.Search, "2", default));
            var bobs = await store.KeepAsync(Bob, PersonalKind.Search, "3", default);
            await store.ForgetAsync(Anna.Agency, Anna.KeyId, Tenant.Training.Next(), default);
            Assert.Null(await store.FindAsync(Anna, PersonalKind.Selection, live, default));
            Assert.Null(await store.FindAsync(exercise, PersonalKind.Search, training, default));
            Assert.NotNull(await store.FindAsync(Bob, PersonalKind.Search, bobs, default));
        });
    }

    private async Task OnAsync(DatabaseProvider provider, Func<Database, PersonalStore, Task> test)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        try
        {
            await PersonalStore.EnsureTableAsync(database);
            await test(database, new PersonalStore(database, new KeyRingSeam(KeyRing.New()), TimeProvider.System));
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }
}
