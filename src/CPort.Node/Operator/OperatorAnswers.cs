using CPort.Domain.CodeLists;
using System.Net;
using System.Text.Json;
using Akka.Actor;
using CPort.Actors.Cluster;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Reports;

namespace CPort.Node.Operator;

/// <summary>Ends a request with a status and a sentence without data. <paramref name="code"/>: a word for programs.</summary>
public sealed class OperatorProblem(HttpStatusCode status, string detail, string? code = null) : Exception(detail)
{
    /// <summary>The command wants to be confirmed.</summary>
    public const string ConfirmCode = "confirm";

    public HttpStatusCode Status => status;

    internal static OperatorProblem Of(Exception e) => e switch
    {
        OperatorProblem problem => problem,
        ReportStuckException => new(HttpStatusCode.Conflict, "The report cannot be read from the journal; see reports stuck.", "stuck"),
        AskTimeoutException or TimeoutException or ReportsUnavailableException => new(HttpStatusCode.ServiceUnavailable, "No answer came in time."),
        ReadModelUnavailableException or System.Data.Common.DbException => new(HttpStatusCode.ServiceUnavailable, "The database does not answer."),
        BadHttpRequestException or JsonException => new(HttpStatusCode.BadRequest, "The request cannot be read."),
        _ => new(HttpStatusCode.InternalServerError, "The node met a defect; its log says more."),
    };

    internal Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = (int)status;
        return http.Response.WriteAsJsonAsync(new { status = (int)status, title = status.ToString(), detail = Message, code }, ApiJson.Options, "application/problem+json");
    }
}

internal sealed record AddressBody(string? Address, bool Confirm = false);

internal sealed record MembersAnswer(string? Leader, IReadOnlyList<MemberView> Members);

internal sealed record LeaderAnswer(string? Leader);

internal sealed record DoneAnswer(string Done, IReadOnlyList<string> Addresses);

/// <summary>One event of <c>cluster tail</c>.</summary>
internal sealed record MemberEventAnswer(DateTimeOffset At, string Event, MemberView? Member, string? Address = null);

internal sealed record RegionAnswer(string Type, int Nodes, string? Coordinator, int Shards, int Entities, int FailedShards);

internal sealed record RegionsAnswer(IReadOnlyList<RegionAnswer> Regions, IReadOnlyList<string> NoAnswer);

internal sealed record RegionNodeAnswer(MemberView Node, string? Type, bool Coordinator, int Shards, int Entities, IReadOnlyList<string> FailedShards, string? Failure);

internal sealed record ShardAnswer(string Type, string Shard, string Address, int Entities);

internal sealed record ActorsAnswer(string Address, IReadOnlyList<string> Paths, bool Truncated);

internal sealed record SystemAnswer(
    string System, string? Address, string Version, string Runtime, int ProcessId, DateTimeOffset StartedAt, double UptimeSeconds, long MemoryBytes, string? WaitsFor);

internal sealed record StuckAnswer(string Id, long AfterSequence, string Reason, DateTimeOffset Since, int Attempts);

internal sealed record QueueLengthAnswer(string Name, string Meaning, long Count, long Urgent, DateTimeOffset? OldestFrom);

internal sealed record QueueLengthsAnswer(IReadOnlyList<QueueLengthAnswer> Queues, long LagEvents, double LagSeconds);

/// <summary>Buckets of one algorithm: how many hold anything and what they hold together. <c>Unanswered</c> buckets are missing in the sums.</summary>
internal sealed record HashStatsAnswer(string Algorithm, int Buckets, int InUse, int Unanswered, long Hashes, long Known, long Sightings, long ReportsToTell,
    long MemoryBytes);

/// <summary>A hash that matches too much to mean anything, without its value.</summary>
internal sealed record QuarantinedAnswer(
    string Id, QuarantineReason Reason, DateTimeOffset Since, string? By, int Reports, int NearValues, int Items, int Opinions, bool Confirmed);

internal sealed record QuarantinedAnswers(IReadOnlyList<QuarantinedAnswer> Quarantined, bool More, int Unanswered);

/// <summary>A stuck entity that answers again.</summary>
internal sealed record RetriedAnswer(string Id, bool Answers);

/// <summary>Something that is on its way to somebody.</summary>
internal sealed record DeliveryAnswer(string Kind, long Pending, DateTimeOffset? OldestSince, string? Note);

internal sealed record ReportItemAnswer(
    int Item, long Number, int Version, ItemState? State, string? Country, string? Hotline, bool Orphan, string? EscalatedTo, string? HeldBy, DateTimeOffset? HeldUntil,
    bool Traced, bool Matched, string? FinalAction, DateTimeOffset LastChangedAt);

internal sealed record ReportEventAnswer(long Sequence, DateTimeOffset RecordedAt, string Event, string Agency, string KeyId, IReadOnlyList<int> Items);

internal sealed record ReportAnswer(
    string Id, long Number, long Version, ReportState State, string Hotline, bool Urgent, int ItemCount, DateTimeOffset SubmittedAt, DateTimeOffset LastChangedAt,
    string Shard, string? Node, IReadOnlyList<ReportItemAnswer> Items, IReadOnlyList<ReportEventAnswer>? History);
