using System.ComponentModel.DataAnnotations;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Domain.Audit;

namespace CPort.Api.Reports;

/// <summary>An item of any report.</summary>
public sealed record AnyItemTargetBody
{
    /// <summary>The item's id: the report's id, a hyphen, the ordinal. Required.</summary>
    [Required]
    public string? Item { get; init; }
    public int? ExpectedVersion { get; init; }
}

public sealed record AssessAnyBody
{
    [Required]
    public List<AnyItemTargetBody?>? Items { get; init; }
    [Required]
    public AssessmentBody? Assessment { get; init; }
}

public sealed record ActAnyBody
{
    [Required]
    public List<AnyItemTargetBody?>? Items { get; init; }
    [Required]
    public ActionBody? Action { get; init; }
}

public sealed record ClaimAnyBody
{
    [Required]
    public List<AnyItemTargetBody?>? Items { get; init; }

    /// <summary>1 to 1,440; left out: 30.</summary>
    public int? Minutes { get; init; }
}

/// <summary>What became of each item of a batch, in the order asked.</summary>
public sealed record BatchAnswer(int Accepted, int Rejected, int Unavailable, IReadOnlyList<ItemOutcomeAnswer> Items) : IShowsData
{
    Shown IShowsData.What() => new([.. Items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))], ["outcome"], Items.Count);
}

/// <summary>One command over many items of many reports, each with an outcome of its own: <c>/v1/items:assess</c>, <c>:act</c>, <c>:claim</c>.</summary>
public static class ItemBatchEndpoints
{
    /// <summary>Reports asked at once for one batch.</summary>
    private const int Parallel = 16;

    public static void MapItemBatches(this IEndpointRouteBuilder v1)
    {
        Batch(v1.MapPost("/items:assess", AssessAsync), "AssessAnyItems", "Assess items of many reports");
        Batch(v1.MapPost("/items:act", ActAsync), "RecordActionOnAnyItems", "Record an action on items of many reports");
        Batch(v1.MapPost("/items:claim", ClaimAsync), "ClaimAnyItems", "Hold items of many reports");
    }

    private static void Batch(RouteHandlerBuilder route, string name, string summary) => route
        .Needs(Deed.WorkOnReports).WithTags("Work on items").WithName(name).WithSummary(summary)
        .WithDescription("200 also when items were refused: each item has an outcome of its own, in the order asked. With a `Command-Id` a repeat is safe.")
        .Problems(400, 413, 422);

    private static async Task<BatchAnswer> AssessAsync(HttpContext http, ApiCaller me, IReportGateway gateway, CPortApiOptions options,
        JsonBody<AssessAnyBody> body)
    {
        var items = Targets(body.Fields, body.Value.Items, options.ItemsPerBatch);
        var assessment = body.Fields.Assessment("assessment", body.Value.Assessment, required: true);
        body.Check();
        return Answer(await RunAsync(http, gateway, items, (report, targets, part) => new AssessItems
        {
            ReportId = report, Context = me.Context(part), Items = targets, Assessment = assessment!,
        }));
    }

    private static async Task<BatchAnswer> ActAsync(HttpContext http, ApiCaller me, IReportGateway gateway, CPortApiOptions options, JsonBody<ActAnyBody> body)
    {
        var items = Targets(body.Fields, body.Value.Items, options.ItemsPerBatch);
        var action = body.Fields.Action("action", body.Value.Action, dateRequired: false);
        body.Check();
        return Answer(await RunAsync(http, gateway, items, (report, targets, part) => new RecordActions
        {
            ReportId = report, Context = me.Context(part), Items = targets, Action = action!,
        }));
    }

    private static async Task<BatchAnswer> ClaimAsync(HttpContext http, ApiCaller me, IReportGateway gateway, CPortApiOptions options,
        JsonBody<ClaimAnyBody> body)
    {
        var items = Targets(body.Fields, body.Value.Items, options.ItemsPerBatch);
        var minutes = ReportCommandEndpoints.Minutes(body.Fields, body.Value.Minutes);
        body.Check();
        return Answer(await RunAsync(http, gateway, items, (report, targets, part) => new ClaimItems
        {
            ReportId = report, Context = me.Context(part), Items = targets, Minutes = minutes,
        }));
    }

