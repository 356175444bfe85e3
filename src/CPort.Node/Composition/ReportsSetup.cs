using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.Reports;
using CPort.Actors.Routing;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.Inheritance;
using CPort.Domain.Reports;

namespace CPort.Node.Composition;

/// <summary>Reports on nodes of their role, and the way to them on every node.</summary>
internal static class ReportsSetup
{
    public static IServiceCollection AddReports(this IServiceCollection services, NodeOptions options) => services
        .AddSingleton<IReportGateway>(p => new ReportGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>().Get<ReportRegion>(), GatewayOptions(options.Limits),
            p.GetRequiredService<TimeProvider>(), p.GetRequiredService<StuckEntities>(), p.GetRequiredService<IReportSight>()));

    public static AkkaConfigurationBuilder AddReports(
        this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services) =>
        akka.AddReports(system => ReportServices(system, options, services));

    /// <summary>
    /// Several attempts: a message to a shard that is moving, or to a node that died a moment ago, is lost, and every command may be sent again.
    /// </summary>
    public static ReportGatewayOptions GatewayOptions(LimitOptions limits) =>
        new() { AskTimeout = TimeSpan.FromSeconds(limits.AskSeconds / 5.0), Patience = TimeSpan.FromSeconds(limits.AskSeconds) };

    private static ReportActorServices ReportServices(ActorSystem system, NodeOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var directory = services.GetRequiredService<AgencyDirectoryFeed>();
        var rules = options.Policy.ToRules();
        var looks = options.Policy.ToLooks();
        var inheritance = new InheritanceOptions
            { WeakHashes = options.Policy.WeakHashes, PhotoDnaDecides = options.Policy.PhotoDnaDecides };
        return new ReportActorServices
        {
            Seam = services.GetRequiredService<ConfidentialSeam>(),
            Tracer = services.GetRequiredService<IHostingTracer>(),
            Journal = new QueryReportJournal(system, SqlJournal.QueryPluginId, services.GetRequiredService<JournalSeal>()),
            Shell = services.NewShell(),
            Environment = () =>
            {
                var now = time.GetUtcNow();
                return new ReportEnvironment
                {
                    Now = now, Members = new DirectoryMembership(directory.Current, now), Rules = rules, Inheritance = inheritance,
                    MaxItems = options.Limits.ItemsPerReport, LongestHold = TimeSpan.FromHours(options.Policy.MaxHoldHours),
                    NetworkLooks = looks,
                };
            },
        };
    }
}
