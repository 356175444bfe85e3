using System.Net;
using CPort.Actors.Confidential;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using CsCheck;

namespace CPort.Actors.Tests.Routing;

public sealed class WebAddressTests
{
    [Theory]
    [InlineData("http://host.example", "http://host.example/")]
    [InlineData("  \u0001HTTP://Host.EXAMPLE/a\tb\r\n ", "http://host.example/ab")]
    [InlineData("https://host.example:443/x", "https://host.example/x")]
    [InlineData("http://host.example:80", "http://host.example/")]
    [InlineData("http://host.example:0443/", "http://host.example:443/")]
    [InlineData("http://host.example:/", "http://host.example/")]
    [InlineData("ftp://host.example:21/f", "ftp://host.example/f")]
    [InlineData("http:host.example/x", "http://host.example/x")]
    [InlineData("http:\\\\host.example\\a\\b", "http://host.example/a/b")]
    [InlineData("http:////host.example//a", "http://host.example//a")]
    [InlineData("http://host.example/a/./b/../c/", "http://host.example/a/c/")]
    [InlineData("http://host.example/a/%2E%2e/b/%2e", "http://host.example/b/")]
    [InlineData("http://host.example/../../x/..", "http://host.example/")]
    [InlineData("http://host.example/a/...", "http://host.example/a/...")]
    [InlineData("http://host.example/%e4%bd/%zz%", "http://host.example/%E4%BD/%zz%")]
    [InlineData("http://host.example/ä b\"<>`{}|^", "http://host.example/%C3%A4%20b%22%3C%3E%60%7B%7D|%5E")]
    [InlineData("http://host.example/x?b=2&a=1'ü#frag?x", "http://host.example/x?b=2&a=1%27%C3%BC")]
    [InlineData("http://host.example?q=a/../b", "http://host.example/?q=a/../b")]
    [InlineData("http://host.example/x?", "http://host.example/x?")]
    [InlineData("http://host.example#!/page", "http://host.example/")]
    [InlineData("http://host.example./x", "http://host.example/x")]
    [InlineData("http://%48ost.example/x", "http://host.example/x")]
    [InlineData("http://ＨＯＳＴ。example/x", "http://host.example/x")]
    [InlineData("http://Bücher.example/", "http://xn--bcher-kva.example/")]
    [InlineData("http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/")]
    [InlineData("http://例え.テスト/", "http://xn--r8jz45g.xn--zckzah/")]
    [InlineData("http://MAJI\u3067koi\u3059\u308b5\u79d2\u524d.example/", "http://xn--majikoi5-783gue6qz075azm5e.example/")]
    [InlineData("http://XN--pokxncvks.example/", "http://xn--pokxncvks.example/")]
    [InlineData("http://2.xn--mgbb.example/", "http://2.xn--mgbb.example/")]
    [InlineData("http://under_score.example/", "http://under_score.example/")]
    [InlineData("http://192.0.2.1/", "http://192.0.2.1/")]
    [InlineData("http://0xC0.0.02.0x1/", "http://192.0.2.1/")]
    [InlineData("http://3221225985/", "http://192.0.2.1/")]
    [InlineData("http://0300.513/", "http://192.0.2.1/")]
    [InlineData("http://192.0.2.1./", "http://192.0.2.1/")]
    [InlineData("http://１９２.0.2.1/", "http://192.0.2.1/")]
    [InlineData("http://[2001:DB8:0:0::1]:8080/x", "http://[2001:db8::1]:8080/x")]
    [InlineData("http://[2001:db8:0:1:0:0:0:1]/", "http://[2001:db8:0:1::1]/")]
    [InlineData("http://[::ffff:192.0.2.1]/", "http://[::ffff:c000:201]/")]
    [InlineData("http://[::]/", "http://[::]/")]
    public void The_normal_form_follows_whatwg(string text, string normal)
    {
        Assert.True(WebAddress.TryParse(text, out var address, out var fault), fault.ToString());
        Assert.Equal(normal, address.Normalised);
        Assert.Equal(text, address.AsReceived);
        Assert.DoesNotContain("example", address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, WebAddressFault.Empty)]
    [InlineData(" \t\r\n", WebAddressFault.Empty)]
    [InlineData("host.example/x", WebAddressFault.UnsupportedScheme)]
    [InlineData("//host.example/x", WebAddressFault.UnsupportedScheme)]
    [InlineData("javascript:alert(1)", WebAddressFault.UnsupportedScheme)]
    [InlineData("data:image/png;base64,AAAA", WebAddressFault.UnsupportedScheme)]
    [InlineData("file:///etc/hosts", WebAddressFault.UnsupportedScheme)]
    [InlineData("http s://host.example", WebAddressFault.UnsupportedScheme)]
    [InlineData("http://", WebAddressFault.NoHost)]
    [InlineData("http:", WebAddressFault.NoHost)]
    [InlineData("http://?x", WebAddressFault.NoHost)]
    [InlineData("http://user@/", WebAddressFault.NoHost)]
    [InlineData("http://:80/", WebAddressFault.NoHost)]
    [InlineData("http://host.example:65536/", WebAddressFault.InvalidPort)]
    [InlineData("http://host.example:8a/", WebAddressFault.InvalidPort)]
    [InlineData("http://host.example:-1/", WebAddressFault.InvalidPort)]
    [InlineData("http://ho st.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://ho%20st.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://ho%00st.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://%zz.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://a..example/", WebAddressFault.InvalidHost)]
    [InlineData("http://./", WebAddressFault.InvalidHost)]
    [InlineData("http://％４１.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://%ff.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://xn--bücher.example/", WebAddressFault.InvalidHost)]
    [InlineData("http://1.2.3.256/", WebAddressFault.InvalidHost)]
    [InlineData("http://1.2.3.4.5/", WebAddressFault.InvalidHost)]
    [InlineData("http://4294967296/", WebAddressFault.InvalidHost)]
    [InlineData("http://host.09/", WebAddressFault.InvalidHost)]
    [InlineData("http://host.0x/", WebAddressFault.InvalidHost)]
    [InlineData("http://99999999999999999999999999/", WebAddressFault.InvalidHost)]
    [InlineData("http://[2001:db8::1/", WebAddressFault.InvalidHost)]
    [InlineData("http://[fe80::1%25eth0]/", WebAddressFault.InvalidHost)]
    [InlineData("http://[2001:db8::1]x/", WebAddressFault.InvalidHost)]
    [InlineData("http://[]/", WebAddressFault.InvalidHost)]
    [InlineData("http://[192.0.2.1]/", WebAddressFault.InvalidHost)]
    [InlineData("http://host.example/a\0b", WebAddressFault.ControlCharacters)]
    [InlineData("http://host.example/a\u007fb", WebAddressFault.ControlCharacters)]
    public void What_is_no_web_address_says_why(string? text, WebAddressFault fault)
    {
        Assert.False(WebAddress.TryParse(text, out var address, out var given));
        Assert.Null(address);
        Assert.Equal(fault, given);
        Assert.NotEqual("The URL cannot be read.", given.Describe());
    }

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character_as_in_browsers()
    {
        Assert.True(WebAddress.TryParse("http://host.example/\ud800x?\udc00", out var address, out _));
        Assert.Equal("http://host.example/%EF%BF%BDx?%EF%BF%BD", address.Normalised);
        Assert.False(WebAddress.TryParse("http://ho\ud800st.example/", out _, out var fault));
        Assert.Equal(WebAddressFault.InvalidHost, fault);
    }

