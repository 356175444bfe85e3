using System.ComponentModel.DataAnnotations;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;

namespace CPort.Api.Exchange;

/// <summary>Police asks that the host of items is not told yet.</summary>
public sealed record HoldBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>One of the hold reasons listed above. Required.</summary>
    [Required]
    public CodeValue? Reason { get; init; }

    /// <summary>Its end; left out: 72 hours from now.</summary>
    public DateValue? Until { get; init; }
    public string? Note { get; init; }
}

public sealed record ExtendHoldBody
{
    /// <summary>The later end. Required.</summary>
    [Required]
    public DateValue? Until { get; init; }
}

public sealed record LiftHoldBody
{
    public string? Why { get; init; }
}

public sealed record HoldReasonBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Why { get; init; }
}

/// <summary>A hold of a list. What it says in words comes with its items.</summary>
public sealed record ListedHoldAnswer
{
    public required string HoldId { get; init; }
    public required string ReportId { get; init; }
    public required string Agency { get; init; }

    /// <summary>The caller's own agency asked for it.</summary>
    public required bool Own { get; init; }
    public required CodeAnswer Reason { get; init; }
    public required HoldState State { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>When it ends, or ended.</summary>
    public required DateTimeOffset EndsAt { get; init; }
    public required int Objections { get; init; }

    /// <summary>Ordinals of its items that the caller sees.</summary>
    public required IReadOnlyList<int> Items { get; init; }

    public static ListedHoldAnswer Of(ListedHold hold) => new()
    {
        HoldId = $"{hold.Row.ReportId}-h{hold.Row.Number}", ReportId = hold.Row.ReportId, Agency = hold.Row.Agency, Own = hold.IsOwn,
        Reason = CodeAnswer.Of(hold.Row.Reason), State = hold.State, Since = ReadRows.Time(hold.Row.Since), EndsAt = ReadRows.Time(hold.Row.EndsAt),
        Objections = hold.Row.Objections, Items = hold.Items,
    };
}

/// <summary>A page of holds.</summary>
public sealed record HoldListAnswer(IReadOnlyList<ListedHoldAnswer> Holds, string? NextCursor, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Holds.SelectMany(h => h.Items.Select(i => new AuditObject(AuditObjectKind.Item, $"{h.ReportId}-{i}"))).Distinct()], [.. ShownFields.Of(Holds)],
        Holds.Count);
}

/// <summary>Holds: police first (domain.md 1.7).</summary>
public static class HoldEndpoints
{
    public static void MapHolds(this IEndpointRouteBuilder v1)
    {
        Command(v1.MapPost("/reports/{id}:hold", HoldAsync), "HoldItems", "Ask that the host of items is not told yet",
            "By police of the assigned or hosting country; of orphans by INTERPOL and by whom they went to. Meanwhile ReportedToISP is refused; assessing and "
            + "ReportedToLEA are not. It ends by itself.");
        Command(v1.MapPost("/holds/{hold}:extend", ExtendAsync), "ExtendHold", "Let a hold last longer",
            "By a manager of the agency that asked for it, within the longest time that the installation allows.");
        Command(v1.MapPost("/holds/{hold}:lift", LiftAsync), "LiftHold", "End a hold before its time", "By the agency that asked for it.");
        Command(v1.MapPost("/holds/{hold}:object", ObjectAsync), "ObjectToHold", "Object to a hold",
            "By the reporting hotline and who has the items. The hold goes on; who asked may lift it, and the national bureau decides.");
        Command(v1.MapPost("/holds/{hold}:overrule", OverruleAsync), "OverruleHold", "End a hold to which a hotline objects",
            "By a manager of the national bureau of the items' country, and another person than who asked for it.");
        v1.MapGet("/holds", ListAsync).Needs(Deed.SeeExchange).WithName("ListHolds").WithTags("Police and hotlines")
            .WithSummary("Holds that run, the first to end first, or have ended, the last one first")
            .WithDescription("Those that one's agency asked for, reported the items of, or has the items of. `state` is `running` (default) or `ended`.")
            .Problems(400, 403, 422, 503);
    }

