using System.Collections.Concurrent;
using Akka;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Query;
using Akka.Persistence.Sql;
using Akka.Remote.Hosting;
using Akka.Serialization;
using Akka.Streams.Dsl;
using Akka.TestKit.Xunit2;
using CPort.Actors.Agencies;
using CPort.Actors.Entities;
using CPort.Actors.Serialization;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

/// <summary>The registry's actor and the directory feed over a real SQL journal in a SQLite file of the test's own.</summary>
public sealed class AgencyRegistryActorTests : TestKit
{
    private const string ReadJournal = "akka.persistence.query.journal.sql";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _file;

    public AgencyRegistryActorTests()
        : this(Path.Combine(Path.GetTempPath(), $"cport-agencies-{Guid.NewGuid():N}.db"))
    {
    }

    private AgencyRegistryActorTests(string file)
        : base(ConfigFor(file)) => _file = file;

    protected override void AfterAll()
    {
        base.AfterAll();
        SqliteConnection.ClearAllPools();
        File.Delete(_file);
    }

    [Fact]
    public async Task A_key_made_by_the_registry_authenticates_once_the_directory_has_caught_up()
    {
        using var feed = new AgencyDirectoryFeed(ReadJournal, seal: null);
        feed.Start(Sys);
        feed.Start(Sys);
        var registry = Start();
        await feed.WhenReady.WaitAsync(Patience);

        var registered = await Ask<AgencyChanged>(registry, Register("hotline-nl", AgencyKind.Hotline, In(NL)));
        Assert.Equal((1, true), (registered.SequenceNr, registered.Changed));
        var shown = await Ask<ApiKeyShown>(registry, Issue(HotlineNl));
        await WaitFor(feed, shown.SequenceNr);
        var caller = Assert.IsType<Authentication.Accepted>(feed.Authenticate(shown.ApiKey, Noon, null)).Caller;
        Assert.Equal((HotlineNl, shown.KeyId), (caller.Agency, caller.KeyId));

        var revoked = await Ask<AgencyChanged>(registry, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = shown.KeyId });
        await WaitFor(feed, revoked.SequenceNr);
        Assert.IsType<Authentication.Refused>(feed.Authenticate(shown.ApiKey, Noon, null));
    }

    [Fact]
    public async Task A_restarted_registry_and_a_new_feed_know_all_that_was_done_before()
    {
        var registry = Start();
        await Ask<AgencyChanged>(registry, Register("hotline-nl", AgencyKind.Hotline, In(NL)));
        var issue = Issue(HotlineNl);
        var shown = await Ask<ApiKeyShown>(registry, issue);
        Watch(registry);
        Sys.Stop(registry);
        ExpectTerminated(registry, Patience);

        var again = Start();
        Assert.Equal(AgencyRejection.AgencyExists, (await Ask<AgencyCommandRejected>(again, Register("hotline-nl"))).Reason);
        var repeated = await Ask<ApiKeyShown>(again, issue);
        Assert.Equal((shown.KeyId, null, shown.SequenceNr), (repeated.KeyId, repeated.ApiKey, repeated.SequenceNr));

        using var feed = new AgencyDirectoryFeed(ReadJournal, seal: null);
        feed.Start(Sys);
        await feed.WhenReady.WaitAsync(Patience);
        Assert.True(feed.Ready);
        Assert.Equal(2, feed.Current.Version);
        Assert.IsType<Authentication.Accepted>(feed.Authenticate(shown.ApiKey, Noon, null));
    }

    [Fact]
    public async Task A_repeated_command_gets_the_same_answer_and_writes_nothing()
    {
        var registry = Start();
        var command = Register("hotline-nl");
        var first = await Ask<AgencyChanged>(registry, command);
        var second = await Ask<AgencyChanged>(registry, command);
        Assert.Equal((first.SequenceNr, false), (second.SequenceNr, second.Changed));
        Assert.Equal(2, (await Ask<AgencyChanged>(registry, Register("hotline-de"))).SequenceNr);
    }

    [Fact]
    public async Task What_waits_for_consent_is_said_at_warning_level_as_is_the_consent_and_a_repeat_names_the_same_change()
    {
        var logged = new ConcurrentQueue<string>();
        Sys.EventStream.Subscribe(Sys.ActorOf(Props.Create(() => new LogCatcher(logged))), typeof(Akka.Event.Warning));
        var registry = Start();
        await Ask<AgencyChanged>(registry, Register("hotline-nl", AgencyKind.Hotline, In(NL)));
        var person = await Ask<ApiKeyShown>(registry, Issue(HotlineNl));
        var command = Register("police-nl", AgencyKind.Police, In(NL));
        var waits = await Ask<AgencyChanged>(registry, command);
        Assert.Equal((3L, true, (long?)3), (waits.SequenceNr, waits.Changed, waits.Change));
        var again = await Ask<AgencyChanged>(registry, command);
        Assert.Equal((3L, false, (long?)3), (again.SequenceNr, again.Changed, again.Change));
        var caller = new CPort.Domain.Access.Caller { Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = person.KeyId };
        await Ask<AgencyChanged>(registry, new ApproveChange { Context = By(caller), Agency = command.Agency, Number = 3 });
        Assert.Equal(AgencyRejection.AgencyExists, (await Ask<AgencyCommandRejected>(registry, Register("police-nl"))).Reason);
        await AwaitConditionAsync(() => Task.FromResult(
            logged.Any(l => l.Contains("police-nl: ChangeProposed 3 (AgencyRegistered) by operator/", StringComparison.Ordinal))
            && logged.Any(l => l.Contains($"police-nl: ChangeApproved 3 by hotline-nl/{person.KeyId}", StringComparison.Ordinal))), Patience);
    }

    [Fact]
    public async Task The_secret_of_a_key_is_neither_in_an_event_nor_in_the_database_nor_in_the_log()
    {
        var logged = new ConcurrentQueue<string>();
        Sys.EventStream.Subscribe(Sys.ActorOf(Props.Create(() => new LogCatcher(logged))), typeof(Akka.Event.LogEvent));
        var registry = Start();
        await Ask<AgencyChanged>(registry, Register("hotline-nl", AgencyKind.Hotline, In(NL)));
        var first = await Ask<ApiKeyShown>(registry, Issue(HotlineNl));
        var second = await Ask<ApiKeyShown>(registry, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = first.KeyId });
        Sys.DeadLetters.Tell(second);
        await AwaitConditionAsync(() => Task.FromResult(logged.Any(l => l.Contains(nameof(ApiKeyRotated)))), Patience);

        var stored = new List<byte>();
        foreach (var path in Directory.GetFiles(Path.GetDirectoryName(_file)!, Path.GetFileName(_file) + "*"))
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy);
            stored.AddRange(copy.ToArray());
        }

        var text = System.Text.Encoding.Latin1.GetString([.. stored]) + string.Join('\n', logged);
        Assert.Contains(second.KeyId, text);
        Assert.DoesNotContain(first.ApiKey![^43..], text);
        Assert.DoesNotContain(second.ApiKey![^43..], text);
    }

    [Fact]
    public async Task A_feed_whose_journal_fails_goes_on_where_it_stopped_and_takes_no_event_twice()
    {
        using var feed = new AgencyDirectoryFeed("flaky", seal: null);
        feed.Start(Sys, new FlakyJournal());
        await WaitFor(feed, 3);
        Assert.True(feed.Ready);
        Assert.Equal(["a1", "a2", "a3"], feed.Current.Agencies.Select(a => a.Id.Value));
    }

    [Fact]
    public async Task Waiting_for_an_event_that_does_not_come_ends_with_its_cancellation()
    {
        using var feed = new AgencyDirectoryFeed(ReadJournal, seal: null);
        using var cancel = new CancellationTokenSource();
        var waiting = feed.WaitForAsync(1, cancel.Token);
        Assert.False(waiting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await feed.WaitForAsync(0, CancellationToken.None);
        Assert.False(feed.Ready);
    }

    [Fact]
    public async Task The_region_started_by_its_hosting_extension_registers_agencies_and_feeds_the_directory()
    {
        using var feed = new AgencyDirectoryFeed(ReadJournal, seal: null);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IHostApplicationLifetime, NoLifetime>();
        services.AddAkka("agencies-hosting", (akka, _) => akka
            .AddHocon(ConfigFor(_file), HoconAddMode.Prepend)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions { Roles = ["report"] })
            .AddAgencies(feed, new EntityShell(TimeProvider.System))
            .AddStartup((system, _) => { var cluster = Akka.Cluster.Cluster.Get(system); cluster.Join(cluster.SelfAddress); }));
        await using var provider = services.BuildServiceProvider();
        var hosted = provider.GetServices<IHostedService>().ToList();
        foreach (var service in hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }

        var region = await provider.GetRequiredService<IRequiredActor<AgencyRegion>>().GetAsync();
        var registered = await Ask<AgencyChanged>(region, Register("hotline-nl", AgencyKind.Hotline, In(NL)));
        await WaitFor(feed, registered.SequenceNr);
        Assert.Equal("Example hotline-nl", feed.Current.Find(HotlineNl)?.Name);
        foreach (var service in hosted)
        {
            await service.StopAsync(CancellationToken.None);
        }
    }

    [Fact]
    public void Every_command_goes_to_the_one_entity()
    {
        var extractor = AgencyHosting.Extractor;
        Assert.Equal("registry", extractor.EntityId(Issue(HotlineNl)));
        Assert.Equal("registry", extractor.EntityId(Register("hotline-de")));
        Assert.Null(extractor.EntityId("something else"));
    }

    private static async Task WaitFor(AgencyDirectoryFeed feed, long sequenceNr)
    {
        using var patience = new CancellationTokenSource(Patience);
        await feed.WaitForAsync(sequenceNr, patience.Token);
    }

    private IActorRef Start() => Sys.ActorOf(AgencyRegistryActor.PropsFor(new EntityShell(TimeProvider.System)));

    private static async Task<T> Ask<T>(IActorRef registry, IAgencyCommand command) => Assert.IsType<T>(await registry.Ask<object>(command, Patience));

    private static Config ConfigFor(string file) => ConfigurationFactory.ParseString(
        $$"""
        akka.loglevel = DEBUG
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          connection-string = "Data Source={{file}}"
          provider-name = "SQLite.MS"
          auto-initialize = true
        }
        {{ReadJournal}} {
          class = "Akka.Persistence.Sql.Query.SqlReadJournalProvider, Akka.Persistence.Sql"
          connection-string = "Data Source={{file}}"
          provider-name = "SQLite.MS"
          write-plugin = akka.persistence.journal.sql
          refresh-interval = 50ms
        }
        akka.actor {
          serializers.agencies = "{{typeof(EventSerializer).AssemblyQualifiedName}}"
          serialization-bindings { "{{typeof(IAgencyEvent).AssemblyQualifiedName}}" = agencies }
        }
        """)
        .WithFallback(SqlPersistence.DefaultConfiguration);

    /// <summary>Stands in for the product's serializer: the same protobuf model, the type's name as manifest.</summary>
    public sealed class EventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override int Identifier => 9_901;

        public override string Manifest(object o) => o.GetType().FullName!;

        public override byte[] ToBinary(object obj)
        {
            using var stream = new MemoryStream();
            WireModel.Instance.Serialize(stream, obj);
            return stream.ToArray();
        }

        public override object FromBinary(byte[] bytes, string manifest) =>
            WireModel.Instance.Deserialize(typeof(IAgencyEvent).Assembly.GetType(manifest)!, new MemoryStream(bytes));
    }

    /// <summary>Three registrations. The first read breaks after one of them; the live stream begins with one that was already read.</summary>
    private sealed class FlakyJournal : ICurrentEventsByPersistenceIdQuery, IEventsByPersistenceIdQuery
    {
        private int _reads;

        public Source<EventEnvelope, NotUsed> CurrentEventsByPersistenceId(string persistenceId, long from, long to) =>
            Interlocked.Increment(ref _reads) == 1
                ? Source.Single(Event(1)).Concat(Source.Failed<EventEnvelope>(new TimeoutException("made up")))
                : Source.From(Enumerable.Range((int)from, 2 - (int)from + 1).Select(Event));

        public Source<EventEnvelope, NotUsed> EventsByPersistenceId(string persistenceId, long from, long to) =>
            Source.From([Event(2), Event(3)]).Concat(Source.Never<EventEnvelope>());

        private static EventEnvelope Event(int number) => new(Offset.Sequence(number), EntityName.Agencies.ToString(), number,
            Assert.IsType<AgencyDecision.Accepted>(Decide(AgencyRegistry.Empty, Register($"a{number}"))).Event, 0, []);
    }

    private sealed class NoLifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }

    private sealed class LogCatcher : ReceiveActor
    {
        public LogCatcher(ConcurrentQueue<string> lines) => Receive<Akka.Event.LogEvent>(e => lines.Enqueue(e.ToString()));
    }
}
