using System.Globalization;
using CPort.Actors.Persistence;
using CPort.Actors.Referrals;
using CPort.Actors.Reports;
using CPort.Domain.Confidential;
using CPort.Domain.Wires;

namespace CPort.Api.Wires;

/// <summary>
/// NCMEC's CyberTipline XML. In: <c>POST /cybertipline/submit</c>, for providers: what they would tell NCMEC is a report here, answered as NCMEC answers. Out:
/// a report, a referral or a file as such XML, for police and INTERPOL, each written down as a disclosure.
/// </summary>
public static class CyberTiplineEndpoints
{
    private const string Xml = "text/xml; charset=utf-8";
    private const int MostOfText = 9_000;
    private const int MostOfName = 200;
    private const string ReferencePurpose = "cybertipline-reference-1";
    private const string NotHere = "A submission holds the report and its fileDetails at once (docs/other-wires.md); files and later words are not taken.";

    public static void MapCyberTipline(this IEndpointRouteBuilder routes)
    {
        var tipline = routes.MapGroup("/cybertipline").ExcludeFromDescription();
        tipline.MapGet("/status", () => Answer(CyberTiplineWriter.Success, "Remote User : ready", null)).Needs(Deed.SeeService);
        tipline.MapPost("/submit", SubmitAsync).Needs(Deed.SubmitReports).WithName("SubmitCyberTipline");
        foreach (var name in (string[])["upload", "fileinfo", "finish", "retract"])
        {
            tipline.MapPost($"/{name}", () => Answer(CyberTiplineWriter.ValidationFailed, NotHere, null, StatusCodes.Status501NotImplemented))
                .Needs(Deed.SubmitReports);
        }
    }

    /// <summary>What is given out.</summary>
    public static void MapCyberTiplineExports(this IEndpointRouteBuilder v1)
    {
        var group = v1.MapGroup("").WithTags("Other wires");
        group.MapGet("/reports/{id}/cybertipline.xml", ReportAsync).Needs(Deed.ReadReports).Needs(Deed.ExportItems).WithName("GetReportAsCyberTipline")
            .WithSummary("A report as CyberTipline XML")
            .WithDescription("As many items as one answer has room for (200); what the caller does not see is not in it.")
            .Produces<string>(200, "text/xml").Problems(403, 404, 503);
        group.MapGet("/reports/{id}/items/{item:int}/cybertipline.xml", FileAsync).Needs(Deed.ReadReports).Needs(Deed.ExportItems)
            .WithName("GetItemAsCyberTipline").WithSummary("An item's file as CyberTipline XML (fileDetails)")
            .WithDescription("`reportId` is NCMEC's number of the report; left out, CPort's.").Produces<string>(200, "text/xml").Problems(403, 404, 422, 503);
        group.MapGet("/referrals/{id}/cybertipline.xml", ReferralAsync).Needs(Deed.SeeExchange).Needs(Deed.ExportItems).WithName("GetReferralAsCyberTipline")
            .WithSummary("The report behind a referral, with the referral's items, as CyberTipline XML")
            .WithDescription("Of a referral of several reports one is named: `report`.").Produces<string>(200, "text/xml").Problems(403, 404, 422, 503);
    }

    private static async Task<IResult> SubmitAsync(
        HttpContext http, ApiCaller me, ReportBodyReader reader, ReportIntake intake, ConfidentialSeam seam, TimeProvider time)
    {
        if (me.Caller.Kind != AgencyKind.Provider)
        {
            throw ApiProblemException.Of(ProblemCodes.NotAuthorised, "CyberTipline XML is taken from providers; hotlines report by /v1/reports.");
        }

        IntakeOutcome outcome;
        try
        {
            var body = await RequestBody.ReadAsync(http, CyberTiplineReader.LargestBytes);
            RequestDigest.Note(http, body);
            var reading = CyberTiplineReader.Read(body);
            if (reading.Report is not { } report)
            {
                return Answer(CyberTiplineWriter.ValidationFailed, reading.Fault!, null, StatusCodes.Status400BadRequest);
            }

            if (BodyOf(report, seam.Keyed(ReferencePurpose, body.Span), time.GetUtcNow()) is not ({ } draft, var involved))
            {
                return Answer(CyberTiplineWriter.ValidationFailed, "CPort needs an address on the web: url, or locationOfFile.", null,
                    StatusCodes.Status400BadRequest);
            }

            outcome = await intake.SubmitAsync(reader.Read(draft, me.Context(), CodeGeneration.V3, involved), http.RequestAborted);
        }
        catch (ApiProblemException e)
        {
            return Answer(e.Problem.Status >= 500 || e.Problem.Status == StatusCodes.Status429TooManyRequests
                ? CyberTiplineWriter.ServerError : CyberTiplineWriter.ValidationFailed, e.Problem.Detail ?? e.Problem.Title, null, e.Problem.Status);
        }
        catch (Exception e) when (Faults.IsPassingFor(e, http.RequestAborted))
        {
            return Answer(CyberTiplineWriter.ServerError, "Not available at the moment; send it again.", null, StatusCodes.Status503ServiceUnavailable);
        }

        // The reference is made of the document: what comes under it again is the same, but for the moment at which it came.
        var again = outcome is { Result: IntakeResult.Conflict, Fields: ["hotlineReceivedDate"], Number: not null };
        return outcome.Result switch
        {
            _ when again => Answer(CyberTiplineWriter.Success, "Success", outcome.Number),
            IntakeResult.Accepted or IntakeResult.Duplicate => Answer(CyberTiplineWriter.Success, outcome.LeftOut.IsEmpty
                ? "Success" : $"Success; left out: {string.Join(", ", outcome.LeftOut.Select(f => f.Field))}", outcome.Number),
            IntakeResult.Unavailable => Answer(CyberTiplineWriter.ServerError, "Not available at the moment; send it again.", null,
                StatusCodes.Status503ServiceUnavailable),
            _ => Answer(CyberTiplineWriter.ValidationFailed, outcome.Problem?.Detail ?? "The report is not taken.", null, StatusCodes.Status400BadRequest),
        };
    }

