using BitFaster.Caching.Lru;
using CPort.Domain.Routing;

namespace CPort.Actors.Routing;

/// <summary>
/// The tracer that reports use: asks the chain, and remembers for a while what it learned of a host, because a report's items, and the reports of one day,
/// mostly lie on few hosts. Thread-safe.
/// </summary>
public sealed class HostingTracer(TraceChain chain, TimeProvider time) : IHostingTracer
{
    /// <summary>How long an answer about a host is given again without asking; its <see cref="HostingFacts.TracedAt"/> says when it was learned.</summary>
    public TimeSpan RememberFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Hosts remembered, by their keyed hash.</summary>
    private readonly ConcurrentLru<string, HostingFacts> _remembered = new(10_000);

    /// <inheritdoc/>
    public async Task<HostingFacts?> TraceAsync(UrlKeys? keys, Func<string> url, HostingFacts? reported)
    {
        var host = keys is null || reported is not null ? null : Convert.ToHexStringLower(keys.Host);
        if (host is not null && _remembered.TryGet(host, out var known) && time.GetUtcNow() - known.TracedAt < RememberFor)
        {
            return known;
        }

        if (!WebAddress.TryParse(url(), out var address, out _))
        {
            return (reported ?? new HostingFacts { Source = HostingSource.NotFound, TracedAt = default }) with { TracedAt = time.GetUtcNow() };
        }

        var result = await chain.TraceAsync(address, reported, CancellationToken.None).ConfigureAwait(false);
        if (result.ShouldRetry)
        {
            return null;
        }

        // With a provider in trouble the answer may be a poorer one than the next: good enough for this item, not for the following ones.
        if (host is not null && result.Notes.IsEmpty)
        {
            _remembered.AddOrUpdate(host, result.Facts);
        }

        return result.Facts;
    }
}
