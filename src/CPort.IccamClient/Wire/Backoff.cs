namespace CPort.IccamClient.Wire;

/// <summary>
/// How long to wait before the next try: twice as long each time, at most a quarter of an hour, some more or less so that not all come at once.
/// </summary>
public static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>Nobody is kept away for longer than a day by one answer.</summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromDays(1);

    /// <param name="tries">Failed ones in a row, from 1.</param>
    /// <param name="asked">What the server asked for; never less than that.</param>
    /// <param name="chance">0 to 1.</param>
    public static TimeSpan After(int tries, TimeSpan? asked, double chance)
    {
        var doubled = First * Math.Pow(2, Math.Clamp(tries - 1, 0, 20));
        var own = (doubled < Longest ? doubled : Longest) * (0.8 + (0.4 * chance));
        var least = asked is { } given ? given < LongestAsked ? given : LongestAsked : TimeSpan.Zero;
        return own > least ? own : least;
    }
}