    /// <summary>One command a report, or several where it has more than 200 of the items; answers in the order asked.</summary>
    internal static async Task<ItemOutcomeAnswer[]> RunAsync(
        HttpContext http, IReportGateway gateway, IReadOnlyList<(ItemRef Item, int? Expected)> items,
        Func<ReportId, ImmutableArray<ItemTarget>, int, IReportCommand> command)
    {
        // A command names 200 items at most; the parts of one report get command ids of their own.
        var commands = items.Select((item, place) => (item.Item, item.Expected, Place: place)).GroupBy(x => x.Item.Report)
            .SelectMany(g => g.Chunk(ReportRules.ItemsPerPart).Select((chunk, part) => (Report: g.Key, Items: chunk, Part: part)))
            .Select(c =>
                (c.Report, c.Items, Command: command(c.Report,
                [.. c.Items.Select(i => new ItemTarget { Ordinal = i.Item.Ordinal, ExpectedVersion = i.Expected })], c.Part)))
            .ToArray();
        var answers = new ItemOutcomeAnswer[items.Count];
        await System.Threading.Tasks.Parallel.ForEachAsync(
            commands, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = http.RequestAborted }, async (c, cancellation) =>
            {
                var outcomes = await OutcomesAsync(gateway, c.Command, [.. c.Items.Select(i => i.Item)], cancellation);
                for (var i = 0; i < c.Items.Length; i++)
                {
                    answers[c.Items[i].Place] = outcomes[i];
                }
            });
        return answers;
    }

    internal static BatchAnswer Answer(IReadOnlyList<ItemOutcomeAnswer> answers) => new(
        answers.Count(a => a.Outcome == "accepted"), answers.Count(a => a.Outcome == "rejected"), answers.Count(a => a.Outcome == "unavailable"), answers);

    private static async Task<IReadOnlyList<ItemOutcomeAnswer>> OutcomesAsync(
        IReportGateway gateway, IReportCommand command, IReadOnlyCollection<ItemRef> items, CancellationToken cancellation)
    {
        CommandReply reply;
        try
        {
            reply = await gateway.SendAsync(command, cancellation);
        }
        catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
        {
            return [.. items.Select(i =>
                new ItemOutcomeAnswer(i.ToString(), i.Ordinal, null, 0, "unavailable", ProblemCodes.Unavailable, "No answer in time; send it again.", 503))];
        }

        // A report that says no as a whole (it is absent, it is withdrawn) says it for every item.
        return reply.Items.IsEmpty
            ? [.. items.Select(i => ItemOutcomeAnswer.Of(reply.ReportId, new ItemOutcome { Ordinal = i.Ordinal, Code = reply.Code, Detail = reply.Detail }))]
            : [.. items.Select((item, place) => AnswerOf(reply, item, place))];
    }

    /// <summary>A repeated command id gets the answer of the first time, which may have been about other items.</summary>
    private static ItemOutcomeAnswer AnswerOf(CommandReply reply, ItemRef item, int place) =>
        (place < reply.Items.Length && reply.Items[place].Ordinal == item.Ordinal
            ? reply.Items[place] : reply.Items.FirstOrDefault(o => o.Ordinal == item.Ordinal))
            is { } outcome
            ? ItemOutcomeAnswer.Of(reply.ReportId, outcome)
            : new ItemOutcomeAnswer(item.ToString(), item.Ordinal, null, 0, "rejected", ProblemCodes.CommandIdInUse,
                "This command id was used for other items of the report.", 409);

    internal static List<(ItemRef Item, int? Expected)> Targets(FieldReader fields, List<AnyItemTargetBody?>? items, int max)
    {
        var targets = new List<(ItemRef, int?)>();
        if (items is not { Count: > 0 })
        {
            fields.Add("items", ProblemCodes.Missing, "At least one item is required.");
            return targets;
        }

        if (items.Count > max)
        {
            fields.Add("items", ProblemCodes.TooMany, $"At most {max} items in a batch (limit: items per batch).");
            return targets;
        }

        for (var i = 0; i < items.Count; i++)
        {
            if (ItemRef.TryParse(items[i]?.Item, out var item))
            {
                targets.Add((item, items[i]!.ExpectedVersion));
            }
            else
            {
                fields.Add($"items[{i}].item", ProblemCodes.MalformedReference, "An item's id is its report's id, a hyphen and its ordinal.");
            }
        }

        return targets;
    }
}
