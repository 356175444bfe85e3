using CPort.Actors.Cluster;
using CPort.Actors.Reports;
using CPort.Domain.Referrals;

namespace CPort.Actors.Referrals;

/// <summary>What referrals need from outside; made once a node.</summary>
/// <param name="Shell">Of the entities.</param>
/// <param name="Seam">Seals what police says in words.</param>
/// <param name="Environment">Today's members and the clock; called once a command.</param>
public sealed record ReferralServices(EntityShell Shell, ConfidentialSeam Seam, Func<ReferralEnvironment> Environment);

/// <summary>Registry key of the shard region of referrals.</summary>
public sealed class ReferralRegion;

public static class ReferralHosting
{
    /// <summary>
    /// Starts the region of referrals on nodes of role <c>report</c>, and on one of role <c>projection</c> what opens them; needs reports and projections to be
    /// registered before.
    /// </summary>
    public static AkkaConfigurationBuilder AddReferrals(
        this AkkaConfigurationBuilder builder, Func<ReferralServices> services, bool opensHere, Func<ReferralOpenerServices> opener) =>
        builder
            .AddEntities<ReferralRegion>(
                EntityKind.Referral,
                (_, registry) =>
                {
                    var (made, reports) = (services(), registry.Get<ReportRegion>());
                    return id => Props.Create(() => new ReferralActor(id, made, reports));
                },
                new EntityExtractor<IReferralMessage>(m => m.Key.ToString()),
                ClusterRoles.Report)
            .AddOpener(opensHere, opener);

    private static AkkaConfigurationBuilder AddOpener(this AkkaConfigurationBuilder builder, bool here, Func<ReferralOpenerServices> opener) => !here ? builder
        : Akka.Cluster.Hosting.AkkaClusterHostingExtensions.WithSingleton<ReferralOpener>(
            builder, "referrals",
            (_, registry, _) =>
            {
                var (services, referrals) = (opener(), registry.Get<ReferralRegion>());
                return Props.Create(() => new ReferralOpener(services, referrals));
            },
            new Akka.Cluster.Hosting.ClusterSingletonOptions { Role = ClusterRoles.Projection },
            createProxyToo: false);
}
