using System.Xml;
using System.Xml.Linq;
using CPort.Domain.Routing;

namespace CPort.Domain.Wires;

/// <summary>What a provider reports, as far as CPort has a place for it.</summary>
public sealed record ProviderReport
{
    /// <summary>When it happened, in the zone in which it was told.</summary>
    public required DateTimeOffset IncidentAt { get; init; }

    /// <summary>A child is at immediate risk.</summary>
    public bool Urgent { get; init; }

    /// <summary>Who reported at the provider.</summary>
    public string? Reporter { get; init; }

    /// <summary>Addresses of pages, as written, each once.</summary>
    public ImmutableArray<string> Urls { get; init; } = [];
    public ImmutableArray<ProviderFile> Files { get; init; } = [];
    public Involved Involved { get; init; } = new();

    /// <summary>All else that was said of the incident, a line each.</summary>
    public string Notes { get; init; } = "";
}

/// <summary>A file of a provider's report.</summary>
public sealed record ProviderFile
{
    /// <summary>Where it was, as written; null: not told.</summary>
    public string? Location { get; init; }

    /// <summary>Hashes by the names that the provider gives them.</summary>
    public ImmutableArray<(string Type, string Value)> Hashes { get; init; } = [];

    /// <summary>From where it was put there.</summary>
    public ImmutableArray<IpEvent> IpEvents { get; init; } = [];

    /// <summary>What else was said of it, a line each.</summary>
    public string Notes { get; init; } = "";
}

/// <summary>A provider's report that was read, or the element that is wrong and why; a fault quotes no value.</summary>
public sealed record CyberTiplineReading(ProviderReport? Report, string? Fault);

/// <summary>
/// Reads NCMEC's CyberTipline XML: a <c>report</c>, or a <c>submission</c> of one report and <c>fileDetails</c> behind it (NCMEC takes those one by one; here
/// a report comes whole). Names of elements by NCMEC's schema as of 2026 (github.com/Boostport/ncmec-go), whatever their order and namespace; what is unknown
/// is passed over. No DTD, no entity of its own, no address is followed.
/// </summary>
public static class CyberTiplineReader
{
    /// <summary>Bytes of a submission.</summary>
    public const int LargestBytes = 1024 * 1024;

    /// <summary>Addresses of people that one report may tell of.</summary>
    public const int MostIpEvents = 500;

    private const int Deepest = 32;

