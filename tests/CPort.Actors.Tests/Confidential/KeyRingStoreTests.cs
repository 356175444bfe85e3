using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Confidential;

/// <summary>The database's own keys: made once, opened by the right master keys only, and turned to a new one while old and new nodes run.</summary>
public sealed class KeyRingStoreTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly SealedPlace Place = new(new ReportId(7), SealedField.ItemSecrets, 1);

    private static readonly MasterKey Old = MasterKey.New(), New = MasterKey.New();

    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Nodes_that_start_together_make_one_ring(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        var seams = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () => (await NodeAsync(database, Old)).Seam)));
        var secret = seams[0].Seal(Place, new SecretText { Text = "x" });
        Assert.All(seams, s => Assert.Equal("x", s.Open<SecretText>(Place, secret).Text));
        Assert.All(seams, s => Assert.Equal(seams[0].Keyed("p", "x"u8), s.Keyed("p", "x"u8)));
        Assert.Equal(2, (await StoreOf(database).ReadAsync(default)).Length);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Another_master_key_is_refused_and_both_are_named(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await NodeAsync(database, Old);
        var refusal = await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, New));
        Assert.Contains(Old.KeyId, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(New.KeyId, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(New.ToText(), refusal.Message, StringComparison.Ordinal);

        // The id alone, which is no secret, does not pass; nor does a row of another purpose, or none.
        await database.ExecuteAsync("UPDATE cport_keys SET master = @id", default, ("id", New.KeyId));
        Assert.Contains("does not open", (await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, New))).Message, StringComparison.Ordinal);
        await database.ExecuteAsync("UPDATE cport_keys SET master = @id", default, ("id", Old.KeyId));
        await NodeAsync(database, Old);
        await database.ExecuteAsync("UPDATE cport_keys SET wrapped = (SELECT k.wrapped FROM cport_keys k WHERE k.purpose = 2)", default);
        Assert.Contains("Identity 1", (await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, Old))).Message, StringComparison.Ordinal);
        await database.ExecuteAsync("DELETE FROM cport_keys WHERE purpose = 1", default);
        Assert.Contains("gone", (await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, Old))).Message, StringComparison.Ordinal);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_journal_whose_keys_are_gone_gets_no_new_ones(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await NodeAsync(database, Old);
        await database.ExecuteAsync("DELETE FROM cport_keys", default);
        await database.ExecuteAsync(
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (0, @no, 'report-x', 1, @bytes)", default,
            ("no", false), ("bytes", new byte[] { 1 }));
        Assert.Contains("cport_keys", (await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, Old))).Message, StringComparison.Ordinal);
        Assert.False(await StoreOf(database).HasKeysAsync(default));
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_new_master_key_wraps_all_makes_a_new_data_key_and_changes_no_keyed_hash(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        var (_, before) = await NodeAsync(database, Old);
        var secret = before.Seal(Place, new SecretText { Text = "x" });

        // First every node gets both, then the new one comes first; then the old one goes.
        var (patient, both) = await NodeAsync(database, Old, New);
        Assert.All(await StoreOf(database).ReadAsync(default), k => Assert.Equal(Old.KeyId, k.Master));
        var (turning, after) = await NodeAsync(database, New, Old);
        Assert.Equal([(KeyPurpose.Identity, 1), (KeyPurpose.Data, 1), (KeyPurpose.Data, 2)],
            (await StoreOf(database).ReadAsync(default)).Select(k => (k.Purpose, k.Generation)));
        Assert.All(await StoreOf(database).ReadAsync(default), k => Assert.Equal(New.KeyId, k.Master));
        Assert.Equal("x", after.Open<SecretText>(Place, secret).Text);
        Assert.Equal(before.Keyed("p", "x"u8), after.Keyed("p", "x"u8));

        // A node that still has the old one first turns nothing back, and the next start makes no third generation.
        await NodeAsync(database, Old, New);
        await NodeAsync(database, New, Old);
        Assert.Equal(3, (await StoreOf(database).ReadAsync(default)).Length);
        Assert.All(await StoreOf(database).ReadAsync(default), k => Assert.Equal(New.KeyId, k.Master));

        // Nobody seals under the new generation before everybody has had time to read it.
        Assert.Equal((1, 1), (turning.Writing, patient.Writing));
        await KeyRows.AgeAsync(database, MasterKeys.Of(New, Old), KeyRingStore.SettleTime);
        Assert.Empty((await new KeyRingStore(database, turning, TimeProvider.System).RefreshAsync(MasterKeys.Of(New, Old), default)).Locked);
        Assert.Equal(2, turning.Writing);
        var sealedAnew = after.Seal(Place, new SecretText { Text = "y" });
        Assert.Empty((await new KeyRingStore(database, patient, TimeProvider.System).RefreshAsync(MasterKeys.Of(Old, New), default)).Locked);
        Assert.Equal("y", both.Open<SecretText>(Place, sealedAnew).Text);

        // The new one alone opens all; the old one alone is refused.
        var (_, last) = await NodeAsync(database, New);
        Assert.Equal("x", last.Open<SecretText>(Place, secret).Text);
        Assert.Equal("y", last.Open<SecretText>(Place, sealedAnew).Text);
        Assert.Contains(New.KeyId, (await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, Old))).Message, StringComparison.Ordinal);
        TestDatabases.Delete(database);
    }

    [Fact]
    public async Task A_running_node_without_the_new_master_key_waits_and_takes_nothing_for_forged()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, server);
        var (ring, seam) = await NodeAsync(database, Old);
        await NodeAsync(database, New, Old);
        await KeyRows.AgeAsync(database, MasterKeys.Of(New, Old), KeyRingStore.SettleTime);
        var (_, writing) = await NodeAsync(database, New, Old);
        var secret = writing.Seal(Place, new SecretText { Text = "y" });

        // Read lately, so that a generation nobody knows of is forged; this one it will know of, and cannot open.
        Assert.Throws<SealBrokenException>(() => seam.Open<SecretText>(Place, secret));
        var locked = await new KeyRingStore(database, ring, TimeProvider.System).RefreshAsync(MasterKeys.Of(Old), default);
        Assert.Empty(locked.Refused);
        Assert.Equal(["Identity 1", "Data 1", "Data 2"], locked.Locked.Select(k => $"{k.Purpose} {k.Generation}"));
        Assert.True(Faults.IsPassing(Assert.Throws<KeyNotHereException>(() => seam.Open<SecretText>(Place, secret))));
        TestDatabases.Delete(database);
    }

    public static TheoryData<DatabaseProvider, string> Changes
    {
        get
        {
            var data = new TheoryData<DatabaseProvider, string>();
            foreach (var provider in new[] { DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql })
            {
                data.Add(provider, "made_at = made_at + 31536000000");
                data.Add(provider, "made_at = made_at - 100000");
                data.Add(provider, "made_at = 9223372036854775807");
                data.Add(provider, "origin = 'ffffffff'");
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Changes))]
    public async Task What_a_row_says_of_its_key_is_bound_to_it(DatabaseProvider provider, string change)
    {
        // Of two generations the newer one is changed: as if it were old enough to be sealed under, or not yet made, or another master key's.
        var database = await TestDatabases.CreateAsync(provider, server);
        await NodeAsync(database, Old);
        var (ring, seam) = await NodeAsync(database, New, Old);
        await database.ExecuteAsync($"UPDATE cport_keys SET {change} WHERE purpose = 2 AND generation = 2", default);

        // A node that runs keeps what it has, seals under what is good, and names the row.
        var store = new KeyRingStore(database, ring, TimeProvider.System);
        var reading = await store.RefreshAsync(MasterKeys.Of(New, Old), default);
        Assert.Equal((KeyPurpose.Data, 2), Assert.Single(reading.Refused.Select(k => (k.Purpose, k.Generation))));
        Assert.Empty(reading.Locked);
        Assert.Equal(1, ring.Writing);
        Assert.Equal("x", seam.Open<SecretText>(Place, seam.Seal(Place, new SecretText { Text = "x" })).Text);

        // One that starts is refused.
        var refusal = await Assert.ThrowsAsync<MasterKeyException>(() => NodeAsync(database, New, Old));
        Assert.Contains("Data 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("does not open", refusal.Message, StringComparison.Ordinal);
        TestDatabases.Delete(database);
    }

    [Fact]
    public async Task A_key_made_by_a_clock_that_was_ahead_opens_and_is_named_and_not_sealed_under()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, server);
        await NodeAsync(database, Old);
        await NodeAsync(database, New, Old);
        await KeyRows.AgeAsync(database, MasterKeys.Of(New, Old), -TimeSpan.FromDays(1));
        var (ring, _) = await NodeAsync(database, New, Old);
        var reading = await new KeyRingStore(database, ring, TimeProvider.System).RefreshAsync(MasterKeys.Of(New, Old), default);
        Assert.Equal(["Identity 1", "Data 1", "Data 2"], reading.Ahead.Select(k => $"{k.Purpose} {k.Generation}"));
        Assert.Empty(reading.Refused);
        Assert.Equal(1, ring.Writing);
        TestDatabases.Delete(database);
    }

    private static KeyRingStore StoreOf(Database database) => new(database, new KeyRing(TimeProvider.System), TimeProvider.System);

    private static async Task<(KeyRing Ring, KeyRingSeam Seam)> NodeAsync(Database database, params MasterKey[] newestFirst)
    {
        var ring = new KeyRing(TimeProvider.System);
        await new KeyRingStore(database, ring, TimeProvider.System).OpenAsync(MasterKeys.Of([.. newestFirst]), default);
        return (ring, new KeyRingSeam(ring));
    }
}
