using System.Collections.Concurrent;
using CPort.Actors.Agencies;
using CPort.Actors.Entities;
using CPort.Actors.Exchange;
using CPort.Actors.Hashes;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Hashes;
using CPort.Api.Operators;
using CPort.Api.Queues;
using CPort.Api.Reports;
using CPort.Api.Security;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Domain.Hashes;
using CPort.Domain.Reports;

namespace CPort.Node.Operator;

/// <summary>A report as the API shows it to an operator, and what only operators ask for.</summary>
/// <param name="Report">With all its items.</param>
/// <param name="Owed">Items with automatic work to come.</param>
/// <param name="Shard">Its shard.</param>
/// <param name="Node">The node that has the shard.</param>
/// <param name="History">Absent unless the access table shows it to the caller: masked, to auditors (docs/access.md).</param>
internal sealed record ReportPlaceAnswer(
    ReportAnswer Report, IReadOnlyList<OwedAnswer> Owed, string Shard, string? Node, IReadOnlyList<HistoryEntryAnswer>? History) : IShowsData
{
    Shown IShowsData.What()
    {
        var report = ((IShowsData)Report).What();
        return History is null ? report : report with { Fields = [.. report.Fields, "history"] };
    }
}

/// <summary>What an item still waits for.</summary>
internal sealed record OwedAnswer(int Item, bool Traced, bool Matched);

/// <summary>A stuck entity that answers again.</summary>
internal sealed record RetriedAnswer(string Id, bool Answers) : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Entity, Id)], []);
}

/// <summary>
/// Buckets of one kind (<c>exact</c>, <c>pdq</c>, <c>training-exact</c>, <c>training-pdq</c>): how many hold anything and what they hold together, also by
/// algorithm. <c>Unanswered</c> buckets are missing in the sums.
/// </summary>
internal sealed record HashStatsAnswer(
    string Kind, int Buckets, int InUse, int Unanswered, long Hashes, IReadOnlyDictionary<string, long> Algorithms, long Known, long Sightings,
    long ReportsToTell, long MemoryBytes);

/// <summary>Something that is on its way to somebody.</summary>
internal sealed record DeliveryAnswer(string Kind, long Pending, DateTimeOffset? OldestSince, string? Note);

