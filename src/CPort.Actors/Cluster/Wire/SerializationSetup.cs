using Akka.Configuration;
using CPort.Actors.Serialization;

namespace CPort.Actors.Cluster.Wire;

public static class SerializationSetup
{
    /// <summary>
    /// Akka's serializers, by name and number, that make objects of the type a message names (JSON, any protobuf message), hand over what nobody checked
    /// (bytes), or start actors for another node. Nothing of CPort or of Akka's cluster needs them.
    /// </summary>
    public static ImmutableArray<(string Name, int Identifier)> Refused { get; } = [("json", 1), ("proto", 2), ("daemon-create", 3), ("bytes", 4)];

    /// <summary>Puts <see cref="NoSerializer"/> in their places, and two that know less in the places of Akka's own.</summary>
    public static Config Hocon { get; } = ConfigurationFactory.ParseString(string.Concat(Refused.Select(r => string.Create(CultureInfo.InvariantCulture, $$"""
        akka.actor.serializers.{{r.Name}} = "{{typeof(NoSerializer).FullName}}, CPort.Actors"
        akka.actor.serialization-settings.{{r.Name}} { identifier = {{r.Identifier}} }

        """))) + $$"""
        akka.actor.serializers.akka-misc = "{{typeof(NarrowMiscSerializer).FullName}}, CPort.Actors"
        akka.actor.serializers.akka-system-msg = "{{typeof(NarrowSystemMessageSerializer).FullName}}, CPort.Actors"
        """);

    /// <summary>
    /// Binds every <see cref="IWireMessage"/> to <see cref="WireSerializer"/> and refuses to send or to read anything else between nodes, but what Akka says to
    /// itself. Fails at start when two types share a manifest.
    /// </summary>
    public static AkkaConfigurationBuilder AddWireSerialization(this AkkaConfigurationBuilder akka)
    {
        _ = WireContracts.All;
        return akka
            .WithStrictSerialization()
            .AddHocon(Hocon, HoconAddMode.Prepend)
            .WithCustomSerializer("cport", [typeof(IWireMessage)], system => new WireSerializer(system));
    }
}
