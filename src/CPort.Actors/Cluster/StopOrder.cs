using Akka;

namespace CPort.Actors.Cluster;

/// <summary>In which order a node's actors end.</summary>
public static class StopOrder
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Ends an actor that keeps sending to sharded entities before the shards are handed over: a region that is shutting down and still gets messages asks for
    /// shard homes nobody gives out any more, and waits for them until its time is up.
    /// </summary>
    public static IActorRef StopBeforeShards(this IActorRef actor, ActorSystem system)
    {
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, $"stop-{actor.Path.Name}", async () =>
        {
            try
            {
                await actor.GracefulStop(Patience).ConfigureAwait(false);
            }
            catch (TaskCanceledException)
            {
                // It is ended with the actor system then.
            }

            return Done.Instance;
        });
        return actor;
    }
}
