using Akka.Actor;
using CPort.Actors.Hashes;
using CPort.Domain.Hashes;

namespace CPort.Actors.Matching;

/// <summary>
/// The hash buckets did not answer in spite of repeated asking; what was answered before is durable, and doing it again is
/// harmless.
/// </summary>
public sealed class HashBucketsUnavailableException(string message) : Exception(message);

/// <summary>Asks a bucket again until it answers; for the slow paths that are no actors (imports, previews).</summary>
internal static class HashBucketAsk
{
    public static async Task<T> AskUntilAnswered<T>(
        this IActorRef buckets, IHashBucketMessage message, TimeSpan attempt, int attempts, CancellationToken ct)
    {
        for (var n = 1; ; n++)
        {
            try
            {
                return await buckets.Ask<T>(message, attempt, ct).ConfigureAwait(false);
            }
            catch (AskTimeoutException) when (n < attempts)
            {
                HashInstruments.OnBucketAskedAgain();
            }
            catch (AskTimeoutException)
            {
                throw new HashBucketsUnavailableException(
                    $"A hash bucket did not answer in {n} attempts of {attempt.TotalSeconds:0.#} s.");
            }
        }
    }
}
