using CPort.Domain.CodeLists;
using CsCheck;

namespace CPort.Actors.Tests.CodeLists;

public class CountryTests
{
    [Fact]
    public void A_country_reads_back_what_it_writes_and_every_two_letters_are_one_or_none() => Gen.String[Gen.Char['\0', '\u0250'], 2, 2].Sample(text =>
    {
        if (Country.TryParse(text, out var country))
        {
            Assert.True(text.All(char.IsAsciiLetter));
            Assert.Equal(country, Country.Parse(country.Code));
            Assert.Equal(country, Country.Parse(text.ToLowerInvariant()));
        }
    }, iter: 20_000);

    [Theory]
    [InlineData("UK", "GB")]
    [InlineData("uk", "GB")]
    [InlineData("EL", "GR")]
    [InlineData("GB", "GB")]
    [InlineData("nl", "NL")]
    [InlineData("XK", "XK")]
    public void Aliases_of_iccam_are_folded_in(string text, string code) => Assert.Equal(code, Country.Parse(text).Code);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("A1")]
    [InlineData("A2")]
    [InlineData("O1")]
    [InlineData("XX")]
    [InlineData("EU")]
    [InlineData("ZZ")]
    [InlineData("NLD")]
    [InlineData("N")]
    [InlineData(" N")]
    public void What_is_no_country_is_refused(string? text)
    {
        Assert.False(Country.TryParse(text, out _));
        Assert.Throws<FormatException>(() => Country.Parse(text ?? ""));
    }

    [Fact]
    public void There_are_249_countries_of_iso_and_kosovo() =>
        Assert.Equal(250, (from a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" from b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" select $"{a}{b}")
            .Where(t => Country.TryParse(t, out var c) && c.Code == t).Count());

    /// <summary>The countries of ICCAM's seeded hotlines (domain.md 1.6).</summary>
    [Fact]
    public void Every_iccam_hotlines_country_reads() =>
        Assert.All("BR CO HU TH AU CA TW KR US AT BE DK EE FI FR DE GR IE LV LT LU NL PL SI UK SE RO KH JP CZ PT CY".Split(' '), c =>
            Assert.True(Country.TryParse(c, out _)));
}
