using CPort.Actors.Persistence;

namespace CPort.Portal.Shell;

/// <summary>
/// A part of a page that is read by itself (rule R12): a page is as fast as its fastest part, and a part that cannot be read in time says so in its place,
/// while the others are there.
/// </summary>
public sealed record Panel<T>
{
    private readonly T? _value;

    private Panel(bool there, T? value) => (IsThere, _value) = (there, value);

    /// <summary>It could be read in time.</summary>
    public bool IsThere { get; }

    public T Value => IsThere ? _value! : throw new InvalidOperationException("The part could not be read.");

    internal static Panel<T> Of(T value) => new(true, value);

    internal static Panel<T> Away { get; } = new(false, default);
}

internal static class Panels
{
    /// <summary>A part of a page has so long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.5);

    /// <summary>Reads a part of a page within its time; what passes by itself makes it say that it is away, and a defect is one.</summary>
    public static async Task<Panel<T>> WithinAsync<T>(
        HttpContext http, Func<CancellationToken, Task<T>> read, TimeProvider? time = null, TimeSpan? within = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        try
        {
            // Not every reader looks at the token while it waits.
            var reading = read(limit.Token);
            var value = await reading.WaitAsync(within ?? Limit, time ?? TimeProvider.System, http.RequestAborted);
            return Panel<T>.Of(value);
        }
        catch (TimeoutException)
        {
            await limit.CancelAsync();
            return Panel<T>.Away;
        }
        catch (Exception e) when (Faults.IsPassingFor(e, http.RequestAborted))
        {
            return Panel<T>.Away;
        }
    }
}
