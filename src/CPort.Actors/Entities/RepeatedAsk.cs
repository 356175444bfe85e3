namespace CPort.Actors.Entities;

/// <summary>How long an answer is waited for before the question is put again.</summary>
/// <param name="First">The first time; each further time twice as long.</param>
/// <param name="Longest">But never longer than this.</param>
/// <param name="InAll">After this the question is not put again.</param>
public readonly record struct AskTimes(TimeSpan First, TimeSpan Longest, TimeSpan InAll);

/// <summary>
/// The one way to repeat a question to entities: sharding delivers at most once and drops messages at a hand-off, and every command may be sent again.
/// </summary>
public static class RepeatedAsk
{
    /// <summary>
    /// Asks until there is an answer; <paramref name="before"/> is told the number of each attempt, from 1, and may end it by throwing. Throws the last
    /// <see cref="AskTimeoutException"/>.
    /// </summary>
    public static async Task<T> AskUntilAnsweredAsync<T>(
        this IActorRef entities, object message, AskTimes times, TimeProvider time, CancellationToken cancellation, Action<int>? before = null)
    {
        var began = time.GetTimestamp();
        var wait = times.First;
        for (var attempt = 1; ; attempt++)
        {
            before?.Invoke(attempt);
            try
            {
                return await entities.Ask<T>(message, wait, cancellation).ConfigureAwait(false);
            }
            catch (AskTimeoutException) when (time.GetElapsedTime(began) < times.InAll)
            {
                wait = wait * 2 < times.Longest ? wait * 2 : times.Longest;
            }
        }
    }
}
