using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Hashes;
using CPort.Actors.Reports;

namespace CPort.Node.Readiness;

/// <summary>
/// The regions of this node reach their coordinators, which know where every shard is; on a node without the role, the proxy
/// does. Asked at most once a second, whatever the number of probes.
/// </summary>
internal sealed class RegionReadiness(IServiceProvider services, TimeProvider time) : IReadinessCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private readonly Lock _lock = new();
    private Task<ReadinessReason>? _asked;
    private long _askedAt;

    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_asked is null || (_asked.IsCompleted && time.GetElapsedTime(_askedAt) > TimeSpan.FromSeconds(1)))
            {
                _askedAt = time.GetTimestamp();
                _asked = AskAsync();
            }

            return _asked;
        }
    }

    private async Task<ReadinessReason> AskAsync()
    {
        var registry = services.GetRequiredService<ActorRegistry>();
        var silent = await Task.WhenAll(Answers<ReportRegion>(registry, "report"),
            Answers<HashBucketRegion>(registry, "hash-bucket"), Answers<AgencyRegion>(registry, "agency"));
        var names = silent.OfType<string>().ToArray();
        return names.Length == 0
            ? new ReadinessReason("shards", true, "reports, hash buckets and agencies can be reached")
            : new ReadinessReason("shards", false, $"no answer from the shards of {string.Join(", ", names)}");
    }

    private static async Task<string?> Answers<TRegion>(ActorRegistry registry, string name)
    {
        try
        {
            return registry.TryGet<TRegion>(out var region)
                && (await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, Patience)).Regions.Count > 0 ? null : name;
        }
        catch (AskTimeoutException)
        {
            return name;
        }
    }
}
