using System.ComponentModel.DataAnnotations;
using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Agencies;
using CPort.Api.Queues;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.People;
using CPort.Domain.Queues;

namespace CPort.Api.Looks;

/// <summary>What somebody finds who does not know what was said.</summary>
public sealed record AssessBlindBody
{
    /// <summary>The item's ordinal. Required.</summary>
    [Required]
    public int? Item { get; init; }
    public int? ExpectedVersion { get; init; }

    /// <summary>Required.</summary>
    [Required]
    public AssessmentBody? Assessment { get; init; }
}

/// <summary>Whom one asks for a second look.</summary>
public sealed record AskForLookBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>A trusted hotline or police, or INTERPOL. Required.</summary>
    [Required]
    public string? Agency { get; init; }
}

/// <summary>What is looked at twice.</summary>
public sealed record SecondLookPolicyBody
{
    /// <summary>Baseline of a media file that nobody knows. Left out: no.</summary>
    public bool? NewBaseline { get; init; }

    /// <summary>What could go to ICSE: an illegal media file with MD5 that nobody knows. Left out: no.</summary>
    public bool? Icse { get; init; }

    /// <summary>What could speak for putting a domain on INTERPOL's "worst of" list: every Baseline. Left out: no.</summary>
    public bool? Iwol { get; init; }

    /// <summary>How many equal answers it takes, the first among them: 2 to 5; left out: 2.</summary>
    public int? Agreeing { get; init; }

    /// <summary>Of a hundred other judgements so many are looked at twice as well, so that waiting tells nothing. Left out: 10, or none.</summary>
    public int? Sample { get; init; }
}

/// <summary>What is looked at twice.</summary>
/// <param name="NewBaseline">Baseline of a media file that nobody knows.</param>
/// <param name="Icse">An illegal media file with MD5 that nobody knows.</param>
/// <param name="Iwol">Every Baseline.</param>
/// <param name="Agreeing">How many equal answers it takes, the first among them.</param>
/// <param name="Sample">Of a hundred others so many.</param>
public sealed record SecondLookRule(bool NewBaseline, bool Icse, bool Iwol, int Agreeing, int Sample)
{
    public static SecondLookRule Of(SecondLookPolicy policy) => new(
        (policy.For & LookFor.NewBaseline) != 0, (policy.For & LookFor.Icse) != 0, (policy.For & LookFor.Iwol) != 0, policy.Agreeing, policy.Sample);
}

/// <summary>An agency's policy of second looks.</summary>
/// <param name="Version">Rises with each change; 0: nobody has said anything yet.</param>
/// <param name="Own">The agency's own.</param>
/// <param name="Network">Everybody's, which the own one adds to.</param>
/// <param name="Applies">Both together.</param>
public sealed record SecondLookPolicyAnswer(int Version, SecondLookRule Own, SecondLookRule Network, SecondLookRule Applies) : IShowsData
{
    Shown IShowsData.What() => Shown.View("second-look policy");

    public static SecondLookPolicyAnswer Of(SecondLookPolicy own, SecondLookPolicy network) =>
        new(own.Version, SecondLookRule.Of(own), SecondLookRule.Of(network), SecondLookRule.Of(own.And(network)));
}

/// <summary>An item of one's agency that waits, as who answers for its looks needs it: without what was said, and by whom.</summary>
public sealed record WaitingLookAnswer
{
    public required string ItemId { get; init; }
    public required string ReportId { get; init; }
    public required int Item { get; init; }
    public required long Number { get; init; }
    public required int Version { get; init; }
    public required bool Urgent { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many have looked, the first among them.</summary>
    public required int Looked { get; init; }

    /// <summary>The other agencies that were asked.</summary>
    public required IReadOnlyList<string> Asked { get; init; }

    /// <summary>Whoever of the agency can give second looks has looked at it: only another agency can settle it now.</summary>
    public required bool NobodyLeft { get; init; }
}

/// <summary>What of one's agency waits for second looks.</summary>
/// <param name="Items">Urgent ones first, then the oldest.</param>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
/// <param name="Settled">How many items of the agency were settled by second looks.</param>
/// <param name="Confirmed">Of those, how many as the first had said.</param>
/// <param name="At">How current the list is.</param>
public sealed record WaitingLooksAnswer(IReadOnlyList<WaitingLookAnswer> Items, string? NextCursor, long Settled, long Confirmed, PositionAnswer At)
    : IShowsData
{
    Shown IShowsData.What() => new([.. Items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))], [.. ShownFields.Of(Items)], Items.Count);
}

