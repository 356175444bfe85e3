using System.Buffers;
using System.Runtime.Serialization;
using System.Text;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace CPort.Actors.Cluster.Wire;

/// <summary>A fault of another node, by its kind alone: exceptions do not travel, because they are made of the type that bytes name, and hold data.</summary>
public sealed class RemoteFaultException(string kind) : Exception($"Another node failed ({kind}).");

/// <summary>A fault of another node that passes by itself; see <see cref="Faults"/>.</summary>
public sealed class RemoteUnavailableException(string kind) : UnavailableException($"Another node does not answer at the moment ({kind}).");

/// <summary>
/// Akka's serializer of its small messages, narrowed to those that nodes send each other: who is there, references, the watching of actors. It would also
/// end actors (<c>PoisonPill</c>), read configuration, and make exceptions of any type.
/// </summary>
public sealed class NarrowMiscSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string StatusFailure = "STF";

    /// <summary>What a type's name is made of.</summary>
    private static readonly SearchValues<char> Kind = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_`");

    private readonly MiscMessageSerializer _akka = new(system);

    /// <summary>Akka's own number for it; not asked of Akka, which knows it only where there is remoting.</summary>
    public override int Identifier => 16;

    public override string Manifest(object o) => o is Status.Failure ? StatusFailure : Known(_akka.Manifest(o));

    /// <summary>Of a failure its kind, and whether it passes.</summary>
    public override byte[] ToBinary(object obj) => obj is Status.Failure { Cause: var cause }
        ? Encoding.UTF8.GetBytes((Faults.IsPassing(cause) ? "?" : "!") + cause.GetType().Name)
        : _akka.ToBinary(obj);

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (Known(manifest) != StatusFailure)
        {
            return _akka.FromBinary(bytes, manifest);
        }

        var text = Encoding.UTF8.GetString(bytes);
        var kind = text.Length is > 1 and < 100 && text.AsSpan(1).IndexOfAnyExcept(Kind) < 0 ? text[1..] : "unknown";
        return new Status.Failure(text.StartsWith('?') ? new RemoteUnavailableException(kind) : new RemoteFaultException(kind));
    }

    private static string Known(string manifest) => manifest is "ID" or "AID" or "AR" or "RWHB" or "RWHR" or StatusFailure
        ? manifest : throw new SerializationException($"'{manifest}' is no message between nodes.");
}

/// <summary>Akka's serializer of system messages, narrowed to the watching of actors: nodes neither make nor supervise actors for each other.</summary>
public sealed class NarrowSystemMessageSerializer(ExtendedActorSystem system) : Akka.Serialization.Serializer(system)
{
    private readonly SystemMessageSerializer _akka = new(system);

    /// <summary>Akka's own number for it.</summary>
    public override int Identifier => 22;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) => Known(obj.GetType()) ? _akka.ToBinary(obj) : throw Refusal(obj.GetType());

    public override object FromBinary(byte[] bytes, Type type) => Known(type) ? _akka.FromBinary(bytes, type) : throw Refusal(type);

    private static bool Known(Type? type) => type == typeof(Watch) || type == typeof(Unwatch) || type == typeof(DeathWatchNotification);

    private static SerializationException Refusal(Type? type) => new($"{type?.Name} is no message between nodes.");
}
