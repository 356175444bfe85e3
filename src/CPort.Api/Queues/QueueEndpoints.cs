using CPort.Actors.Projections;
using CPort.Domain.Audit;
using CPort.Domain.Queues;

namespace CPort.Api.Queues;

/// <summary>What an answer from the read model is current to.</summary>
/// <param name="Position">Every journal row up to this one is in the answer.</param>
/// <param name="LagEvents">Journal rows after it, at most.</param>
/// <param name="LagSeconds">How long the oldest of those has been waiting.</param>
/// <param name="Rebuilding">A new set of read tables is being built beside the one that answered.</param>
public sealed record PositionAnswer(long Position, long LagEvents, double LagSeconds, bool Rebuilding)
{
    public static PositionAnswer Of(ReadPosition at) => new(at.Position, at.LagEvents, Math.Round(at.Lag.TotalSeconds, 3), at.Rebuilding);
}

/// <summary>A queue's length.</summary>
/// <param name="Name">Its name in the path.</param>
/// <param name="Meaning">What stands in it.</param>
/// <param name="AgeKey">The date from which age counts.</param>
/// <param name="Count">How many items of the caller's part.</param>
/// <param name="Urgent">How many of them are urgent.</param>
/// <param name="OldestFrom">The age key of the oldest; absent when empty.</param>
/// <param name="OldestSeconds">The age of the oldest.</param>
public sealed record QueueAnswer(string Name, string Meaning, string AgeKey, long Count, long Urgent, DateTimeOffset? OldestFrom, long? OldestSeconds);

/// <summary>All queues.</summary>
/// <param name="Queues">In a fixed order.</param>
/// <param name="At">How current the counts are.</param>
public sealed record QueuesAnswer(IReadOnlyList<QueueAnswer> Queues, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => Shown.View("queues", Queues.Count);

    public static QueuesAnswer Of(QueueOverview overview, DateTimeOffset now) => new(
        [.. overview.Queues.Select(s => new QueueAnswer(
            s.Queue.Name, s.Queue.Meaning, s.Queue.Age.Key, s.Count, s.Urgent, s.OldestFrom,
            s.OldestFrom is { } from ? Math.Max(0, (long)(now - from).TotalSeconds) : null))],
        PositionAnswer.Of(overview.At));
}

/// <summary>An item of a list; what the caller may not see is absent. URL, memo and hashes come from <c>GET /v1/reports/{id}</c>.</summary>
public sealed record ListedItemAnswer
{
    /// <summary>The report's id, a hyphen, the ordinal.</summary>
    public required string ItemId { get; init; }
    public required string ReportId { get; init; }

    /// <summary>The ordinal within the report, from 1.</summary>
    public required int Item { get; init; }
    public required long Number { get; init; }
    public required long ReportNumber { get; init; }
    public required int Version { get; init; }
    public required ItemState State { get; init; }
    public required bool Urgent { get; init; }
    public required string ReportingHotline { get; init; }
    public string? AssignedCountry { get; init; }
    public DateTimeOffset? CountryAssignmentDate { get; init; }
    public string? Hotline { get; init; }
    public DateTimeOffset? HotlineAssignmentDate { get; init; }
    public required bool Orphan { get; init; }
    public string? EscalatedTo { get; init; }

    /// <summary>The agency that holds the item now.</summary>
    public string? HeldBy { get; init; }
    public DateTimeOffset? HeldUntil { get; init; }
    public CodeAnswer? FinalAction { get; init; }
    public DateTimeOffset? FinalActionDate { get; init; }
    public CodeAnswer? ContentType { get; init; }
    public bool? IsSourceUrl { get; init; }
    public CodeAnswer? Classification { get; init; }

    /// <summary>What known hashes say: Inherited, Suggested, NationalElsewhere, Disputed.</summary>
    public string? Inheritance { get; init; }
    public bool? KnownWithoutLook { get; init; }