/// <summary><c>/v1/second-looks</c>: what somebody has to look at who does not know what was said.</summary>
public static class SecondLookEndpoints
{
    private const string Tag = "Second looks";
    private const string WaitingList = "waiting looks";

    /// <summary>Of a hundred other judgements, where nothing is said.</summary>
    public const int UsualSample = 10;

    public static void MapSecondLooks(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/second-looks", ListAsync).Needs(Deed.SeeSecondLooks).WithName("ListSecondLooks").WithTags(Tag)
            .WithSummary("What the caller can give a second look, urgent items first, then oldest first")
            .WithDescription(
                "Judged by one person, and counts once others have come to the same. What was said, and by whom, is shown to nobody who may look; nor is the "
                + "item to who has looked. Hold one by `items:claim`.").Problems(400, 403, 422, 503);
        v1.MapGet("/second-looks/waiting", WaitingAsync).Needs(Deed.SeeSecondLooks).WithName("ListWaitingLooks").WithTags(Tag)
            .WithSummary("What of one's agency waits, and of which nobody is left who could look")
            .WithDescription("For managers of hotlines. With how many were settled, and how many of those as the first had said.").Problems(400, 403, 422, 503);
        v1.MapGet("/second-looks/policy", (ApiCaller me, AgencyDirectoryFeed agencies, CPortApiOptions options) =>
                SecondLookPolicyAnswer.Of(PolicyOf(agencies, me.Caller), options.NetworkLooks))
            .Needs(Deed.SeeSecondLooks).WithName("GetSecondLookPolicy").WithTags(Tag).WithSummary("What of one's agency's judgements is looked at twice")
            .Problems(403);
        v1.MapPut("/second-looks/policy", SetAsync).Needs(Deed.SetSecondLooks).WithName("SetSecondLookPolicy").WithTags(Tag)
            .WithSummary("Say what of one's agency's judgements is looked at twice")
            .WithDescription("By a manager. A new version for what is judged from now on; what was judged before stays as it was.")
            .Problems(400, 403, 409, 413, 422, 503);
        Command(v1.MapPost("/reports/{id}/items:assess-blind", AssessAsync), "AssessBlind", "Give an item a second look",
            "By a person, or a key of a person's own, who has not looked at it. Once enough have come to the same, that counts; of two who disagree a third "
            + "decides.");
        Command(v1.MapPost("/reports/{id}/items:ask-look", AskAsync), "AskForLook", "Ask another agency for a second look",
            "By a manager of the hotline that has the items. The other agency sees them until they are settled, and not what was said.");
    }