    [Fact]
    public void Length_limits_hold_at_the_edge()
    {
        var prefix = "http://host.example/";
        Assert.True(WebAddress.TryParse(prefix + new string('a', WebAddress.MaxLength - prefix.Length), out _, out _));
        Assert.False(WebAddress.TryParse(prefix + new string('a', WebAddress.MaxLength - prefix.Length + 1), out _, out var fault));
        Assert.Equal(WebAddressFault.TooLong, fault);
        Assert.True(WebAddress.TryParse($"http://{new string('a', 63)}.example/", out _, out _));
        Assert.False(WebAddress.TryParse($"http://{new string('a', 64)}.example/", out _, out _));
        Assert.False(WebAddress.TryParse($"http://{string.Join('.', Enumerable.Repeat("abcdefgh", 30))}.example/", out _, out _));
    }

    [Fact]
    public void Credentials_are_noted_and_kept_out_of_the_normal_form()
    {
        Assert.True(WebAddress.TryParse("http://user:p@ss@host.example/x", out var address, out _));
        Assert.True(address.HasCredentials);
        Assert.Equal("http://host.example/x", address.Normalised);
        Assert.True(WebAddress.TryParse("http://@host.example/x", out address, out _));
        Assert.False(address.HasCredentials);
    }

    [Fact]
    public void The_domain_of_an_address_is_the_address_and_that_of_an_onion_the_onion()
    {
        Assert.True(WebAddress.TryParse("http://[::ffff:192.0.2.1]/", out var mapped, out _));
        Assert.Equal(IPAddress.Parse("192.0.2.1"), mapped.IpLiteral);
        Assert.Equal(mapped.Host, Suffixes.Shipped.RegistrableDomain(mapped));
        Assert.True(WebAddress.TryParse("http://www.vwxyz234567vwxyz.onion/x", out var onion, out _));
        Assert.Null(onion.IpLiteral);
        Assert.Equal("vwxyz234567vwxyz.onion", Suffixes.Shipped.RegistrableDomain(onion));
    }

