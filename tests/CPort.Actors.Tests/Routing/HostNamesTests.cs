using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CPort.Domain.Routing;
using CPort.Domain.Text;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Routing;

/// <summary>
/// Host names mean what WHATWG's URL standard says. What is stricter on purpose stands in <see cref="Ours"/>, and nothing else may differ.
/// </summary>
public sealed class HostNamesTests
{
    [Fact]
    public void Names_become_the_ascii_form_that_whatwg_gives_them()
    {
        var differing = Vectors().Where(v => !v.Input.StartsWith('@')).Where(v => Normal(v.Input) != Ours(v.Ascii)).Select(v => v.Input).ToArray();
        Assert.Empty(differing);
    }

    [Fact]
    public void Every_code_point_of_unicode_is_mapped_and_admitted_as_whatwg_does()
    {
        var blocks = Vectors().Where(v => v.Input.StartsWith('@')).ToArray();
        Assert.Equal(0x110, blocks.Length);
        foreach (var (input, digest) in blocks)
        {
            var first = Convert.ToInt32(input[1..], 16);
            var answers = new StringBuilder();
            for (var code = first; code < first + 0x1000; code++)
            {
                answers.Append(Rune.IsValid(code) ? Normal($"a{new Rune(code)}b") : "").Append('\n');
            }

            Assert.Equal((input, digest), (input, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(answers.ToString())))));
        }
    }

    [Theory]
    [InlineData("http://ⓔⓧⓐⓜⓟⓛⓔ.example/", "http://example.example/")]
    [InlineData("http://𝐞𝐱𝐚𝐦𝐩𝐥𝐞.example/", "http://example.example/")]
    [InlineData("http://ﬁle.example/", "http://file.example/")]
    [InlineData("http://cafe\u0301.example/", "http://café.example/")]
    [InlineData("http://İ.example/", "http://i\u0307.example/")]
    [InlineData("http://host.example\u200b/", "http://host.example/")]
    [InlineData("http://①②⑦.0.0.1/", "http://127.0.0.1/")]
    [InlineData("http://１２７.0.0.1/", "http://127.0.0.1/")]
    [InlineData("http://a%EF%BC%8Eexample/", "http://a.example/")]
    [InlineData("http://XN--CAF-dma.example/", "http://café.example/")]
    public void Spellings_of_one_host_are_one_occurrence(string spelling, string usual)
    {
        Assert.True(WebAddress.TryParse(spelling, out var one, out _));
        Assert.True(WebAddress.TryParse(usual, out var other, out _));
        Assert.Equal(other.Normalised, one.Normalised);
        Assert.Equal(other.Host, one.Host);
    }

    /// <summary>What is stricter here than in browsers, each once: no such name can be looked up.</summary>
    [Theory]
    [InlineData("a..example")]
    [InlineData(".example")]
    [InlineData(".")]
    [InlineData("a.\u00ad.example")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example")]
    [InlineData("éaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example")]
    public void Names_that_DNS_cannot_have_are_refused(string name) => Assert.False(HostNames.TryNormalise(name, out _));

    [Fact]
    public void A_normal_name_is_its_own_normal_form() =>
        Assert.All(Vectors().Select(v => Normal(v.Input)).Where(n => n.Length > 0), name => Assert.Equal(name, Normal(name)));

    [Theory]
    [InlineData("cafe\u0301", "café")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1100\u1161\u11a8", "각")]
    [InlineData("가\u11a8", "각")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")]
    [InlineData("Ｒ-①", "Ｒ-①")]
    [InlineData("plain", "plain")]
    public void Normal_form_C_composes_without_ICU(string text, string composed)
    {
        Assert.Equal(composed, NormalForm.C(text));
        Assert.Equal(composed, NormalForm.C(composed));
    }

    /// <summary>
    /// The files of web-platform-tests (url/resources), where a copy is at hand: <c>CPORT_WPT=folder</c>. They are not in the repository.
    /// </summary>
    [SkippableTheory]
    [InlineData("toascii.json")]
    [InlineData("IdnaTestV2.json")]
    [InlineData("IdnaTestV2-removed.json")]
    public void Names_of_the_web_platform_tests_hold(string file)
    {
        var cases = WebPlatformTests(file).Select(t => (Input: Text(t, "input"), Ascii: Text(t, "output"))).Where(t => t.Input is not null).ToArray();
        Assert.NotEmpty(cases);
        Assert.Empty(cases.Where(t => HostOf(t.Input!) != Ours(t.Ascii)).Select(t => t.Input));

        // As in a URL: addresses too.
        static string HostOf(string name) => WebAddress.TryParse($"https://{name}/x", out var address, out _) ? address.Host : "";
    }

    [SkippableFact]
    public void Addresses_of_the_web_platform_tests_hold()
    {
        var cases = WebPlatformTests("urltestdata.json")
            .Select(t => (Url: Text(t, "input"), Base: Text(t, "base"), Host: Text(t, "hostname")))
            .Where(t => t.Url is not null && t.Base is null && t.Url.Split(':')[0] is "http" or "https" or "ftp").ToArray();
        Assert.NotEmpty(cases);
        Assert.Empty(cases.Where(t => (WebAddress.TryParse(t.Url, out var address, out var fault) ? address.Host : "") != Ours(t.Host)
            && fault != WebAddressFault.ControlCharacters).Select(t => t.Url));
    }

    /// <summary>What WHATWG gives, but for our strictness: no empty labels, none over 63 characters, 253 in all; a trailing dot goes. "" is refused.</summary>
    private static string Ours(string? whatwg)
    {
        var name = whatwg is { Length: > 1 } && whatwg[^1] == '.' ? whatwg[..^1] : whatwg ?? "";
        return name.Length > 253 || name.Split('.').Any(label => label.Length is 0 or > 63) ? "" : name;
    }

    private static string Normal(string name) => HostNames.TryNormalise(name, out var host) ? host : "";

    private static IEnumerable<(string Input, string? Ascii)> Vectors() =>
        from line in File.ReadLines(Repository.PathOf("tests", "CPort.Actors.Tests", "Routing", "hosts.txt")).Skip(1)
        let parts = line.Split('\t')
        select (Unescaped(parts[0]), parts[1].Length == 0 ? null : parts[1]);

    // Not JSON's reader: it has no halves of surrogate pairs.
    private static string Unescaped(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\\u([0-9a-f]{4})|\\(.)",
        m => m.Groups[1].Success ? ((char)Convert.ToInt32(m.Groups[1].Value, 16)).ToString() : m.Groups[2].Value);

    // Null too where there is only half of a surrogate pair, which no text of ours has.
    private static string? Text(JsonElement test, string name)
    {
        try
        {
            return test.TryGetProperty(name, out var value) ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonElement[] WebPlatformTests(string file)
    {
        var folder = Environment.GetEnvironmentVariable("CPORT_WPT");
        Skip.If(folder is null, "CPORT_WPT names no copy of web-platform-tests' url/resources");
        return [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(folder!, file))).RootElement.EnumerateArray()
            .Where(t => t.ValueKind == JsonValueKind.Object)];
    }
}
