using System.Diagnostics;

namespace CPort.Tests.Shared;

/// <summary>Waiting for what happens in another process or thread and cannot be awaited.</summary>
public static class Wait
{
    /// <summary>
    /// Asks every 100 ms until it holds; throws <see cref="TimeoutException"/> with <paramref name="complaint"/>.
    /// </summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, TimeSpan patience, Func<string> complaint,
        CancellationToken cancellation = default)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"Within {patience.TotalSeconds:0} s {complaint()}");
            }

            await Task.Delay(100, cancellation);
        }
    }
}