    [Fact]
    public void The_normal_form_of_a_normal_form_is_itself_and_nothing_ever_throws()
    {
        var piece = Gen.OneOf(
            Gen.OneOfConst("http://", "https:", "FTP:/\\", "@", ":", ":8080", "/", "\\", "?", "#", "..", ".", "%2e", "%", "%4", "%C3%bc", "ü", "ß", "例え", "。",
                "[", "]",
                "[2001:DB8::1]", "0x7", "1", "256", "xn--", "host", ".example", "\u00ad", "\u200d", "\ud83d", "\udca9", "💩", " ", "\t", "\u212a", "İ"),
            Gen.String[0, 4]);
        piece.Array[0, 12].Select(p => string.Concat(p))
            .Sample(text => Stable(text) && Stable("http://" + text) && Stable("http://host.example/" + text), iter: 20_000);

        static bool Stable(string text)
        {
            if (!WebAddress.TryParse(text, 100_000, out var once, out var fault))
            {
                return Enum.IsDefined(fault);
            }

            return WebAddress.TryParse(once.Normalised, 100_000, out var twice, out _)
                && twice.Normalised == once.Normalised && twice.Host == once.Host
                    && Suffixes.Shipped.RegistrableDomain(twice) == Suffixes.Shipped.RegistrableDomain(once)
                && twice.Normalised.All(c => c is > ' ' and < '\x7f');
        }
    }

    [Fact]
    public void Keyed_hashes_agree_for_the_same_occurrence_and_tell_nothing()
    {
        var seam = new KeyRingSeam(KeyRing.New());
        var one = Keys("HTTP://User@WWW.Host.example:80/a/../b#x");
        var same = Keys("http://www.host.example/b");
        var sibling = Keys("http://img.host.example/b");
        Assert.Equal(one, same);
        Assert.All([one.Url, one.Host, one.Domain], k => Assert.Equal(UrlKeys.Length, k.Length));
        Assert.NotEqual(one.Host, sibling.Host);
        Assert.Equal(one.Domain, sibling.Domain);
        Assert.Equal(one.Host, new UrlKeyMaker(seam, Suffixes.Shipped).OfHost(Address("ftp://www.host.example/")));
        Assert.Equal(one.Domain, new UrlKeyMaker(seam, Suffixes.Shipped).OfDomain(Address("ftp://host.example/")));
        Assert.NotEqual(one, Keys("http://www.host.example/b", new KeyRingSeam(KeyRing.New())));

        UrlKeys Keys(string text, KeyRingSeam? other = null) => new UrlKeyMaker(other ?? seam, Suffixes.Shipped).Of(Address(text));
    }

    [Fact]
    public void The_suffix_list_in_effect_decides_a_domains_key_and_nothing_else()
    {
        var seam = new KeyRingSeam(KeyRing.New());
        var one = new UrlKeyMaker(seam, Suffixes.Shipped).Of(Address("http://a.blog.example/x"));
        var other = new UrlKeyMaker(seam, PublicSuffixes.Parse(new StringReader("example\nblog.example\n"), "list")).Of(Address("http://a.blog.example/x"));
        Assert.Equal((Convert.ToHexString(one.Url), Convert.ToHexString(one.Host)), (Convert.ToHexString(other.Url), Convert.ToHexString(other.Host)));
        Assert.NotEqual(one.Domain, other.Domain);
        Assert.Equal(one.Domain, new UrlKeyMaker(seam, Suffixes.Shipped).OfDomain(Address("http://b.blog.example/")));
        Assert.NotEqual(other.Domain, new UrlKeyMaker(seam, PublicSuffixes.Parse(new StringReader("example\nblog.example\n"), "list"))
            .OfDomain(Address("http://b.blog.example/")));
    }

    private static WebAddress Address(string text)
    {
        Assert.True(WebAddress.TryParse(text, out var address, out _));
        return address;
    }
}
