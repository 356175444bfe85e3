using System.Text.RegularExpressions;
using CPort.Domain.Routing;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Routing;

public sealed partial class PublicSuffixesTests
{
    private const string List = """
        // ===BEGIN ICANN DOMAINS===
        example
        co.example   a comment after the rule
        *.wild.example
        !city.wild.example
        deep.er.example
        テスト
        // ===END ICANN DOMAINS===
        // ===BEGIN PRIVATE DOMAINS===
        blogs.example
        """;

    [Theory]
    [InlineData("example", null)]
    [InlineData("co.example", null)]
    [InlineData("host.example", "host.example")]
    [InlineData("a.b.host.example", "host.example")]
    [InlineData("a.host.co.example", "host.co.example")]
    [InlineData("x.wild.example", null)]
    [InlineData("wild.example", "wild.example")]
    [InlineData("a.b.x.wild.example", "b.x.wild.example")]
    [InlineData("city.wild.example", "city.wild.example")]
    [InlineData("a.city.wild.example", "city.wild.example")]
    [InlineData("er.example", "er.example")]
    [InlineData("a.deep.er.example", "a.deep.er.example")]
    [InlineData("a.b.xn--zckzah", "b.xn--zckzah")]
    [InlineData("a.b.unlisted", "b.unlisted")]
    [InlineData("unlisted", null)]
    [InlineData("me.blogs.example", "me.blogs.example")]
    public void The_longest_rule_wins_and_exceptions_go_first(string host, string? domain) =>
        Assert.Equal(domain, PublicSuffixes.Parse(new StringReader(List), "test").RegistrableDomain(host));

    [Fact]
    public void The_private_section_can_be_left_out_and_shows_in_the_fingerprint()
    {
        var all = PublicSuffixes.Parse(new StringReader(List), "test");
        var icann = PublicSuffixes.Parse(new StringReader(List), "test", includePrivate: false);
        Assert.Equal("blogs.example", icann.RegistrableDomain("me.blogs.example"));
        Assert.NotEqual(all.Fingerprint, icann.Fingerprint);
    }

    /// <summary>test_psl.txt of publicsuffix.org (public domain), as Debian ships it: every line.</summary>
    [Fact]
    public void The_shipped_list_passes_the_lists_own_tests()
    {
        var cases = File.ReadLines(Repository.PathOf("tests", "CPort.Actors.Tests", "Routing", "test_psl.txt"))
            .Select(line => Case().Match(line)).Where(m => m.Success).Select(m => (Host: m.Groups[1].Value, Domain: m.Groups[2].Value)).ToArray();
        Assert.Equal(78, cases.Length);
        Assert.DoesNotContain(cases, c => Domain(c.Host) != Domain(c.Domain, isDomain: true));

        // In their ASCII forms; names that begin with a dot are no names.
        static string? Domain(string quoted, bool isDomain = false) =>
            quoted == "null" || !HostNames.TryNormalise(quoted.Trim('\''), out var host) ? null
            : isDomain ? host : Suffixes.Shipped.RegistrableDomain(host);
    }

    [Theory]
    [InlineData("a.b.co.uk", "b.co.uk")]
    [InlineData("x.y.web.app", "y.web.app")]
    [InlineData("me.github.io", "me.github.io")]
    [InlineData("www.city.kobe.jp", "city.kobe.jp")]
    [InlineData("a.b.test", "b.test")]
    public void The_shipped_list_is_the_full_one_with_both_sections(string host, string domain)
    {
        Assert.True(Suffixes.Shipped.Count > 10_000);
        Assert.Equal(domain, Suffixes.Shipped.RegistrableDomain(host));
    }

    [Fact]
    public void A_broken_list_names_its_line()
    {
        var fault = Assert.Throws<FormatException>(() => PublicSuffixes.Parse(new StringReader("// x\n\nfoo..bar\n"), "list.dat"));
        Assert.Contains("list.dat, line 3", fault.Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => PublicSuffixes.Parse(new StringReader("// only comments"), "list.dat"));
    }

    [SkippableFact]
    public void The_full_list_of_the_distribution_loads()
    {
        const string Path = "/usr/share/publicsuffix/public_suffix_list.dat";
        Skip.IfNot(File.Exists(Path), $"{Path} is not installed (Debian package publicsuffix)");
        var full = PublicSuffixes.Load(Path);
        Assert.True(full.Count > 5_000);
        Assert.Equal("c.b.kobe.jp", full.RegistrableDomain("a.c.b.kobe.jp"));
        Assert.Equal("city.kobe.jp", full.RegistrableDomain("www.city.kobe.jp"));
        Assert.Equal("www.ck", full.RegistrableDomain("www.ck"));
        Assert.Null(full.RegistrableDomain("other.ck"));
        Assert.Equal("b.co.uk", full.RegistrableDomain("a.b.co.uk"));
    }

    [GeneratedRegex(@"^checkPublicSuffix\((null|'[^']*'), (null|'[^']*')\);")]
    private static partial Regex Case();
}
