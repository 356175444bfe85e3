using System.Collections.Concurrent;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;

namespace CPort.Tests.Shared;

/// <summary>Opens what nodes have sealed in their databases, with the master keys that the tests gave them or that they made.</summary>
public static class JournalKeys
{
    private static readonly ConcurrentDictionary<string, Func<string>> Masters = new();

    /// <summary>Which master keys belong to a database, as text; asked when they are needed.</summary>
    public static void Note(Database database, Func<string> masters) => Masters[database.ConnectionString] = masters;

    public static async Task<JournalSeal> SealAsync(Database database) => new(await RingAsync(database));

    public static async Task<KeyRingSeam> SeamAsync(Database database) => new(await RingAsync(database));

    private static async Task<KeyRing> RingAsync(Database database)
    {
        var ring = new KeyRing(TimeProvider.System);
        var masters = MasterKeys.FromText(Masters[database.ConnectionString](), "the test");
        await new KeyRingStore(database, ring, TimeProvider.System).RefreshAsync(masters, default);
        return ring;
    }
}
