using System.Net;
using CPort.IccamClient.Our;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Reading;

/// <summary>What ICCAM says of a report and its contents, as a report for intake. Pure.</summary>
public static class ContentReader
{
    /// <summary>What <c>/v1</c> takes, in characters.</summary>
    private const int MemoLength = 9_000;
    private const int NameLength = 200;

    /// <summary>Before the web there was nothing to report: 1970 is a date that nobody knows.</summary>
    private static readonly DateTimeOffset Earliest = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What is missing so that a content could be taken; null: nothing.</summary>
    public static Refusal? Missing(ContentNumber asked, ContentAnswer content) =>
        content.ContentId != asked.Value ? new Refusal("contentId", "inconsistent", "The answer is another content's.")
        : content.ReportId <= 0 ? new Refusal("reportId", "missing", "It says no report.")
        : content.Url is not { UrlString.Length: > 0 } ? new Refusal("url.urlString", "missing", "It has no URL.")
        : null;

    /// <summary>
    /// The name under which a batch is submitted: the same batch is the same report, whenever and however often it is sent. What is
    /// left out of it and comes later has a name of its own, a batch with its number below nothing.
    /// </summary>
    public static string ReferenceOf(ReportNumber report, ContentNumber batch) =>
        batch.Value < 0 ? $"ICCAM-{report}-{new ContentNumber(-batch.Value)}-again" : $"ICCAM-{report}-{batch}";

    /// <summary>
    /// Which item each content is, by URL letter by letter; of several with the same URL each is another. What the report does not have is missing.
    /// </summary>
    public static ImmutableDictionary<ContentNumber, int> Match(
        IEnumerable<(ContentNumber Content, string? Url)> contents, IEnumerable<(string Url, int Ordinal)> items)
    {
        var free = items.GroupBy(i => i.Url, StringComparer.Ordinal).ToDictionary(
            g => g.Key, g => new Queue<int>(g.Select(i => i.Ordinal).Order()), StringComparer.Ordinal);
        return contents.OrderBy(c => c.Content)
            .Where(c => c.Url is not null && free.TryGetValue(c.Url, out var ordinals) && ordinals.Count > 0)
            .Select(c => (c.Content, Ordinal: free[c.Url!].Dequeue())).ToImmutableDictionary(c => c.Content, c => c.Ordinal);
    }

    /// <param name="number">Of the report in ICCAM.</param>
    /// <param name="batch">Which batch of it.</param>
    /// <param name="report">The report as ICCAM answers it.</param>
    /// <param name="contents">Of the batch, readable, in its order.</param>
    /// <param name="now">What lies ahead of it was received then.</param>
    public static IntakeReport Read(ReportNumber number, ContentNumber batch, ReportAnswer report, IReadOnlyList<ContentAnswer> contents, DateTimeOffset now)
    {
        var remarks = new List<string>();
        if (!contents.Any(c => c.Url.IsSourceUrl) && report.ReportContents?.FirstOrDefault(c => c.IsSourceUrl)?.UrlString is { Length: > 0 } page)
        {
            remarks.Add($"found on {PlainText.Line(page)}");
        }

        return new IntakeReport
        {
            Reference = ReferenceOf(number, batch),
            Received = new[] { report.HotlineReceivedDate, contents.Min(c => c.CountryAssignmentDate) }
                .FirstOrDefault(d => d is { } date && date >= Earliest && date <= now) ?? now,
            Memo = Memo(report.Memo, remarks), Referrer = PlainText.Memo(report.ReferrerUrl),
            SiteType = Known(CodeLists.SiteTypes, report.SourceUrlSiteType), Commerciality = Known(CodeLists.Commercialities, report.SourceUrlCommerciality),
            PaymentMethods = [.. (report.SourceUrlPaymentMethods ?? []).Select(p => Known(CodeLists.PaymentMethods, p)).OfType<int>().Distinct()],
            Urls = [.. contents.Select(Url)],
        };
    }

    /// <summary>
    /// Hosted where ICCAM has assigned it: that it is our job is ICCAM's word, and our own tracing would send it elsewhere. Where it says that it is hosted
    /// elsewhere, that is told to the analyst. What was said and done there is, too, and is nobody's opinion here.
    /// </summary>
    private static IntakeUrl Url(ContentAnswer content)
    {
        var remarks = new List<string> { $"ICCAM {content.ReportId}/{content.ContentId}" };
        var (assigned, hosted) = (CountryOf(content.AssignedCountryCode), CountryOf(content.Url.HostingCountryCode));
        if (assigned is { } ours && hosted is { } other && ours != other)
        {
            remarks.Add($"ICCAM says hosted in {other.Code}");
        }

        remarks.AddRange((content.Assessments ?? []).Select(a => string.Create(CultureInfo.InvariantCulture,
            $"assessed in ICCAM: {Name(CodeLists.Classifications, a.Classification)}{On(a.AssessmentDate)}")));
        remarks.AddRange((content.Actions ?? []).Select(a => string.Create(CultureInfo.InvariantCulture,
            $"action in ICCAM: {Name(CodeLists.ActionTypes, a.ActionType)}{On(a.ActionDate)}")));
        return new IntakeUrl
        {
            Url = content.Url.UrlString!, IsSource = content.Url.IsSourceUrl, Country = (assigned ?? hosted)?.Code,
            IpAddress = IPAddress.TryParse(content.Url.HostingIpAddress, out var address) ? address.ToString() : null,
            Isp = PlainText.Line(content.Url.HostingIsp) is { } isp ? isp[..Math.Min(isp.Length, NameLength)] : null,
            Memo = Memo(content.Memo, remarks), ContentType = Known(CodeLists.ContentTypes, content.ContentType),
        };
    }

    private static string? Memo(string? text, IEnumerable<string> remarks)
    {
        var tail = PlainText.With(null, remarks) ?? "";
        var room = MemoLength - Math.Min(tail.Length, MemoLength / 2);
        var memo = PlainText.Memo(text) is { } clean ? clean.Length > room ? clean[..room] + " […]" : clean : null;
        return PlainText.With(memo, remarks) is { } all ? all[..Math.Min(all.Length, MemoLength + 500)] : null;
    }

    internal static Country? CountryOf(string? text) => text?.Trim() is { } given && (Country.TryParse(given, out var country)
        || CountryNames.TryFind(given, out country)) ? country : null;

    private static int? Known<T>(CodeList<T> list, int? number)
        where T : struct, Enum => number is { } given && list.TryParse(given, CodeGeneration.V3, out _) ? given : null;

    private static string Name<T>(CodeList<T> list, int number)
        where T : struct, Enum => list.TryParse(number, CodeGeneration.V3, out var code) ? code.ToString() : number.ToString(CultureInfo.InvariantCulture);

    private static string On(DateTimeOffset? at) =>
        at is { } date && date != default ? string.Create(CultureInfo.InvariantCulture, $", {date:yyyy-MM-dd}") : "";
}
