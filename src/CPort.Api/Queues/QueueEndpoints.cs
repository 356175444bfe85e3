using System.Globalization;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Api.Groups;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Api.Security;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

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
public sealed record QueuesAnswer(IReadOnlyList<QueueAnswer> Queues, PositionAnswer At);

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
    public DateTimeOffset? HotlineAssignmentStartDate { get; init; }
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

    /// <summary>0 to 145: the sum of the weights of its reasons.</summary>
    public int? Priority { get; init; }
    public IReadOnlyList<string>? PriorityReasons { get; init; }
    public int? NearMatches { get; init; }
    public string? HostingCountryCode { get; init; }
    public CodeAnswer? SourceUrlSiteType { get; init; }
    public CodeAnswer? SourceUrlCommerciality { get; init; }

    /// <summary>The reporting hotline's references of report and item.</summary>
    public string? ReportReference { get; init; }
    public string? HotlineReference { get; init; }

    /// <summary>The assigned hotline's reference of the item.</summary>
    public string? AssignedHotlineReference { get; init; }
    public DateTimeOffset? HotlineReceivedDate { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required DateTimeOffset LastChangedAt { get; init; }

    /// <summary>In a queue: since when its age counts.</summary>
    public DateTimeOffset? AgeFrom { get; init; }

    /// <summary>Number of the earliest other item with the same URL, of those whose URL the caller sees.</summary>
    public long? ProbableDuplicateOf { get; init; }

    /// <summary>The group of look-alikes it is in, when the caller sees another member.</summary>
    public GroupMarkAnswer? Group { get; init; }

    public static ListedItemAnswer Of(ItemSummary i) => new()
    {
        ItemId = new ItemRef(i.ReportId, i.Ordinal).ToString(), ReportId = i.ReportId.ToString(), Item = i.Ordinal, Number = i.Number,
        ReportNumber = i.ReportNumber, Version = i.Version, State = i.State, Urgent = i.Urgent, ReportingHotline = i.ReportingHotline.Value,
        AssignedCountry = i.AssignedCountry?.Code, CountryAssignmentDate = i.CountrySince, Hotline = i.Hotline?.Value,
        HotlineAssignmentStartDate = i.HotlineSince, Orphan = i.IsOrphan, EscalatedTo = i.EscalatedTo?.Value, HeldBy = i.LeaseAgency?.Value,
        HeldUntil = i.LeaseUntil, FinalAction = CodeAnswer.Of(i.FinalAction), FinalActionDate = i.FinalAt, ContentType = CodeAnswer.Of(i.ContentType),
        IsSourceUrl = i.IsSourceUrl, Classification = CodeAnswer.Of(i.Classification), Inheritance = i.Inheritance?.ToString(),
        KnownWithoutLook = i.KnownWithoutLook, Priority = i.Priority,
        PriorityReasons = i.PriorityReasons.IsEmpty ? null : [.. i.PriorityReasons.Select(r => r.ToString())], NearMatches = i.NearMatches,
        HostingCountryCode = i.HostingCountry?.Code, SourceUrlSiteType = CodeAnswer.Of(i.SiteType),
        SourceUrlCommerciality = CodeAnswer.Of(i.Commerciality), ReportReference = i.Reference, HotlineReference = i.ItemReference,
        AssignedHotlineReference = i.AssignedReference, HotlineReceivedDate = i.HotlineReceivedDate, AddedAt = i.AddedAt, LastChangedAt = i.ChangedAt,
        AgeFrom = i.AgeFrom, ProbableDuplicateOf = i.ProbableDuplicateOf, Group = GroupMarkAnswer.Of(i.Group),
    };
}

/// <summary>A page of items.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
/// <param name="At">How current the list is.</param>
public sealed record ItemListAnswer(IReadOnlyList<ListedItemAnswer> Items, string? NextCursor, PositionAnswer At)
{
    public static ItemListAnswer Of(ItemPage page) => new([.. page.Items.Select(ListedItemAnswer.Of)], page.NextCursor, PositionAnswer.Of(page.At));
}

