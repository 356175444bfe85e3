using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api;
using CPort.Api.Agencies;
using CPort.Api.Operators;
using CPort.Api.Reports;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Node.Composition;
using CPort.Node.Hosting;

namespace CPort.Node.Operator;

/// <summary>
/// What operators ask and tell a node. Everything that concerns the cluster has the same answer on every node; what changes something is logged with
/// who did it. <paramref name="stopping"/> ends the streams.
/// </summary>
internal sealed partial class OperatorEndpoints(IServiceProvider services, NodeState state, ILogger log, CancellationToken stopping)
{
    /// <summary>How long another node or a region may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private ActorSystem System => state.System ?? throw new OperatorProblem(HttpStatusCode.ServiceUnavailable, $"The node has no actor system: {state.WaitingFor}.");

    private Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

    public void Map(IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup("/operator/v1").Needs(Deed.WatchNodes);
        v1.MapGet("/cluster/members", () => Json(new MembersAnswer(Cluster.State.Leader?.ToString(), OperatorView.Members(Cluster))));
        v1.MapGet("/cluster/status", () => Json(OperatorView.Self(Cluster)));
        v1.MapGet("/cluster/leader", () => Json(new LeaderAnswer(Cluster.State.Leader?.ToString())));
        v1.MapGet("/cluster/tail", (HttpContext http) => StreamAsync(http, MemberEventsAsync));
        v1.MapPost("/cluster/join", (HttpContext http, AddressBody body) => Json(Join(http, body))).Needs(Deed.CommandCluster);
        v1.MapPost("/cluster/leave", (HttpContext http, AddressBody body) => Json(Leave(http, body))).Needs(Deed.CommandCluster);
        v1.MapPost("/cluster/down", (HttpContext http, AddressBody body) => Json(Down(http, body))).Needs(Deed.CommandCluster);
        v1.MapPost("/cluster/down-unreachable", (HttpContext http, AddressBody body) => Json(DownUnreachable(http, body))).Needs(Deed.CommandCluster);

        v1.MapGet("/sharding/regions", async () => Json(await RegionsAsync()));
        v1.MapGet("/sharding/stats", async (string? type) => Json(await StatsAsync(type)));
        v1.MapGet("/sharding/distribution", async (string? type) => Json(await DistributionAsync(type)));

        v1.MapGet("/actors", async (string? start, int? depth) => Json(await ActorsAsync(start, depth ?? 4)));
        v1.MapGet("/system", () => Json(About()));

        v1.MapGet("/log", (int? lines) => Json(services.GetRequiredService<LogRing>().Last(Math.Clamp(lines ?? 50, 1, LogRing.Lines))));
        v1.MapGet("/log/tail", (HttpContext http) => StreamAsync(http, cancellation => services.GetRequiredService<LogRing>().FollowAsync(10, cancellation)));

        v1.MapGet("/reports/{id}", async (string id, HttpContext http, CancellationToken cancellation) => Json(await ReportAsync(id, CallerOf(http), cancellation)));
        v1.MapGet("/stuck", async (CancellationToken cancellation) => Json(
            (await services.GetRequiredService<StuckEntities>().ListAsync(cancellation)).Select(s => new StuckAnswer(s.PersistenceId, s.AfterSequence, s.Reason, s.Since, s.Attempts))));
        v1.MapPost("/stuck/{id}/retry", async (string id, HttpContext http, CancellationToken cancellation) => Json(await RetryAsync(id, http, cancellation))).Needs(Deed.RetryStuck);
        v1.MapGet("/queues", async (HttpContext http, CancellationToken cancellation) => Json(await QueuesAsync(CallerOf(http), cancellation))).Needs(Deed.CountEverything);
        v1.MapGet("/projections", async (CancellationToken cancellation) => Json(await services.GetRequiredService<ProjectionStatusReader>().ReadAsync(cancellation))).Needs(Deed.ReadProjections);
        v1.MapGet("/hashes", async (CancellationToken cancellation) => Json(await HashesAsync(cancellation)));
        v1.MapGet("/quarantine", async (CancellationToken cancellation) => Json(await QuarantineAsync(cancellation))).Needs(Deed.KeepQuarantine);
        v1.MapGet("/deliveries", async (CancellationToken cancellation) => Json(await DeliveriesAsync(cancellation)));
    }

    private static IResult Json<T>(T answer) => Results.Json(answer, ApiJson.Options);

    private static Caller CallerOf(HttpContext http) => http.Features.Get<Caller>() ?? throw new OperatorProblem(HttpStatusCode.Unauthorized, "An operator's key is needed.");

