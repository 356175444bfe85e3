using CPort.Actors.Hashes;

namespace CPort.Actors.Matching;

/// <summary>The hash buckets did not answer in spite of repeated asking; what was answered before is durable, and doing it again is harmless.</summary>
public sealed class HashBucketsUnavailableException(string message) : UnavailableException(message);

/// <summary>Asks a bucket again until it answers; for the slow paths that are no actors (imports, previews).</summary>
internal static class HashBucketAsk
{
    public static async Task<T> AskUntilAnswered<T>(this IActorRef buckets, IHashBucketMessage message, TimeSpan attempt, int attempts, CancellationToken ct)
    {
        // Half an attempt before the last one would end: a time limit may be kept a little early.
        var times = new AskTimes(attempt, attempt, attempt * (attempts - 0.5));
        try
        {
            return await buckets.AskUntilAnsweredAsync<T>(message, times, TimeProvider.System, ct, CountRepeat).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            throw new HashBucketsUnavailableException($"A hash bucket did not answer in {attempts} attempts of {attempt.TotalSeconds:0.#} s.");
        }
    }

    private static void CountRepeat(int attempt)
    {
        if (attempt > 1)
        {
            HashInstruments.OnBucketAskedAgain();
        }
    }
}
