using System.Security.Cryptography;
using Akka.Actor.Setup;
using CPort.Actors.Confidential;

namespace CPort.Actors.Cluster.Wire;

/// <summary>
/// What a node proves itself by to the others: a key that follows from the database's identity key, which nobody opens without the master key. It stays the
/// same when the master key is changed, so that nodes with the old and the new one work together meanwhile.
/// </summary>
/// <param name="Id">8 characters that name the key without telling it.</param>
/// <param name="Bytes">32 bytes.</param>
public sealed record WireKey(string Id, byte[] Bytes)
{
    public static WireKey Of(KeyRing ring)
    {
        var bytes = ring.DeriveIdentity("wire 1");
        return new(Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 4)), bytes);
    }

    public override string ToString() => $"WireKey({Id})";
}

/// <summary>Hands the key to the transport, which Akka makes when the actor system starts: <see cref="SealedTransportProvider"/>.</summary>
/// <param name="key">Asked then, when the database's keys are open.</param>
/// <param name="skew">How far the nodes' clocks may be apart.</param>
/// <param name="time">This node's clock.</param>
public sealed class WireSealSetup(Func<WireKey> key, TimeSpan skew, TimeProvider time) : Setup
{
    internal FrameSealing NewSealing() => new(key(), skew, time);
}
