using CPort.Actors.Cluster;
using CPort.Actors.Reports;
using CPort.Domain.Iwol;

namespace CPort.Actors.Iwol;

/// <summary>Registry key of the shard region of candidates.</summary>
public sealed class IwolRegion;

/// <summary>Registry key of the shard region of the list.</summary>
public sealed class IwolListRegion;

public static class IwolHosting
{
    /// <summary>
    /// Starts the regions of candidates and of the list on nodes of role <c>report</c>, and on one of role <c>projection</c> what looks after them; needs
    /// reports to be registered before.
    /// </summary>
    public static AkkaConfigurationBuilder AddIwol(
        this AkkaConfigurationBuilder builder, Func<IwolServices> services, bool keepsHere, Func<IwolKeeperServices> keeper) =>
        builder
            .AddEntities<IwolListRegion>(
                EntityKind.IwolList,
                (_, _) =>
                {
                    var shell = services().Shell;
                    return _ => Props.Create(() => new IwolListActor(shell));
                },
                new EntityExtractor<IIwolListMessage>(_ => EntityName.IwolList.Id),
                ClusterRoles.Report)
            .AddEntities<IwolRegion>(
                EntityKind.Iwol,
                (_, registry) =>
                {
                    var (made, reports) = (services(), registry.Get<ReportRegion>());
                    return id => Props.Create(() => new IwolActor(id, made, reports));
                },
                new EntityExtractor<IIwolMessage>(m => m.Key.ToString()),
                ClusterRoles.Report)
            .AddKeeper(keepsHere, keeper);

    private static AkkaConfigurationBuilder AddKeeper(this AkkaConfigurationBuilder builder, bool here, Func<IwolKeeperServices> keeper) => !here ? builder
        : Akka.Cluster.Hosting.AkkaClusterHostingExtensions.WithSingleton<IwolKeeper>(
            builder, "iwol-keeper",
            (_, registry, _) =>
            {
                var (services, candidates) = (keeper(), registry.Get<IwolRegion>());
                return Props.Create(() => new IwolKeeper(services, candidates));
            },
            new Akka.Cluster.Hosting.ClusterSingletonOptions { Role = ClusterRoles.Projection },
            createProxyToo: false);
}
