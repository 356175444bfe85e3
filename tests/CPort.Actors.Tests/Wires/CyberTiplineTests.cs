using System.Collections.Immutable;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Wires;
using CPort.Tests.Shared;
using CsCheck;

namespace CPort.Actors.Tests.Wires;

/// <summary>CyberTipline XML, read and written.</summary>
public sealed class CyberTiplineTests
{
    internal const string Sample = """
        <?xml version="1.0" encoding="UTF-8"?>
        <report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://schema.example/xsd">
          <incidentSummary>
            <incidentType>Child Pornography (possession, manufacture, and distribution)</incidentType>
            <platform>Example Share</platform>
            <escalateToHighPriority>A child in the same flat</escalateToHighPriority>
            <reportAnnotations><sextortion>true</sextortion></reportAnnotations>
            <incidentDateTime>2026-10-15T08:00:00-07:00</incidentDateTime>
          </incidentSummary>
          <internetDetails>
            <webPageIncident>
              <url>https://share.example/a/1</url><url>https://share.example/a/2</url><additionalInfo>Shared folder</additionalInfo>
            </webPageIncident>
          </internetDetails>
          <reporter><reportingPerson><firstName>Ada</firstName><lastName>Example</lastName></reportingPerson></reporter>
          <personOrUserReported>
            <espIdentifier>user-17</espIdentifier>
            <screenName>screen17</screenName>
            <ipCaptureEvent>
              <ipAddress>192.0.2.17</ipAddress><eventName>Upload</eventName><dateTime>2026-10-15T07:59:30+02:00</dateTime>
              <possibleProxy>false</possibleProxy><port>40123</port>
            </ipCaptureEvent>
            <ipCaptureEvent><ipAddress>2001:DB8::1</ipAddress></ipCaptureEvent>
          </personOrUserReported>
          <victim><ipCaptureEvent><ipAddress>198.51.100.9</ipAddress><eventName>Login</eventName></ipCaptureEvent></victim>
          <additionalInfo>More on request.</additionalInfo>
        </report>
        """;

    internal const string Files = """
        <fileDetails>
          <originalFileName>one.jpg</originalFileName>
          <locationOfFile>https://share.example/a/2</locationOfFile>
          <fileAnnotations><generativeAi>true</generativeAi></fileAnnotations>
          <industryClassification>A1</industryClassification>
          <originalFileHash hashType="MD5">0123456789abcdef0123456789abcdef</originalFileHash>
          <originalFileHash hashType="SHA-1">0123456789ABCDEF0123456789ABCDEF01234567</originalFileHash>
          <ipCaptureEvent><ipAddress>203.0.113.5</ipAddress><eventName>Upload</eventName><dateTime>2026-10-15T06:00:00Z</dateTime></ipCaptureEvent>
        </fileDetails>
        """;

