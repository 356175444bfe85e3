using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Iwol;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.Iwol;
using CPort.Domain.Routing;

namespace CPort.Node.Composition;

/// <summary>
/// Candidates and the list on nodes of the role report, what looks after them on one of the role projection, and the way to them on every node.
/// </summary>
internal static class IwolSetup
{
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddIwol(this IServiceCollection services, NodeOptions options) => services
        .AddPreparation<Database>(IwolRows.EnsureTablesAsync)
        .AddSingleton<ListSigning>()
        .AddPreparation<ListSigning>((signing, cancellation) => signing.PrepareAsync($"{options.Audit.Origin}/lists", cancellation))
        .AddSingleton<IwolReader>()
        .AddSingleton<IwolPublisher>()
        .AddSingleton(p => new IwolGateway(
            p.GetRequiredService<IReadOnlyActorRegistry>(), p.GetRequiredService<IReportGateway>(), p.GetRequiredService<ReadModel>(),
            p.GetRequiredService<UrlKeyMaker>(), p.GetRequiredService<ConfidentialSeam>(), options.Iwol.Publication,
            TimeSpan.FromSeconds(options.Limits.AskSeconds), p.GetRequiredService<TimeProvider>()));

    public static AkkaConfigurationBuilder AddIwol(this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services)
    {
        var (time, directory) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<AgencyDirectoryFeed>());
        var (policy, publication) = (options.Iwol.Policy, options.Iwol.Publication);
        return akka.AddIwol(
            () => new IwolServices(
                services.NewShell(), services.GetRequiredService<ConfidentialSeam>(), () =>
                {
                    var now = time.GetUtcNow();
                    return new IwolEnvironment(now, policy, new DirectoryMembership(directory.Current, now));
                }, publication),
            options.Cluster.EffectiveRoles.Contains(ClusterRoles.Projection),
            () => new IwolKeeperServices(
                new IwolRows(
                    services.GetRequiredService<Database>(), services.GetRequiredService<JournalTail>(), services.GetRequiredService<JournalSeal>()),
                time, LooksEvery));
    }
}
