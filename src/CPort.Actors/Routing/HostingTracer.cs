using BitFaster.Caching.Lru;
using CPort.Domain.Routing;

namespace CPort.Actors.Routing;

/// <summary>
/// The tracer that reports use: reads the URL, asks the chain, and remembers for a while what it learned of a host, because a
/// report's items, and the reports of one day, mostly lie on few hosts. Thread-safe.
/// </summary>
public sealed class HostingTracer(TraceChain chain, TimeProvider time) : IHostingTracer
{
    /// <summary>
    /// How long an answer about a host is given again without asking; its <see cref="HostingFacts.TracedAt"/> says when it was
    /// learned.
    /// </summary>
    public TimeSpan RememberFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Hosts remembered; those not asked for longest are forgotten first.</summary>
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentLru<string, HostingFacts> _remembered =
        new(Environment.ProcessorCount, MaxRemembered, StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<HostingFacts?> TraceAsync(string url, HostingFacts? reported)
    {
        if (!WebAddress.TryParse(url, out var address, out _))
        {
            return (reported ?? new HostingFacts { Source = HostingSource.NotFound, TracedAt = default })
                with { TracedAt = time.GetUtcNow() };
        }

        if (reported is not null)
        {
            var particular = await chain.TraceAsync(address, reported, CancellationToken.None).ConfigureAwait(false);
            return particular.ShouldRetry ? null : particular.Facts;
        }

        if (_remembered.TryGet(address.Host, out var known) && time.GetUtcNow() - known.TracedAt < RememberFor)
        {
            return known;
        }

        var result = await chain.TraceAsync(address, null, CancellationToken.None).ConfigureAwait(false);
        if (result.ShouldRetry)
        {
            return null;
        }

        // With a provider in trouble the answer may be a poorer one than the next: good enough for this item, not for the
        // following ones.
        if (result.Notes.IsEmpty)
        {
            _remembered.AddOrUpdate(address.Host, result.Facts);
        }

        return result.Facts;
    }
}
