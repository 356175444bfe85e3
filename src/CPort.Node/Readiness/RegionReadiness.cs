using Akka.Cluster.Sharding;
using CPort.Actors.Entities;

namespace CPort.Node.Readiness;

/// <summary>
/// The regions of this node reach their coordinators, which know where every shard is; on a node without the role, the proxy does. Asked at most once a second,
/// whatever the number of probes.
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
        var system = services.GetRequiredService<ActorSystem>();
        var answers = await Task.WhenAll(EntityKind.All.Select(async kind => (kind.Word, Answers: await AnswersAsync(system, kind))));
        var silent = answers.Where(a => !a.Answers).Select(a => a.Word).ToArray();
        return silent.Length == 0
            ? new ReadinessReason("shards", true, $"{string.Join(", ", EntityKind.All.Select(k => k.Plural))} can be reached")
            : new ReadinessReason("shards", false, $"no answer from the shards of {string.Join(", ", silent)}");
    }

    private static async Task<bool> AnswersAsync(ActorSystem system, EntityKind kind)
    {
        try
        {
            return EntityShards.RegionOf(system, kind) is { } region
                && (await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, Patience)).Regions.Count > 0;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }
}
