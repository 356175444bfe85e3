using ProtoBuf.Meta;

namespace CPort.Actors.Serialization;

public static partial class WireModel
{
    static partial void AddHashes(RuntimeTypeModel model)
    {
        model.Add(typeof(ContentHash), false).SetSurrogate(typeof(ContentHashSurrogate));
        model.Add(typeof(HashBucketId), false).SetSurrogate(typeof(HashBucketIdSurrogate));
    }

    [ProtoContract]
    private struct HashBucketIdSurrogate
    {
        [ProtoMember(1)] public HashBucketKind Kind;
        [ProtoMember(2)] public int Number;
        [ProtoMember(3)] public Tenant Tenant;

        public static implicit operator HashBucketId(HashBucketIdSurrogate s) => new(s.Tenant, s.Kind, s.Number);

        public static implicit operator HashBucketIdSurrogate(HashBucketId v) => new() { Kind = v.Kind, Number = v.Number, Tenant = v.Tenant };
    }

    [ProtoContract]
    private struct ContentHashSurrogate
    {
        [ProtoMember(1)] public HashAlgorithm Algorithm;
        [ProtoMember(2)] public byte[]? Bytes;

        public static implicit operator ContentHash(ContentHashSurrogate s) =>
            s.Bytes is { Length: > 0 } bytes ? ContentHash.FromBytes(s.Algorithm, bytes) : default;

        public static implicit operator ContentHashSurrogate(ContentHash v) =>
            new() { Algorithm = v.Algorithm, Bytes = v.Bytes.IsEmpty ? null : v.Bytes.ToArray() };
    }
}
