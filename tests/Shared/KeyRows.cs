using CPort.Actors.Confidential;
using CPort.Actors.Persistence;

namespace CPort.Tests.Shared;

/// <summary>Changes rows of <c>cport_keys</c> as only who has the master keys can.</summary>
public static class KeyRows
{
    /// <summary>As if the keys had been made earlier by so much.</summary>
    public static async Task AgeAsync(Database database, MasterKeys masters, TimeSpan by)
    {
        var rows = await new KeyRingStore(database, new KeyRing(TimeProvider.System), TimeProvider.System).ReadAsync(default);
        foreach (var row in rows)
        {
            var key = KeyRingStore.Unwrap(masters, row) ?? throw new InvalidOperationException($"{row} does not open.");
            var older = KeyRingStore.Wrap(masters.Find(row.Master)!, row with { MadeAt = row.MadeAt - by }, key);
            await database.ExecuteAsync(
                "UPDATE cport_keys SET made_at = @at, wrapped = @wrapped WHERE purpose = @purpose AND generation = @generation AND wrapped = @before", default,
                ("at", older.MadeAt.ToUnixTimeMilliseconds()), ("wrapped", older.Wrapped), ("purpose", (int)row.Purpose), ("generation", row.Generation),
                ("before", row.Wrapped));
        }
    }
}
