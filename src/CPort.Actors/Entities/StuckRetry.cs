namespace CPort.Actors.Entities;

/// <summary>Has a stuck entity of any kind read again.</summary>
public sealed class StuckRetry(StuckEntities stuck, ActorSystem system)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>True: it answers, and is off the list. False: it still does not.</summary>
    public async Task<bool> RunAsync(EntityName name, CancellationToken cancellation)
    {
        try
        {
            if (EntityShards.RegionOf(system, name.Kind) is not { } region)
            {
                return false;
            }

            await region.Ask<EntityAwake>(new WakeEntity { Id = name.Id }, Patience, cancellation).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return false;
        }

        await stuck.ClearAsync(name, cancellation).ConfigureAwait(false);
        return true;
    }
}