    /// <summary>0 to 295: the sum of the weights of its reasons.</summary>
    public int? Priority { get; init; }
    public IReadOnlyList<string>? PriorityReasons { get; init; }
    public int? NearMatches { get; init; }
    public string? HostingCountryCode { get; init; }
    public CodeAnswer? SourceUrlSiteType { get; init; }
    public CodeAnswer? SourceUrlCommerciality { get; init; }

    /// <summary>The reporting hotline's reference of the report.</summary>
    public string? ReportHotlineReference { get; init; }

    /// <summary>The reporting hotline's reference of the item.</summary>
    public string? HotlineReference { get; init; }

    /// <summary>The assigned hotline's reference of the item.</summary>
    public string? AssignedHotlineReference { get; init; }
    public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>The list's row was changed in the database: references and the day of receipt cannot be read from it. The report itself tells them.</summary>
    public bool? Unreadable { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required DateTimeOffset LastChangedAt { get; init; }

    /// <summary>In a queue: since when its age counts.</summary>
    public DateTimeOffset? AgeFrom { get; init; }

    /// <summary>Number of the earliest other item with the same URL, of those whose URL the caller sees.</summary>
    public long? ProbableDuplicateOf { get; init; }

    /// <summary>The group of look-alikes it is in, when the caller sees another member.</summary>
    public GroupMarkAnswer? Group { get; init; }

    /// <summary>What a page of these shows.</summary>
    public static Shown Shown(IReadOnlyCollection<ListedItemAnswer> items) => new(
        [.. items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))], [.. ShownFields.Of(items)], items.Count);

    public static ListedItemAnswer Of(ListedItem listed)
    {
        var (row, access, secrets) = (listed.Row, listed.Access, listed.Secrets);
        var state = access.Sees(FieldGroup.State);
        var classification = access.Sees(FieldGroup.Classification);

        // Who had the item before sees what became of it.
        var judged = access[FieldGroup.Classification] != Visibility.Absent;
        var hosting = access.Sees(FieldGroup.Hosting);
        var reporter = access.Sees(FieldGroup.ReporterData);

        // Whether lists know the media, and how near it is to what they know, is told by the reasons.
        var hashes = classification && access.Sees(FieldGroup.Hashes);
        var held = state && listed.Held;
        return new ListedItemAnswer
        {
            ItemId = $"{row.ReportId}-{row.Ordinal}", ReportId = row.ReportId, Item = row.Ordinal, Number = row.Number, ReportNumber = row.ReportNumber,
            Version = row.Version, State = row.State, Urgent = row.Urgent, ReportingHotline = row.ReportingHotline,
            AssignedCountry = state ? row.AssignedCountry : null, CountryAssignmentDate = state ? ReadRows.Time(row.CountrySince) : null,
            Hotline = state ? row.Hotline : null, HotlineAssignmentDate = state ? ReadRows.Time(row.HotlineSince) : null, Orphan = state && row.IsOrphan,
            EscalatedTo = state ? row.EscalatedTo : null, HeldBy = held ? row.LeaseAgency : null, HeldUntil = held ? ReadRows.Time(row.LeaseUntil) : null,
            FinalAction = state ? CodeAnswer.Of(row.FinalAction) : null, FinalActionDate = state ? ReadRows.Time(row.FinalAt) : null,
            ContentType = hosting ? CodeAnswer.Of(row.ContentType) : null, IsSourceUrl = hosting ? row.IsSourceUrl : null,
            Classification = judged ? CodeAnswer.Of(row.Classification) : null,
            Inheritance = classification ? row.Inheritance?.ToString() : null, KnownWithoutLook = classification ? row.KnownWithoutLook : null,
            Priority = hashes ? row.Priority : null,
            PriorityReasons = hashes && row.PriorityReasons != 0 ? [.. ItemPriority.Each(row.PriorityReasons).Select(r => r.ToString())] : null,
            NearMatches = access.Sees(FieldGroup.Hashes) ? row.NearMatches : null, HostingCountryCode = hosting ? row.HostingCountry : null,
            SourceUrlSiteType = hosting ? CodeAnswer.Of(row.SiteType) : null, SourceUrlCommerciality = hosting ? CodeAnswer.Of(row.Commerciality) : null,
            ReportHotlineReference = reporter ? secrets?.Reference : null, HotlineReference = reporter ? secrets?.ItemReference : null,
            AssignedHotlineReference = state ? secrets?.AssignedReference : null, HotlineReceivedDate = state ? secrets?.ReceivedAt : null,
            Unreadable = secrets is null ? true : null,
            AddedAt = ReadRows.Time(row.AddedAt), LastChangedAt = ReadRows.Time(row.ChangedAt), AgeFrom = ReadRows.Time(listed.Age),
            ProbableDuplicateOf = access.Sees(FieldGroup.Url) ? listed.ProbableDuplicateOf : null, Group = GroupMarkAnswer.Of(listed.Group),
        };
    }
}

