using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.People;
using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Actors.Sessions;
using CPort.Domain.Confidential;
using CPort.Portal;
using CPort.Portal.SignIn;

namespace CPort.Node.Composition;

/// <summary>The registry of people, one in the cluster, its directory on every node, and their sessions.</summary>
internal static class PeopleSetup
{
    public static IServiceCollection AddPeople(this IServiceCollection services, NodeOptions options) => services
        .AddSingleton(p => new PeopleDirectoryFeed(SqlJournal.QueryPluginId, p.GetRequiredService<JournalSeal>()))
        .AddSingleton<IPeopleGateway>(p => new PeopleGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>(), p.GetRequiredService<PeopleDirectoryFeed>(), p.GetRequiredService<AgencyDirectoryFeed>(),
            TimeSpan.FromSeconds(options.Limits.AskSeconds), p.GetRequiredService<TimeProvider>()))
        .AddSingleton(new SessionTimes
        {
            Idle = TimeSpan.FromMinutes(options.Portal.IdleMinutes), Absolute = TimeSpan.FromMinutes(options.Portal.SessionMinutes),
        })
        .AddSingleton<SessionStore>()
        .AddSingleton<CredentialStore>()
        .AddSingleton<SignInFailures>()
        .AddSingleton<LiveSessions>()
        .AddSingleton<ProtectionKeyStore>()
        .AddPreparation<Database>(SessionStore.EnsureTablesAsync)
        .AddPreparation<Database>(CredentialStore.EnsureTablesAsync)
        .AddPreparation<Database>(SignInFailures.EnsureTablesAsync)
        .AddPreparation<Database>(ProtectionKeyStore.EnsureTablesAsync);

    /// <summary>The pages, and the ways to sign in to them.</summary>
    public static IServiceCollection AddPortal(this IServiceCollection services, NodeOptions options)
    {
        var examples = new ExampleSet(options);
        return services
            .AddSingleton(examples)
            .AddSingleton(options.Portal.ReadBreaks())
            .AddCPortPortal()
            .AddPortalSignIn(new SignInOptions
            {
                OffersExamplePeople = () => examples.IsOffered, PortalUrl = options.PortalUrl, Cluster = options.Cluster.Name,
                SendsMail = options.Mail.IsOn,
                Providers = [.. options.Portal.ReadProviders()], WithoutCodes = [.. options.Portal.WithoutCodes.Select(AgencyId.Parse)],
            })
            .AddPreparation<ProtectionKeys>((keys, cancellation) => keys.EnsureAsync(cancellation));
    }

    public static AkkaConfigurationBuilder AddPeople(this AkkaConfigurationBuilder akka, IServiceProvider services) => akka.AddPeople(
        services.GetRequiredService<PeopleDirectoryFeed>(),
        () => new PeopleRegistryServices(
            services.NewShell(), services.GetRequiredService<ConfidentialSeam>(), services.GetRequiredService<AgencyDirectoryFeed>(),
            new PersonEffects(
                services.GetRequiredService<SessionStore>(), services.GetRequiredService<CredentialStore>(), services.GetRequiredService<PersonalStore>(),
                services.GetRequiredService<ReadModel>(), services.GetRequiredService<AgencyDirectoryFeed>(),
                services.GetRequiredService<IReadOnlyActorRegistry>, services.GetRequiredService<TimeProvider>())),
        services.GetRequiredService<StuckEntities>());
}
