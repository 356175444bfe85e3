using System.Buffers.Binary;
using System.Text;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;

namespace CPort.Iccam.Reading;

/// <summary>A report as an ICCAM client sends it, read.</summary>
/// <param name="Draft">With the id of the first report of this content; numbers and digests come with its intake.</param>
/// <param name="Content">What makes it the same report again: its hotline, its URLs, and the day it was received as the client wrote it.</param>
internal sealed record ReadReport(SubmitReport Draft, byte[] Content);

/// <summary>
/// From <c>POST rest/reports</c> to a submission. Refuses only what cannot be a report at all: for such a client a refusal is final, and the report lost. What
/// else cannot be used (a country that is none, an address that is none, a URL beside others that can be read) is left out with a remark in the memo.
/// </summary>
internal sealed class ReportReader(IntakeLimits limits, UrlKeyMaker keys, ConfidentialSeam seam)
{
    /// <summary>What the client writes for a provider that it does not know.</summary>
    private const string NoOwner = "(OWNER EMPTY?!)";

    private const int RemarksAtMost = 20;

    // Remarks of ours come on top of what a memo may be.
    private readonly IntakeLimits _limits = limits with { MemoLength = PlainText.MemoBytes + 10_000, NameLength = PlainText.NameLength };

    public FieldReader Fields(DateTimeOffset now) => new(_limits, CodeReader.Generation, now);

    /// <summary>Throws <see cref="ApiProblemException"/> with all that is wrong.</summary>
    public ReadReport Read(ReportRequest request, CommandContext context, IccamAccess access, HotlineStyle style)
    {
        var now = context.OccurredAt;
        var fields = Fields(now);
        var reference = fields.Reference("hotlineReference", request.HotlineReference, required: true);
        var siteType = CodeReader.Of(fields, "sourceUrlSiteType", CodeLists.SiteTypes, request.SourceUrlSiteType);
        var commerciality = CodeReader.Of(fields, "sourceUrlCommerciality", CodeLists.Commercialities, request.SourceUrlCommerciality);
        var payments = CodeReader.Payments(fields, "sourceUrlPaymentMethods", request.SourceUrlPaymentMethods);
        var given = (request.Urls ?? []).OfType<UrlRequest>().ToArray();
        var (remarks, entries) = (new List<string>(), new List<UrlEntryBody?>());
        foreach (var (url, i) in given.Select((url, i) => (url, i)))
        {
            if (given.Length > 1 && !CanBeRead(url.UrlString))
            {
                remarks.Add(remarks.Count < RemarksAtMost ? $"left out, no URL that can be taken: {PlainText.Line(url.UrlString)}" : "and others");
                continue;
            }

            entries.Add(Entry(fields, url, $"urls[{i}]", style, access));
        }

        if (entries.Count == 0 && given.Length > 0)
        {
            fields.Add("urls", ProblemCodes.MalformedUrl, "None of the URLs can be read: http, https and ftp are taken.");
        }

        var items = entries.Count == 0 && given.Length > 0 ? [] : ReportBodyReader.ReadEntries(fields, keys, entries, _limits.ItemsPerReport);
        var secrets = ReportBodyReader.ReadSecrets(
            fields, PlainText.Memo(request.SourceUrlReferrer), PlainText.Line(request.SourceUrlUsername), PlainText.Line(request.SourceUrlPassword),
            PlainText.With(PlainText.Memo(request.Memo), remarks.Distinct()), PlainText.Line(request.ReportingAnalystName) ?? access.AnalystName);
        var received = fields.PastDate(
            "hotlineReceivedDate", CodeReader.Date(style.Moment(request.HotlineReceivedDate, now) ?? now), required: true);
        var read = (
            SiteType: fields.Code("sourceUrlSiteType", CodeLists.SiteTypes, siteType),
            Commerciality: fields.Code("sourceUrlCommerciality", CodeLists.Commercialities, commerciality),
            Payments: fields.PaymentMethods("sourceUrlPaymentMethods", payments));
        if (fields.Problem is { } problem)
        {
            throw ApiProblemException.Of(problem);
        }

        var content = ContentOf(context.Caller, request, given);
        return new ReadReport(
            new SubmitReport
            {
                ReportId = IdOf(content, 0), Context = context, Reference = reference!.Value, HotlineReceivedDate = received!.Value,
                SiteType = read.SiteType, Commerciality = read.Commerciality, PaymentMethods = read.Payments, Secrets = secrets, ReportNumber = 0,
                FirstItemNumber = 0, Items = items,
            },
            content);
    }

    /// <summary>
    /// The id of the nth report (from 0) of the same content. Follows from the content alone, so that a client that got no answer, and sends the report again
    /// under another reference and to another node, comes to the same report.
    /// </summary>
    public ReportId IdOf(byte[] content, int nth) => new(BinaryPrimitives.ReadUInt128BigEndian(
        seam.Keyed("iccam-report-id-1", [.. content, .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\0{nth}"))])));

    /// <summary>With what was said of it: a memo or a judgement that is new is a report of its own, and not swallowed as a retry.</summary>
    private static byte[] ContentOf(Caller caller, ReportRequest request, UrlRequest[] urls) => Encoding.UTF8.GetBytes(string.Join('\0',
    [
        ((int)caller.Tenant).ToString(CultureInfo.InvariantCulture), caller.Agency.Value, request.HotlineReceivedDate?.Trim(), PlainText.Memo(request.Memo),
        .. urls.Select(u => string.Join('\u0001', u.UrlString, u.IsSourceUrl, u.Assessment?.Classification, PlainText.Memo(u.Memo)))
            .Order(StringComparer.Ordinal),
    ]));

    private bool CanBeRead(string? url) => url is { Length: > 0 } && url.Length <= _limits.UrlLength && WebAddress.TryParse(url, out _, out _);

    private static UrlEntryBody Entry(FieldReader fields, UrlRequest url, string at, HotlineStyle style, IccamAccess access)
    {
        var remarks = new List<string>();
        var (country, address) = (PlainText.Line(url.HostingCountryCode), PlainText.Line(url.HostingIpAddress));
        var code = style.TryCountry(country, out var found) ? found.Code : null;
        if (country is not null && code is null)
        {
            remarks.Add($"hosting country given as \"{country}\"");
        }

        if (address is not null && !IpText.TryParse(address, out _))
        {
            remarks.Add($"hosting address given as \"{address}\"");
            address = null;
        }

        return new UrlEntryBody
        {
            UrlString = url.UrlString, HotlineReference = url.HotlineReference, HostingCountryCode = code, HostingIpAddress = address,
            HostingIsp = Owner(url.HostingIsp), IsSourceUrl = new FlagValue(url.IsSourceUrl == true), Memo = PlainText.With(PlainText.Memo(url.Memo), remarks),
            HostingOrganization = Owner(url.HostingOrganization?.OrganizationName) is { } name ? new HostingOrganizationBody { OrganizationName = name } : null,
            ContentType = CodeReader.Of(fields, $"{at}.contentType", CodeLists.ContentTypes, url.ContentType),
            Assessment = CodeReader.Assessment(fields, $"{at}.assessment", url.Assessment, access.AnalystName),
            Actions = [.. (url.Actions ?? []).OfType<ActionRequest>().Select(a => CodeReader.Action(fields, $"{at}.actions.", a, style, access.AnalystName))],
        };
    }

    private static string? Owner(string? text) => PlainText.Line(text) is { } name && name != NoOwner ? name : null;
}
