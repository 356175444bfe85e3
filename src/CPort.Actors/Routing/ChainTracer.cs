namespace CPort.Actors.Routing;

/// <summary>Traces through the provider chain.</summary>
public sealed class ChainTracer(TraceChain chain, PublicSuffixes suffixes, TimeProvider time) : IHostingTracer
{
    public async Task<HostingFacts?> TraceAsync(string url, HostingFacts? reported)
    {
        // The intake refuses URLs it cannot read; one that an older normaliser accepted is simply not found.
        if (!WebAddress.TryParse(url, suffixes, out var address, out _))
        {
            return NotFound(reported);
        }

        var result = await chain.TraceAsync(address, reported, CancellationToken.None).ConfigureAwait(false);
        return result.ShouldRetry ? null : result.Facts;
    }

    private HostingFacts NotFound(HostingFacts? reported) =>
        (reported ?? new HostingFacts { Source = HostingSource.NotFound, TracedAt = default }) with { Source = HostingSource.NotFound, TracedAt = time.GetUtcNow() };
}
