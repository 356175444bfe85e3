using CPort.Actors.Reports;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;

namespace CPort.Api.Reports;

/// <summary>
/// Commands to one report and its items. Who may do what is the report's own business (docs/access.md); here a body becomes a command and a reply an answer.
/// <c>Command-Id</c> (or <c>Idempotency-Key</c>) makes a repeat get the first answer, for the last 64 commands of a report.
/// </summary>
public static class ReportCommandEndpoints
{
    public static void MapReportCommands(this IEndpointRouteBuilder v1)
    {
        var report = v1.MapGroup("/reports/{id}").WithTags("Work on reports");
        Command(report.MapPatch("", AmendAsync), "AmendReport", "Correct a report",
            "By the reporting hotline; only fields that are given change, and null or an empty text takes one away.");
        Command(v1.MapPost("/reports/{id}:withdraw", WithdrawAsync).WithTags("Work on reports"), "WithdrawReport", "Withdraw a report",
            "Refused once another agency has acted on an item. Says first how many items change, and is done with that number as `confirm`.");
        Command(report.MapPut("/urgent", UrgentAsync), "MarkUrgent", "Mark or unmark a report as urgent",
            "A child is at immediate risk: goes before everything. Each agency lifts its own mark only.");
        Command(report.MapPut("/site-facts", SiteFactsAsync), "SetSiteFacts", "Set site type, commerciality, payment methods",
            "Only fields that are given change, each by who set it.");
        Command(report.MapPost("/memos", MemoAsync), "AddMemo", "Add a memo to a report or item", "");
        Command(report.MapPost("/items", AddItemsAsync), "AddItems", "Add items to a report", "By the reporting hotline, at most 200 at a time.");
        Command(report.MapPost("/items:assign", AssignAsync), "AssignItems", "Give items to a hotline of their country",
            "A mandated hotline takes an orphan by naming itself.");
        Command(report.MapPost("/items:claim", ClaimAsync), "ClaimItems", "Hold items for the caller",
            "The first hotline of the country to claim an unassigned item has it. The hold runs out by itself.");
        Command(report.MapPost("/items:release", ReleaseAsync), "ReleaseItems", "Give up a hold", "");
        Command(report.MapPost("/items:assess", AssessAsync), "AssessItems", "Assess items", "By the assigned hotline (ICCAM rules 1 to 4).");
        Command(report.MapPost("/items:correct", CorrectAsync), "CorrectAssessment", "Correct one's own assessment of, or objection to, an item",
            "At any time, also after a move, an action or the end, which stay as they are. The wrong one stays in the trail. Without assessmentId: the last. "
            + "Says first how many items change, and is done with that number as `confirm`.");
        Command(report.MapPost("/items:object", ObjectAsync), "ObjectToBaseline", "Object to a Baseline",
            "Baseline is final, so nobody re-assesses it; an objection counts as a word against it for everybody who has the hash. Needs a reason.");
        Command(report.MapPost("/items:reopen", ReopenAsync), "ReopenItem", "Take up again what was closed as not illegal, or is contradicted since",
            "By the assigned country. Makes a new occurrence, linked to the old one.");
        Command(report.MapPost("/items:act", ActAsync), "RecordAction", "Record an action on items",
            "By the assigned hotline (ICCAM rules 4, 7 to 10). Without actionDate: now.");
        Command(report.MapPost("/items:hosting", HostingAsync), "UpdateHosting", "Say where items are hosted", "The first half of a move (ICCAM rule 11).");
        Command(report.MapPost("/items:move", MoveAsync), "MoveItems", "Move items to the country they are now hosted in",
            "The second half of a move (ICCAM rule 11).");
        Command(report.MapPost("/items:seen-again", SeenAgainAsync), "SeenOnlineAgain", "Say that an item is online again",
            "Makes a new occurrence, linked to the old one.");
        Command(report.MapPut("/items/{item:int}/assigned-hotline-reference", ReferenceAsync), "SetAssignedHotlineReference",
            "Set the assigned hotline's own reference of an item", "");
    }

