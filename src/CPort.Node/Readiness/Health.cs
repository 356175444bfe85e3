using System.Net.Mime;
using Akka.Cluster;
using CPort.Api.Security;
using CPort.Portal;

namespace CPort.Node.Readiness;

/// <summary>One reason why a node is or is not ready. <paramref name="Detail"/> is for operators and holds no data.</summary>
public sealed record ReadinessReason(string Name, bool Ok, string Detail);

/// <summary>One part's say in <c>/health/ready</c>; register as a singleton. Must answer within a second or two and not throw.</summary>
public interface IReadinessCheck
{
    Task<ReadinessReason> CheckAsync(CancellationToken cancellation);
}

/// <summary>
/// <c>/health/live</c>: the process answers; restart it when not. <c>/health/ready</c>: send it requests; never a reason to restart, because a database that is
/// away comes back.
/// </summary>
public static class Health
{
    /// <summary>For how long the node's own writes may keep SQLite's lock from who asks; well within what the check as a whole may take.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(1);

    /// <summary>Paths that answer also while the node waits.</summary>
    private static readonly string[] AlwaysOpen = ["/health", "/metrics", "/docs", "/openapi", "/assets"];

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Json(new { status = "live" })).Needs(Deed.SeeService).ExcludeFromDescription();
        app.MapGet("/health/ready", ReadyAsync).Needs(Deed.SeeService).ExcludeFromDescription();
        return app;
    }

    /// <summary>
    /// Everything else answers 503 with Retry-After until the actor system runs. A node that is about to stop serves and asks for another connection, so that
    /// none is in use, and no request on its way, when it closes them.
    /// </summary>
    public static WebApplication UseWaitUntilRunning(this WebApplication app)
    {
        var state = app.Services.GetRequiredService<NodeState>();
        app.Use((http, next) =>
        {
            if (state.IsLeaving && HttpProtocol.IsHttp11(http.Request.Protocol))
            {
                http.Response.Headers.Connection = "close";
            }

            if (state.WaitingFor is not { } reason || AlwaysOpen.Any(p => http.Request.Path.StartsWithSegments(p, StringComparison.Ordinal)))
            {
                return next(http);
            }

            if (CPortPortal.IsForPeople(http.Request))
            {
                return CPortPortal.WriteStartingAsync(http, reason);
            }

            var problem = ApiProblem.Of(ProblemCodes.Unavailable, $"The node does not serve: {reason}.") with { RetryAfter = 5 };
            return problem.WriteAsync(http);
        });
        return app;
    }

    private static async Task<IResult> ReadyAsync(
        NodeState state, Database database, IEnumerable<IReadinessCheck> checks, ReadinessLog log, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Headers.CacheControl = "no-store";
        var reasons = new List<ReadinessReason>
        {
            new("node", state.IsRunning && !state.IsLeaving,
                state.WaitingFor is { } reason ? $"waits: {reason}" : state.IsLeaving ? "about to stop" : "running"),
            Membership(state),
            await PingAsync(database, cancellation),
        };
        if (state.IsRunning)
        {
            foreach (var check in checks)
            {
                reasons.Add(await check.CheckAsync(cancellation));
            }
        }

        log.Note(reasons);
        var ready = reasons.TrueForAll(r => r.Ok);

        // Members, events and buckets are not everybody's business.
        var (status, tell) = (ready ? "ready" : "not ready", AccessTable.May(http.Features.Get<Caller>(), Deed.SeeFigures));
        return Results.Json(tell ? new { status, reasons } : (object)new { status },
            contentType: MediaTypeNames.Application.Json,
            statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static ReadinessReason Membership(NodeState state)
    {
        if (state.System is not { } system || system.WhenTerminated.IsCompleted)
        {
            return new ReadinessReason("cluster", false, "no actor system");
        }

        var cluster = Cluster.Get(system);
        var status = cluster.SelfMember.Status;
        var members = cluster.State.Members.Count;
        var lost = cluster.State.Unreachable.Count;
        return new ReadinessReason("cluster", status == MemberStatus.Up,
            $"{status}, {members} member{(members == 1 ? "" : "s")}" + (lost > 0 ? $", {lost} unreachable" : ""));
    }

    /// <summary>Asked only after a write failed: a full disk still answers questions. Without it a node that gets no work would never notice the end.</summary>
    private static async Task<bool> CanWriteAsync(Database database, CancellationToken cancellation)
    {
        try
        {
            await database.ProbeWriteAsync(cancellation);
            return database.WriteFault is null;
        }
        catch (System.Data.Common.DbException)
        {
            return false;
        }
    }

    private static async Task<ReadinessReason> PingAsync(Database database, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await database.PingAsync(limit.Token);
            if (await database.IsLockedAsync(LockPatience, limit.Token))
            {
                return new ReadinessReason("database", false, "answers, and cannot be written (locked by another program)");
            }

            if (database.WriteFault is { } fault && !await CanWriteAsync(database, limit.Token))
            {
                return new ReadinessReason("database", false, $"answers, and cannot be written ({fault})");
            }

            return new ReadinessReason("database", true, "answers");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // A provider's message may quote the connection string; its code or type is told.
            return new ReadinessReason("database", false, $"does not answer ({DatabaseFault.InWords(e)})");
        }
    }
}