/// <summary>A page of items.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
/// <param name="At">How current the list is.</param>
public sealed record ItemListAnswer(IReadOnlyList<ListedItemAnswer> Items, string? NextCursor, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => ListedItemAnswer.Shown(Items);

    /// <summary>A page of the list that the cursors are to name.</summary>
    public static ItemListAnswer Of(string list, ItemPage page) =>
        new([.. page.Items.Select(ListedItemAnswer.Of)], page.Next is { } next ? Cursor.Write(list, next) : null, PositionAnswer.Of(page.At));
}

/// <summary><c>/v1/queues</c>: what waits for the caller's agency.</summary>
public static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/queues", CountsAsync).Needs(Deed.CountItems).WithName("ListQueues").WithTags("Queues")
            .WithSummary("All queues with their counts and ages")
            .WithDescription("The caller's own part of each queue. Operators get the counts over everything.")
            .Problems(503);
        v1.MapGet("/queues/{name}", PageAsync).Needs(Deed.ListItems).WithName("GetQueue").WithTags("Queues")
            .WithSummary("A queue, urgent items first, then oldest first or by priority")
            .WithDescription($"""
                Names: {WorkQueue.Names}. `order` is `oldest` (default) or `priority`; `from` (inclusive) and `to` (exclusive) bound the queue's age
                key; `classification`, `hostingCountry`, `siteType` (each some values with commas between) and `urgent` narrow it, by what the caller sees of
                an item. Follow `nextCursor` until it is absent: rows that arrive meanwhile make no other row appear twice or be left out.
                """)
            .Problems(400, 403, 404, 422, 503);
    }

    /// <summary>The queues as the caller has them; also for the operators' port.</summary>
    public static async Task<QueuesAnswer> CountsAsync(ApiCaller caller, QueueReader queues, TimeProvider time, CancellationToken cancellation) =>
        QueuesAnswer.Of(await queues.CountsAsync(caller.Caller, cancellation), time.GetUtcNow());

    private static async Task<ItemListAnswer> PageAsync(
        string name, ApiCaller caller, QueueReader queues, CancellationToken cancellation,
        string? order = null, string? from = null, string? to = null, string? classification = null, string? hostingCountry = null, string? siteType = null,
        string? urgent = null, string? maxResults = null, string? cursor = null)
    {
        var queue = WorkQueue.Find(name) ?? throw ApiProblemException.Of(ProblemCodes.NotFound, $"Queues: {WorkQueue.Names}.");
        var by = order switch
        {
            null or "" or "oldest" => QueueOrder.OldestFirst,
            "priority" => QueueOrder.Priority,
            _ => throw ApiProblemException.OfField("order", ProblemCodes.UnknownCode, "order is oldest or priority."),
        };
        var filter = QueueFilters.Read(classification, hostingCountry, siteType, urgent);
        var list = $"queue {name} {by} {QueueFilters.Write(filter)}";
        return ItemListAnswer.Of(list, await queues.PageAsync(
            caller.Caller,
            new QueueQuery
            {
                Queue = queue, Order = by, Filter = filter, From = QueryValues.Date("from", from), To = QueryValues.Date("to", to),
                MaxResults = QueryValues.MaxResults(maxResults), After = Cursor.Read<PagePlace>(list, cursor),
            },
            cancellation));
    }
}
