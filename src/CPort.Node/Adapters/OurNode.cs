using CPort.Api.Agencies;
using CPort.Api.Exchange;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Exchange;
using CPort.IccamClient.Our;
using CPort.IccamClient.Wire;

namespace CPort.Node.Adapters;

/// <summary>Our own side for the client of a real ICCAM: a node over <c>/v1</c>, by the API's own types.</summary>
internal sealed class OurNode(CPortClient client) : IOurNode
{
    private const int NewsAtOnce = 200;

    private OurAgency? _us;

    public async Task<OurAgency> AgencyAsync(CancellationToken cancellation)
    {
        var agency = await AskAsync(() => client.GetAsync<AgencyAnswer>("v1/agency", cancellation));
        return _us = new OurAgency(agency.Id, [.. agency.Countries]);
    }

    public async Task<Submitted> SubmitAsync(IntakeReport report, CancellationToken cancellation)
    {
        try
        {
            var answer = await AskAsync(() => client.PostAsync<SubmissionAnswer>("v1/reports", Body(report), cancellation), ReportsConflict);
            return new Submitted(ReportId.Parse(answer.ReportId), Same: true);
        }
        catch (CPortApiException e) when (ReportsConflict(e))
        {
            return new Submitted(ReportId.Parse(e.Problem.ReportId!), Same: false);
        }
    }

    public async Task<ImmutableArray<(string Url, int Ordinal)>> UrlsAsync(ReportId report, CancellationToken cancellation)
    {
        var urls = ImmutableArray.CreateBuilder<(string, int)>();
        for (string? cursor = ""; cursor is not null;)
        {
            var path = $"v1/reports/{report}" + (cursor.Length > 0 ? $"?cursor={Uri.EscapeDataString(cursor)}" : "");
            var page = await AskAsync(() => client.GetAsync<ReportAnswer>(path, cancellation));
            urls.AddRange(page.Items.Where(i => i.UrlString is not null).Select(i => (i.UrlString!, i.Item)));
            cursor = page.NextCursor;
        }

        return urls.ToImmutable();
    }

    public async Task<OurItem?> ItemAsync(ItemRef item, CancellationToken cancellation)
    {
        try
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"v1/reports/{item.Report}/items/{item.Ordinal}");
            return Of(await AskAsync(() => client.GetAsync<ItemAnswer>(path, cancellation), IsAbsent));
        }
        catch (CPortApiException e) when (IsAbsent(e))
        {
            return null;
        }
    }

    public async Task<NewsPage> NewsAsync(string? after, CancellationToken cancellation)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"v1/feed?maxResults={NewsAtOnce}")
            + (after is null ? "" : $"&lastEventId={Uri.EscapeDataString(after)}");
        try
        {
            var news = await AskAsync(() => client.GetAsync<List<FeedEventAnswer>>(path, cancellation), IsGone);
            return new NewsPage(
                [
                    .. news.Where(n => n.Data.Item is not null && ReportId.TryParse(n.Data.Report, out _)).Select(n => new OurNews(
                        n.Id, new ItemRef(ReportId.Parse(n.Data.Report), n.Data.Item!.Value),
                        n.Type == FeedTypes.Moved.Name && n.Data.By?.Agency == _us?.Id)),
                ],
                news is [.., var last] ? last.Id : after, Gone: false);
        }
        catch (CPortApiException e) when (IsGone(e))
        {
            return new NewsPage([], after, Gone: true);
        }
    }

    public Task<string> NewsEndAsync(CancellationToken cancellation) => AskAsync(async () =>
    {
        string? end = null;
        await foreach (var line in client.LinesAsync("v1/feed/snapshot", cancellation))
        {
            // Only the last line has a place; the others are not ours to keep.
            end = line.Contains("\"lastEventId\"", StringComparison.Ordinal)
                ? JsonSerializer.Deserialize<FeedSnapshotLine>(line, ApiJson.Options)?.LastEventId : end;
        }

        return end ?? throw new PassingFaultException("snapshot-broke-off", whole: true);
    });

    private static bool ReportsConflict(CPortApiException e) => e.Problem is { Status: 409, ReportId: not null };

    private static bool IsAbsent(CPortApiException e) => e.Problem.Status == 404;

    private static bool IsGone(CPortApiException e) => e.Problem.Status == 410;

    /// <summary>Faults as the client of ICCAM tells them apart; <paramref name="leave"/>: refusals that are answers.</summary>
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask, Func<CPortApiException, bool>? leave = null)
    {
        try
        {
            return await ask();
        }
        catch (CPortUnreachableException e)
        {
            throw new PassingFaultException("node-unreachable", whole: true, cause: e);
        }
        catch (CPortApiException e) when (leave?.Invoke(e) != true)
        {
            var problem = e.Problem;
            throw problem.Status is 401 or 403 or 429 || problem.Code.Length == 0 ? new PassingFaultException($"node-{problem.Status}", whole: true, cause: e)
                : problem.Status >= 500 || problem.Retry == true ? new PassingFaultException($"node-{problem.Status}", whole: false, cause: e)
                : new RefusedException(problem.Errors is { Count: > 0 } errors
                    ? [.. errors.Select(f => new Refusal(f.Field, f.Code, f.Detail))] : [new Refusal("", problem.Code, problem.Title)]);
        }
    }

    private static ReportBody Body(IntakeReport report) => new()
    {
        HotlineReference = report.Reference, HotlineReceivedDate = Date(report.Received), Memo = report.Memo, SourceUrlReferrer = report.Referrer,
        SourceUrlSiteType = Code(report.SiteType), SourceUrlCommerciality = Code(report.Commerciality),
        SourceUrlPaymentMethods = report.PaymentMethods.IsEmpty ? null : [.. report.PaymentMethods.Select(p => Code(p))],
        Urls =
        [
            .. report.Urls.Select(u => new UrlEntryBody
            {
                UrlString = u.Url, IsSourceUrl = new FlagValue(u.IsSource), HostingCountryCode = u.Country, HostingIpAddress = u.IpAddress, HostingIsp = u.Isp,
                Memo = u.Memo, ContentType = Code(u.ContentType),
            }),
        ],
    };

    private static CodeValue? Code(int? number) => number is { } given ? new CodeValue(given, null) : null;

    private static DateValue Date(DateTimeOffset at) => new(at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    private OurItem Of(ItemAnswer item) => new()
    {
        Number = item.Number, AssignedCountry = item.Assignment?.AssignedCountry,
        Reference = item.Assignment?.Hotline == _us?.Id ? item.AssignedHotlineReference : null,
        HostingIpAddress = item.Hosting?.IpAddress,
        Assessments =
        [
            .. (item.Assessments ?? []).Select(a => new OurAssessment(
                a.Id, a.Agency, a.Episode, a is { Objection: null, Pending: null, WithdrawnAt: null, CorrectedBy: null }, a.At,
                a.Classification.Id, a.AgeCategorization.Id, a.GenderCategorization.Id, a.VirtualContentCategorization,
                a.UserGeneratedContentCategorization, a.ChildModelingCategorization,
                a.AssessingAnalystName)),
        ],
        Actions =
        [
            .. (item.Actions ?? []).Select((a, i) => new OurAction(
                i, a.Agency, a.Episode, a.RecordedAt, a.ActionType.Id, a.ActionDate, a.Reason?.Id, a.ReasonText, a.ActioningAnalystName)),
        ],
    };
}
