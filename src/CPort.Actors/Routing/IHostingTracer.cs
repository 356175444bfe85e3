using CPort.Domain.Routing;

namespace CPort.Actors.Routing;

/// <summary>Finds out where a URL is hosted.</summary>
public interface IHostingTracer
{
    /// <summary>
    /// The facts, with <see cref="HostingSource.NotFound"/> when every tracer was asked and none knew; null when a tracer failed for a passing
    /// reason and it is worth asking again. Never throws for a URL it cannot read: that is "not found".
    /// </summary>
    Task<HostingFacts?> TraceAsync(string url, HostingFacts? reported);
}
