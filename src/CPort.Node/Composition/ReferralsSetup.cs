using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.Referrals;

namespace CPort.Node.Composition;

/// <summary>Referrals on nodes of the role report, what opens them on one of the role projection, and the way to them on every node.</summary>
internal static class ReferralsSetup
{
    /// <summary>Urgent items reach their police within two seconds of being in the read tables.</summary>
    private static readonly TimeSpan OpensEvery = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddReferrals(this IServiceCollection services, NodeOptions options) => services
        .AddPreparation<Database>(ReferralRows.EnsureTablesAsync)
        .AddPreparation<Database>(PriorityStore.EnsureTablesAsync)
        .AddSingleton<ReferralReader>()
        .AddSingleton<PriorityStore>()
        .AddSingleton(p => new DeconflictionReader(
            p.GetRequiredService<ReadTables>(), () => p.GetRequiredService<AgencyDirectoryFeed>().Current, p.GetRequiredService<TimeProvider>()))
        .AddSingleton<IReferralGateway>(p => new ReferralGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>(), TimeSpan.FromSeconds(options.Limits.AskSeconds), p.GetRequiredService<TimeProvider>()));

    public static AkkaConfigurationBuilder AddReferrals(this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services)
    {
        var (time, directory) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<AgencyDirectoryFeed>());
        return akka.AddReferrals(
            () => new ReferralServices(services.NewShell(), services.GetRequiredService<ConfidentialSeam>(), () =>
            {
                var now = time.GetUtcNow();
                return new ReferralEnvironment(now, new DirectoryMembership(directory.Current, now));
            }),
            options.Cluster.EffectiveRoles.Contains(ClusterRoles.Projection),
            () => new ReferralOpenerServices(
                services.GetRequiredService<ReadTables>(),
                new ReferralRows(
                    services.GetRequiredService<Database>(), services.GetRequiredService<JournalTail>(), services.GetRequiredService<JournalSeal>()),
                new ReferralScorer(services.GetRequiredService<ReadTables>(), services.GetRequiredService<PriorityStore>()),
                services.GetRequiredService<ConfidentialSeam>(), () => directory.Current, time, OpensEvery));
    }
}
