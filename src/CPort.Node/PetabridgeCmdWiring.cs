#if PETABRIDGE_CMD
// Built with -p:PetabridgeCmd=<version> only: Petabridge's packages are free of charge but closed, and not in every registry. This file is not
// compiled by default and was not compiled against the real packages; its calls are those of akkadotnet-code-samples (Petabridge.Cmd 1.5.0).
using Akka.Hosting;
using Petabridge.Cmd.Cluster;
using Petabridge.Cmd.Cluster.Sharding;
using Petabridge.Cmd.Host;
using Petabridge.Cmd.Remote;

namespace CPort.Node;

/// <summary>Opens Petabridge.Cmd's own port beside ours. It knows no keys: loopback only.</summary>
public static class PetabridgeCmdWiring
{
    public static AkkaConfigurationBuilder AddPetabridge(this AkkaConfigurationBuilder akka, NodeOptions options) => akka.AddPetabridgeCmd(
        new PetabridgeCmdOptions { Host = "127.0.0.1", Port = options.Operator.PetabridgePort },
        cmd =>
        {
            cmd.RegisterCommandPalette(ClusterCommands.Instance);
            cmd.RegisterCommandPalette(ClusterShardingCommands.Instance);
            cmd.RegisterCommandPalette(new RemoteCommands());
        });
}
#endif
