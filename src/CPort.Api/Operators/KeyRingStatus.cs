using CPort.Actors.Confidential;
using CPort.Actors.Persistence;

namespace CPort.Api.Operators;

/// <summary>
/// A key of the database: what it is for, the master key that wraps it, since when it is there, and what is amiss with its row: <c>refused</c> (it was changed)
/// or <c>ahead</c> (of the database's clock).
/// </summary>
public sealed record RingKeyAnswer(string Purpose, int Generation, string MasterKey, DateTimeOffset MadeAt, string? Amiss);

/// <summary>How the node that is asked stands to the database's keys.</summary>
/// <param name="MasterKeys">The node's master keys, newest first, by id.</param>
/// <param name="Seals">The data key's generation under which it seals.</param>
/// <param name="Keys">The database's keys.</param>
/// <param name="Missing">Master keys that wrap a key of the database and that the node does not have.</param>
/// <param name="Unused">Master keys of the node that wrap none of them: only backups from before need these.</param>
public sealed record KeyRingAnswer(
    IReadOnlyList<string> MasterKeys, int Seals, IReadOnlyList<RingKeyAnswer> Keys, IReadOnlyList<string> Missing, IReadOnlyList<string> Unused);

/// <summary>The key ring as operators see it, on their port and on their page.</summary>
public static class KeyRingStatus
{
    public static async Task<KeyRingAnswer> ReadAsync(KeyRingStore store, KeyRing ring, CancellationToken cancellation)
    {
        if (store.Masters is not { } masters)
        {
            throw ApiProblemException.Of(ProblemCodes.Unavailable, "The node has not read the database's keys yet.");
        }

        var keys = await store.ReadAsync(cancellation);
        var amiss = KeyRingStore.Judge(masters, keys);
        var wrapping = keys.Select(k => k.Master).Distinct().ToArray();
        return new KeyRingAnswer(
            masters.Ids, ring.Writing, [.. keys.Select(k => new RingKeyAnswer(
                k.Purpose.ToString(), k.Generation, k.Master, k.MadeAt, amiss.Refused.Contains(k) ? "refused" : amiss.Ahead.Contains(k) ? "ahead" : null))],
            [.. wrapping.Except(masters.Ids)], [.. masters.Ids.Except(wrapping)]);
    }
}
