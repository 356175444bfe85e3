namespace CPort.Portal.Police;

/// <summary>
/// Lists follow the journal, a second or so behind: who did something sees it in the list that comes next, where that is so far in time. When it is not, the
/// page is there all the same, and says as of when.
/// </summary>
internal static class CatchUp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    public static async Task UntilAsync(HttpContext http, Func<CancellationToken, Task<bool>> isThere)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < Patience && !await isThere(http.RequestAborted);)
        {
            await Task.Delay(Every, http.RequestAborted);
        }
    }
}
