using System.Text;
using System.Text.Json.Nodes;

namespace CPort.Node.Sample;

/// <summary>Breaks or changes a good line in the ways that senders do. Rare, so clarity goes before speed here.</summary>
internal static class SampleFaults
{
    /// <summary>How many ways <see cref="Break"/> knows.</summary>
    public const int Kinds = 14;

    /// <summary>The same reference with other content.</summary>
    public static ReadOnlyMemory<byte> Change(ReadOnlyMemory<byte> line)
    {
        var report = JsonNode.Parse(line.Span)!.AsObject();
        report["memo"] = "Sent again with other content.";
        report["sourceUrlSiteType"] = (int)report["sourceUrlSiteType"]! == 2 ? 20 : 2;
        return Bytes(report.ToJsonString());
    }

    public static ReadOnlyMemory<byte> Break(ReadOnlyMemory<byte> line, int kind, DateTimeOffset now)
    {
        var text = Encoding.UTF8.GetString(line.Span);
        var report = JsonNode.Parse(text)!.AsObject();
        var entry = report["urls"]![0]!.AsObject();
        switch (kind)
        {
            case 0: // cut off
                return Bytes(text[..(text.Length * 2 / 3)]);
            case 1: // no JSON at all
                return Bytes("<report reference=\"example\"/>");
            case 2: // an unknown code
                report["sourceUrlSiteType"] = 99;
                break;
            case 3: // from the future
                report["hotlineReceivedDate"] = now.AddDays(400).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
                break;
            case 4: // a hash where an object of hashes belongs
                entry["hashes"] = new string('a', 32);
                break;
            case 5: // a hash of no algorithm
                entry["hashes"] = new JsonObject { ["crc32"] = new string('a', 8) };
                break;
            case 6: // an impossible URL
                entry["urlString"] = "https://[not-an-address/gallery";
                break;
            case 7: // a relative URL
                entry["urlString"] = "gallery/1";
                break;
            case 8: // no reference
                report.Remove("hotlineReference");
                break;
            case 9: // nothing reported
                report["urls"] = new JsonArray();
                break;
            case 10: // text where a list belongs
                report["urls"] = "https://img1.nl-000.example/";
                break;
            case 11: // v2's Doubtful in a v3 stream
                entry["assessment"] = new JsonObject { ["assessingAnalystName"] = "analyst.one", ["classification"] = 3 };
                break;
            case 12: // a country that is none
                entry["hostingCountryCode"] = "ZZ";
                break;
            default: // the same key twice
                return Bytes("{\"hotlineReference\":\"first\"," + text[1..]);
        }

        return Bytes(report.ToJsonString());
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
