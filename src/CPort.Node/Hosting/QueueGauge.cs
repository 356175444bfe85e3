using CPort.Actors.Projections;
using CPort.Actors.Telemetry;

namespace CPort.Node.Hosting;

/// <summary>Queue lengths for <c>/metrics</c>: counted every ten seconds, because a scrape must not cost a query.</summary>
internal sealed class QueueGauge(NodeState state, IServiceProvider services, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>Counts everything and sees nothing, as an operator does.</summary>
    private static readonly Caller Counter = Caller.System with { Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "queue-gauge" };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await state.Running.WaitAsync(stoppingToken);
            var reader = services.GetRequiredService<QueueReader>();
            while (true)
            {
                try
                {
                    foreach (var queue in (await reader.CountsAsync(Counter, stoppingToken)).Queues)
                    {
                        CPortMetrics.QueueLength(queue.Queue.Name, queue.Count);
                    }
                }
                catch (Exception e) when (Faults.IsPassingFor(e, stoppingToken))
                {
                    // The database is away or the first projection has not started: the last figures stand.
                }

                await Task.Delay(Every, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }
}
