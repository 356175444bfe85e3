using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CPort.Actors.Audit;
using CPort.Actors.Persistence;
using CPort.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>An endpoint whose answer is a stream: it has each chunk written down itself (<see cref="ReadHook.ChunkAsync"/>) before it sends it.</summary>
public sealed record AuditedByChunks;

/// <summary>
/// The one place through which data leaves by HTTP, on the API's port and on the operators': who, when, why, what and with what outcome is durable in the audit
/// log before the first byte of the body goes out. Which endpoint is written down as what is a column of the deed table. An endpoint that ought to be written
/// down and answers with something that cannot say what it shows (<see cref="IShowsData"/>) answers nothing.
/// </summary>
public static class ReadHook
{
    private static readonly ConcurrentDictionary<Endpoint, AuditKind?> Kinds = new();

    /// <summary>For all endpoints of a group; <paramref name="log"/> finds the node's log.</summary>
    public static T Audited<T>(this T routes, Func<HttpContext, IAuditLog>? log = null)
        where T : IEndpointConventionBuilder =>
        routes.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            if (KindOf(http.GetEndpoint()!) is not { } kind || http.GetEndpoint()!.Metadata.GetMetadata<AuditedByChunks>() is not null)
            {
                return await next(context);
            }

            var audit = (log ?? LogOf)(http);
            object? answer;
            try
            {
                answer = await next(context);
            }
            catch (ApiProblemException e) when (e.Problem.Status is StatusCodes.Status403Forbidden or StatusCodes.Status404NotFound)
            {
                var outcome = e.Problem.Status == StatusCodes.Status403Forbidden ? AuditOutcome.Refused : AuditOutcome.Absent;
                await RecordAsync(audit, http, kind, outcome, new Shown(Named(http), []));
                throw;
            }

            var done = kind is AuditKind.Administration or AuditKind.Erasure or AuditKind.Alteration;
            await RecordAsync(audit, http, kind, done ? AuditOutcome.Done : AuditOutcome.Shown, WhatOf(http, answer));
            return answer;
        });

    /// <summary>Before a page is sent that shows data to who is signed in; of a form that is shown again after a fault it is a look, too.</summary>
    public static Task PageAsync(HttpContext http, Shown shown) =>
        RecordAsync(LogOf(http), http, KindOf(http.GetEndpoint()!) ?? AuditKind.Consultation, AuditOutcome.Shown, shown);

    /// <summary>After something was done from a page that is written down before the answer (and not by the journal).</summary>
    public static Task DoneAsync(HttpContext http, Shown shown) => RecordAsync(
        LogOf(http), http, KindOf(http.GetEndpoint()!) ?? throw new InvalidOperationException("The endpoint's right is not written down."), AuditOutcome.Done,
        shown);

    /// <summary>Before a page is sent that says that there is nothing, or nothing for who asked.</summary>
    public static Task AbsentAsync(HttpContext http) =>
        RecordAsync(LogOf(http), http, KindOf(http.GetEndpoint()!) ?? AuditKind.Consultation, AuditOutcome.Absent, new Shown(Named(http), []));

    /// <summary>Before a chunk of a stream is sent.</summary>
    public static Task ChunkAsync(HttpContext http, Shown shown, AuditOutcome outcome = AuditOutcome.Shown) => RecordAsync(
        LogOf(http), http, KindOf(http.GetEndpoint()!) ?? throw new InvalidOperationException("The endpoint's right is not written down."), outcome, shown);

    /// <summary>A caller was told that it may not. Nothing is shown, so that the answer leaves also when it cannot be written down.</summary>
    internal static async Task RefusedAsync(HttpContext http, Caller caller)
    {
        if (http.RequestServices.GetService<IAuditLog>() is { } audit && (KindOf(http.GetEndpoint()!) ?? JournaledOf(http.GetEndpoint()!)) is { } kind)
        {
            try
            {
                await audit.RecordAsync(RecordOf(http, caller, kind, AuditOutcome.Refused, new Shown(Named(http), [])), http.RequestAborted);
            }
            catch (Exception e) when (Faults.IsPassing(e))
            {
                // The refusal stands by itself.
            }
        }
    }

    /// <summary>As what a use of the endpoint is written down before its answer; null: it is not.</summary>
    internal static AuditKind? KindOf(Endpoint endpoint) => Kinds.GetOrAdd(endpoint, e => e.Metadata.GetOrderedMetadata<NeededDeed>()
        .Select(n => AccessTable.Audited(n.Deed)).Where(a => a.IsBefore).Select(a => a.Kind).LastOrDefault());

    /// <summary>As what the journal tells of the endpoint's deed; of one that is refused the journal tells nothing.</summary>
    private static AuditKind? JournaledOf(Endpoint endpoint) => endpoint.Metadata.GetOrderedMetadata<NeededDeed>()
        .Select(n => AccessTable.Audited(n.Deed)).Where(a => a.Kind is not null).Select(a => a.Kind).LastOrDefault();

    private static IAuditLog LogOf(HttpContext http) => http.RequestServices.GetRequiredService<IAuditLog>();

    private static Shown WhatOf(HttpContext http, object? answer) => Value(answer) switch
    {
        IShowsData data => data.What(),

        // Nothing is in them: not changed since the caller saw it, or done.
        IStatusCodeHttpResult { StatusCode: StatusCodes.Status304NotModified or StatusCodes.Status204NoContent } => new Shown(Named(http), []),
        _ => throw new InvalidOperationException(
            $"{(http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText} answers with what cannot say which data it shows ({answer?.GetType().Name})."),
    };

    private static object? Value(object? answer) => answer switch
    {
        IShowsData => answer,
        INestedHttpResult nested => Value(nested.Result),
        IValueHttpResult { Value: { } value } => value,
        _ => answer,
    };

    private static async Task RecordAsync(IAuditLog audit, HttpContext http, AuditKind kind, AuditOutcome outcome, Shown shown) => await audit.RecordAsync(
        RecordOf(http, http.Features.Get<Caller>() ?? Caller.System, kind, outcome, shown), http.RequestAborted);

    private static AuditRecord RecordOf(HttpContext http, Caller caller, AuditKind kind, AuditOutcome outcome, Shown shown) => new()
    {
        Kind = kind, Caller = caller, Outcome = outcome, Objects = shown.Objects, Fields = shown.Fields, Action = ActionOf(http.GetEndpoint()!),
        Question = shown.Count is { } count ? new AuditQuestion(RequestDigest.Whole(http), count) : null,
        Request = Activity.Current?.TraceId.ToString(),
    };

    private static string ActionOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
        ?? $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods[0]} {(endpoint as RouteEndpoint)?.RoutePattern.RawText}";

    /// <summary>What the path names; only what has the form of an id of ours.</summary>
    private static ImmutableArray<AuditObject> Named(HttpContext http)
    {
        var id = http.GetRouteValue("id") as string;
        return ReportId.TryParse(id, out var report) ? [Item(report, http.GetRouteValue("item") as string)]
            : AgencyId.TryParse(http.GetRouteValue("agency") as string, out var agency) ? [new AuditObject(AuditObjectKind.Agency, agency.Value)]
            : [];
    }

    private static AuditObject Item(ReportId report, string? item) => int.TryParse(item, NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
        ? new AuditObject(AuditObjectKind.Item, string.Create(CultureInfo.InvariantCulture, $"{report}-{ordinal}"))
        : new AuditObject(AuditObjectKind.Report, report.ToString());
}