/// <summary>
/// <c>/operator/v1</c>'s reports, stuck list, queues, read model, hashes: what the API answers operators too is answered by the same functions.
/// </summary>
internal sealed class WorkEndpoints(OperatorNode node)
{
    public void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/reports/{id}", ReportAsync).Needs(Deed.ReadReports);
        v1.MapGet("/stuck", (CancellationToken cancellation) => StuckEndpoints.ListAsync(
            node.Get<StuckEntities>(), node.Get<DatabaseDoubts>(), cancellation)).Needs(Deed.ReadStuck);
        v1.MapPost("/stuck/{id}/retry", RetryAsync).Needs(Deed.RetryStuck);
        v1.MapGet("/queues", (ApiCaller me, CancellationToken cancellation) => QueueEndpoints.CountsAsync(
            me, node.Get<QueueReader>(), node.Get<TimeProvider>(), cancellation)).Needs(Deed.CountEverything);
        v1.MapGet("/projections", (CancellationToken cancellation) => ProjectionEndpoints.StatusAsync(
            node.Get<ProjectionStatusReader>(), cancellation)).Needs(Deed.ReadProjections);
        v1.MapGet("/hashes", HashesAsync);
        v1.MapGet("/quarantine", (ApiCaller me, CancellationToken cancellation, string? cursor, string? maxResults, string? tenant) =>
            QuarantineEndpoints.ListAsync(
                me, node.Get<IReadOnlyActorRegistry>(), node.Get<Database>(), node.Get<StuckEntities>(), node.Get<AgencyDirectoryFeed>(), cancellation, cursor,
                maxResults, tenant))
            .Needs(Deed.KeepQuarantine);
        v1.MapGet("/deliveries", DeliveriesAsync);
    }

    private async Task<ReportPlaceAnswer> ReportAsync(string id, ApiCaller me, CancellationToken cancellation)
    {
        var report = ReportEndpoints.Id(id);
        var gateway = node.Get<IReportGateway>();
        var pages = new List<ReportPage>();
        for (GetReport? query = new() { ReportId = report, Caller = me.Caller }; query is not null; query = pages[^1].Next(query))
        {
            pages.Add(await gateway.GetAsync(query, cancellation));
        }

        if (pages.Find(p => p.TooLong) is not null)
        {
            throw ApiProblemException.Of(ProblemCodes.AnswerTooLong, "An item of it is longer than an answer may be.");
        }

        if (pages[0].Head is null)
        {
            throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such report.");
        }

        var whole = pages[0] with { Items = [.. pages.SelectMany(p => p.Items)] };
        var shard = new EntityExtractor<IReportMessage>(m => m.ReportId.ToString()).ShardId(report.ToString());
        var home = (await OperatorView.ShardsAsync(node.System, OperatorNode.Patience))
            .FirstOrDefault(r => r.TypeName == EntityKind.Report.Word && r.Shards.Any(s => s.Id == shard));
        return new ReportPlaceAnswer(
            ReportAnswer.Of(whole, null),
            [.. whole.Items.Select(i => i.Item).Where(i => !i.Traced || !i.Matched)
                .Select(i => new OwedAnswer(i.Ordinal, i.Traced, i.Matched))],
            shard, home?.Node.Address, await HistoryAsync(gateway, report, me.Caller, cancellation));
    }

    private static async Task<IReadOnlyList<HistoryEntryAnswer>?> HistoryAsync(
        IReportGateway gateway, ReportId id, Caller caller, CancellationToken cancellation)
    {
        var history = new List<HistoryEntryAnswer>();
        for (long? from = 1; from is { } next;)
        {
            var page = await gateway.HistoryAsync(new GetHistory { ReportId = id, Caller = caller, FromSequence = next }, cancellation);
            if (!page.Found)
            {
                return null;
            }

            history.AddRange(page.Entries.Select(HistoryEntryAnswer.Of));
            from = page.NextSequence;
        }

        return history;
    }

    private async Task<RetriedAnswer> RetryAsync(string id, ApiCaller me, CancellationToken cancellation)
    {
        // A report's own id will do.
        var name = ReportId.TryParse(id, out var report) ? EntityName.Of(report)
            : EntityName.TryParse(id, out var other) ? other
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "That is the name of no entity.");
        var answers = await node.Get<StuckRetry>().RunAsync(name, cancellation);
        node.Did(me.Caller, "reports retry", name.ToString());
        return answers ? new RetriedAnswer(name.ToString(), true)
            : throw ApiProblemException.Of(ProblemCodes.Unavailable, $"{name} still cannot be read.");
    }

    /// <summary>Asks every bucket that holds anything: the others are not woken for it. Stuck ones and silent ones are counted as unanswered.</summary>
    private async Task<ImmutableArray<HashStatsAnswer>> HashesAsync(CancellationToken cancellation)
    {
        var training = node.Get<AgencyDirectoryFeed>().Current.Training;
        var inUse = await HashBucketJournal.WithEventsAsync(node.Get<Database>(), training, cancellation);
        var (buckets, stuck) = (node.Get<IReadOnlyActorRegistry>().Get<HashBucketRegion>(), node.Get<StuckEntities>());
        var answers = new ConcurrentBag<BucketStats>();
        await Parallel.ForEachAsync(
            inUse.Where(b => !stuck.IsStuck(EntityName.Of(b))),
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellation },
            async (bucket, token) =>
            {
                try
                {
                    answers.Add(await buckets.Ask<BucketStats>(new GetBucketStats { Bucket = bucket }, OperatorNode.Patience, token));
                }
                catch (AskTimeoutException)
                {
                    // Counted as unanswered.
                }
            });
        return [.. HashBucketId.AllWith(training).GroupBy(b => (b.Tenant, b.Kind), (of, buckets) =>
        {
            var own = answers.Where(s => (s.Bucket.Tenant, s.Bucket.Kind) == of).ToArray();
            var used = inUse.Count(b => (b.Tenant, b.Kind) == of);
            return new HashStatsAnswer(
                (of.Tenant.IsTraining() ? "training-" : "") + of.Kind.ToString().ToLowerInvariant(), buckets.Count(), used, used - own.Length,
                own.Sum(s => (long)s.Hashes), own.SelectMany(s => s.Algorithms).GroupBy(a => a.Algorithm)
                    .ToDictionary(a => HashAlgorithms.Of(a.Key).Name, a => a.Sum(n => (long)n.Hashes)),
                own.Sum(s => (long)s.Known), own.Sum(s => s.Sightings), own.Sum(s => (long)s.ReportsToTell), own.Sum(s => s.MemoryBytes));
        })];
    }

    /// <summary>Of endpoints, not of events: how many of these wait each agency sees of its own.</summary>
    private static DeliveryAnswer WebhooksOf(ImmutableArray<(Webhook Hook, long Version)> hooks)
    {
        var on = hooks.Where(h => h.Hook.State == WebhookState.Active).ToArray();
        var failing = on.Where(h => h.Hook.FailingSince is not null).ToArray();
        return new DeliveryAnswer("webhooks that do not answer", failing.Length, failing.Min(h => h.Hook.FailingSince),
            string.Create(CultureInfo.InvariantCulture, $"of {on.Length} that are on; {hooks.Length - on.Length} are not"));
    }

    private async Task<ImmutableArray<DeliveryAnswer>> DeliveriesAsync(CancellationToken cancellation)
    {
        var hashes = await HashesAsync(cancellation);
        var unanswered = hashes.Sum(h => h.Unanswered);
        var unfinished = await node.Get<UnfinishedWork>().CountAsync(cancellation);
        return
        [
            WebhooksOf(await node.Get<WebhookStore>().AllAsync(cancellation)),
            new DeliveryAnswer("hash verdicts to reports", hashes.Sum(h => h.ReportsToTell), null,
                unanswered == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{unanswered} buckets did not answer")),
            new DeliveryAnswer("automatic work of reports", unfinished.Reports, unfinished.OldestSince, null),
        ];
    }
}