    private static void Command(RouteHandlerBuilder route, string name, string summary, string description) => route
        .Needs(Deed.WorkOnReports).WithName(name).WithSummary(summary)
        .WithDescription(
            $"{description} `expectedVersion` of an item, or `If-Match` with the ETag of the one item (of the report, when the command is about that), refuses what has changed since (412).".Trim())
        .WithMetadata(new EntityTags.TakesIfMatch())
        .Problems(400, 403, 404, 409, 412, 413, 422, 503);

    private static Task<CommandAnswer> AmendAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AmendBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var received = f.PastDate("hotlineReceivedDate", b.HotlineReceivedDate, required: false);
        var given = ReportBodyReader.ReadSecrets(
            f, b.SourceUrlReferrer?.Text, b.SourceUrlUsername?.Text, b.SourceUrlPassword?.Text, b.Memo?.Text, b.ReportingAnalystName?.Text);

        // What is there and says nothing is to be taken away.
        static string? Change(ClearableText? field, string? text) => field is null ? null : text ?? "";
        var secrets = new ReportSecrets
        {
            Referrer = Change(b.SourceUrlReferrer, given.Referrer), UserName = Change(b.SourceUrlUsername, given.UserName),
            Password = Change(b.SourceUrlPassword, given.Password), Memo = Change(b.Memo, given.Memo),
            ReportingAnalyst = Change(b.ReportingAnalystName, given.ReportingAnalyst),
        };
        body.Check();
        return SendAsync(http, gateway, new AmendReport
        {
            ReportId = ReportEndpoints.Id(id), Context = OfReport(http, me), HotlineReceivedDate = received, Secrets = secrets == new ReportSecrets()
                ? null : secrets,
        });
    }

    private static Task<CommandAnswer> WithdrawAsync(HttpContext http, ApiCaller me, ReportChange change, string id, JsonBody<WithdrawBody> body)
    {
        var reason = body.Fields.Text("reason", body.Value.Reason);
        body.Check();
        var command = new WithdrawReport { ReportId = ReportEndpoints.Id(id), Context = OfReport(http, me), Reason = FieldReader.Secret(reason) };
        return change.AnswerAsync(
            http, me, new PreviewReportChange { ReportId = command.ReportId, Withdraw = command }, body.Value.Confirm,
            another => command with { CountChanged = another });
    }

    private static Task<CommandAnswer> UrgentAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<UrgentBody> body)
    {
        if (body.Value.Urgent is null)
        {
            body.Fields.Missing("urgent");
        }

        body.Check();
        return SendAsync(http, gateway, new MarkUrgent { ReportId = ReportEndpoints.Id(id), Context = OfReport(http, me), Urgent = body.Value.Urgent == true });
    }

    private static Task<CommandAnswer> SiteFactsAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<SiteFactsBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var command = new SetSiteFacts
        {
            ReportId = ReportEndpoints.Id(id), Context = OfReport(http, me), SiteType = f.Code("sourceUrlSiteType", CodeLists.SiteTypes, b.SourceUrlSiteType),
            Commerciality = f.Code("sourceUrlCommerciality", CodeLists.Commercialities, b.SourceUrlCommerciality),
            PaymentMethods = f.PaymentMethods("sourceUrlPaymentMethods", b.SourceUrlPaymentMethods),
            PaymentMethodsGiven = b.SourceUrlPaymentMethods is not null,
        };
        body.Check();
        return SendAsync(http, gateway, command);
    }

    private static Task<CommandAnswer> MemoAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<MemoBody> body)
    {
        var text = body.Fields.Text("text", body.Value.Text);
        if (text is null)
        {
            body.Fields.Missing("text");
        }

        body.Check();
        return SendAsync(http, gateway, new AddMemo
            { ReportId = ReportEndpoints.Id(id), Context = OfReport(http, me), Ordinal = body.Value.Item, Text = FieldReader.Secret(text) });
    }

    private static async Task<CommandAnswer> AddItemsAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, INumberSource numbers, UrlKeyMaker keys, string id,
        JsonBody<AddItemsBody> body)
    {
        var items = ReportBodyReader.ReadEntries(body.Fields, keys, body.Value.Urls, ReportRules.ItemsPerPart);
        body.Check();
        var context = OfReport(http, me);
        return await SendNumberedAsync(http, me, gateway, numbers, items.Length, first => new AddItems
        {
            ReportId = ReportEndpoints.Id(id), Context = context, Items = items, FirstItemNumber = first,
        });
    }

    private static Task<CommandAnswer> AssignAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AssignBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        if (!AgencyId.TryParse(body.Value.Hotline, out var hotline))
        {
            body.Fields.Add("hotline", ProblemCodes.Missing, "The agency id of a hotline is required.");
        }

        body.Check();
        return SendAsync(http, gateway, new AssignItems { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Hotline = hotline });
    }

    private static Task<CommandAnswer> ClaimAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ClaimBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        var minutes = Minutes(body.Fields, body.Value.Minutes);
        body.Check();
        return SendAsync(http, gateway, new ClaimItems { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Minutes = minutes });
    }

    private static Task<CommandAnswer> ReleaseAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ItemsBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        body.Check();
        return SendAsync(http, gateway, new ReleaseItems { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items });
    }

    private static Task<CommandAnswer> AssessAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AssessBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        var assessment = body.Fields.Assessment("assessment", body.Value.Assessment, required: true);
        body.Check();
        return SendAsync(http, gateway, new AssessItems { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Assessment = assessment! });
    }

    private static Task<CommandAnswer> CorrectAsync(HttpContext http, ApiCaller me, ReportChange change, string id, JsonBody<CorrectBody> body)
    {
        var item = Target(http, body.Fields, body.Value.Item, body.Value.ExpectedVersion);
        var assessment = body.Fields.Assessment("assessment", body.Value.Assessment, required: true);
        var why = body.Fields.Text("why", body.Value.Why);
        body.Check();
        var command = new CorrectAssessment
        {
            ReportId = ReportEndpoints.Id(id), Context = me.Context(), Item = item, Assessment = assessment!, Why = FieldReader.Secret(why),
            AssessmentId = body.Value.AssessmentId,
        };
        return change.AnswerAsync(
            http, me, new PreviewReportChange { ReportId = command.ReportId, Correct = command }, body.Value.Confirm,
            another => command with { CountChanged = another });
    }

    private static Task<CommandAnswer> ObjectAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ObjectBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        var why = body.Fields.Text("why", body.Value.Why);
        var analyst = body.Fields.Name("objectingAnalystName", body.Value.ObjectingAnalystName);
        if (why is null && body.Fields.Problem is null)
        {
            body.Fields.Missing("why");
        }

        body.Check();
        return SendAsync(http, gateway, new ObjectToBaseline
        {
            ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Why = FieldReader.Secret(why), Analyst = FieldReader.Secret(analyst),
        });
    }

    private static async Task<CommandAnswer> ReopenAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, INumberSource numbers, string id, JsonBody<ReopenBody> body)
    {
        var item = Target(http, body.Fields, body.Value.Item, body.Value.ExpectedVersion);
        var why = body.Fields.Text("why", body.Value.Why);
        body.Check();
        var context = me.Context();
        return await SendNumberedAsync(http, me, gateway, numbers, 1, number => new ReopenItem
        {
            ReportId = ReportEndpoints.Id(id), Context = context, Item = item, ItemNumber = number, Why = FieldReader.Secret(why),
        });
    }

    private static Task<CommandAnswer> ActAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<ActBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        var action = body.Fields.Action("action", body.Value.Action, dateRequired: false);
        body.Check();
        return SendAsync(http, gateway, new RecordActions { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Action = action! });
    }

    private static Task<CommandAnswer> HostingAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<HostingBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var items = Targets(http, f, b.Items);
        var facts = f.Hosting("", b.HostingCountryCode, b.HostingIpAddress, b.HostingIsp, b.HostingOrganization, HostingSource.Analyst, confidence: 100);
        if (facts is null && f.Problem is null)
        {
            f.Add("hostingCountryCode", ProblemCodes.Missing, "Say at least one thing about the hosting.");
        }

        body.Check();
        return SendAsync(http, gateway, new UpdateHosting { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Facts = facts! });
    }

    private static Task<CommandAnswer> MoveAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<MoveBody> body)
    {
        var items = Targets(http, body.Fields, body.Value.Items);
        var country = body.Fields.Country("countryCode", body.Value.CountryCode, required: true);
        body.Check();
        return SendAsync(http, gateway, new MoveToCountry
            { ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Country = country!.Value });
    }

    private static async Task<CommandAnswer> SeenAgainAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, INumberSource numbers, string id, JsonBody<ItemBody> body)
    {
        var item = Target(http, body.Fields, body.Value.Item, body.Value.ExpectedVersion);
        body.Check();
        var context = me.Context();
        return await SendNumberedAsync(http, me, gateway, numbers, 1, number => new SeenOnlineAgain
        {
            ReportId = ReportEndpoints.Id(id), Context = context, Item = item, ItemNumber = number,
        });
    }

    private static Task<CommandAnswer> ReferenceAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item, JsonBody<ReferenceBody> body)
    {
        var target = Target(http, body.Fields, item, body.Value.ExpectedVersion);
        var reference = body.Fields.Reference("assignedHotlineReference", body.Value.AssignedHotlineReference, required: true);
        body.Check();
        return SendAsync(http, gateway, new SetHotlineReference
        {
            ReportId = ReportEndpoints.Id(id), Context = me.Context(), Item = target, Reference = reference!.Value,
        });
    }

    /// <summary>Of a command about the report as a whole, whose version <c>If-Match</c> names.</summary>
    internal static CommandContext OfReport(HttpContext http, ApiCaller me) => me.Context() with { IfVersions = EntityTags.IfReport(http) };

    /// <summary>
    /// A number is taken once the report has said yes to the command without one: whoever may not do it uses none up.
    /// </summary>
    private static async Task<CommandAnswer> SendNumberedAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, INumberSource numbers, int count, Func<long, IReportCommand> command)
    {
        var reply = await gateway.SendAsync(command(0), http.RequestAborted);
        return CommandAnswers.Answer(http, reply.Code == RejectionCode.NumberWanted
            ? await gateway.SendAsync(command(await numbers.ItemsAsync(me.Caller.Tenant, count, http.RequestAborted)), http.RequestAborted)
            : reply);
    }

    internal static async Task<CommandAnswer> SendAsync(HttpContext http, IReportGateway gateway, IReportCommand command) =>
        CommandAnswers.Answer(http, await gateway.SendAsync(command, http.RequestAborted));

    internal static int Minutes(FieldReader fields, int? minutes)
    {
        if (minutes is < 1 or > ReportLimits.MaxClaimMinutes)
        {
            fields.Add("minutes", ProblemCodes.OutOfRange, $"A hold lasts 1 to {ReportLimits.MaxClaimMinutes:N0} minutes.");
        }

        return minutes ?? ReportLimits.ClaimMinutes;
    }

    internal static ItemTarget Target(HttpContext http, FieldReader fields, int? ordinal, int? expected)
    {
        if (ordinal is not > 0)
        {
            fields.Add("item", ProblemCodes.Missing, "The ordinal of an item (from 1) is required.");
        }

        return new ItemTarget { Ordinal = ordinal ?? 0, ExpectedVersion = expected, IfVersions = EntityTags.IfItem(http) };
    }

    internal static ImmutableArray<ItemTarget> Targets(HttpContext http, FieldReader fields, List<ItemTargetBody?>? items)
    {
        if (items is not { Count: > 0 })
        {
            fields.Add("items", ProblemCodes.Missing, "At least one item is required.");
            return [];
        }

        if (items.Count > ReportRules.ItemsPerPart)
        {
            fields.Add("items", ProblemCodes.TooMany, $"At most {ReportRules.ItemsPerPart} items at a time.");
            return [];
        }

        var match = EntityTags.IfItem(http);
        if (!match.IsEmpty && items.Count > 1)
        {
            fields.Add("items", ProblemCodes.Inconsistent, "If-Match is for one item; use expectedVersion with several.");
        }

        return
        [
            .. items.Select((item, i) =>
            {
                if (item?.Item is not > 0)
                {
                    fields.Add($"items[{i}].item", ProblemCodes.Missing, "The ordinal of an item (from 1) is required.");
                }

                return new ItemTarget { Ordinal = item?.Item ?? 0, ExpectedVersion = item?.ExpectedVersion, IfVersions = match };
            }),
        ];
    }
}
