using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Queues;
using CPort.Domain.Audit;

namespace CPort.Api.Groups;

/// <summary>A number of items under a name.</summary>
public sealed record GroupTallyAnswer(string Name, long Count);

/// <summary>A group of items whose pictures look alike (PDQ). It counts only what the caller sees.</summary>
/// <param name="Id">The same as long as the group exists; that of a group merged into another goes on working.</param>
/// <param name="Items">Items the caller sees.</param>
/// <param name="Reports">Reports they stand in.</param>
/// <param name="Unassessed">Open items that nobody's opinion counts for yet.</param>
/// <param name="Yours">Of those the ones that the caller's hotline may assess.</param>
/// <param name="Urgent">Unassessed items of urgent reports.</param>
/// <param name="OldestFrom">When the oldest unassessed item joined its report.</param>
/// <param name="OldestSeconds">How long ago.</param>
/// <param name="Countries">Items by assigned country; <c>none</c>: no country has it.</param>
/// <param name="Assessed">Assessed items by classification; absent when there is none.</param>
public sealed record GroupAnswer(
    string Id, long Items, long Reports, long Unassessed, long Yours, long Urgent, DateTimeOffset OldestFrom, long OldestSeconds,
    IReadOnlyList<GroupTallyAnswer> Countries, IReadOnlyList<GroupTallyAnswer>? Assessed)
{
    public static GroupAnswer Of(GroupSummary g, DateTimeOffset now) => new(
        g.Id, g.Items, g.Reports, g.Unassessed, g.Yours, g.Urgent, g.OldestFrom, Math.Max(0, (long)(now - g.OldestFrom).TotalSeconds),
        [.. g.Countries.Select(t => new GroupTallyAnswer(t.Name, t.Count))],
        g.Assessed.IsEmpty ? null : [.. g.Assessed.Select(t => new GroupTallyAnswer(t.Name, t.Count))]);
}

/// <summary>A page of groups.</summary>
public sealed record GroupListAnswer(IReadOnlyList<GroupAnswer> Groups, string? NextCursor, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Groups.Select(g => new AuditObject(AuditObjectKind.Group, g.Id))], [.. ShownFields.Of(Groups)], Groups.Count);
}

/// <summary>What could be said of an item because the nearest assessed member of its group was assessed so. Nothing follows from it by itself.</summary>
public sealed record OfferAnswer
{
    /// <summary>The item it comes from; its assessments stand in its report.</summary>
    public required string From { get; init; }

    /// <summary>Differing bits of the two PDQ values, 0 to 124; 0: equal values.</summary>
    public required int Distance { get; init; }

    /// <summary><c>Human</c>: an agency's opinion; <c>Hash</c>: inherited from known hashes.</summary>
    public required string Basis { get; init; }
    public required CodeAnswer Classification { get; init; }

    /// <summary>Who assessed it, and when; absent when it was inherited.</summary>
    public string? Agency { get; init; }
    public DateTimeOffset? At { get; init; }
    public CodeAnswer? AgeCategorization { get; init; }
    public CodeAnswer? GenderCategorization { get; init; }
    public bool? VirtualContentCategorization { get; init; }
    public bool? UserGeneratedContentCategorization { get; init; }
    public bool? ChildModelingCategorization { get; init; }

    public static OfferAnswer? Of(GroupOffer? o) => o is null ? null : new OfferAnswer
    {
        From = o.From.ToString(), Distance = o.Distance, Basis = o.Agency is null ? "Hash" : "Human", Classification = CodeAnswer.Of(o.Classification),
        Agency = o.Agency?.Value, At = o.At, AgeCategorization = CodeAnswer.Of(o.Age), GenderCategorization = CodeAnswer.Of(o.Gender),
        VirtualContentCategorization = o.VirtualContent, UserGeneratedContentCategorization = o.UserGeneratedContent,
        ChildModelingCategorization = o.ChildModeling,
    };
}

/// <summary>An item of a group.</summary>
/// <param name="Item">As in other lists.</param>
/// <param name="Yours">It is unassessed and the caller's hotline may assess it.</param>
/// <param name="Offer">Of an unassessed item: the nearest assessed member's assessment.</param>
public sealed record GroupItemAnswer(ListedItemAnswer Item, bool Yours, OfferAnswer? Offer);

