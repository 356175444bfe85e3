using CPort.Domain.Routing;

namespace CPort.Actors.Tests.Routing;

public sealed class PublicSuffixesTests
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

    [Theory]
    [InlineData("a.b.co.uk", "b.co.uk")]
    [InlineData("a.b.com.au", "b.com.au")]
    [InlineData("a.b.school.sch.uk", "b.school.sch.uk")]
    [InlineData("www.test", "www.test")]
    [InlineData("a.b.test", "b.test")]
    public void The_built_in_list_knows_common_suffixes(string host, string domain) =>
        Assert.Equal(domain, PublicSuffixes.BuiltIn.RegistrableDomain(host));

    /// <summary>Databases record it: another built-in list would have them refuse their nodes.</summary>
    [Fact]
    public void The_built_in_list_stays_as_it_is() => Assert.Equal("c275c031", PublicSuffixes.BuiltIn.Fingerprint);

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
}