    /// <summary>
    /// The report's body as hotlines send it. An item for each address; a file is an item of its own at its address, or at the report's first one, and from
    /// where it was put there goes with it. No body: there is no address.
    /// </summary>
    internal static (ReportBody? Body, Involved Involved) BodyOf(ProviderReport report, ReadOnlySpan<byte> digest, DateTimeOffset now)
    {
        var first = report.Urls.Concat(report.Files.Select(f => f.Location).OfType<string>()).FirstOrDefault();
        if (first is null)
        {
            return (null, report.Involved);
        }

        var files = report.Files.Select(f => (File: f, Url: f.Location ?? first)).ToArray();
        var pages = report.Urls.Where(u => files.All(f => f.Url != u)).ToArray();
        List<UrlEntryBody?> entries =
        [
            .. pages.Select(url => new UrlEntryBody { UrlString = url, ContentType = new CodeValue(2, null) }),
            .. files.Select(f => new UrlEntryBody
            {
                UrlString = f.Url, ContentType = new CodeValue(1, null), Hashes = HashesOf(f.File), Memo = Cut(f.File.Notes),
            }),
        ];
        var involved = new Involved
        {
            Accounts = Cut(report.Involved.Accounts),
            IpEvents = [.. report.Involved.IpEvents, .. files.SelectMany((f, i) => f.File.IpEvents.Select(e => e with { Item = pages.Length + i + 1 }))],
        };
        return (new ReportBody
        {
            HotlineReference = $"ct-{Convert.ToHexStringLower(digest[..12])}",
            HotlineReceivedDate = new DateValue(now.ToString("O", CultureInfo.InvariantCulture)),
            Memo = Cut(report.Notes), ReportingAnalystName = report.Reporter is { Length: > MostOfName } name ? name[..MostOfName] : report.Reporter,
            Urls = entries, Urgent = report.Urgent,
        }, involved);
    }

    /// <summary>Chat logs have no end, memos have: what is too long is cut, and says so.</summary>
    private static string? Cut(string? text) => text is { Length: > MostOfText } ? text[..MostOfText] + "\n[cut by CPort]" : text;

    /// <summary>Of each algorithm the first that can be read; what CPort does not know is no hash here.</summary>
    private static HashesBody? HashesOf(ProviderFile file)
    {
        var hashes = new HashesBody();
        var any = false;
        foreach (var (type, value) in file.Hashes)
        {
            if (HashAlgorithms.TryFind(type, out var row) && hashes[row.Algorithm] is null && ContentHash.TryParse(row.Algorithm, value, out var hash))
            {
                hashes.Put(hash);
                any = true;
            }
        }

        return any ? hashes : null;
    }

    private static async Task<FileAnswer> ReportAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id)
    {
        var page = await WiredItems.PageAsync(http, me, gateway, ReportEndpoints.Id(id), 1, ReportRules.ItemsPerPart);
        return Of(page.ReportId, CyberTiplineWriter.Report(page.Head!, page.Items, me.Caller.Agency.Value), page.Items);
    }

    private static async Task<FileAnswer> FileAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item, string? reportId = null)
    {
        var page = await WiredItems.PageAsync(http, me, gateway, ReportEndpoints.Id(id), Math.Max(1, item), 1);
        if (page.Items is not [var only] || only.Item.Ordinal != item)
        {
            throw WiredItems.Absent();
        }

        var number = reportId is null ? page.Head!.Report.Number
            : long.TryParse(reportId, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given
            : throw ApiProblemException.OfField("reportId", ProblemCodes.OutOfRange, "A number is expected.");
        return Of(page.ReportId, CyberTiplineWriter.FileDetails(number, only, page.Head!.Secrets?.Involved?.IpEvents ?? []), [only]);
    }

    private static async Task<FileAnswer> ReferralAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, IReferralGateway referrals, string id, string? report = null)
    {
        var referral = await WiredItems.OfReferralAsync(http, me, referrals, id);
        var named = report is null ? null : (ReportId?)ReportEndpoints.Id(report);
        var its = referral.Items.GroupBy(i => i.Report).Where(g => named is null || g.Key == named).ToArray();
        if (its is not [var one])
        {
            throw its.Length == 0 ? WiredItems.Absent()
                : ApiProblemException.OfField("report", ProblemCodes.Missing, "The referral has items of several reports: name one.");
        }

        var ordinals = one.Select(i => i.Ordinal).ToHashSet();
        var (head, items) = await WiredItems.ItemsAsync(http, me, gateway, one.Key, ordinals) ?? throw WiredItems.Absent();
        return Of(one.Key, CyberTiplineWriter.Report(head, items, me.Caller.Agency.Value, referral.Id), items, referral.Id);
    }

    private static FileAnswer Of(ReportId report, byte[] bytes, IReadOnlyCollection<ItemView> items, string? referral = null) =>
        new(bytes, Xml, WiredItems.Shown([(report, items)], referral));

    private static IResult Answer(int code, string description, long? report, int status = StatusCodes.Status200OK) =>
        new XmlAnswer(CyberTiplineWriter.Response(code, description, report), status);

    /// <summary>An answer of NCMEC's form; nothing of a report is in it but its number, which its sender may know.</summary>
    private sealed class XmlAnswer(byte[] xml, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = Xml;
            return httpContext.Response.Body.WriteAsync(xml, httpContext.RequestAborted).AsTask();
        }
    }
}