/// <summary>A group with a page of its items.</summary>
public sealed record GroupItemsAnswer(GroupAnswer Group, IReadOnlyList<GroupItemAnswer> Items, string? NextCursor, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What()
    {
        var items = ListedItemAnswer.Shown([.. Items.Select(i => i.Item)]);
        return items with { Objects = [new AuditObject(AuditObjectKind.Group, Group.Id), .. items.Objects] };
    }
}

/// <summary>One assessment for items of a group: the named ones, or all.</summary>
public sealed record AssessGroupBody
{
    /// <summary>Items of the group, of any reports. Either these or <c>all</c>.</summary>
    public List<AnyItemTargetBody?>? Items { get; init; }

    /// <summary>True: every unassessed item of the group that the caller's hotline may assess, the oldest first, as many as a batch takes.</summary>
    public bool? All { get; init; }
    [Required]
    public AssessmentBody? Assessment { get; init; }
}

/// <summary><c>/v1/groups</c>: items that look alike, and one assessment for several of them.</summary>
public static class GroupEndpoints
{
    private const string List = "groups";

    public static void MapGroups(this IEndpointRouteBuilder v1)
    {
        var groups = v1.MapGroup("/groups").WithTags("Groups");
        groups.MapGet("", ListAsync).Needs(Deed.ListItems).WithName("ListGroups")
            .WithSummary("Groups of look-alikes with unassessed items, urgent ones first, then the largest")
            .WithDescription("""
                Pictures whose PDQ values are near one another form groups (docs/groups.md). Every figure counts only items whose hashes the caller sees, and
                fewer than two of those are no group. `country` and `hotline` list the groups with an unassessed item assigned there.
                """)
            .Problems(400, 403, 422, 503);
        groups.MapGet("/{id}", GetAsync).Needs(Deed.ListItems).WithName("GetGroup")
            .WithSummary("A group's items, and what is offered for the unassessed ones")
            .WithDescription("""
                Urgent items first, then in the order they came. An unassessed item shows the assessment of the nearest assessed member that the caller sees,
                with its distance and whose it is: an offer, nothing is ever assessed by it alone.
                """)
            .Problems(400, 403, 404, 422, 503);
        groups.MapPost("/{id}:assess", AssessAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports).WithName("AssessGroup")
            .WithSummary("Assess items of a group with one assessment")
            .WithDescription("""
                The items named, or with `all` every unassessed one that the caller's hotline may assess. Each item has an outcome of its own, by the rules that
                hold for it alone (ICCAM rules 1 to 4, holds, versions); 200 also when items were refused. With `all` an item that has changed since it was
                listed is refused (version-mismatch), and what a batch does not take is left for the next request. With a `Command-Id` (at most 58
                characters) a repeat is safe.
                """)
            .Problems(400, 403, 404, 413, 422, 503);
    }

    private static async Task<GroupListAnswer> ListAsync(
        ApiCaller me, GroupReader groups, TimeProvider time, CancellationToken cancellation,
        string? country = null, string? hotline = null, string? maxResults = null, string? cursor = null)
    {
        var query = new GroupQuery
        {
            Country = string.IsNullOrEmpty(country) ? null
                : Country.TryParse(country, out var c) ? c
                : throw ApiProblemException.OfField("country", ProblemCodes.UnknownCountry, "country is an ISO 3166 code."),
            Hotline = string.IsNullOrEmpty(hotline) ? null
                : AgencyId.TryParse(hotline, out var h) ? h
                : throw ApiProblemException.OfField("hotline", ProblemCodes.OutOfRange, "hotline is an agency's id."),
            MaxResults = QueryValues.MaxResults(maxResults), After = PlaceOf(cursor),
        };
        return await PageAsync(me.Caller, query, groups, time, cancellation);
    }

    /// <summary>A page of groups; also for the portal.</summary>
    public static async Task<GroupListAnswer> PageAsync(
        Caller caller, GroupQuery query, GroupReader groups, TimeProvider time, CancellationToken cancellation)
    {
        var page = await groups.PageAsync(caller, query, cancellation);
        var now = time.GetUtcNow();
        return new GroupListAnswer(
            [.. page.Groups.Select(g => GroupAnswer.Of(g, now))], page.Next is { } next ? Cursor.Write(List, next) : null, PositionAnswer.Of(page.At));
    }

