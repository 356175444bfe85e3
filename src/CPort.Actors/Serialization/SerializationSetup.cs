namespace CPort.Actors.Serialization;

public static class SerializationSetup
{
    /// <summary>
    /// Binds every <see cref="IWireMessage"/> to <see cref="WireSerializer"/> and refuses to send anything else between nodes: no silent fallback to Newtonsoft
    /// JSON. Fails at start when two types share a manifest.
    /// </summary>
    public static AkkaConfigurationBuilder AddWireSerialization(this AkkaConfigurationBuilder akka)
    {
        _ = WireContracts.All;
        return akka
            .WithStrictSerialization()
            .WithCustomSerializer("cport", [typeof(IWireMessage)], system => new WireSerializer(system));
    }
}
