using System.Text;
using System.Text.Json;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Iccam.Contracts;
using CPort.Iccam.Reading;
using CPort.Iccam.Security;
using CPort.Api.Reading;
using CPort.Actors.Intake;

namespace CPort.Api.Tests.Iccam;

/// <summary>How what such clients write is read: spellings, clocks, texts, numbers (iccam-v3.md 4.9 and 6).</summary>
public sealed class IccamReadingTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 15, 12, 0, 0, TimeSpan.Zero);
    private static readonly Country NL = Country.Parse("NL");

    [Theory]

    // Where the clock is, what it sends (as ICCAM's clients make it of local time), and what is meant; null: not known.
    [InlineData("Europe/Amsterdam", "2026-07-01T14:00:00Z", "2026-07-01T12:00:00Z")]
    [InlineData("Europe/Amsterdam", "2026-01-01T14:00:00Z", "2026-01-01T13:00:00Z")]
    [InlineData("Europe/Amsterdam", "2025-10-26T02:30:00Z", "2025-10-26T00:30:00Z")]
    [InlineData("Pacific/Kiritimati", "2026-07-16T01:59:00Z", "2026-07-15T11:59:00Z")]
    [InlineData("America/New_York", "2026-07-01T14:00:00-04:00", "2026-07-01T18:00:00Z")]
    [InlineData("America/New_York", "2026-07-01T14:00:00Z", "2026-07-01T14:00:00Z")]
    [InlineData("Europe/Lisbon", "2026-01-01T14:00:00Z", "2026-01-01T14:00:00Z")]
    [InlineData(null, "2026-07-01T14:00:00Z", "2026-07-01T14:00:00Z")]
    [InlineData(null, "2026-07-15T14:00:00Z", "2026-07-15T12:00:00Z")]
    [InlineData("Europe/Amsterdam", "2026-07-15T15:00:00Z", "2026-07-15T12:00:00Z")]
    [InlineData(null, "2026-07-01", "2026-07-01T00:00:00Z")]
    [InlineData(null, "1970-01-01T00:00:00Z", null)]
    [InlineData("Europe/Amsterdam", "0000-00-00 00:00:00", null)]
    [InlineData(null, "yesterday", null)]
    [InlineData(null, null, null)]
    public void A_moment_is_what_the_hotlines_clock_meant(string? zone, string? sent, string? meant) => Assert.Equal(
        meant is null ? null : DateTimeOffset.Parse(meant, System.Globalization.CultureInfo.InvariantCulture),
        Style(zone: zone).Moment(sent, Now));

    [Fact]
    public void A_date_ahead_of_now_stays_where_the_hotline_wants_it_refused() => Assert.Equal(
        Now.AddHours(2), Style(refuses: true).Moment("2026-07-15T14:00:00Z", Now));

    [Theory]
    [InlineData("NL", "NL")]
    [InlineData(" nl ", "NL")]
    [InlineData("Nederland", "NL")]
    [InlineData("the netherlands", "NL")]
    [InlineData("UK", "GB")]
    [InlineData("el", "GR")]
    [InlineData("Russian Federation", "RU")]
    [InlineData("??", null)]
    [InlineData("EU", null)]
    [InlineData("AP", null)]
    [InlineData("ZZ", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("somewhere", null)]
    public void A_country_is_read_by_code_alias_name_and_own_spelling(string? written, string? code)
    {
        Assert.Equal(code is not null, Style(spelling: "nederland").TryCountry(written, out var country));
        Assert.Equal(code ?? "", country.Code);
    }

    [Fact]
    public void A_hotline_reads_its_own_country_as_it_spells_it_and_others_by_code()
    {
        var style = Style(spelling: "Nederland");
        Assert.Equal(("Nederland", "GB", null), (style.Write(NL), style.Write(Country.Parse("UK")), style.Write(null)));
    }

    [Fact]
    public void Every_country_has_a_name_by_which_it_is_found() => Assert.All(Country.All, c =>
    {
        Assert.True(CountryNames.TryFind(CountryNames.Of(c), out var found), c.Code);
        Assert.Equal(c, found);
        Assert.NotEqual(c.Code, CountryNames.Of(c));
    });

    [Fact]
    public void A_memo_loses_control_characters_and_is_cut_at_a_character_with_a_mark()
    {
        Assert.Equal("a\r\n\tb“c", PlainText.Memo("a\r\n\t\u0000\u0007b\u0081“c"));
        Assert.Null(PlainText.Memo(" \u0001 "));
        var cut = PlainText.Memo(string.Concat(Enumerable.Repeat("😀", 20_000)))!;
        Assert.InRange(Encoding.UTF8.GetByteCount(cut), PlainText.MemoBytes - 3, PlainText.MemoBytes);
        Assert.EndsWith("😀 […]", cut, StringComparison.Ordinal);
        Assert.Equal(new string('m', PlainText.MemoBytes), PlainText.Memo(new string('m', PlainText.MemoBytes)));
        Assert.Equal(250, PlainText.Line(new string('n', 300))!.Length);
    }

    [Theory]

    // What somebody chose, and what PHP's numeric check sends for it.
    [InlineData("007", "7")]
    [InlineData("1e5", "100000.0")]
    [InlineData("-0", "0")]
    [InlineData("12.50", "12.5")]
    [InlineData(" 42 ", "42")]
    [InlineData("42 is no number", "42 is no number")]
    [InlineData("99999999999999999999", "1.0E+20")]
    public void A_name_or_password_is_the_same_whether_it_went_through_PHP_or_not(string chosen, string sent) =>
        Assert.Equal(IccamPassword.Plain(chosen), IccamPassword.Plain(sent));

    [Fact]
    public void A_password_fits_its_own_hash_and_no_other_and_two_hashes_of_one_are_different()
    {
        var hash = IccamPassword.Hash("a good password");
        Assert.True(IccamPassword.Fits("a good password", hash));
        Assert.False(IccamPassword.Fits("A good password", hash));
        Assert.False(IccamPassword.Fits("", IccamPassword.OfNobody));
        Assert.NotEqual(hash, IccamPassword.Hash("a good password"));
        Assert.DoesNotContain("good", hash, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_texts_one_number_is_a_list_and_unknown_keys_are_nothing()
    {
        var read = Read<ReportRequest>("""
            {"MEMO":12.10,"hotlineReference":1e5,"reportingAnalystName":true,"sourceUrlPaymentMethods":9,"sourceUrlSiteType":"5","sourceUrlCommerciality":"",
             "urls":[{"urlString":"https:\/\/x.example\/\u00e9","isSourceUrl":"1","contentType":2.0,"assessment":{"classification":"1","childModelingCategorization":1}}],
             "another":{"urls":[1]},"memo":"the last one"}
            """);
        Assert.Equal(("the last one", "1e5", "true"), (read.Memo, read.HotlineReference, read.ReportingAnalystName));
        Assert.Equal([9], read.SourceUrlPaymentMethods!);
        Assert.Equal((5, null), (read.SourceUrlSiteType, read.SourceUrlCommerciality));
        var url = Assert.Single(read.Urls!)!;
        Assert.Equal(("https://x.example/é", true, 2, 1, true), (
            url.UrlString, url.IsSourceUrl, url.ContentType, url.Assessment!.Classification, url.Assessment.ChildModelingCategorization));
        Assert.Equal("12.10", Read<ReportRequest>("""{"memo":12.10}""").Memo);
        Assert.Equal([1, 13], Read<ReportRequest>("""{"sourceUrlPaymentMethods":["1",null,0,13]}""").SourceUrlPaymentMethods!);
    }

    [Fact]
    public void Answers_write_what_has_no_value_as_null_and_moments_in_whole_seconds_of_UTC()
    {
        var json = JsonSerializer.Serialize(
            new QueueRow { ReportId = 1, ContentId = 2, CountryAssignmentDate = new DateTimeOffset(2026, 7, 1, 14, 0, 0, 5, TimeSpan.FromHours(2)) },
            IccamJson.Options);
        Assert.Equal(
            """{"reportId":1,"contentId":2,"assignedCountryCode":null,"countryAssignmentDate":"2026-07-01T12:00:00Z","hotlineAssignmentDate":null}""", json);
    }

    [Theory]
    [InlineData(23, "Website")]
    [InlineData(5, "ImageBoard")]
    [InlineData(0, null)]
    public void A_code_of_v3_or_else_of_v2_is_read(int number, string? name) => Assert.Equal(
        name, CodeReader.Of(Fields(), "siteType", CodeLists.SiteTypes, number)?.Text);

    [Fact]
    public void A_code_that_neither_has_is_wrong_by_its_field()
    {
        var fields = Fields();
        Assert.Null(CodeReader.Of(fields, "siteType", CodeLists.SiteTypes, 12));
        Assert.Equal("siteType", Assert.Single(fields.Errors).Field);

        // v2's Doubtful is kept as an opinion; its 7 is v3's 6.
        Assert.Equal("Doubtful", CodeReader.Of(fields, "c", CodeLists.Classifications, 3)?.Text);
        Assert.Equal("NotIllegal", CodeReader.Of(fields, "a", CodeLists.ActionTypes, 7)?.Text);
    }

    [Theory]
    [InlineData(200, 400)]
    [InlineData(400, 400)]
    [InlineData(401, 401)]
    [InlineData(403, 403)]
    [InlineData(404, 400)]
    [InlineData(405, 400)]
    [InlineData(408, 503)]
    [InlineData(409, 400)]
    [InlineData(412, 400)]
    [InlineData(413, 400)]
    [InlineData(422, 400)]
    [InlineData(429, 503)]
    [InlineData(500, 503)]
    [InlineData(503, 503)]
    public void A_problem_is_final_for_the_client_or_passes_and_never_500(int status, int told) => Assert.Equal(told, IccamErrors.StatusOf(status));

    private static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, IccamJson.Options)!;

    private static FieldReader Fields() => new(new IntakeLimits(), CodeReader.Generation, Now);

    private static HotlineStyle Style(string? spelling = null, string? zone = null, bool refuses = false) => new(
        new IccamAccess { UserName = "u", KeyId = "k", AnalystName = "a", CountrySpelling = spelling, TimeZone = zone, RefusesFutureDates = refuses }, NL);
}
