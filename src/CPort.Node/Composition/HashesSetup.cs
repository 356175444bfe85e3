using CPort.Actors.Agencies;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Reports;
using CPort.Node.Readiness;

namespace CPort.Node.Composition;

/// <summary>Hash buckets on nodes of their role, and matching on every node.</summary>
internal static class HashesSetup
{
    public static IServiceCollection AddHashes(this IServiceCollection services, PolicyOptions policy) => services
        .AddSingleton(new MatchingOptions { NearRadius = policy.PdqRadius, QualityFloor = policy.PdqQualityFloor })
        .AddSingleton<HashBucketLoading>()
        .AddSingleton<IReadinessCheck, HashBucketReadiness>();

    public static AkkaConfigurationBuilder AddHashes(this AkkaConfigurationBuilder akka, IServiceProvider services) => akka
        .AddHashBuckets<ReportRegion>(services.NewShell(), new HashBucketOptions
        {
            WithEvents = () => HashBucketJournal.WithEventsAsync(
                services.GetRequiredService<Database>(), services.GetRequiredService<AgencyDirectoryFeed>().Current.Training),
            Agencies = services.GetRequiredService<AgencyDirectoryFeed>(),
            Loading = services.GetRequiredService<HashBucketLoading>(),
        })
        .AddMatching(services.GetRequiredService<MatchingOptions>(), services.GetRequiredService<TimeProvider>());
}