    [Fact]
    public void A_providers_report_is_read_with_addresses_zones_ports_and_files()
    {
        var report = Read($"<submission>{Sample[Sample.IndexOf("<report", StringComparison.Ordinal)..]}{Files}</submission>");

        Assert.Equal<string>(["https://share.example/a/1", "https://share.example/a/2"], report.Urls);
        Assert.Equal((true, "Ada Example", new DateTimeOffset(2026, 10, 15, 8, 0, 0, TimeSpan.FromHours(-7))),
            (report.Urgent, report.Reporter, report.IncidentAt));
        Assert.Equal<IpEvent>(
            [
                new() { Of = IpEventOf.ReportedUser, Address = "192.0.2.17", Kind = IpEventKind.Upload, Port = 40123, PossibleProxy = false, ZoneMinutes = 120,
                    At = new DateTimeOffset(2026, 10, 15, 5, 59, 30, TimeSpan.Zero) },
                new() { Of = IpEventOf.ReportedUser, Address = "2001:db8::1" },
                new IpEvent { Of = IpEventOf.Victim, Address = "198.51.100.9", Kind = IpEventKind.Login },
            ], report.Involved.IpEvents);
        Assert.Equal("personOrUserReported.espIdentifier: user-17\npersonOrUserReported.screenName: screen17", report.Involved.Accounts);
        Assert.Contains("reportAnnotations: sextortion", report.Notes, StringComparison.Ordinal);
        Assert.Contains("webPageIncident.additionalInfo: Shared folder", report.Notes, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.17", report.Notes + report.Involved.Accounts, StringComparison.Ordinal);
        var file = Assert.Single(report.Files);
        Assert.Equal(("https://share.example/a/2", ["MD5", "SHA-1"]), (file.Location, file.Hashes.Select(h => h.Type).ToArray()), PairComparer);
        Assert.Equal(
            new IpEvent
            {
                Of = IpEventOf.File, Address = "203.0.113.5", Kind = IpEventKind.Upload, At = new DateTimeOffset(2026, 10, 15, 6, 0, 0, TimeSpan.Zero),
            }, Assert.Single(file.IpEvents));
        Assert.Equal("originalFileName: one.jpg\nfileAnnotations: generativeAi\nindustryClassification: A1", file.Notes);
    }

    /// <summary>Notes are read by every hotline that gets an item of the report; telephones, places and addresses are for police and INTERPOL.</summary>
    [Fact]
    public void Nothing_that_is_a_persons_stands_in_the_notes()
    {
        const string more = """
            <internetDetails><cellPhoneIncident><phoneNumber>+31600000000</phoneNumber><latitude>52.1</latitude></cellPhoneIncident></internetDetails>
            <internetDetails><otherIncident><ipCaptureEvent><ipAddress>192.0.2.77</ipAddress><x><ipAddress>192.0.2.78</ipAddress></x></ipCaptureEvent>
              </otherIncident></internetDetails>
            <lawEnforcement><agencyName>Example force</agencyName><officerContact><email>officer@police.example</email></officerContact></lawEnforcement>
            <reporter>
            """;
        var report = Read(Sample.Replace("<reporter>", more, StringComparison.Ordinal));
        Assert.DoesNotMatch("31600000000|52\\.1|192\\.0\\.2|officer@", report.Notes);
        Assert.Contains("lawEnforcement.agencyName: Example force", report.Notes, StringComparison.Ordinal);
        Assert.Contains("+31600000000", report.Involved.Accounts, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2", report.Involved.Accounts, StringComparison.Ordinal);
    }

    private static readonly EqualityComparer<(string?, string[])> PairComparer =
        EqualityComparer<(string?, string[])>.Create((a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2));

    [Theory]
    [InlineData("<dateTime>2026-10-15T07:59:30+02:00</dateTime>", "<dateTime>2026-10-15T07:59:30</dateTime>", "zone")]
    [InlineData("<port>40123</port>", "<port>70000</port>", "port")]
    [InlineData("<ipAddress>192.0.2.17</ipAddress>", "<ipAddress>nowhere</ipAddress>", "ipAddress")]
    [InlineData("<incidentDateTime>2026-10-15T08:00:00-07:00</incidentDateTime>", "", "incidentDateTime")]
    [InlineData("<incidentDateTime>2026-10-15T08:00:00-07:00", "<incidentDateTime>2026-10-15T08:00:00", "incidentDateTime")]
    [InlineData("incidentType>", "anotherType>", "incidentType")]
    [InlineData("</report>", "", "well-formed")]
    [InlineData("report>", "other>", "well-formed")]
    public void What_does_not_fit_is_named_without_its_value(string from, string to, string named)
    {
        var reading = CyberTiplineReader.Read(Encoding.UTF8.GetBytes(Sample.Replace(from, to, StringComparison.Ordinal)));
        Assert.Null(reading.Report);
        Assert.Contains(named, reading.Fault, StringComparison.Ordinal);
        Assert.DoesNotContain("nowhere", reading.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<!DOCTYPE report [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;")]
    [InlineData("<!DOCTYPE report [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>", "&b;")]
    [InlineData("<!DOCTYPE report SYSTEM \"http://198.51.100.1/x.dtd\">", "")]
    public void No_DTD_is_read_and_nothing_is_fetched(string doctype, string text) => Assert.Contains("DTD",
        CyberTiplineReader.Read(Encoding.UTF8.GetBytes(Sample.Replace("?>\n", $"?>\n{doctype}\n", StringComparison.Ordinal)
            .Replace("More on request.", text, StringComparison.Ordinal))).Fault, StringComparison.Ordinal);

    [Fact]
    public void What_is_nested_without_end_is_not_built() => Assert.Contains("nested",
        CyberTiplineReader.Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", 50_000)))).Fault, StringComparison.Ordinal);

    [Fact]
    public void No_bytes_make_it_throw() =>
        Gen.Byte.Array[0, 200].Sample(bytes => CyberTiplineReader.Read(bytes) is { Report: not null } or { Fault: not null });

    [Fact]
    public void More_addresses_than_a_report_may_tell_of_are_too_many()
    {
        var many = string.Concat(Enumerable.Repeat("<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent>", CyberTiplineReader.MostIpEvents + 1));
        Assert.Contains("ipCaptureEvents", CyberTiplineReader.Read(Encoding.UTF8.GetBytes(
            Sample.Replace("<victim>", $"<victim>{many}", StringComparison.Ordinal))).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_goes_out_in_the_order_that_the_schema_demands_and_comes_back_as_it_was()
    {
        var involved = Read(Sample).Involved;
        var xml = CyberTiplineWriter.Report(
            Head(involved), [View(1, "https://share.example/a/1"), View(2, "https://share.example/a/2?x=1&y=<2>")], "police-nl", "a-referral");

        Validate(xml);
        var back = Read(Encoding.UTF8.GetString(xml));
        Assert.Equal<string>(["https://share.example/a/1", "https://share.example/a/2?x=1&y=<2>"], back.Urls);
        Assert.Equal<IpEvent>(involved.IpEvents, back.Involved.IpEvents);
        Assert.True(back.Urgent);
        Assert.Equal("police-nl", back.Reporter);
        Assert.Contains("a-referral", back.Notes, StringComparison.Ordinal);

        // In the zone in which it was told.
        Assert.Contains("2026-10-15T07:59:30+02:00", Encoding.UTF8.GetString(xml), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_caller_does_not_see_is_not_in_it()
    {
        var xml = CyberTiplineWriter.Report(Head(null) with { Secrets = null }, [View(1, "https://share.example/a/1") with { Secrets = null }], "interpol");
        Validate(xml);
        var text = Encoding.UTF8.GetString(xml);
        Assert.DoesNotContain("share.example", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ipCaptureEvent", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_memo_makes_good_XML() => Gen.String.Sample(memo => Validate(
        CyberTiplineWriter.Report(Head(new Involved { Accounts = $"victim.{memo}" }) with { Secrets = new ReportSecrets { Memo = memo } }, [], "interpol")));

    [Fact]
    public void A_file_goes_out_with_its_hashes_and_who_put_it_there()
    {
        var view = View(2, "https://share.example/a/2");
        var xml = CyberTiplineWriter.FileDetails(4711, view,
        [
            new IpEvent { Of = IpEventOf.File, Address = "203.0.113.9", Item = 1 },
            new IpEvent { Of = IpEventOf.File, Address = "203.0.113.5", Kind = IpEventKind.Upload, Item = 2 },
        ]);
        Validate(xml);
        var file = XDocument.Parse(Encoding.UTF8.GetString(xml)).Root!;
        Assert.Equal(("4711", "203.0.113.5"), (file.Element("reportId")!.Value, file.Element("ipCaptureEvent")!.Element("ipAddress")!.Value));
        Assert.Equal(view.Item.Hashes.Select(h => (HashAlgorithms.Of(h.Algorithm).Name.ToUpperInvariant(), h.ToHex())),
            file.Elements("originalFileHash").Select(h => (h.Attribute("hashType")!.Value, h.Value)));
    }

    [Theory]
    [InlineData(CyberTiplineWriter.Success, "Success", 17L)]
    [InlineData(CyberTiplineWriter.ValidationFailed, "No.", null)]
    public void An_answer_is_one_of_NCMECs(int code, string text, long? number)
    {
        var xml = CyberTiplineWriter.Response(code, text, number);
        Validate(xml);
        var root = XDocument.Parse(Encoding.UTF8.GetString(xml)).Root!;
        Assert.Equal((code, text, number?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ((int)root.Element("responseCode")!, root.Element("responseDescription")!.Value, root.Element("reportId")?.Value));
    }

    internal static ReportHead Head(Involved? involved) => new()
    {
        ReportId = HashSamples.Report(1), ItemCount = 2, State = ReportState.Monitoring,
        Report = Report.None with
        {
            Number = 17, Urgent = true, SubmittedAt = HashSamples.Start, ReportingHotline = AgencyId.Parse("provider-example"), FromProvider = true,
        },
        Secrets = new ReportSecrets { Memo = "A memo.", Involved = involved },
    };

    internal static ItemView View(int ordinal, string url) => new()
    {
        Item = new ContentItem
        {
            Ordinal = ordinal, Number = 100 + ordinal, AddedAt = HashSamples.Start, LastChangedAt = HashSamples.Start, Secrets = new Sealed { Bytes = [] },
            ContentType = ContentType.Media, MimeType = "image/png", MediaSize = 1234, Digest = [],
            Hashes = [HashSamples.Made(HashAlgorithm.Md5, ordinal), HashSamples.Made(HashAlgorithm.Pdq, ordinal)],
        },
        Secrets = new ItemSecrets { Url = url }, Effective = Classification.National,
    };

    private static ProviderReport Read(string xml)
    {
        var reading = CyberTiplineReader.Read(Encoding.UTF8.GetBytes(xml));
        Assert.True(reading.Report is not null, reading.Fault);
        return reading.Report!;
    }

    private static readonly Lazy<XmlSchemaSet> Schema = new(() =>
    {
        var schemas = new XmlSchemaSet();

        // Whoever has NCMEC's own holds the same against that.
        using var xsd = XmlReader.Create(Environment.GetEnvironmentVariable("CPORT_CYBERTIPLINE_XSD") is { Length: > 0 } official
            ? official : Repository.PathOf("tests", "CPort.Actors.Tests", "Wires", "cybertipline.xsd"));
        schemas.Add(null, xsd);
        return schemas;
    });

    private static void Validate(byte[] xml)
    {
        var faults = new List<string>();
        XDocument.Parse(Encoding.UTF8.GetString(xml)).Validate(Schema.Value, (_, e) => faults.Add(e.Message));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }
}
