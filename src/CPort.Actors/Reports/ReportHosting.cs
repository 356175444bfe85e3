using CPort.Actors.Cluster;
using CPort.Actors.Matching;
using CPort.Actors.Routing;

namespace CPort.Actors.Reports;

/// <summary>What a report's actor needs from outside; made once a node.</summary>
public sealed class ReportActorServices
{
    public required ConfidentialSeam Seam { get; init; }
    public required IHostingTracer Tracer { get; init; }
    public required IReportJournal Journal { get; init; }
    public required EntityShell Shell { get; init; }

    /// <summary>Today's members and policy; called once a command.</summary>
    public required Func<ReportEnvironment> Environment { get; init; }

    /// <summary>How long news of verdicts gather before they are taken over together.</summary>
    public TimeSpan NewsWindow { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long what a round brought waits for the rest of it; an urgent report's does not wait.</summary>
    public TimeSpan RoundPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A little above the matching actor's own patience.</summary>
    public TimeSpan MatchTimeout { get; init; } = TimeSpan.FromSeconds(15);

    internal TimeProvider Time => Shell.Time;
}

/// <summary>Registry key of the report shard region.</summary>
public sealed class ReportRegion;

public static class ReportHosting
{
    /// <summary>Starts the report region on nodes of role <c>report</c>; needs <see cref="MatchingKey"/> to be registered before.</summary>
    public static AkkaConfigurationBuilder AddReports(this AkkaConfigurationBuilder builder, Func<ActorSystem, ReportActorServices> make) =>
        builder.AddEntities<ReportRegion>(
            EntityKind.Report,
            (system, registry) =>
            {
                var services = make(system);
                var matching = registry.Get<MatchingKey>();
                return id => Props.Create(() => new ReportActor(id, services, matching));
            },
            new EntityExtractor<IReportMessage>(m => m.ReportId.ToString()),
            ClusterRoles.Report);
}