/// <summary><c>/v1/queues</c>: what waits for the caller's agency.</summary>
public static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/queues", CountsAsync).WithName("ListQueues").WithTags("Queues")
            .WithSummary("All queues with their counts and ages")
            .WithDescription("The caller's own part of each queue. Operators get the counts over everything.");
        routes.MapGet("/queues/{name}", PageAsync).WithName("GetQueue").WithTags("Queues")
            .WithSummary("A queue, urgent items first, then oldest first or by priority")
            .WithDescription($"""
                Names: {WorkQueue.Names}. `order` is `oldest` (default) or
                `priority`; `from` (inclusive) and `to` (exclusive) bound the queue's age key; `maxResults` is 1 to 200 (default 200). Follow `nextCursor`
                until it is absent: rows that arrive meanwhile make no other row appear twice or be left out.
                """)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<QueuesAnswer>> CountsAsync(ApiCaller caller, QueueReader queues, TimeProvider time, CancellationToken cancellation)
    {
        var overview = await Reading(() => queues.CountsAsync(caller.Caller, cancellation));
        var now = time.GetUtcNow();
        return TypedResults.Ok(new QueuesAnswer(
            [.. overview.Queues.Select(s => new QueueAnswer(
                s.Queue.Name, s.Queue.Meaning, s.Queue.Age.Key, s.Count, s.Urgent, s.OldestFrom, s.OldestFrom is { } from ? Math.Max(0, (long)(now - from).TotalSeconds) : null))],
            PositionAnswer.Of(overview.At)));
    }

    private static async Task<Ok<ItemListAnswer>> PageAsync(
        string name, ApiCaller caller, QueueReader queues, CancellationToken cancellation,
        string? order = null, string? from = null, string? to = null, string? maxResults = null, string? cursor = null)
    {
        var queue = WorkQueue.Find(name) ?? throw ApiProblemException.Of(ProblemCatalogue.NotFound, $"Queues: {WorkQueue.Names}.");
        if (AccessScope.CountsEverything(caller.Caller))
        {
            throw ApiProblemException.Of(ProblemCatalogue.NotAuthorised, "Operators see the lengths of queues, not their items.");
        }

        var query = new QueueQuery
        {
            Queue = queue,
            Order = order switch
            {
                null or "" or "oldest" => QueueOrder.OldestFirst,
                "priority" => QueueOrder.Priority,
                _ => throw ApiProblemException.Of(ProblemCatalogue.BadRequest, "order is oldest or priority."),
            },
            From = Date("from", from), To = Date("to", to), MaxResults = MaxResults(maxResults), Cursor = string.IsNullOrEmpty(cursor) ? null : cursor,
        };
        if (!query.HasValidCursor)
        {
            throw ApiProblemException.Of(ProblemCatalogue.MalformedCursor, "Use nextCursor as the answer before gave it, with the same queue and order.");
        }

        return TypedResults.Ok(ItemListAnswer.Of(await Reading(() => queues.PageAsync(caller.Caller, query, cancellation))));
    }

    /// <summary>A date of a query string; throws <see cref="ApiProblemException"/> (400).</summary>
    internal static DateTimeOffset? Date(string name, string? text) =>
        string.IsNullOrEmpty(text) ? null
        : FieldReader.TryDate(text, out var date) ? date
        : throw ApiProblemException.Of(ProblemCatalogue.BadRequest, $"{name} is ISO 8601 with Z or an offset, for example 2026-01-31T08:15:00Z.");

    internal static int MaxResults(string? text) =>
        string.IsNullOrEmpty(text) ? ReadModel.MaxResults
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var max) && max is >= 1 and <= ReadModel.MaxResults ? max
        : throw ApiProblemException.Of(ProblemCatalogue.BadRequest, $"maxResults is 1 to {ReadModel.MaxResults}.");

    /// <summary>Runs a query of the read model; a read model or database that is away becomes a 503.</summary>
    internal static async Task<T> Reading<T>(Func<Task<T>> query)
    {
        try
        {
            return await query();
        }
        catch (Exception e) when (Faults.IsPassing(e))
        {
            throw ApiProblemException.Of(Actors.Intake.IntakeCodes.Unavailable, "Lists cannot be read at the moment; ask again soon.");
        }
    }
}