    private static void Command(RouteHandlerBuilder route, string name, string summary, string description) => route
        .Needs(Deed.WorkOnReports).WithName(name).WithTags("Police and hotlines").WithSummary(summary).WithDescription(description)
        .WithMetadata(new EntityTags.TakesIfMatch())
        .Problems(400, 403, 404, 409, 412, 413, 422, 503);

    private static Task<CommandAnswer> HoldAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<HoldBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var items = ReportCommandEndpoints.Targets(http, f, b.Items);
        var reason = f.Code("reason", CodeLists.HoldReasons, b.Reason, required: true);
        var until = f.Date("until", b.Until);
        var note = f.Text("note", b.Note);
        body.Check();
        return ReportCommandEndpoints.SendAsync(http, gateway, new RequestHold
        {
            ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Reason = reason!.Value, Until = until, Note = FieldReader.Secret(note),
        });
    }

    private static Task<CommandAnswer> ExtendAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string hold, JsonBody<ExtendHoldBody> body)
    {
        var until = body.Fields.Date("until", body.Value.Until);
        if (until is null && body.Fields.Problem is null)
        {
            body.Fields.Missing("until");
        }

        body.Check();
        var of = Hold(hold);
        return ReportCommandEndpoints.SendAsync(http, gateway, new ExtendHold
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Until = until!.Value,
        });
    }

    private static Task<CommandAnswer> LiftAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string hold, JsonBody<LiftHoldBody> body)
    {
        var why = body.Fields.Text("why", body.Value.Why);
        body.Check();
        var of = Hold(hold);
        return ReportCommandEndpoints.SendAsync(http, gateway, new LiftHold
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Why = FieldReader.Secret(why),
        });
    }

    private static Task<CommandAnswer> ObjectAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string hold, JsonBody<HoldReasonBody> body)
    {
        var (of, why) = Reasoned(hold, body);
        return ReportCommandEndpoints.SendAsync(http, gateway, new ObjectToHold
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Why = why,
        });
    }

    private static Task<CommandAnswer> OverruleAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string hold, JsonBody<HoldReasonBody> body)
    {
        var (of, why) = Reasoned(hold, body);
        return ReportCommandEndpoints.SendAsync(http, gateway, new OverruleHold
        {
            ReportId = of.Report, Context = ReportCommandEndpoints.OfReport(http, me), Number = of.Number, Why = why,
        });
    }

    private static (HoldRef Hold, SecretText? Why) Reasoned(string hold, JsonBody<HoldReasonBody> body)
    {
        var why = body.Fields.Text("why", body.Value.Why);
        if (why is null && body.Fields.Problem is null)
        {
            body.Fields.Missing("why");
        }

        body.Check();
        return (Hold(hold), FieldReader.Secret(why));
    }

    /// <summary>What is no hold's id names none.</summary>
    private static HoldRef Hold(string text) => HoldRef.TryParse(text, out var hold) ? hold : throw ReportEndpoints.Absent();

    private static async Task<HoldListAnswer> ListAsync(
        ApiCaller caller, HoldReader holds, CancellationToken cancellation, string? state = null, string? maxResults = null, string? cursor = null)
    {
        var running = state switch
        {
            null or "" or "running" => true,
            "ended" => false,
            _ => throw ApiProblemException.OfField("state", ProblemCodes.UnknownCode, "state is running or ended."),
        };
        var list = $"holds {running}";
        var page = await holds.PageAsync(
            caller.Caller,
            new HoldQuery { Running = running, MaxResults = QueryValues.MaxResults(maxResults), After = Cursor.Read<HoldPlace>(list, cursor) }, cancellation);
        return new HoldListAnswer(
            [.. page.Holds.Select(ListedHoldAnswer.Of)], page.Next is { } next ? Cursor.Write(list, next) : null, PositionAnswer.Of(page.At));
    }
}
