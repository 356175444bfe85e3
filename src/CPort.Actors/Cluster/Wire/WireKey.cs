using Akka.Actor.Setup;
using CPort.Actors.Confidential;

namespace CPort.Actors.Cluster.Wire;

/// <summary>
/// What a node proves itself by to the others: a key that follows from the master key, which all nodes of a cluster hold and nobody else.
/// </summary>
/// <param name="Id">8 characters that name the master key without telling it.</param>
/// <param name="Bytes">32 bytes.</param>
public sealed record WireKey(string Id, byte[] Bytes)
{
    public static WireKey Of(MasterKey master) => new(master.KeyId, master.Derive("wire 1"));

    public override string ToString() => $"WireKey({Id})";
}

/// <summary>The keys a node takes; it seals with the first. Several only while the master key is being changed.</summary>
public sealed class WireKeys(params ImmutableArray<WireKey> keys)
{
    public WireKey Own { get; } = keys[0];

    internal WireKey? Find(ReadOnlySpan<byte> id)
    {
        foreach (var key in keys)
        {
            if (System.Text.Ascii.Equals(id, key.Id))
            {
                return key;
            }
        }

        return null;
    }
}

/// <summary>Hands the keys to the transport, which Akka makes when the actor system starts: <see cref="SealedTransportProvider"/>.</summary>
/// <param name="keys">Asked then, when the master key is loaded.</param>
/// <param name="skew">How far the nodes' clocks may be apart.</param>
/// <param name="time">This node's clock.</param>
public sealed class WireSealSetup(Func<WireKeys> keys, TimeSpan skew, TimeProvider time) : Setup
{
    internal FrameSealing NewSealing() => new(keys(), skew, time);
}