    private static void Command(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.Needs(Deed.WorkOnReports).WithName(name).WithTags(Tag).WithSummary(summary).WithDescription(description)
            .WithMetadata(new EntityTags.TakesIfMatch()).Problems(400, 403, 404, 409, 412, 413, 422, 503);

    private static async Task<ItemListAnswer> ListAsync(
        ApiCaller me, QueueReader queues, CancellationToken cancellation, string? maxResults = null, string? cursor = null)
    {
        const string list = "second looks";
        return ItemListAnswer.Of(list, await queues.PageAsync(me.Caller, new QueueQuery
        {
            Queue = WorkQueue.SecondLooks, MaxResults = QueryValues.MaxResults(maxResults), After = Cursor.Read<PagePlace>(list, cursor),
        }, cancellation));
    }

    private static Task<WaitingLooksAnswer> WaitingAsync(
        ApiCaller me, LookReader looks, PeopleDirectoryFeed people, AgencyDirectoryFeed agencies, TimeProvider time, CancellationToken cancellation,
        string? maxResults = null, string? cursor = null) => OfAgencyAsync(
            me.Caller, looks, people, agencies, time, QueryValues.MaxResults(maxResults), Cursor.Read<PagePlace>(WaitingList, cursor), cancellation);

    /// <summary>What of the caller's agency waits, as the portal shows it too.</summary>
    public static async Task<WaitingLooksAnswer> OfAgencyAsync(
        Caller caller, LookReader looks, PeopleDirectoryFeed people, AgencyDirectoryFeed agencies, TimeProvider time, int maxResults, PagePlace? after,
        CancellationToken cancellation)
    {
        if (caller.Kind != AgencyKind.Hotline || !caller.Is(Roles.Manager))
        {
            throw ApiProblemException.Of(ProblemCodes.NotAuthorised, "Managers of hotlines see what of their agency waits.");
        }

        // Who can look is known of people; of systems' keys one cannot say whose hand they are, and they give no second looks.
        var now = time.GetUtcNow();
        var lookers = people.Current.People.Where(p => p.Agency == caller.Agency
            && (PeopleAccess.RolesOf(p, agencies.Current, now).Roles & Roles.Analyst) != 0).Select(p => p.Id.Value).ToArray();
        var page = await looks.WaitingAsync(caller, maxResults, after, cancellation);
        var agreement = await looks.AgreementAsync(caller, cancellation);
        return new WaitingLooksAnswer(
            [.. page.Looks.Select(l => new WaitingLookAnswer
            {
                ItemId = $"{l.ReportId}-{l.Ordinal}", ReportId = l.ReportId, Item = l.Ordinal, Number = l.Number, Version = l.Version, Urgent = l.Urgent,
                Since = l.Since, Looked = l.Looked, Asked = l.Asked, NobodyLeft = lookers.All(l.By.Contains),
            })],
            page.Next is { } next ? Cursor.Write(WaitingList, next) : null, agreement.Settled, agreement.Confirmed, PositionAnswer.Of(page.At));
    }

    private static async Task<SecondLookPolicyAnswer> SetAsync(
        HttpContext http, ApiCaller me, IAgencyGateway gateway, AgencyDirectoryFeed agencies, CPortApiOptions options, JsonBody<SecondLookPolicyBody> body)
    {
        var (b, f) = (body.Value, body.Fields);
        var asked = (b.NewBaseline == true ? LookFor.NewBaseline : 0) | (b.Icse == true ? LookFor.Icse : 0) | (b.Iwol == true ? LookFor.Iwol : 0);
        if (b.Agreeing is < SecondLookPolicy.LeastAgreeing or > SecondLookPolicy.MostAgreeing)
        {
            f.Add("agreeing", ProblemCodes.OutOfRange, $"{SecondLookPolicy.LeastAgreeing} to {SecondLookPolicy.MostAgreeing}.");
        }

        if (b.Sample is < 0 or > 100)
        {
            f.Add("sample", ProblemCodes.OutOfRange, "0 to 100.");
        }

        body.Check();
        var command = new SetSecondLooks
        {
            Context = me.Context(), Agency = me.Caller.Agency, Policy = new SecondLookPolicy
            {
                For = asked, Agreeing = b.Agreeing ?? SecondLookPolicy.LeastAgreeing, Sample = b.Sample ?? (asked == LookFor.None ? 0 : UsualSample),
            },
        };
        return await gateway.SendAsync(command, http.RequestAborted) is var answer && answer is AgencyCommandRejected refused
            ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text)
            : SecondLookPolicyAnswer.Of(PolicyOf(agencies, me.Caller), options.NetworkLooks);
    }

    private static Task<CommandAnswer> AssessAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AssessBlindBody> body)
    {
        var item = ReportCommandEndpoints.Target(http, body.Fields, body.Value.Item, body.Value.ExpectedVersion);
        var assessment = body.Fields.Assessment("assessment", body.Value.Assessment, required: true);
        body.Check();
        return me.Caller.NamesPerson
            ? ReportCommandEndpoints.SendAsync(http, gateway, new AssessBlind
            {
                ReportId = ReportEndpoints.Id(id), Context = me.Context(), Item = item, Assessment = assessment!,
            })
            : throw ApiProblemException.Of("person-needed", "A second look is a person's: signed in, or by a key of their own.");
    }

    private static Task<CommandAnswer> AskAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, JsonBody<AskForLookBody> body)
    {
        var items = ReportCommandEndpoints.Targets(http, body.Fields, body.Value.Items);
        var agency = body.Fields.Agency("agency", body.Value.Agency);
        body.Check();
        return ReportCommandEndpoints.SendAsync(http, gateway, new AskForLook
        {
            ReportId = ReportEndpoints.Id(id), Context = me.Context(), Items = items, Agency = agency!.Value,
        });
    }

    private static SecondLookPolicy PolicyOf(AgencyDirectoryFeed agencies, Caller caller) =>
        agencies.Current.Find(caller.Agency)?.SecondLooks ?? SecondLookPolicy.Off;
}
