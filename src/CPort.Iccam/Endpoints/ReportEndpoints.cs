using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary><c>rest/Reports</c>: submitting a report, reading it, and the facts of its page.</summary>
internal static class ReportEndpoints
{
    private const string Id = "reportId";

    public static void MapReports(this IEndpointRouteBuilder rest, IccamServices all)
    {
        rest.OnPost("/Reports", http => SubmitAsync(http, all)).Needs(Deed.SubmitReports).WithName("IccamSubmitReport");
        var report = rest.MapGroup($"/Reports/{{{Id}}}");
        report.OnGet("", http => ShowAsync(http, all)).Needs(Deed.ReadReports).WithName("IccamGetReport");
        report.OnPut("/source-url/site-type", http => SiteTypeAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamSetSiteType");
        report.OnPut("/source-url/commerciality", http => CommercialityAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamSetCommerciality");
        report.OnPut("/source-url/payment-methods", http => PaymentsAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamSetPaymentMethods");
    }

    /// <summary>The number alone: anything else, and the client never learns its ids.</summary>
    private static async Task<IResult> SubmitAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var request = await RequestReader.BodyAsync<ReportRequest>(http, all.Limits.BodyBytes);
        var report = all.Reader.Read(request, me.Context(all.Time), me.Access, me.Style);
        return Shows.Plain(await all.Reports.SubmitAsync(report, http.RequestAborted));
    }

    private static async Task<IResult> ShowAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var (head, items) = await all.Reports.ReportAsync(me.Caller, RequestReader.Number(http, Id), http.RequestAborted);
        var (report, secrets) = (head.Report, head.Secrets);
        var contents = items.Select(i => new ReportContent(i.Item.Number, i.Secrets?.Url, ContentAnswers.IsPage(head, i.Item))).ToList();
        AuditObject[] others = [];
        if (head.SourcePage is { } page && contents.All(c => c.ContentId != page.Number))
        {
            // First, as the client asks one after the other until it has the page.
            contents.Insert(0, new ReportContent(page.Number, page.Url, true));
            others = [Shows.Item(head.ReportId, page.Ordinal)];
        }

        var answer = new Contracts.ReportAnswer
        {
            ReportId = report.Number, ReportContents = contents, SourceUrlSiteType = (int?)report.SiteType,
            SourceUrlCommerciality = (int?)report.Commerciality,
            SourceUrlPaymentMethods = report.PaymentMethods.IsEmpty ? null : [.. report.PaymentMethods.Select(p => (int)p)],
            Memo = secrets?.Memo, ReferrerUrl = secrets?.Referrer, ReportingAnalystName = secrets?.ReportingAnalyst,
            ReportingHotlineId = all.HotlineIds.Of(report.ReportingHotline),
            HotlineReference = report.Reference.Value is { Length: > 0 } reference ? reference : null,
            HotlineReceivedDate = report.HotlineReceivedDate == default ? null : report.HotlineReceivedDate,
        };
        return new Shows<Contracts.ReportAnswer>(answer, new Shown(
            [new AuditObject(AuditObjectKind.Report, head.ReportId.ToString()), .. items.Select(i => Shows.Item(head.ReportId, i.Item.Ordinal)), .. others],
            [.. ShownFields.Of(answer)], contents.Count));
    }

    private static Task<IResult> SiteTypeAsync(HttpContext http, IccamServices all) => SetAsync(http, all, "siteType", (fields, set) => set with
    {
        SiteType = fields.Code("siteType", CodeLists.SiteTypes, CodeReader.Of(fields, "siteType", CodeLists.SiteTypes, Number(http, "siteType")), required: true),
    });

    private static Task<IResult> CommercialityAsync(HttpContext http, IccamServices all) => SetAsync(http, all, "commerciality", (fields, set) => set with
    {
        Commerciality = fields.Code(
            "commerciality", CodeLists.Commercialities, CodeReader.Of(fields, "commerciality", CodeLists.Commercialities, Number(http, "commerciality")),
            required: true),
    });

    private static async Task<IResult> PaymentsAsync(HttpContext http, IccamServices all)
    {
        var numbers = await RequestReader.NumbersAsync(http, all.Limits.CommandBodyBytes);
        return await SetAsync(http, all, "paymentMethods", (fields, set) => set with
        {
            PaymentMethods = fields.PaymentMethods("paymentMethods", CodeReader.Payments(fields, "paymentMethods", numbers)), PaymentMethodsGiven = true,
        });
    }

    private static async Task<IResult> SetAsync(HttpContext http, IccamServices all, string field, Func<FieldReader, SetSiteFacts, SetSiteFacts> read)
    {
        var me = IccamCaller.Of(http);
        var context = me.Context(all.Time);
        var fields = all.Reader.Fields(context.OccurredAt);
        var command = read(fields, new SetSiteFacts { ReportId = default, Context = context });
        fields.Check();
        await all.Reports.DoAsync(
            me.Caller, RequestReader.Number(http, Id), report => command with { ReportId = report }, field, http.RequestAborted);
        return Shows.Done;
    }

    private static int? Number(HttpContext http, string name) =>
        RequestReader.Query(http, name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MinValue;
}