    /// <summary>Where a page of groups begins, as the one before said.</summary>
    public static GroupPlace? PlaceOf(string? cursor) => Cursor.Read<GroupPlace>(List, cursor);

    private static async Task<GroupItemsAnswer> GetAsync(
        string id, ApiCaller me, GroupReader groups, TimeProvider time, CancellationToken cancellation, string? maxResults = null, string? cursor = null)
        => await ItemsAsync(me.Caller, id, QueryValues.MaxResults(maxResults), cursor, groups, time, cancellation) ?? throw NoSuchGroup();

    /// <summary>A group with a page of its items; also for the portal. Null: there is no such group for the caller.</summary>
    public static async Task<GroupItemsAnswer?> ItemsAsync(
        Caller caller, string id, int max, string? cursor, GroupReader groups, TimeProvider time, CancellationToken cancellation)
    {
        var list = $"group {id}";
        var after = Cursor.Read<PagePlace>(list, cursor);
        var view = GroupRows.IsId(id) ? await groups.GetAsync(caller, id, max, after, cancellation) : null;
        return view is null
            ? null
            : new GroupItemsAnswer(
                GroupAnswer.Of(view.Group, time.GetUtcNow()),
                [.. view.Items.Select(i => new GroupItemAnswer(ListedItemAnswer.Of(i.Item), i.Yours, OfferAnswer.Of(i.Offer)))],
                view.Next is { } next ? Cursor.Write(list, next) : null, PositionAnswer.Of(view.At));
    }

    private static async Task<BatchAnswer> AssessAsync(
        HttpContext http, string id, ApiCaller me, IReportGateway gateway, CPortApiOptions options, GroupReader groups, JsonBody<AssessGroupBody> body)
    {
        var all = body.Value.All == true;
        List<(ItemRef Item, int? Expected)> named = [];
        if (!all)
        {
            named = ItemBatchEndpoints.Targets(body.Fields, body.Value.Items, options.ItemsPerBatch);
        }
        else if (body.Value.Items is not null)
        {
            body.Fields.Add("items", ProblemCodes.Inconsistent, "Either items or all.");
        }

        var assessment = body.Fields.Assessment("assessment", body.Value.Assessment, required: true);
        body.Check();
        var members = GroupRows.IsId(id)
            ? await groups.TargetsAsync(me.Caller, id, all ? null : [.. named.Select(n => n.Item)], options.ItemsPerBatch, http.RequestAborted)
            : null;
        if (members is not { } found)
        {
            throw NoSuchGroup();
        }

        if (all)
        {
            // What "all" names changes from one request to the next: a repeat that finds the same items gets the first answer, one that finds others is another
            // command. Either way no item is assessed twice, because of the versions.
            return ItemBatchEndpoints.Answer(await ItemBatchEndpoints.RunAsync(
                http, gateway, [.. found.Items.Select(f => (f.Item, (int?)f.Version))], (report, targets, _) => new AssessItems
                {
                    ReportId = report, Context = me.Context(PartOf(targets.Select(t => t.Ordinal))), Items = targets, Assessment = assessment!,
                    Alike = found.Alike,
                }));
        }

        var inGroup = found.Items.Select(f => f.Item).ToHashSet();
        var taken = named.Where(n => inGroup.Contains(n.Item)).ToArray();
        var answers = new Queue<ItemOutcomeAnswer>(await ItemBatchEndpoints.RunAsync(http, gateway, taken, (report, targets, part) => new AssessItems
        {
            ReportId = report, Context = me.Context(part), Items = targets, Assessment = assessment!, Alike = found.Alike,
        }));
        return ItemBatchEndpoints.Answer([.. named.Select(n => inGroup.Contains(n.Item) ? answers.Dequeue() : ItemOutcomeAnswer.Of(
            n.Item.Report, new ItemOutcome { Ordinal = n.Item.Ordinal, Code = RejectionCode.NotFound, Detail = AssessItems.NotInGroup }))]);
    }

    private static ApiProblemException NoSuchGroup() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such group, or it is not for you to see.");

    private static int PartOf(IEnumerable<int> ordinals) =>
        10_000 + (int)(BitConverter.ToUInt32(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(string.Join(',', ordinals)))) % 90_000);
}
