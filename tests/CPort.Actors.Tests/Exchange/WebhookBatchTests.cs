using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Actors.Exchange;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Tests.Agencies;
using CPort.Actors.Tests.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Exchange;

/// <summary>Webhooks that take many events a POST: whole or again as it was, in order, each written down and each to be had again.</summary>
public sealed class WebhookBatchTests
{
    private static readonly AgencyDirectory Directory = AgencyDirectory.Of(AgencyExamples.After(
        AgencyRegistry.Empty,
        AgencyExamples.Register("hotline-nl", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.NL)),
        AgencyExamples.Register("hotline-de1", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.DE)),
        AgencyExamples.Register("hotline-de2", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.DE)),
        AgencyExamples.Register("interpol", AgencyKind.Interpol)));

    [Fact]
    public async Task A_batch_is_taken_whole_or_comes_again_as_it_was_and_a_slow_receiver_delays_nobody()
    {
        await using var stage = await Stage.StartAsync(batch: 20);
        stage.Answer = 503;
        var slow = await stage.AddAsync("hotline-de1", batch: 20);
        stage.Stuck = slow.Id;
        await stage.HappenAsync(6);
        stage.Run();
        await stage.SentAsync(1);
        await stage.FailedAsync(tries: 1);

        // More has come meanwhile.
        await stage.HappenAsync(30);
        stage.Answer = 200;
        stage.Clock.Ahead += TimeSpan.FromSeconds(10);
        var expected = await stage.ExpectedAsync();
        await stage.TakenAsync(expected.Length);
        await stage.StopAsync();
        var sent = stage.Sent.ToArray();
        Assert.Equal((sent[0].Id, Encoding.UTF8.GetString(sent[0].Body)), (sent[1].Id, Encoding.UTF8.GetString(sent[1].Body)));
        Assert.True(stage.EventsOf(sent[0]).Length < 20 && expected.Length > 40, $"{stage.EventsOf(sent[0]).Length} of {expected.Length}");
        Assert.Equal(expected, sent[1..].SelectMany(stage.EventsOf));
        Assert.All(sent, s => Assert.InRange(stage.EventsOf(s).Length, 1, 20));
        Assert.Contains(sent, s => stage.EventsOf(s).Length == 20);
        Assert.Equal(sent[1..].Select(s => s.Id).Distinct(), sent[1..].Select(s => s.Id));

        // One entry a POST, which names what it carried.
        var told = stage.Audit.Records.Where(r => r.Caller.Agency == stage.Hook.Agency).ToArray();
        Assert.Equal(sent.Length, told.Length);
        Assert.All(told, r => Assert.Equal((AuditKind.Disclosure, "hotline-nl"), (r.Kind, Assert.Single(r.Recipients))));
        Assert.Equal(sent.Select(stage.SubjectsOf), told.Select(r => string.Join(' ', r.Objects.Select(o => o.Id))));

        // A try is a POST, and says how much it carried.
        var tries = await stage.Store.DeliveriesAsync(stage.Hook.Id, null, 1_000, default);
        Assert.Equal(sent.Select(s => stage.EventsOf(s).Length), tries.Reverse().Select(t => t.Events));
        Assert.Equal(WebhookOutcome.Failed, tries[^1].Outcome);
        Assert.Equal(2, tries[^2].Try);
        Assert.Equal(expected[^1], tries[0].Place.ToString());
        Assert.Null((await stage.KeptAsync()).Tried);
    }

    /// <summary>An address that is changed, or a receiver that is resumed, is asked first and then gets what waited: nothing is passed over.</summary>
    [Fact]
    public async Task What_waited_comes_to_a_changed_address()
    {
        await using var stage = await Stage.StartAsync(batch: 20);
        await stage.HappenAsync(6);
        await stage.Store.ChangeAsync(
            stage.Hook.Agency, Tenant.Live, stage.Hook.Id, h => h with { Url = "https://other.example/cport", State = WebhookState.Pending }, default);
        stage.Run();
        var expected = await stage.ExpectedAsync();
        await stage.TakenAsync(expected.Length);
        await stage.StopAsync();
        var sent = stage.Sent.ToArray();
        Assert.Equal("ping", sent[0].Id);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, sent[1..].SelectMany(stage.EventsOf));
    }

    /// <summary>Nobody is told what is not theirs any more, also not in a batch that was made before that; the id follows from what is in it.</summary>
    [Fact]
    public async Task What_is_not_for_the_receiver_any_more_is_left_out_when_a_batch_comes_again()
    {
        await using var stage = await Stage.StartAsync(batch: 100);
        stage.Answer = 503;
        await stage.HappenAsync(10);
        stage.Run();
        await stage.SentAsync(1);
        await stage.FailedAsync(tries: 1);
        var first = stage.EventsOf(stage.Sent.First());
        Assert.True(FeedPlace.TryParse(first[1], out var gone));
        await stage.World.Database.ExecuteAsync(
            "DELETE FROM cport_feed WHERE ordering = @ordering AND part = @part", default, ("ordering", gone.Ordering), ("part", gone.Part));
        stage.Answer = 200;
        stage.Clock.Ahead += TimeSpan.FromSeconds(10);
        var again = await stage.SentAsync(2);
        Assert.Equal(first.Where(e => e != first[1]), stage.EventsOf(again[1]));
        Assert.NotEqual(again[0].Id, again[1].Id);
    }

    [Fact]
    public async Task Each_event_of_a_batch_that_was_given_up_can_be_asked_for_again()
    {
        await using var stage = await Stage.StartAsync(batch: 100);
        stage.Answer = 500;
        await stage.HappenAsync(10);
        var first = await stage.ExpectedAsync();
        stage.Run();
        for (var i = 1; i <= WebhookRules.Waits.Length; i++)
        {
            await stage.SentAsync(i);
            await stage.FailedAsync(i);
            stage.Clock.Ahead += WebhookRules.Waits[i - 1] * 1.3;
        }

        var tries = await stage.SentAsync(WebhookRules.Waits.Length + 1);
        Assert.All(tries, t => Assert.Equal(tries[0].Id, t.Id));
        await Wait.UntilAsync(async () => (await stage.KeptAsync()).GivenUpAt is not null, Stage.Patience, () => "it was not given up", default);
        var dead = await stage.Store.DeliveriesAsync(stage.Hook.Id, WebhookOutcome.Dead, 1_000, default);
        Assert.Equal(first, dead.Reverse().Select(d => d.Place.ToString()));
        Assert.All(dead, d => Assert.Equal(1, d.Events));

        // What comes after it goes on; one of those that were given up comes once more.
        stage.Answer = 200;
        await stage.HappenAsync(5);
        var all = await stage.ExpectedAsync();
        await stage.TakenAsync(all.Length - first.Length);
        await stage.Store.ChangeAsync(stage.Hook.Agency, Tenant.Live, stage.Hook.Id, h => h with { Again = [first[1]] }, default);
        await stage.TakenAsync(all.Length - first.Length + 1);
        Assert.Equal([.. all[first.Length..], first[1]], stage.Sent.Skip(tries.Length).SelectMany(stage.EventsOf));
        await Wait.UntilAsync(async () => (await stage.KeptAsync()).Again.IsEmpty, Stage.Patience, () => "it is still asked for", default);
        Assert.Equal(all[^1], (await stage.KeptAsync()) is { } kept && kept.After >= Place(all[^1]) ? all[^1] : "");
    }

    private static FeedPlace Place(string text) => FeedPlace.TryParse(text, out var place) ? place : default;

    /// <summary>A courier on tables of its own, with a receiver that answers as it is told to.</summary>
    private sealed class Stage : IAsyncDisposable, IWebhookSender, IWebhookBodies
    {
        public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

        private readonly CancellationTokenSource _stop = new();
        private readonly FeedReader _reader;
        private readonly FeedHead _head;
        private readonly RandomLives _lives;
        private readonly ConcurrentDictionary<string, (string[] Events, string Subjects)> _sent = [];
        private Task _run = Task.CompletedTask;
        private int _taken;

        private Stage(ReadModelWorld world)
        {
            World = world;
            _lives = new RandomLives(21, world.Seam);
            _reader = new FeedReader(world.Model, world.Seam);
            _head = new FeedHead(_reader, Clock);
            Store = new WebhookStore(world.Database, world.Seam);
        }

        public ReadModelWorld World { get; }

        public WebhookStore Store { get; }

        public Shifted Clock { get; } = new();

        public KeepingAudit Audit { get; } = new();

        public Webhook Hook { get; private set; } = null!;

        public volatile int Answer = 200;

        /// <summary>A webhook whose receiver never answers.</summary>
        public ReportId? Stuck { get; set; }

        public ConcurrentQueue<WebhookMessage> Sent { get; } = [];

        public static async Task<Stage> StartAsync(int batch)
        {
            var world = await ReadModelWorld.StartAsync(await TestDatabases.CreateEmptyAsync(DatabaseProvider.Sqlite, null!));
            await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
            await FeedTables.EnsureAsync(world.Database);
            await WebhookStore.EnsureTablesAsync(world.Database);
            var stage = new Stage(world);
            stage.Hook = await stage.AddAsync("hotline-nl", batch);
            return stage;
        }

        public async Task<Webhook> AddAsync(string agency, int batch)
        {
            var hook = new Webhook
            {
                Id = new ReportId((UInt128)agency.GetHashCode(StringComparison.Ordinal) & 0xFFFFFF), Agency = AgencyId.Parse(agency), Tenant = Tenant.Live,
                Url = "https://hooks.example/cport", Secret = new byte[32], CreatedAt = DateTimeOffset.UtcNow, State = WebhookState.Active, Batch = batch,
            };
            await Store.AddAsync(hook, default);
            return hook;
        }

        /// <summary>Some of all agencies' lives: written, projected and served.</summary>
        public async Task HappenAsync(int steps)
        {
            await World.AppendAsync([.. Enumerable.Range(0, steps).Select(_ => _lives.Submit(2, RandomLives.Nl, known: true))]);
            var journal = new JournalReader(World.Database, TestKeys.Journal);
            var tail = new JournalTail(World.Database, journal, TimeProvider.System, JournalTailOptions.Always);
            var writer = new FeedWriter(World.Database, journal, tail, World.Seam, new Known(), TimeProvider.System);
            while (await writer.StepAsync(default))
            {
            }

            var (set, upTo) = ((await World.Tables.SetsAsync()).Last(), (await World.EventsAsync())[^1].Ordering);
            var projector = World.Projector(set.Id);
            await projector.OpenAsync();
            while (!await projector.AdvanceAsync([.. ProjectionSlices.Of(set).All], upTo))
            {
            }
        }

        public void Run() => _run = new WebhookCourier(Store, _reader, _head, this, this, Audit, new Known(), Clock).RunAsync(_stop.Token);

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _run;
        }

        public async Task<WebhookMessage[]> SentAsync(int count)
        {
            await Wait.UntilAsync(() => Task.FromResult(Sent.Count >= count), Patience, () => $"{Sent.Count} of {count} were sent", default);
            return [.. Sent];
        }

        public Task TakenAsync(int events) =>
            Wait.UntilAsync(() => Task.FromResult(Volatile.Read(ref _taken) >= events), Patience, () => $"{_taken} of {events} were taken", default);

        public Task FailedAsync(int tries) =>
            Wait.UntilAsync(async () => (await KeptAsync()).Tries == tries, Patience, () => $"it was not tried {tries} times", default);

        public async Task<Webhook> KeptAsync() => (await Store.FindAsync(Hook.Agency, Tenant.Live, Hook.Id, default))!.Value.Hook;

        /// <summary>Ids of all news of the webhook's agency, in order.</summary>
        public async Task<string[]> ExpectedAsync()
        {
            var caller = FeedRules.ReaderOf(Directory, Hook.Agency, AgencyDirectory.DayOf(DateTimeOffset.UtcNow), Tenant.Live)!;
            var (all, after) = (new List<string>(), FeedPlace.Start);
            while (true)
            {
                var page = await _reader.ReadAsync(caller, after, [], FeedReader.MaxResults, default);
                all.AddRange(page.News.Select(n => n.Place.ToString()));
                after = page.UpTo;
                if (!page.More)
                {
                    return [.. all];
                }
            }
        }

        public string[] EventsOf(WebhookMessage message) => _sent[message.Id].Events;

        public string SubjectsOf(WebhookMessage message) => _sent[message.Id].Subjects;

        public async Task<WebhookAnswer> SendAsync(Webhook hook, WebhookMessage message, long behind, CancellationToken cancellation)
        {
            if (hook.Id == Stuck)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            var answer = new WebhookAnswer(Answer);
            Sent.Enqueue(message);
            Interlocked.Add(ref _taken, answer.IsTaken ? EventsOf(message).Length : 0);
            return answer;
        }

        public WebhookMessage Of(ImmutableArray<DeliveredNews> news, Webhook hook)
        {
            string[] events = [.. news.Select(n => n.Place.ToString())];
            var id = WebhookRules.BatchId(news.Select(n => n.Place));
            _sent[id] = (events, string.Join(' ', news.Select(n => n.Subject).Distinct()));
            return new WebhookMessage(id, "text/plain", Encoding.UTF8.GetBytes(string.Join(' ', events)));
        }

        public WebhookMessage Ping(Webhook hook, DateTimeOffset now)
        {
            _sent["ping"] = ([], "");
            return new WebhookMessage("ping", "text/plain", []);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _head.Dispose();
            _stop.Dispose();
            await World.DisposeAsync();
        }
    }

    private sealed class Known : IAgencyDirectorySource
    {
        public AgencyDirectory Current => Directory;

        public Task WaitForAsync(long sequenceNr, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class KeepingAudit : IAuditLog
    {
        private readonly ConcurrentQueue<AuditRecord> _records = [];

        public IEnumerable<AuditRecord> Records => _records;

        public Task<ImmutableArray<string>> RecordAsync(AuditRecord record, CancellationToken cancellation)
        {
            _records.Enqueue(record);
            return Task.FromResult(ImmutableArray.Create("1"));
        }
    }

    /// <summary>The system's clock, so far ahead.</summary>
    private sealed class Shifted : TimeProvider
    {
        private long _ahead;

        public TimeSpan Ahead
        {
            get => new(Interlocked.Read(ref _ahead));
            set => Interlocked.Exchange(ref _ahead, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }
}
