using CPort.Domain.Routing;

namespace CPort.Actors.Routing;

/// <summary>Finds out where a URL is hosted.</summary>
public interface IHostingTracer
{
    /// <summary>
    /// The facts, with <see cref="HostingSource.NotFound"/> when every tracer was asked and none knew; null when a tracer failed for a passing reason and it is
    /// worth asking again. Never throws for a URL it cannot read: that is "not found".
    /// </summary>
    /// <param name="keys">By which a host that was asked about lately is recognised; null: not known.</param>
    /// <param name="url">Opens the URL, which is called only when the host must be asked about.</param>
    /// <param name="reported">What the report says of the hosting.</param>
    Task<HostingFacts?> TraceAsync(UrlKeys? keys, Func<string> url, HostingFacts? reported);
}
