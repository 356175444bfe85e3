using Akka.Configuration;
using Akka.Remote.Transport;

namespace CPort.Actors.Cluster.Wire;

/// <summary>
/// The transport of a node that is alone. Akka's cluster, and sharding with it, needs remoting with an address; this gives it one and opens no port, so that
/// nobody can send it anything.
/// </summary>
public sealed class NoTransport : Transport
{
    /// <summary>Addresses of such nodes begin with it: <c>akka.alone://cport@…</c>.</summary>
    public const string Protocol = "akka." + Scheme;

    private const string Scheme = "alone";

    /// <summary>Made by Akka, from <see cref="Hocon"/>.</summary>
    public NoTransport(ActorSystem system, Config config)
    {
        System = system;
        Config = config;
        SchemeIdentifier = Scheme;
        MaximumPayloadBytes = ClusterTuning.MaxFrameSize;
    }

    /// <summary>Settings that put it in the place of TCP.</summary>
    public static Config Hocon { get; } = ConfigurationFactory.ParseString($$"""
        akka.remote {
          enabled-transports = ["akka.remote.{{Scheme}}"]
          {{Scheme}} {
            transport-class = "{{typeof(NoTransport).FullName}},CPort.Actors"
            applied-adapters = []
          }
        }
        """);

    /// <summary>A name of its own at every start: two processes on one database must not pass for the same node (<see cref="JoinRules"/>).</summary>
    public override Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen() => Task.FromResult(
        (new Address(Scheme, System.Name, $"node-{Guid.NewGuid():N}"[..17], 1), new TaskCompletionSource<IAssociationEventListener>()));

    public override bool IsResponsibleFor(Address remote) => true;

    public override Task<AssociationHandle> Associate(Address remoteAddress) =>
        Task.FromException<AssociationHandle>(new InvalidAssociationException($"This node is alone and calls nobody, so not {remoteAddress}."));

    public override Task<bool> Shutdown() => Task.FromResult(true);
}
