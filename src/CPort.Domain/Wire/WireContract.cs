namespace CPort.Domain.Wire;

/// <summary>
/// Marks a type that is written to the journal or sent between nodes. Every such type is a protobuf-net contract with explicit field numbers and carries a
/// <see cref="ManifestAttribute"/>; <c>contracts.txt</c> beside this file lists them all.
/// </summary>
public interface IWireMessage;

/// <summary>A reply to a command or query of an entity: part of a closed set, safe to send between nodes.</summary>
public interface IWireReply : IWireMessage;

/// <summary>
/// A wire message that the journal or the snapshot store keeps: an event or a snapshot. Its bytes stay readable for ever; a golden file of each is kept beside
/// the tests.
/// </summary>
public interface IWireEvent : IWireMessage;

/// <summary>A wire message that may be megabytes long and knows about how long: its bytes are written into one buffer that is not copied to grow.</summary>
internal interface ISizedWireMessage
{
    /// <summary>Bytes, rather too many than too few.</summary>
    int SizeHint { get; }
}

/// <summary>
/// The stable name a wire type is stored under, for example <c>rs1</c>. Never changed and never reused: journals hold it for ever. A changed shape that old
/// bytes cannot fill gets a new type and a new manifest.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ManifestAttribute(string manifest) : Attribute
{
    /// <summary>2 to 8 lower-case letters and digits, unique in the assembly.</summary>
    public string Manifest { get; } = manifest;
}
