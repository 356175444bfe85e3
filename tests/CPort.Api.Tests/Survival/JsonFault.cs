using System.Text;
using System.Text.Json.Nodes;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>One way in which a report's JSON can be wrong. <paramref name="Field"/>: the path the problem must name; null: there is none to name.</summary>
public sealed record JsonFault(string Name, byte[] Body, string? Field = null, string ContentType = "application/json")
{
    /// <summary>Fits on a line of a stream: no line end inside, and not blank.</summary>
    public bool IsLine => !Body.AsSpan().ContainsAny((byte)'\n', (byte)'\r') && Body.AsSpan().Trim(" \t"u8).Length > 0 && ContentType == "application/json";

    /// <summary>Wrong as JSON, whatever the endpoint expects.</summary>
    public bool IsStructural { get; init; }

    public override string ToString() => Name;

    public static IReadOnlyList<JsonFault> All { get; } = [.. Structural(), .. Fields()];

    private static string Good => Bodies.Report("FAULT");

    private static IEnumerable<JsonFault> Structural()
    {
        static JsonFault Text(string name, string body) => new(name, Encoding.UTF8.GetBytes(body)) { IsStructural = true };
        static JsonFault Raw(string name, byte[] body) => new(name, body) { IsStructural = true };

        yield return Raw("empty body", []);
        yield return Text("blanks only", "   \t ");
        yield return Text("null", "null");
        yield return Text("a number", "1");
        yield return Text("a text", "\"report\"");
        yield return Text("true", "true");
        yield return Text("an array for the object", $"[{Good}]");
        yield return Text("an empty array", "[]");
        yield return Text("truncated in the middle", Good[..(Good.Length / 2)]);
        yield return Text("truncated before the last brace", Good[..^1]);
        yield return Text("an opening brace", "{");
        yield return Text("rubbish after the end", Good + "}");
        yield return Text("two documents", Good + Good);
        yield return Text("a comma too much", Good[..^1] + ",}");
        yield return Text("a comment", "/* hello */" + Good);
        yield return Text("single quotes", Good.Replace('"', '\''));
        yield return Text("XML", "<report reference=\"example\"/>");
        yield return Text("objects 100,000 deep", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_000));
        yield return Text("arrays 100,000 deep", new string('[', 100_000) + new string(']', 100_000));
        yield return Text("arrays 100,000 deep, not closed", new string('[', 100_000));
        yield return Text("a depth bomb inside a known field", $"{{\"urls\":{new string('[', 50_000)}{new string(']', 50_000)}}}");
        yield return Text("NaN", Good.Replace("\"sourceUrlSiteType\":2", "\"sourceUrlSiteType\":NaN", StringComparison.Ordinal));
        yield return Text("Infinity", Good.Replace("\"sourceUrlSiteType\":2", "\"sourceUrlSiteType\":-Infinity", StringComparison.Ordinal));
        yield return Text("a number with a leading zero", Good.Replace("\"sourceUrlSiteType\":2", "\"sourceUrlSiteType\":02", StringComparison.Ordinal));
        yield return Text("a hexadecimal number", Good.Replace("\"sourceUrlSiteType\":2", "\"sourceUrlSiteType\":0x2", StringComparison.Ordinal));
        yield return Raw("a byte order mark", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Good)]);
        yield return Raw("UTF-16", Encoding.Unicode.GetBytes(Good));
        yield return Raw("UTF-16 with its mark", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Good)]);
        yield return Raw("invalid UTF-8 in a text", Spliced("analyst.one", [0xC3, 0x28]));
        yield return Raw("an overlong encoding", Spliced("analyst.one", [0xC0, 0xAF]));
        yield return Raw("a surrogate as UTF-8", Spliced("analyst.one", [0xED, 0xA0, 0x80]));
        yield return Raw("a NUL byte", Spliced("analyst.one", [0]));
        yield return Raw("a raw control character", Spliced("analyst.one", [0x01]));
        yield return Raw("random bytes", [.. Enumerable.Range(0, 400).Select(i => (byte)((i * 7919) % 251)).Where(b => b is not (10 or 13))]);
        yield return Text("a lone high surrogate", Good.Replace("analyst.one", "a\\ud800", StringComparison.Ordinal));
        yield return Text("a lone low surrogate", Good.Replace("analyst.one", "\\udc00a", StringComparison.Ordinal));
        yield return Text("a lone surrogate in a key", Good.Replace("reportingAnalystName", "\\ud800", StringComparison.Ordinal));
        yield return Text("an escape cut short", Good.Replace("analyst.one", "\\u12", StringComparison.Ordinal));
        yield return Text("an unknown escape", Good.Replace("analyst.one", "\\q", StringComparison.Ordinal));
    }

    private static IEnumerable<JsonFault> Fields()
    {
        static JsonFault Text(string name, string body, string? field) => new(name, Encoding.UTF8.GetBytes(body), field);
        static JsonFault Change(string name, string? field, Action<JsonObject> change) => Text(name, Bodies.Report("FAULT", change), field);
        static JsonFault Url(string name, string field, Action<JsonObject> change) => Change(name, field, r => change(r["urls"]![0]!.AsObject()));
        static JsonFault Number(string name, string number) =>
            Text(name, Good.Replace("\"sourceUrlSiteType\":2", "\"sourceUrlSiteType\":" + number, StringComparison.Ordinal), "sourceUrlSiteType");

        yield return new JsonFault("a form", "a=b"u8.ToArray(), ContentType: "application/x-www-form-urlencoded");
        yield return Text("a key twice", "{\"hotlineReference\":\"first\"," + Good[1..], "hotlineReference");
        yield return Text("a key twice, once escaped", "{\"\\u0068otlineReference\":\"first\"," + Good[1..], "hotlineReference");
        yield return Text("a key twice, deeper",
            Good.Replace("\"urlString\":", "\"urlString\":\"https://a.example/\",\"urlString\":", StringComparison.Ordinal), "urls[0].urlString");
        yield return Text("an empty object", "{}", "hotlineReference");
        yield return Number("a number with 10,000 digits", new string('9', 10_000));
        yield return Number("a huge exponent", "1e999999");
        yield return Number("a fraction", "2.5");
        yield return Number("a negative number", "-2");
        yield return Number("beyond 64 bits", "18446744073709551616");
        yield return Number("an object for a code", "{}");
        yield return Change("an unknown code", "sourceUrlSiteType", r => r["sourceUrlSiteType"] = 99);
        yield return Change("a list for a text", "memo", r => r["memo"] = new JsonArray("a"));
        yield return Change("a number for a text", "memo", r => r["memo"] = 1);
        yield return Change("a text for a list", "urls", r => r["urls"] = "https://img.host.example/");
        yield return Change("an object for a list", "urls", r => r["urls"] = new JsonObject());
        yield return Change("an empty list", "urls", r => r["urls"] = new JsonArray());
        yield return Change("null in the list", "urls[0]", r => r["urls"]!.AsArray()[0] = null);
        yield return Change("a list in the list", "urls[0]", r => r["urls"]!.AsArray()[0] = new JsonArray());
        yield return Change("an unknown field", null, r => r["unknownField"] = 1);
        yield return Change("no reference", "hotlineReference", r => r.Remove("hotlineReference"));
        yield return Change("a reference of blanks", "hotlineReference", r => r["hotlineReference"] = "  ");
        yield return Change("a reference with a NUL", "hotlineReference", r => r["hotlineReference"] = "a\0b");
        yield return Change("a reference of a megabyte", "hotlineReference", r => r["hotlineReference"] = new string('r', 300_000));
        yield return Change("a memo of a megabyte", "memo", r => r["memo"] = new string('m', 300_000));
        yield return Change("a date that is none", "hotlineReceivedDate", r => r["hotlineReceivedDate"] = "2026-02-30T00:00:00Z");
        yield return Change("a date in the future", "hotlineReceivedDate", r => r["hotlineReceivedDate"] = "2999-01-01T00:00:00Z");
        yield return Change("a date as a number", "hotlineReceivedDate", r => r["hotlineReceivedDate"] = 1_700_000_000);
        yield return Url("no URL", "urls[0].urlString", u => u.Remove("urlString"));
        yield return Url("a URL that is none", "urls[0].urlString", u => u["urlString"] = "https://[not-an-address/");
        yield return Url("a relative URL", "urls[0].urlString", u => u["urlString"] = "gallery/1");
        yield return Url("a javascript URL", "urls[0].urlString", u => u["urlString"] = "javascript:alert(1)");
        yield return Url("a URL of 300,000 characters", "urls[0].urlString", u => u["urlString"] = "https://a.example/" + new string('a', 300_000));
        yield return Url("an address that is none", "urls[0].hostingIpAddress", u => u["hostingIpAddress"] = "300.1.2.3");
        yield return Url("a country that is none", "urls[0].hostingCountryCode", u => u["hostingCountryCode"] = "ZZ");
        yield return Url("an AS number beyond 32 bits", "urls[0].hostingOrganization.autonomousSystemNumber",
            u => u["hostingOrganization"] = new JsonObject { ["autonomousSystemNumber"] = 4_294_967_296 });
        yield return Url("an unknown action", "urls[0].actions[0].actionType",
            u => u["actions"] = new JsonArray(new JsonObject { ["actionType"] = 77, ["actionDate"] = "2026-01-02T03:04:05Z" }));
    }

    /// <summary>The good body with bytes in place of a text.</summary>
    private static byte[] Spliced(string text, byte[] bytes)
    {
        var at = Good.IndexOf(text, StringComparison.Ordinal);
        return [.. Encoding.UTF8.GetBytes(Good[..at]), .. bytes, .. Encoding.UTF8.GetBytes(Good[(at + text.Length)..])];
    }
}
