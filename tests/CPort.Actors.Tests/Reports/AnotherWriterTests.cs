using Akka.Actor;
using Akka.Cluster.Sharding;
using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Actors.Routing;
using CPort.Actors.Tests.Projections;
using CPort.Domain.Access;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Reports;

/// <summary>
/// A node that stood still wrote a report's event, and the report's home does not know of it: it neither goes on with the work that follows, nor answers with
/// it, until it is told.
/// </summary>
public sealed class AnotherWriterTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_report_that_is_woken_with_more_events_than_it_knows_is_read_anew()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(11, world.Seam);
        var submitted = lives.Submit(1, RandomLives.Nl);
        await world.AppendAsync(submitted, lives.Work(submitted.Id));
        var before = lives.Reports[submitted.Id].Version;
        var services = new ReportActorServices
        {
            Seam = world.Seam, Tracer = new NoTracer(), Journal = new NoJournal(),
                Shell = new EntityShell(TimeProvider.System, new StuckEntities(world.Database, TimeProvider.System)),
            Environment = () => throw new InvalidOperationException("There are no commands."),
        };
        var shard = world.Node.System.ActorOf(Props.Create(() =>
            new Shard(Props.Create(() => new ReportActor(submitted.Id.ToString(), services, ActorRefs.Nobody)), null)));
        Assert.Equal(before, await VersionAsync());

        await world.AppendAsync(lives.Do(new AddMemo
            { ReportId = submitted.Id, Context = lives.Context(RandomLives.Nl), Text = new SecretText { Text = "Seen elsewhere." } }));
        var waited = System.Diagnostics.Stopwatch.StartNew();
        var after = lives.Reports[submitted.Id].Version;
        Assert.True(after > before);
        shard.Tell(new WakeEntity { Id = submitted.Id.ToString(), Version = before });
        Assert.Equal(before, await VersionAsync());
        shard.Tell(new WakeEntity { Id = submitted.Id.ToString(), Version = after });

        // A question that the shard passed on before it heard of the end is still answered as before.
        while (await VersionAsync() is var version && version != after)
        {
            Assert.True(waited.Elapsed < Patience, $"It still answers with {version} events.");
        }

        async Task<long> VersionAsync() =>
            (await shard.Ask<ReportPage>(new GetReport { ReportId = submitted.Id, Caller = RandomLives.Nl }, Patience)).Head!.Report.Version;
    }

    /// <summary>Security 15: made-up ids filled the memory for two minutes each.</summary>
    [Fact]
    public async Task A_report_that_does_not_exist_leaves_memory_once_it_has_said_so()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var id = new RandomLives(12, world.Seam).Submit(1, RandomLives.Nl).Id;
        var services = new ReportActorServices
        {
            Seam = world.Seam, Tracer = new NoTracer(), Journal = new NoJournal(), Shell = new EntityShell(TimeProvider.System),
            Environment = () => new ReportEnvironment { Now = DateTimeOffset.UtcNow, Members = null!, Rules = new IccamRules() },
        };
        var left = new System.Collections.Concurrent.BlockingCollection<bool>();
        var shard = world.Node.System.ActorOf(Props.Create(() =>
            new Shard(Props.Create(() => new ReportActor(id.ToString(), services, ActorRefs.Nobody)), left)));
        Assert.Null((await shard.Ask<ReportPage>(new GetReport { ReportId = id, Caller = RandomLives.Nl }, Patience)).Head);
        Assert.True(left.TryTake(out _, Patience));
        var memo = new AddMemo
        {
            ReportId = id, Text = new SecretText { Text = "Seen elsewhere." },
            Context = new CommandContext { CommandId = CommandId.New(), Caller = RandomLives.Nl, OccurredAt = DateTimeOffset.UtcNow },
        };
        Assert.Equal(RejectionCode.NotFound, (await shard.Ask<CommandReply>(memo, Patience)).Code);
        Assert.True(left.TryTake(out _, Patience));
    }

    /// <summary>As Akka's: one that passivates is told to stop, and what comes meanwhile is for the next.</summary>
    private sealed class Shard : ReceiveActor
    {
        public Shard(Props entity, System.Collections.Concurrent.BlockingCollection<bool>? left = null)
        {
            IActorRef? current = null;
            Receive<Passivate>(passivate =>
            {
                Sender.Tell(passivate.StopMessage);
                left?.Add(true);
                current = null;
            });
            ReceiveAny(message => (current ??= Context.ActorOf(entity)).Forward(message));
        }
    }

    private sealed class NoTracer : IHostingTracer
    {
        public Task<HostingFacts?> TraceAsync(UrlKeys? keys, Func<string> url, HostingFacts? reported) => throw new InvalidOperationException();
    }

    private sealed class NoJournal : IReportJournal
    {
        public Task<System.Collections.Immutable.ImmutableArray<SequencedEvent>> ReadAsync(string persistenceId, long from, long to) =>
            throw new InvalidOperationException();
    }
}
