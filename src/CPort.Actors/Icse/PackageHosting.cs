using CPort.Actors.Cluster;
using CPort.Actors.Reports;
using CPort.Domain.Icse;

namespace CPort.Actors.Icse;

/// <summary>Registry key of the shard region of packages.</summary>
public sealed class PackageRegion;

public static class PackageHosting
{
    /// <summary>
    /// Starts the region of packages on nodes of role <c>report</c>, and on one of role <c>projection</c> what looks after them; needs reports to be registered
    /// before.
    /// </summary>
    public static AkkaConfigurationBuilder AddIcse(
        this AkkaConfigurationBuilder builder, Func<EntityShell> shell, Func<ConfidentialSeam> seam, bool keepsHere, Func<PackageKeeperServices> keeper)
    {
        builder.AddEntities<PackageRegion>(
            EntityKind.Package,
            (_, registry) =>
            {
                var (made, opens, reports) = (shell(), seam(), registry.Get<ReportRegion>());
                return id => Props.Create(() => new PackageActor(id, made, opens, reports));
            },
            new EntityExtractor<IPackageMessage>(m => m.Key.ToString()),
            ClusterRoles.Report);
        return !keepsHere ? builder : Akka.Cluster.Hosting.AkkaClusterHostingExtensions.WithSingleton<PackageKeeper>(
            builder, "icse-keeper",
            (_, registry, _) =>
            {
                var (services, packages) = (keeper(), registry.Get<PackageRegion>());
                return Props.Create(() => new PackageKeeper(services, packages));
            },
            new Akka.Cluster.Hosting.ClusterSingletonOptions { Role = ClusterRoles.Projection },
            createProxyToo: false);
    }
}
