using Akka.Cluster;
using Akka.Cluster.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Reports;
using CPort.Domain.Agencies;
using CPort.Domain.Routing;

namespace CPort.Actors.Projections;

/// <summary>What the projection needs from outside; made once a node.</summary>
public sealed record ProjectionServices
{
    public required Database Database { get; init; }
    public required ConfidentialSeam Seam { get; init; }
    public required JournalSeal Journal { get; init; }
    public required UrlKeyMaker UrlKeys { get; init; }
    public required TimeProvider Time { get; init; }
    public ProjectionOptions Options { get; init; } = new();

    /// <summary>The node's; null: the projection looks and reads by itself.</summary>
    public JournalTail? Tail { get; init; }

    /// <summary>Is told of rows that somebody changed; null: nobody is.</summary>
    public DatabaseDoubts? Doubts { get; init; }

    /// <summary>Today's agencies: when they change, the sweeper looks for items that are nobody's work any more. Null: it does not.</summary>
    public Func<AgencyDirectory>? Directory { get; init; }
}

/// <summary>Registers the projection with a node.</summary>
public static class ProjectionHosting
{
    /// <summary>
    /// Runs the projection and the sweeper, one of each in the cluster, and a writer of read tables on each node of role <c>projection</c>; needs
    /// <see cref="ReportHosting.AddReports"/> before. Registers (a proxy to) <see cref="ProjectionActor"/> for rebuilds and comparisons.
    /// </summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, Func<ProjectionServices> make) =>
        AddProjections(builder, true, make);

    /// <summary>As above; <paramref name="here"/> false on a node without the role, which only gets the proxy.</summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, bool here, Func<ProjectionServices> make) => !here
        ? builder.WithSingletonProxy<ProjectionActor>("projection", new ClusterSingletonOptions { Role = ClusterRoles.Projection })
        : builder
            .WithActors((system, _, _) =>
            {
                var services = make();
                system.ActorOf(Props.Create(() => new ProjectionWriterActor(services)), ProjectionWriterActor.Name);
            })
            .WithSingleton<ProjectionActor>(
                "projection",
                (system, _, _) =>
                {
                    var services = make();
                    return Props.Create(() => new ProjectionActor(services, () => WritersOf(system)));
                },
                new ClusterSingletonOptions { Role = ClusterRoles.Projection })
            .WithSingleton<SweeperActor>(
                "sweeper",
                (_, registry, _) =>
                {
                    var (reports, services) = (registry.Get<ReportRegion>(), make());
                    return Props.Create(() => new SweeperActor(
                        new ReadTables(services.Database, services.UrlKeys), reports, services.Time, services.Options, services.Directory));
                },
                new ClusterSingletonOptions { Role = ClusterRoles.Projection },
                createProxyToo: false);

    /// <summary>Nodes that stay; while all are on their way out, those.</summary>
    private static ImmutableArray<Address> WritersOf(ActorSystem system)
    {
        var state = Akka.Cluster.Cluster.Get(system).State;
        var heard = state.Members.Where(m => m.HasRole(ClusterRoles.Projection) && !state.Unreachable.Contains(m)).ToArray();
        var staying = heard.Where(m => m.Status == MemberStatus.Up).ToArray();
        return [.. (staying.Length > 0 ? staying : heard.Where(m => m.Status == MemberStatus.Leaving)).Select(m => m.Address)
            .OrderBy(a => a.ToString(), StringComparer.Ordinal)];
    }
}
