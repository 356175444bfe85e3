using System.Security.Cryptography;
using System.Text;

namespace CPort.Node.Sample.Case;

/// <summary>
/// The report of the case: a page and six media in the Netherlands and two in Germany, urgent; the second is known, the fourth and fifth look alike, and the
/// eighth is the same file as the third. Hosts and hashes bear the case's name, so that it can be played again beside others.
/// </summary>
public sealed class CaseReport(string name)
{
    /// <summary>Items by what the case does with them.</summary>
    public const int Page = 1;
    public const int Known = 2;
    public const int Shared = 3;
    public const int Alike = 4;
    public const int AlikeToo = 5;
    public const int Plain = 6;
    public const int PlainToo = 7;
    public const int SharedInGermany = 8;
    public const int InGermany = 9;

    /// <summary>What lies in each country.</summary>
    public static readonly ImmutableArray<int> Dutch = [Page, Known, Shared, Alike, AlikeToo, Plain, PlainToo];
    public static readonly ImmutableArray<int> German = [SharedInGermany, InGermany];

    public string Name => name;

    public string Domain => $"{name}-host.example";

    /// <summary>Where the Dutch media lie.</summary>
    public string DutchHost => $"pics.{Domain}";

    public string GermanHost => $"cdn.{name}-other.example";

    public string PageUrl => $"https://www.{Domain}/thread-9";

    public string UrlOf(int item) => item == Page ? PageUrl : $"https://{(German.Contains(item) ? GermanHost : DutchHost)}/{name}-{item}.jpg";

    public string Md5(int item) => Hash("md5", item == SharedInGermany ? Shared : item, 16);

    public string Sha1(int item) => Hash("sha1", item == SharedInGermany ? Shared : item, 20);

    /// <summary>Two that look alike differ in twelve bits.</summary>
    public string Pdq(int item)
    {
        var value = Convert.FromHexString(Hash("pdq", item == AlikeToo ? Alike : item, 32));
        value[0] ^= (byte)(item == AlikeToo ? 0xFF : 0);
        value[1] ^= (byte)(item == AlikeToo ? 0x0F : 0);
        return Convert.ToHexStringLower(value);
    }

    /// <summary>As the hotline streams it, in ICCAM's shape.</summary>
    public byte[] Line() =>
    [
        .. JsonSerializer.SerializeToUtf8Bytes(new
        {
            reportingAnalystName = "analyst.nl", hotlineReceivedDate = "2026-01-02T03:04:05Z", hotlineReference = $"{name}-1", urgent = true,
            sourceUrlSiteType = 2, sourceUrlCommerciality = 2, sourceUrlUsername = $"{name}-guest", sourceUrlPassword = "example",
            urls = Dutch.Concat(German).Select(i => new
            {
                urlString = UrlOf(i), hotlineReference = $"{name}-1/{i}", hostingCountryCode = German.Contains(i) ? "DE" : "NL",
                hostingIpAddress = German.Contains(i) ? "198.51.100.9" : "192.0.2.7", isSourceUrl = i == Page, contentType = i == Page ? 2 : 1,
                hashes = i == Page ? null : Hashes(i),
            }),
        }, Options),
        (byte)'\n',
    ];

    /// <summary>INTERPOL knows the second one: a line of its list.</summary>
    public byte[] KnownLine() => [.. JsonSerializer.SerializeToUtf8Bytes(new { md5 = Md5(Known), classification = "Baseline" }), (byte)'\n'];

    /// <summary>What ICSE gives back: the victim of the fourth is identified, the sixth is known.</summary>
    public string Return() => $"MD5;Known;Victim identified;Offender identified;Series name\r\n{Md5(Alike)};1;1;0;series of {name}\r\n{Md5(Plain)};1;0;0;\r\n";

    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Only what looks like something else has a value by which that is seen.</summary>
    private Dictionary<string, string> Hashes(int item)
    {
        var hashes = new Dictionary<string, string> { ["md5"] = Md5(item), ["sha1"] = Sha1(item) };
        if (item is Alike or AlikeToo)
        {
            hashes["pdq"] = Pdq(item);
        }

        return hashes;
    }

    private string Hash(string kind, int item, int bytes) =>
        Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes($"{name} {kind} {item}")).AsSpan(0, bytes));
}
