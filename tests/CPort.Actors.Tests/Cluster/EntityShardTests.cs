using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Cluster;

/// <summary>A shard region as every room opens one, on a cluster of one with the settings of a node.</summary>
public sealed class EntityShardTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_message_reaches_its_entity_and_StopEntity_ends_it_by_passivation()
    {
        await using var node = await TestActorSystem.StartAsync(akka => akka
            .WithRemoting(new RemoteOptions { HostName = "127.0.0.1", Port = 0 })
            .WithClustering(new ClusterOptions { Roles = [ClusterRoles.Report] })
            .AddWireSerialization()
            .AddHocon(ClusterTuning.Hocon, HoconAddMode.Prepend)
            .AddStartup((system, _) => Akka.Cluster.Cluster.Get(system).Join(Akka.Cluster.Cluster.Get(system).SelfAddress))
            .AddEntities<Echo>(EntityKind.Report, (_, _) => id => Props.Create(() => new Echo(id)),
                new EntityExtractor<IReportMessage>(m => m.ReportId.ToString()), ClusterRoles.Report));
        var region = ActorRegistry.For(node.System).Get<Echo>();
        var report = new ReportId(42);

        var first = await region.Ask<ActorIdentityOf>(new TakeVerdicts { ReportId = report, FanOutId = 1 }, Patience);
        Assert.Equal(report.ToString(), first.EntityId);

        var ended = first.Ref.WatchAsync();
        first.Ref.Tell("passivate");
        Assert.True(await ended.WaitAsync(Patience));
        Assert.NotEqual(first.Ref, (await region.Ask<ActorIdentityOf>(new TakeVerdicts { ReportId = report, FanOutId = 2 }, Patience)).Ref);
    }

    private sealed record ActorIdentityOf(string EntityId, IActorRef Ref);

    private sealed class Echo : ReceiveActor
    {
        public Echo(string entityId)
        {
            Receive<TakeVerdicts>(_ => Sender.Tell(new ActorIdentityOf(entityId, Self)));
            Receive<string>(_ => Context.Parent.Tell(new Passivate(StopEntity.Instance)));
            Receive<StopEntity>(_ => Context.Stop(Self));
        }
    }
}