    /// <summary>One JSON object a line, each sent at once, until the reader goes or the node ends.</summary>
    private async Task StreamAsync<T>(HttpContext http, Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        http.Response.ContentType = "application/x-ndjson";
        await http.Response.StartAsync(end.Token);
        try
        {
            await foreach (var line in source(end.Token))
            {
                await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, ApiJson.Options).Append((byte)'\n').ToArray(), end.Token);
                await http.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader went, or the node ends.
        }
    }

    // ---- cluster ----

    private async IAsyncEnumerable<MemberEventAnswer> MemberEventsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<MemberEventAnswer>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });
        var time = services.GetRequiredService<TimeProvider>();
        var tail = System.ActorOf(Props.Create(() => new ClusterTailActor(channel.Writer, time)));
        try
        {
            await foreach (var e in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return e;
            }
        }
        finally
        {
            tail.Tell(PoisonPill.Instance);
        }
    }

    private Member MemberAt(string? address) => OperatorView.Find(Cluster, string.IsNullOrEmpty(address)
        ? throw new OperatorProblem(HttpStatusCode.BadRequest, "An address is needed.")
        : address) ?? throw new OperatorProblem(HttpStatusCode.NotFound, $"No member has the address {address}.");

    private DoneAnswer Join(HttpContext http, AddressBody body)
    {
        var (cluster, self) = (Cluster, Cluster.SelfAddress);
        if (cluster.State.Members.Any(m => m.UniqueAddress.Equals(cluster.SelfUniqueAddress)))
        {
            throw new OperatorProblem(HttpStatusCode.Conflict, "This node is a member of a cluster already; to join another one it must be started anew.");
        }

        var text = body.Address ?? "";
        if (!ActorPath.TryParseAddress(text.Contains("://", StringComparison.Ordinal) ? text : $"{self.Protocol}://{self.System}@{text}", out var address) || address.Port is null)
        {
            throw new OperatorProblem(HttpStatusCode.BadRequest, "An address is host:port or akka.tcp://cport@host:port.");
        }

        Did(log, CallerOf(http), "cluster join", address.ToString());
        cluster.Join(address);
        return new DoneAnswer("joining", [address.ToString()]);
    }

    private DoneAnswer Leave(HttpContext http, AddressBody body)
    {
        var member = string.IsNullOrEmpty(body.Address) ? Cluster.SelfMember : MemberAt(body.Address);
        if (member.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down)
        {
            throw new OperatorProblem(HttpStatusCode.Conflict, $"{member.Address} is {OperatorView.NameOf(member.Status)} already.");
        }

        if (!body.Confirm && Cluster.State.Members.Count(m => m.Status is MemberStatus.Up or MemberStatus.WeaklyUp) == 1)
        {
            throw new OperatorProblem(HttpStatusCode.Conflict, $"{member.Address} is the only node that is up: the service ends when it leaves.", OperatorProblem.ConfirmCode);
        }

        // Leaving takes seconds and this endpoint outlives the actor system: the answer is out before the node goes.
        Did(log, CallerOf(http), "cluster leave", member.Address.ToString());
        Cluster.Leave(member.Address);
        return new DoneAnswer("leaving", [member.Address.ToString()]);
    }

    private DoneAnswer Down(HttpContext http, AddressBody body)
    {
        var member = MemberAt(body.Address);
        if (!body.Confirm && !Cluster.State.Unreachable.Contains(member) && member.Status is not MemberStatus.Down)
        {
            throw new OperatorProblem(
                HttpStatusCode.Conflict, $"{member.Address} is reachable and {OperatorView.NameOf(member.Status)}: downing it ends it without handing over; cluster leave does.",
                OperatorProblem.ConfirmCode);
        }

        Did(log, CallerOf(http), "cluster down", member.Address.ToString());
        Cluster.Down(member.Address);
        return new DoneAnswer("down", [member.Address.ToString()]);
    }

    private DoneAnswer DownUnreachable(HttpContext http, AddressBody body)
    {
        var lost = Cluster.State.Unreachable.Where(m => m.Status != MemberStatus.Down).Select(m => m.Address).ToArray();
        if (lost.Length == 0)
        {
            return new DoneAnswer("down", []);
        }

        if (!body.Confirm)
        {
            throw new OperatorProblem(
                HttpStatusCode.Conflict, $"These would be downed: {string.Join(", ", lost.Select(a => a.ToString()))}. A node that is only cut off goes on until it notices.",
                OperatorProblem.ConfirmCode);
        }

        foreach (var address in lost)
        {
            Did(log, CallerOf(http), "cluster down-unreachable", address.ToString());
            Cluster.Down(address);
        }

        return new DoneAnswer("down", [.. lost.Select(a => a.ToString())]);
    }

    // ---- sharding ----

    private async Task<ImmutableArray<RegionView>> ShardsAsync(string? type)
    {
        var all = await OperatorView.ShardsAsync(System, Patience);
        return type is null ? all
            : all.Any(r => r.TypeName == type) ? [.. all.Where(r => r.TypeName == type || r.TypeName is null)]
            : throw new OperatorProblem(
                HttpStatusCode.NotFound, $"No region is called {type}; there are {string.Join(", ", all.Select(r => r.TypeName).OfType<string>().Distinct())}.");
    }

    private async Task<RegionsAnswer> RegionsAsync()
    {
        var all = await ShardsAsync(null);
        return new RegionsAnswer(
            [.. all.Where(r => r.TypeName is not null).GroupBy(r => r.TypeName!).Select(g => new RegionAnswer(
                g.Key, g.Count(), g.FirstOrDefault(r => r.Coordinator)?.Node.Address, g.Sum(r => r.Shards.Length), g.Sum(r => r.Shards.Sum(s => s.Entities)),
                g.Sum(r => r.FailedShards.Length)))],
            [.. all.Where(r => r.Failure is not null).Select(r => $"{r.Node.Address}: {r.Failure}").Distinct()]);
    }

    private async Task<IEnumerable<RegionNodeAnswer>> StatsAsync(string? type) => (await ShardsAsync(type)).Select(r => new RegionNodeAnswer(
        r.Node, r.TypeName, r.Coordinator, r.Shards.Length, r.Shards.Sum(s => s.Entities), r.FailedShards, r.Failure));

    private async Task<IEnumerable<ShardAnswer>> DistributionAsync(string? type) => (await ShardsAsync(type))
        .SelectMany(r => r.Shards.Select(s => new ShardAnswer(r.TypeName!, s.Id, r.Node.Address, s.Entities)))
        .OrderBy(s => s.Type, StringComparer.Ordinal).ThenBy(s => s.Shard.Length).ThenBy(s => s.Shard, StringComparer.Ordinal);

    // ---- the node ----

    private async Task<ActorsAnswer> ActorsAsync(string? start, int depth)
    {
        var address = Cluster.SelfAddress;
        var path = string.IsNullOrEmpty(start) ? "/" : start;
        if (path.Contains("://", StringComparison.Ordinal))
        {
            if (!ActorPath.TryParse(path, out var full))
            {
                throw new OperatorProblem(HttpStatusCode.BadRequest, "A start is /user/… or akka.tcp://cport@host:port/user/….");
            }

            address = full.Address.HasLocalScope ? address : full.Address;
            path = full.ToStringWithoutAddress();
        }

        if (!Cluster.State.Members.Any(m => m.Address.Equals(address)))
        {
            throw new OperatorProblem(HttpStatusCode.NotFound, $"No member has the address {address}.");
        }

        var tree = await OperatorView.ActorsAsync(System, address, path, depth, Patience)
            ?? throw new OperatorProblem(HttpStatusCode.GatewayTimeout, $"{address} does not answer.");
        return tree.Found
            ? new ActorsAnswer(address.ToString(), tree.Paths, tree.Truncated)
            : throw new OperatorProblem(HttpStatusCode.NotFound, $"No actor {path} on {address}.");
    }

    private SystemAnswer About()
    {
        using var process = global::System.Diagnostics.Process.GetCurrentProcess();
        var started = process.StartTime.ToUniversalTime();
        return new SystemAnswer(
            $"akka://{ClusterSetup.SystemName}", state.System is { } system ? Akka.Cluster.Cluster.Get(system).SelfAddress.ToString() : null,
            typeof(OperatorEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0", RuntimeInformation.FrameworkDescription, Environment.ProcessId,
            started, Math.Round((services.GetRequiredService<TimeProvider>().GetUtcNow() - started).TotalSeconds), process.WorkingSet64, state.WaitingFor);
    }

    // ---- the room's own ----

    private async Task<ReportAnswer> ReportAsync(string text, Caller caller, CancellationToken cancellation)
    {
        if (!ReportId.TryParse(text, out var id))
        {
            throw new OperatorProblem(HttpStatusCode.BadRequest, "That is no report's id.");
        }

        var gateway = services.GetRequiredService<IReportGateway>();
        ReportHead? head = null;
        var items = new List<ReportItemAnswer>();
        for (int? from = 1; from is { } next;)
        {
            var page = await gateway.GetAsync(new GetReport { ReportId = id, Caller = caller, FromOrdinal = next, MaxItems = ReportRules.ItemsPerPart }, cancellation);
            head ??= page.Head;
            items.AddRange(page.Items.Select(Of));
            from = page.NextOrdinal;
        }

        if (head is null)
        {
            throw new OperatorProblem(HttpStatusCode.NotFound, "There is no such report.");
        }

        var report = head.Report;
        var shard = new EntityExtractor<IReportMessage>(m => m.ReportId.ToString()).ShardId(id.ToString());
        var home = (await OperatorView.ShardsAsync(System, Patience)).FirstOrDefault(r => r.TypeName == EntityKind.Report.Word && r.Shards.Any(s => s.Id == shard));
        return new ReportAnswer(
            id.ToString(), report.Number, report.Version, head.State, report.ReportingHotline.Value, report.Urgent, head.ItemCount, report.SubmittedAt, report.LastChangedAt,
            shard, home?.Node.Address, items, await HistoryAsync(gateway, id, caller, cancellation));
    }

    /// <summary>What is shown of an item: where it stands, and nothing of what it is.</summary>
    private static ReportItemAnswer Of(ItemView view)
    {
        var (i, a) = (view.Item, view.Item.Assignment);
        return new ReportItemAnswer(
            i.Ordinal, i.Number, i.Version, view.State, a?.Country?.Code, a?.Hotline?.Value, a is { Orphan: true }, a?.EscalatedTo?.Value, i.Lease?.Agency.Value,
            i.Lease?.Until, i.Traced, i.Matched, i.FinalAction()?.Type.ToString(), i.LastChangedAt);
    }

    /// <summary>Null when the access table keeps it from the caller: it shows a masked history to auditors (docs/access.md).</summary>
    private static async Task<IReadOnlyList<ReportEventAnswer>?> HistoryAsync(IReportGateway gateway, ReportId id, Caller caller, CancellationToken cancellation)
    {
        var history = new List<ReportEventAnswer>();
        for (long? from = 1; from is { } next;)
        {
            var page = await gateway.HistoryAsync(new GetHistory { ReportId = id, Caller = caller, FromSequence = next }, cancellation);
            if (!page.Found)
            {
                return null;
            }

            history.AddRange(page.Entries.Select(e => new ReportEventAnswer(
                e.Sequence, e.Meta.RecordedAt, e.Event, e.Meta.Agency.Value, e.Meta.KeyId, e.Ordinals)));
            from = page.NextSequence;
        }

        return history;
    }

    private async Task<RetriedAnswer> RetryAsync(string text, HttpContext http, CancellationToken cancellation)
    {
        // A report's own id will do.
        var name = ReportId.TryParse(text, out var report) ? EntityName.Of(report)
            : EntityName.TryParse(text, out var other) ? other
            : throw new OperatorProblem(HttpStatusCode.NotFound, "That is the name of no entity.");
        var (id, answers) = (name.ToString(), await services.GetRequiredService<StuckRetry>().RunAsync(name, cancellation));
        Did(log, CallerOf(http), "reports retry", id);
        return answers ? new RetriedAnswer(id, true)
            : throw new OperatorProblem(HttpStatusCode.ServiceUnavailable, $"{id} still cannot be read.");
    }

    private async Task<QueueLengthsAnswer> QueuesAsync(Caller caller, CancellationToken cancellation)
    {
        var overview = await services.GetRequiredService<QueueReader>().CountsAsync(caller, cancellation);
        return new QueueLengthsAnswer(
            [.. overview.Queues.Select(s => new QueueLengthAnswer(s.Queue.Name, s.Queue.Meaning, s.Count, s.Urgent, s.OldestFrom))],
            overview.At.LagEvents, Math.Round(overview.At.Lag.TotalSeconds, 3));
    }

    private async Task<ImmutableArray<HashStatsAnswer>> HashesAsync(CancellationToken cancellation)
    {
        var (inUse, answers) = await AskBucketsAsync<BucketStats>(bucket => new GetBucketStats { Bucket = bucket }, cancellation);
        return [.. Enum.GetValues<HashAlgorithm>().Where(a => HashBucketId.CountOf(a) > 0).Select(algorithm =>
        {
            var known = inUse.Count(b => b.Algorithm == algorithm);
            var own = answers.Values.Where(s => s.Bucket.Algorithm == algorithm).ToArray();
            return new HashStatsAnswer(
                algorithm.ToString().ToLowerInvariant(), HashBucketId.CountOf(algorithm), known, known - own.Length, own.Sum(s => (long)s.Hashes), own.Sum(s => (long)s.Known),
                own.Sum(s => s.Sightings), own.Sum(s => (long)s.ReportsToTell), own.Sum(s => s.MemoryBytes));
        })];
    }

    /// <summary>The first 200 of all buckets.</summary>
    private async Task<QuarantinedAnswers> QuarantineAsync(CancellationToken cancellation)
    {
        const int most = HashBucketLimits.Part;
        var (inUse, answers) = await AskBucketsAsync<QuarantineReply>(bucket => new GetQuarantine { Bucket = bucket, Limit = most }, cancellation);
        var all = answers.OrderBy(a => a.Key.Algorithm).ThenBy(a => a.Key.Number).SelectMany(a => a.Value.Rows.Select(row => new QuarantinedAnswer(
            string.Create(CultureInfo.InvariantCulture, $"{a.Key}.{row.Row}"), row.State.Reason, row.State.Since, row.State.By?.Value, row.State.Reports, row.State.NearValues,
            row.Items, row.Opinions, row.Confirmed))).ToArray();
        return new QuarantinedAnswers([.. all.Take(most)], all.Length > most || answers.Values.Any(a => a.More), inUse.Length - answers.Count);
    }

    /// <summary>
    /// Asks every bucket that holds anything: the others are not woken for it. Stuck ones and those that do not answer in time are missing in the answers.
    /// </summary>
    private async Task<(ImmutableArray<HashBucketId> InUse, ConcurrentDictionary<HashBucketId, T> Answers)> AskBucketsAsync<T>(
        Func<HashBucketId, IHashBucketMessage> question, CancellationToken cancellation)
    {
        var inUse = await HashBucketJournal.WithEventsAsync(services.GetRequiredService<Database>(), cancellation);
        var (buckets, stuck) = (services.GetRequiredService<IReadOnlyActorRegistry>().Get<HashBucketRegion>(), services.GetRequiredService<StuckEntities>());
        var answers = new ConcurrentDictionary<HashBucketId, T>();
        await Parallel.ForEachAsync(inUse.Where(b => !stuck.IsStuck(EntityName.Of(b))), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellation },
            async (bucket, token) =>
            {
                try
                {
                    answers[bucket] = await buckets.Ask<T>(question(bucket), Patience, token);
                }
                catch (AskTimeoutException)
                {
                    // Counted as unanswered.
                }
            });
        return (inUse, answers);
    }

    private async Task<ImmutableArray<DeliveryAnswer>> DeliveriesAsync(CancellationToken cancellation)
    {
        var hashes = await HashesAsync(cancellation);
        var unanswered = hashes.Sum(h => h.Unanswered);
        var unfinished = await services.GetRequiredService<UnfinishedWork>().CountAsync(cancellation);
        return
        [
            new DeliveryAnswer("exchange", 0, null, "deliveries to other systems are not built yet"),
            new DeliveryAnswer("hash verdicts to reports", hashes.Sum(h => h.ReportsToTell), null,
                unanswered == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{unanswered} buckets did not answer")),
            new DeliveryAnswer("automatic work of reports", unfinished.Reports, unfinished.OldestSince, null),
        ];
    }

    private static void Did(ILogger log, Caller caller, string command, string what) => Did(log, caller.Agency.Value, caller.KeyId, command, what);

    [LoggerMessage(Level = LogLevel.Information, Message = "Operator {Agency} (key {KeyId}): {Command} {What}")]
    private static partial void Did(ILogger log, string agency, string keyId, string command, string what);
}

/// <summary>Writes what happens to members into a stream's channel, beginning with what is. Lives as long as the stream.</summary>
internal sealed class ClusterTailActor : ReceiveActor
{
    private readonly ChannelWriter<MemberEventAnswer> _writer;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);

    public ClusterTailActor(ChannelWriter<MemberEventAnswer> writer, TimeProvider time)
    {
        _writer = writer;
        Receive<ClusterEvent.IMemberEvent>(e => Write(e, OperatorView.Of(e.Member, _cluster.State, _cluster.SelfUniqueAddress)));
        Receive<ClusterEvent.ReachabilityEvent>(e => Write(e,
            OperatorView.Of(e.Member, _cluster.State, _cluster.SelfUniqueAddress) with { Reachable = e is ClusterEvent.ReachableMember }));
        Receive<ClusterEvent.LeaderChanged>(e => writer.TryWrite(new MemberEventAnswer(time.GetUtcNow(), nameof(ClusterEvent.LeaderChanged), null, e.Leader?.ToString() ?? "none")));

        void Write(object e, MemberView member) => writer.TryWrite(new MemberEventAnswer(time.GetUtcNow(), e.GetType().Name, member));
    }

    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.LeaderChanged));

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _writer.TryComplete();
    }
}