    /// <summary>Never throws on any bytes.</summary>
    public static CyberTiplineReading Read(ReadOnlyMemory<byte> xml)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = LargestBytes, MaxCharactersFromEntities = 1_024,
            IgnoreComments = true, IgnoreProcessingInstructions = true,
        };
        try
        {
            // Depth first: what is nested without end is not built.
            using (var depth = XmlReader.Create(new MemoryStream(xml.ToArray()), settings))
            {
                while (depth.Read())
                {
                    if (depth.Depth > Deepest)
                    {
                        return Bad("The XML is nested too deeply.");
                    }
                }
            }

            using var reader = XmlReader.Create(new MemoryStream(xml.ToArray()), settings);
            return Read(XDocument.Load(reader).Root!);
        }
        catch (XmlException e)
        {
            return Bad(string.Create(CultureInfo.InvariantCulture, $"No well-formed XML without DTD (line {e.LineNumber})."));
        }
    }

    private static CyberTiplineReading Read(XElement root)
    {
        var report = root.Name.LocalName == "report" ? root : root.Name.LocalName == "submission" ? Of(root, "report") : null;
        if (report is null)
        {
            return Bad("The root element is report, or submission with a report in it.");
        }

        var summary = Of(report, "incidentSummary");
        if (summary is null || Text(summary, "incidentType") is not { } type)
        {
            return Bad("incidentSummary with incidentType is required.");
        }

        if (Time(Of(summary, "incidentDateTime")) is not { } at)
        {
            return Bad("incidentDateTime is required, with its time zone.");
        }

        var files = root.Elements().Where(e => e.Name.LocalName == "fileDetails").ToArray();
        if (((IEnumerable<XElement>)[report, .. files]).SelectMany(Captured).Select(e => Event(e).Fault).FirstOrDefault(f => f is not null) is { } fault)
        {
            return Bad(fault);
        }

        if (((IEnumerable<XElement>)[report, .. files]).SelectMany(Captured).Count() > MostIpEvents)
        {
            return Bad($"A report has at most {MostIpEvents} ipCaptureEvents.");
        }

        return new CyberTiplineReading(new ProviderReport
        {
            IncidentAt = at, Urgent = Text(summary, "escalateToHighPriority") is not null, Reporter = ReporterOf(report),
            Urls = [.. report.Descendants().Where(e => e.Name.LocalName == "webPageIncident").SelectMany(e => All(e, "url")).Distinct()],
            Files = [.. files.Select(File)],
            Involved = new Involved { IpEvents = IpEvents(report), Accounts = Accounts(report) },
            Notes = Notes(report, summary, type),
        }, null);
    }

    private static string? ReporterOf(XElement report) => Of(Of(report, "reporter"), "reportingPerson") is { } person
        ? string.Join(' ', ((string[])["firstName", "lastName"]).Select(n => Text(person, n)).OfType<string>()) is { Length: > 0 } name ? name : null
        : null;

    private static ProviderFile File(XElement file) => new()
    {
        Location = Text(file, "locationOfFile"), IpEvents = IpEvents(file),
        Hashes = [.. file.Elements().Where(e => e.Name.LocalName == "originalFileHash")
            .Select(h => (h.Attribute("hashType")?.Value.Trim() ?? "", h.Value.Trim())).Where(h => h.Item1.Length > 0 && h.Item2.Length > 0)],
        Notes = Lines([
            Said(file, "fileName"), Said(file, "originalFileName"), Said(file, "uploadedToEspTimestamp"), Said(file, "fileViewedByEsp"),
            Said(file, "publiclyAvailable"), Said(file, "fileRelevance"), Said(file, "potentialMeme"), Marks(file, "fileAnnotations"),
            Said(file, "industryClassification"), .. All(file, "additionalInfo"),
        ]),
    };

    private static string Notes(XElement report, XElement summary, string type) => Lines([
        $"incidentType: {type}", Said(summary, "platform"), Said(summary, "escalateToHighPriority"), Marks(summary, "reportAnnotations"),
        Said(summary, "incidentDateTime"), Said(summary, "incidentDateTimeDescription"),
        .. report.Elements().Where(e => e.Name.LocalName == "internetDetails").Elements().SelectMany(incident =>
            Leaves(incident).Where(e => e.Name.LocalName != "url" && !IsCaptured(e) && !IsPersonal(e))
                .Select(e => Line(incident.Name.LocalName, e))),
        .. Of(report, "lawEnforcement") is { } law ? Leaves(law).Where(e => !IsPersonal(e)).Select(e => Line("lawEnforcement", e)) : [],
        Text(report, "additionalInfo"),
    ]);

    /// <summary>In the element, however deep, of an IP event, which is told to police and INTERPOL alone.</summary>
    private static bool IsCaptured(XElement e) => e.Ancestors().Any(a => a.Name.LocalName == "ipCaptureEvent");

    /// <summary>Whose telephone, place or address it is, or which officer: no note that hotlines read.</summary>
    private static bool IsPersonal(XElement e) => e.AncestorsAndSelf().Any(
        a => a.Name.LocalName is "cellPhoneIncident" or "officerContact" or "email" or "emailAddress" or "phone" or "phoneNumber" or "ipAddress");

    private static string Line(string of, XElement e) => $"{of}.{e.Name.LocalName}: {e.Value.Trim().ReplaceLineEndings(" ")}";

    /// <summary>What is said of people, but for their addresses.</summary>
    private static string? Accounts(XElement report)
    {
        var lines = Lines([.. report.Elements().Where(e => WhoseOf(e) is not null).SelectMany(person =>
            Leaves(person).Where(e => !IsCaptured(e)).Select(e => Line(person.Name.LocalName, e))),
            .. report.Elements().Where(e => e.Name.LocalName is "internetDetails" or "lawEnforcement").SelectMany(of => Leaves(of)
                .Where(e => IsPersonal(e) && !IsCaptured(e)).Select(e => Line(of.Name.LocalName, e)))]);
        return lines.Length > 0 ? lines : null;
    }

    private static IEnumerable<XElement> Captured(XElement of) => of.Descendants().Where(e => e.Name.LocalName == "ipCaptureEvent");

    private static ImmutableArray<IpEvent> IpEvents(XElement of) => [.. Captured(of).Select(e => Event(e).Event!)];

    private static (IpEvent? Event, string? Fault) Event(XElement e)
    {
        if (!IpText.TryParse(Text(e, "ipAddress"), out var address))
        {
            return (null, "ipCaptureEvent: ipAddress is an IPv4 or IPv6 address.");
        }

        var time = Of(e, "dateTime");
        var at = Time(time);
        if (time is not null && at is null)
        {
            return (null, "ipCaptureEvent: dateTime is a time with its zone.");
        }

        int? port = null;
        if (Text(e, "port") is { } number)
        {
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var given) || given is < 1 or > 65_535)
            {
                return (null, "ipCaptureEvent: port is 1 to 65535.");
            }

            port = given;
        }

        return (new IpEvent
        {
            Of = e.Ancestors().Select(WhoseOf).FirstOrDefault(w => w is not null) ?? IpEventOf.PeerToPeer, Address = address.ToString(),
            Kind = Enum.TryParse<IpEventKind>(Text(e, "eventName"), out var kind) && Enum.IsDefined(kind) ? kind : IpEventKind.Unknown,
            At = at?.ToUniversalTime(), ZoneMinutes = (int)(at?.Offset.TotalMinutes ?? 0), Port = port,
            PossibleProxy = Text(e, "possibleProxy") switch { "true" or "1" => true, "false" or "0" => false, _ => null },
        }, null);
    }

    private static IpEventOf? WhoseOf(XElement e) => e.Name.LocalName switch
    {
        "personOrUserReported" => IpEventOf.ReportedUser,
        "intendedRecipient" => IpEventOf.Recipient,
        "victim" => IpEventOf.Victim,
        "fileDetails" => IpEventOf.File,
        _ => null,
    };

    /// <summary>A time without a zone says nothing about addresses: whoever guesses one accuses somebody else.</summary>
    private static DateTimeOffset? Time(XElement? element)
    {
        var text = element?.Value.Trim() ?? "";
        var zoned = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return zoned && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) ? at : null;
    }

    private static IEnumerable<XElement> Leaves(XElement of) =>
        of.DescendantsAndSelf().Where(e => !e.HasElements && !string.IsNullOrWhiteSpace(e.Value) && e != of);

    private static XElement? Of(XElement? of, string name) => of?.Elements().FirstOrDefault(e => e.Name.LocalName == name);

    private static string? Text(XElement? of, string name) => Of(of, name)?.Value.Trim() is { Length: > 0 } text ? text : null;

    private static IEnumerable<string> All(XElement of, string name) =>
        of.Elements().Where(e => e.Name.LocalName == name).Select(e => e.Value.Trim()).Where(t => t.Length > 0);

    private static string? Said(XElement of, string name) => Text(of, name) is { } text ? $"{name}: {text}" : null;

    private static string? Marks(XElement of, string name) =>
        Of(of, name)?.Elements().Where(e => e.Value.Trim() is "true" or "1").Select(e => e.Name.LocalName).ToArray() is { Length: > 0 } marks
            ? $"{name}: {string.Join(", ", marks)}" : null;

    private static string Lines(IEnumerable<string?> lines) => string.Join('\n', lines.Where(l => !string.IsNullOrWhiteSpace(l)));

    private static CyberTiplineReading Bad(string fault) => new(null, fault);
}
