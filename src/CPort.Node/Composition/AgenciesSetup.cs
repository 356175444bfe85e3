using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.People;
using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>The registry of agencies, one in the cluster, and its directory on every node.</summary>
internal static class AgenciesSetup
{
    public static IServiceCollection AddAgencies(this IServiceCollection services) => services
        .AddSingleton(p => new AgencyDirectoryFeed(SqlJournal.QueryPluginId, p.GetRequiredService<JournalSeal>())
        {
            FindPerson = id => p.GetRequiredService<PeopleDirectoryFeed>().Current.Find(id),
        })
        .AddSingleton<KeyUses>()
        .AddPreparation<Database>(KeyUses.EnsureTableAsync)
        .AddSingleton<IReadinessCheck, DirectoryReadiness>()
        .AddHostedService<OperatorBootstrap>();

    public static AkkaConfigurationBuilder AddAgencies(this AkkaConfigurationBuilder akka, IServiceProvider services) =>
        akka.AddAgencies(services.GetRequiredService<AgencyDirectoryFeed>(), services.NewShell());
}
