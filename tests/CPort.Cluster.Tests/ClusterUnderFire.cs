using CPort.Cluster.Harness;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace CPort.Cluster.Tests;

/// <summary>Three nodes under traffic for all tests of the class, because their start takes longer than most faults. Skips where there cannot be any.</summary>
public sealed class ClusterUnderFire(IMessageSink sink) : IAsyncLifetime
{
    private ChaosCluster? _cluster;
    private Traffic? _traffic;

    /// <summary>Why there is no cluster, or null.</summary>
    public string? Unavailable { get; private set; }

    public ChaosRun On(Action<string> say) => new(_cluster!, _traffic!, say);

    public async Task InitializeAsync()
    {
        Unavailable = await ChaosCluster.WhyUnavailableAsync();
        if (Unavailable is null)
        {
            _cluster = await ChaosCluster.StartAsync(new ChaosClusterOptions { Say = what => sink.OnMessage(new DiagnosticMessage(what)) });
            _traffic = new Traffic(_cluster, reportsPerSecond: 20, probes: 9);
            await _traffic.StartAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_traffic is not null)
        {
            await _traffic.DisposeAsync();
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
