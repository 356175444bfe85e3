using System.Xml;
using CPort.Domain.Hashes;
using CPort.Domain.Reports;

namespace CPort.Domain.Wires;

/// <summary>
/// Writes NCMEC's CyberTipline XML in the order of elements that its schema demands: a report as a caller sees it, a file of it, and answers to what was
/// submitted. What the caller does not see is not in it.
/// </summary>
public static class CyberTiplineWriter
{
    /// <summary>NCMEC's code: taken.</summary>
    public const int Success = 0;

    /// <summary>NCMEC's code: not now.</summary>
    public const int ServerError = 1000;

    /// <summary>NCMEC's code: the document does not fit.</summary>
    public const int ValidationFailed = 4100;

    // Of the eight kinds that there are the one of images and films that stand somewhere; who reports a URL tells no other.
    private const string IncidentType = "Child Pornography (possession, manufacture, and distribution)";

    /// <summary>An answer to a submission.</summary>
    public static byte[] Response(int code, string description, long? reportId) => Write("reportResponse", xml =>
    {
        Element(xml, "responseCode", code.ToString(CultureInfo.InvariantCulture));
        Element(xml, "responseDescription", description);
        Element(xml, "reportId", reportId?.ToString(CultureInfo.InvariantCulture));
    });

    /// <summary>
    /// A report, or the part of it that a referral is about, with what there is to see of it. <paramref name="reporter"/>: which agency gives it out.
    /// </summary>
    public static byte[] Report(ReportHead head, IEnumerable<ItemView> items, string reporter, string? referral = null)
    {
        ItemView[] seen = [.. items];
        var report = head.Report;
        return Write("report", xml =>
        {
            xml.WriteStartElement("incidentSummary");
            Element(xml, "incidentType", IncidentType);
            Element(xml, "escalateToHighPriority", report.Urgent ? "A child is at immediate risk, as the reporting hotline says." : null);
            Element(xml, "incidentDateTime", Time(report.HotlineReceivedDate == default ? report.SubmittedAt : report.HotlineReceivedDate));
            Element(xml, "incidentDateTimeDescription", report.HotlineReceivedDate == default
                ? "When the report was submitted." : "When the public reported to the hotline.");
            xml.WriteEndElement();

            string[] urls = [.. seen.Select(i => i.Secrets?.Url).OfType<string>().Distinct()];
            if (urls.Length > 0)
            {
                xml.WriteStartElement("internetDetails");
                xml.WriteStartElement("webPageIncident");
                foreach (var url in urls)
                {
                    Element(xml, "url", url);
                }

                Element(xml, "additionalInfo", head.Secrets?.Referrer is { } referrer ? $"Referrer: {referrer}" : null);
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteStartElement("reporter");
            xml.WriteStartElement("reportingPerson");
            Element(xml, "lastName", reporter);
            xml.WriteEndElement();
            xml.WriteEndElement();
            foreach (var (of, name) in (ReadOnlySpan<(IpEventOf, string)>)
                [(IpEventOf.ReportedUser, "personOrUserReported"), (IpEventOf.Recipient, "intendedRecipient"), (IpEventOf.Victim, "victim")])
            {
                Person(xml, name, head.Secrets?.Involved, of);
            }

            Element(xml, "additionalInfo", string.Join('\n', ((string?[])
            [
                $"CPort report {head.ReportId}, number {report.Number.ToString(CultureInfo.InvariantCulture)}",
                referral is null ? null : $"CPort referral {referral}",
                .. seen.Select(i => $"Item {i.Item.Ordinal.ToString(CultureInfo.InvariantCulture)}{(i.Effective is { } c ? $": {c}" : "")}"),
                head.Secrets?.Memo,
            ]).Where(l => !string.IsNullOrEmpty(l))));
        });
    }

    /// <summary>A file of a report, as NCMEC takes it beside the report.</summary>
    /// <param name="reportId">NCMEC's number of the report, or CPort's where it has none.</param>
    /// <param name="view">The item, as the caller sees it.</param>
    /// <param name="events">Of the report; the file's own is told.</param>
    public static byte[] FileDetails(long reportId, ItemView view, ImmutableArray<IpEvent> events) => Write("fileDetails", xml =>
    {
        var item = view.Item;
        Element(xml, "reportId", reportId.ToString(CultureInfo.InvariantCulture));
        Element(xml, "fileId", item.Number.ToString(CultureInfo.InvariantCulture));
        Element(xml, "locationOfFile", view.Secrets?.Url);
        foreach (var hash in item.Hashes)
        {
            xml.WriteStartElement("originalFileHash");
            xml.WriteAttributeString("hashType", HashAlgorithms.Of(hash.Algorithm).Name.ToUpperInvariant());
            xml.WriteString(hash.ToHex());
            xml.WriteEndElement();
        }

        foreach (var e in events.Where(e => e.Of == IpEventOf.File && e.Item == item.Ordinal).Take(1))
        {
            Event(xml, e);
        }

        Element(xml, "additionalInfo", view.Effective is { } classification ? $"Classification: {classification}" : null);
    });

    private static void Person(XmlWriter xml, string name, Involved? involved, IpEventOf of)
    {
        // In a network without a server it is the reported one's own.
        var events = involved?.IpEvents.Where(e => e.Of == of || (of, e.Of) == (IpEventOf.ReportedUser, IpEventOf.PeerToPeer)).ToArray() ?? [];
        var said = string.Join('\n', involved?.Accounts?.Split('\n').Where(l => l.StartsWith(name + ".", StringComparison.Ordinal)) ?? []);
        if (events.Length == 0 && said.Length == 0)
        {
            return;
        }

        xml.WriteStartElement(name);
        if (of == IpEventOf.Victim)
        {
            // Of a victim the person comes first, whatever is known of it.
            xml.WriteStartElement("victimPerson");
            xml.WriteEndElement();
        }

        foreach (var e in events)
        {
            Event(xml, e);
        }

        Element(xml, "additionalInfo", said);
        xml.WriteEndElement();
    }

    private static void Event(XmlWriter xml, IpEvent e)
    {
        xml.WriteStartElement("ipCaptureEvent");
        Element(xml, "ipAddress", e.Address);
        Element(xml, "eventName", e.Kind.ToString());
        Element(xml, "dateTime", e.At is { } at ? Time(at.ToOffset(TimeSpan.FromMinutes(e.ZoneMinutes))) : null);
        Element(xml, "possibleProxy", e.PossibleProxy switch { true => "true", false => "false", null => null });
        Element(xml, "port", e.Port?.ToString(CultureInfo.InvariantCulture));
        xml.WriteEndElement();
    }

    private static byte[] Write(string root, Action<XmlWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, CheckCharacters = true }))
        {
            xml.WriteStartElement(root);
            content(xml);
            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    // What XML cannot hold is left out: a memo may have any character.
    private static void Element(XmlWriter xml, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            xml.WriteElementString(name, string.Concat(text.EnumerateRunes().Where(IsXml).Select(r => r.ToString())));
        }
    }

    private static bool IsXml(Rune rune) => rune.Value is 0x9 or 0xA or 0xD or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or >= 0x10000;

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
}
