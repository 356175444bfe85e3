using CPort.Actors.Confidential;
using CPort.Actors.Icse;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Confidential;

namespace CPort.Node.Composition;

/// <summary>Packages for ICSE on nodes of the role report, what looks after them on one of the role projection, and the way to them on every node.</summary>
internal static class IcseSetup
{
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddIcse(this IServiceCollection services, NodeOptions options) => services
        .AddPreparation<Database>(PackageRows.EnsureTablesAsync)
        .AddSingleton<PackageReader>()
        .AddSingleton(p => new PackageGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>(), p.GetRequiredService<IReportGateway>(), p.GetRequiredService<ConfidentialSeam>(),
            TimeSpan.FromSeconds(options.Limits.AskSeconds), p.GetRequiredService<TimeProvider>()));

    public static AkkaConfigurationBuilder AddIcse(this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services) => akka.AddIcse(
        services.NewShell, services.GetRequiredService<ConfidentialSeam>, options.Cluster.EffectiveRoles.Contains(ClusterRoles.Projection),
        () => new PackageKeeperServices(
            new PackageRows(services.GetRequiredService<Database>(), services.GetRequiredService<JournalTail>(), services.GetRequiredService<JournalSeal>()),
            services.GetRequiredService<ReadTables>(),
            services.GetRequiredService<TimeProvider>(), LooksEvery));
}
