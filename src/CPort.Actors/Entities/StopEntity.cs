namespace CPort.Actors.Entities;

/// <summary>
/// Asks an entity to end: sent by its shard on passivation and hand-off, never between nodes. The entity answers with <c>Context.Stop(Self)</c> as soon as
/// nothing is in flight.
/// </summary>
public sealed class StopEntity : INoSerializationVerificationNeeded
{
    public static readonly StopEntity Instance = new();

    private StopEntity()
    {
    }
}
