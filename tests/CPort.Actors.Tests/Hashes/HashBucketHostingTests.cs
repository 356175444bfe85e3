using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Reports;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>Buckets and matching as a node wires them: a cluster of one, real sharding, strict serialisation.</summary>
public class HashBucketHostingTests
{
    /// <summary>Longer than matching's own: a node that starts cold on a busy machine takes its time.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private sealed class ReportRegion;

    private sealed class ReportStandIn : ReceiveActor
    {
        public ReportStandIn(TaskCompletionSource<TakeVerdicts> told) => Receive<TakeVerdicts>(m =>
        {
            told.TrySetResult(m);
            Sender.Tell(new VerdictsTaken { ReportId = m.ReportId, FanOutId = m.FanOutId });
        });
    }

    [Fact]
    public async Task A_node_matches_a_report_takes_an_opinion_and_tells_the_report()
    {
        var told = new TaskCompletionSource<TakeVerdicts>(TaskCreationOptions.RunContinuationsAsynchronously);
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.None));
        services.AddSingleton<IHostApplicationLifetime, Lifetime>();
        services.AddAkka("hash-hosting", (akka, _) => akka
            .AddHocon("""
                akka.loglevel = OFF
                akka.stdout-loglevel = OFF
                akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
                akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
                """, HoconAddMode.Prepend)
            .AddHocon(ClusterTuning.Hocon, HoconAddMode.Append)
            .AddWireSerialization()
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions { Roles = [ClusterRoles.Hash] })
            .WithActors((system, registry, _) => registry.Register<ReportRegion>(system.ActorOf(Props.Create(() => new ReportStandIn(told)))))
            .AddHashBuckets<ReportRegion>(new EntityShell(TimeProvider.System), new HashBucketOptions { WakeAtOnce = 0 })
            .AddMatching(new MatchingOptions { Timeout = TimeSpan.FromSeconds(60) })
            .AddStartup((system, _) => Akka.Cluster.Cluster.Get(system).Join(Akka.Cluster.Cluster.Get(system).SelfAddress)));
        await using var provider = services.BuildServiceProvider();
        var hosted = provider.GetServices<IHostedService>().ToList();
        foreach (var service in hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }

        try
        {
            var matching = provider.GetRequiredService<IRequiredActor<MatchingKey>>().ActorRef;
            var item = new ItemHashes { Ordinal = 4, Hashes = [Sha256(1), Made(HashAlgorithm.Pdq, 1)], PdqQuality = 90 };
            var request = new MatchReport(Tenant.Live, Report(1), [item]);
            var matched = Assert.IsType<ReportMatched>(await matching.Ask(request, Patience));
            Assert.All(matched.Items.Single().Exact, v => Assert.Equal(1, v.Sightings));

            var word = new OpinionOnItem { Opinion = Says("hotline-nl", Classification.Baseline) };
            var said = new ItemHashes { Ordinal = 1, Hashes = [Sha256(1)], Words = [word] };
            Assert.IsType<ReportMatched>(await matching.Ask(new MatchReport(Tenant.Live, Report(2), [said]), Patience));
            var message = await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal((Report(1), 4), (message.ReportId, message.Items.Single().Ordinal));
        }
        finally
        {
            foreach (var service in hosted)
            {
                await service.StopAsync(CancellationToken.None);
            }
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
