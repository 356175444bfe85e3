using System.Runtime.Serialization;
using Akka.Serialization;

namespace CPort.Actors.Serialization;

/// <summary>
/// Writes and reads every <see cref="IWireMessage"/> as protobuf under its manifest: journal, snapshots and cluster messages alike. The identifier and the
/// manifests stand in every journal row and are never changed or reused.
/// </summary>
public sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>This serializer's number in journal rows.</summary>
    public const int SerializerId = 3101;

    public override int Identifier => SerializerId;

    /// <summary>The type's manifest; throws <see cref="SerializationException"/> for a type without one.</summary>
    public override string Manifest(object o) => WireContracts.ManifestOf(o.GetType());

    public override byte[] ToBinary(object obj)
    {
        _ = WireContracts.ManifestOf(obj.GetType());
        var stream = new MemoryStream(obj is ISizedWireMessage sized ? sized.SizeHint : 256);
        WireModel.Instance.Serialize(stream, obj);
        return stream.ToArray();
    }

    /// <summary>Throws <see cref="SerializationException"/> for an unknown manifest or bytes that are no such message; never answers null.</summary>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var type = WireContracts.TypeOf(manifest);
        try
        {
            return WireModel.Instance.Deserialize(type, new ReadOnlyMemory<byte>(bytes));
        }
        catch (Exception e) when (e is not SerializationException)
        {
            // The cause may quote values (a malformed country, a piece of text): only its type goes further.
            throw new SerializationException($"{bytes.Length} bytes under manifest '{manifest}' are no readable {type.Name} ({e.GetType().Name}).");
        }
    }
}
