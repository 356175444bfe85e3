using System.Runtime.Serialization;
using Akka.Configuration;

namespace CPort.Actors.Cluster.Wire;

/// <summary>
/// Stands in the place of a serializer that makes objects of whatever type a message names, and makes none. Akka cannot be told to have no serializer of a
/// name, so this takes their names and numbers: <see cref="SerializationSetup.Refused"/>.
/// </summary>
public sealed class NoSerializer(ExtendedActorSystem system, Config config) : Akka.Serialization.Serializer(system)
{
    public override int Identifier { get; } = config.GetInt("identifier");

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType().Name} is no wire type of CPort and does not leave this node.");

    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException($"Serializer {Identifier} is none of CPort's; {bytes.Length} bytes for it are not read.");
}
