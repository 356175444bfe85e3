using CPort.Actors.Routing;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;
using CPort.Node.Adapters;

namespace CPort.Node.Composition;

/// <summary>What is told from a URL: where it is hosted, and the keys it is found by.</summary>
internal static class TracingSetup
{
    public static IServiceCollection AddTracing(this IServiceCollection services, HostingOptions options)
    {
        // Loaded now: a wrong list is a wrong setting.
        var suffixes = Suffixes(options.PublicSuffixFile);
        return services
            .AddSingleton(p => new UrlKeyMaker(p.GetRequiredService<ConfidentialSeam>(), suffixes))
            .AddSingleton<IHostingTracer>(p => new HostingTracer(
                new TraceChain(TraceProviders(options), new TraceOptions(), p.GetRequiredService<TimeProvider>()),
                p.GetRequiredService<TimeProvider>()));
    }

    private static PublicSuffixes Suffixes(string? file)
    {
        try
        {
            return string.IsNullOrEmpty(file) ? PublicSuffixes.Shipped() : PublicSuffixes.Load(file);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([$"CPORT__Hosting__PublicSuffixFile: {e.Message}"]);
        }
    }

    /// <summary>Own table first, then MaxMind, then DNS: whoever is asked first is believed first.</summary>
    private static IEnumerable<ITraceProvider> TraceProviders(HostingOptions hosting)
    {
        if (!string.IsNullOrEmpty(hosting.TableFile))
        {
            yield return StaticTableProvider.Load(hosting.TableFile);
        }

        if (!string.IsNullOrEmpty(hosting.MmdbFile) || !string.IsNullOrEmpty(hosting.AsnMmdbFile))
        {
            yield return new MaxMindProvider(hosting.MmdbFile, hosting.AsnMmdbFile);
        }

        if (hosting.Dns)
        {
            yield return new DnsProvider();
        }
    }
}
