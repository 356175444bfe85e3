using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Intake;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Groups;
using CPort.Api.Reading;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace CPort.Api.Reports;

/// <summary>Submitting one report and reading it: <c>/v1/reports</c>.</summary>
public static class ReportEndpoints
{
    public static RouteGroupBuilder MapReports(this RouteGroupBuilder v1)
    {
        var reports = v1.MapGroup("/reports").WithTags("Reports");
        reports.MapPost("", SubmitAsync).WithName("SubmitReport").WithSummary("Submit one report")
            .WithDescription(
                "Takes one report in ICCAM v3's body, with hashes for each URL if there are any. The answer comes once the report is durable. Its identity is "
                + "(your agency, hotlineReference): the same report again is answered 200 `duplicate`, other content under the same reference 409. "
                + "`?codes=v2` reads codes by ICCAM v2's lists.")
            .WithMetadata(RequestBody.Accepts<ReportBody>("application/json"))
            .Produces<SubmissionAnswer>(StatusCodes.Status201Created).Produces<SubmissionAnswer>()
            .Problems(400, 403, 409, 413, 422, 503);
        reports.MapGet("/{id}", GetAsync).WithName("GetReport").WithSummary("Read a report")
            .WithDescription(
                "The report as it is now, from its actor, with a page of its items: `from` is the first ordinal, `limit` at most 200. What the caller may not see "
                + "is absent, and a report it may not see at all is 404. `If-None-Match` with the ETag gives 304 while nothing has changed.")
            .Produces<ReportAnswer>().Produces(StatusCodes.Status304NotModified).Problems(404, 503);
        reports.MapGet("/{id}/items/{item:int}", GetItemAsync).WithName("GetItem").WithSummary("Read one item")
            .WithDescription("Its ETag goes into `If-Match` or `expectedVersion` of commands.")
            .Produces<ItemAnswerFull>().Produces(StatusCodes.Status304NotModified).Problems(404, 503);
        reports.MapGet("/{id}/history", HistoryAsync).WithName("GetReportHistory").WithSummary("Read a report's history")
            .WithDescription("Every event the caller may see: what, who, when, why. `from` is the first sequence number, `limit` at most 200.")
            .Produces<HistoryAnswer>().Problems(404, 503);
        return v1;
    }

    private static async Task<IResult> SubmitAsync(HttpContext http, ApiCaller me, ReportBodyReader reader, ReportIntake intake, IntakeLimits limits)
    {
        RequireSubmitter(me);
        var codes = RequestBody.Codes(http);
        var body = await RequestBody.ReadAsync(http, limits.BodyBytes);
        return CommandAnswers.Answer(http, await intake.SubmitAsync(reader.Read(body.Span, me.Context(), codes), http.RequestAborted));
    }

    /// <summary>The report's rules say the same; asked here before anything is read.</summary>
    internal static void RequireSubmitter(ApiCaller me)
    {
        if (me.Caller.Kind != AgencyKind.Hotline || !me.Caller.Is(Roles.Machine | Roles.Analyst))
        {
            throw ApiProblemException.Of(ProblemCatalogue.NotAuthorised, "Only a hotline's machine or analyst key may submit reports.");
        }
    }

    private static async Task<IResult> GetAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, string? from = null, string? limit = null)
    {
        var query = new GetReport
        {
            ReportId = Id(id), Caller = me.Caller, FromOrdinal = (int)Number("from", from, 1, 1, int.MaxValue),
            MaxItems = (int)Number("limit", limit, ReportRules.ItemsPerPart, 1, ReportRules.ItemsPerPart),
        };
        var page = await gateway.GetAsync(query, http.RequestAborted);
        return page.Head is null ? Absent() : Tagged(http, $"\"r{page.Head.Report.Version}-{Rights(me.Caller)}\"", () => ReportAnswer.Of(page));
    }

    private static async Task<IResult> GetItemAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item, [FromServices] GroupReader? groups = null)
    {
        var report = Id(id);
        var page = await gateway.GetAsync(
            new GetReport { ReportId = report, Caller = me.Caller, FromOrdinal = Math.Max(1, item), MaxItems = 1 }, http.RequestAborted);
        if (page.Head is null || page.Items is not [var only] || only.Item.Ordinal != item)
        {
            return Absent();
        }

        var group = await GroupOfAsync(groups, me.Caller, only.Item, http.RequestAborted);
        return Tagged(http, $"\"{only.Item.Version}\"", () => ItemAnswerFull.Of(report, only) with { Group = group }, conditional: false);
    }

    /// <summary>The item comes from its report; that lists cannot be read at the moment must not keep it back.</summary>
    private static async Task<GroupMarkAnswer?> GroupOfAsync(GroupReader? groups, Caller caller, ContentItem item, CancellationToken cancellation)
    {
        if (groups is null || item.Hashes.All(h => h.Algorithm != Domain.Hashes.HashAlgorithm.Pdq))
        {
            return null;
        }

        try
        {
            return GroupMarkAnswer.Of((await groups.OfItemsAsync(caller, [item.Number], cancellation)).GetValueOrDefault(item.Number));
        }
        catch (Exception e) when (e is ReadModelUnavailableException or System.Data.Common.DbException or TimeoutException)
        {
            return null;
        }
    }

    private static async Task<IResult> HistoryAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, string? from = null, string? limit = null)
    {
        var page = await gateway.HistoryAsync(
            new GetHistory
            {
                ReportId = Id(id), Caller = me.Caller, FromSequence = Number("from", from, 1, 1, long.MaxValue),
                MaxEvents = (int)Number("limit", limit, ReportLimits.PageRows, 1, ReportLimits.PageRows),
            },
            http.RequestAborted);
        return page.Found ? Results.Json(HistoryAnswer.Of(page), ApiJson.Options) : Absent();
    }

    /// <summary>The id in a path; anything that is none is a report that does not exist.</summary>
    internal static ReportId Id(string text) => ReportId.TryParse(text, out var id) ? id : throw ApiProblemException.Of(ProblemCatalogue.NotFound, NoSuchReport);

    /// <summary>A whole number of the query; throws <see cref="ApiProblemException"/> (422) outside its range.</summary>
    internal static long Number(string name, string? text, long otherwise, long min, long max) =>
        string.IsNullOrEmpty(text) ? otherwise
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
        : throw ApiProblemException.Of(IntakeCodes.OutOfRange, $"{name} is a whole number from {min} to {max}.");

    private const string NoSuchReport = "There is no such report, or it is not for you to see.";

    private static ApiProblemResult Absent() => ApiProblem.Of(ProblemCatalogue.NotFound, NoSuchReport).ToResult();

    private static IResult Tagged<T>(HttpContext http, string etag, Func<T> answer, bool conditional = true)
    {
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "private, no-cache";
        return conditional && http.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(etag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Json(answer(), ApiJson.Options);
    }

    /// <summary>What is shown depends on the caller's rights as well: when those change, the ETag must.</summary>
    private static string Rights(Caller c) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{c.Agency}|{c.Kind}|{c.Roles}|{string.Join(',', c.Countries.Select(x => x.Code))}|{c.HoldsOrphanMandate}|{c.Tenant}")).AsSpan(0, 4));
}
