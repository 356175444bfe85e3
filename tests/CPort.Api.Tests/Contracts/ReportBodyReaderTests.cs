using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Confidential;
using CPort.Actors.Intake;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using CsCheck;

namespace CPort.Api.Tests.Contracts;

public sealed class ReportBodyReaderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    private static readonly KeyRingSeam Seam = new(KeyRing.New());

    private static readonly UrlKeyMaker Keys = new(Seam, Suffixes.Shipped);

    private static readonly ReportBodyReader Reader = new(new IntakeLimits(), Keys, Seam, new FixedTime());

    private static readonly CommandContext Context = new()
    {
        CommandId = CommandId.Parse("test"), OccurredAt = Now,
        Caller = new Caller { Agency = AgencyId.Parse("hotline-nl"), Kind = AgencyKind.Hotline, Roles = Roles.Machine, KeyId = "k",
            Countries = [Country.Parse("NL")] },
    };

    private const string Marker = "marker-7f3a";

    private const string Good = """
        {
          "reportingAnalystName": "analyst.one", "hotlineReceivedDate": "2026-01-04T08:15:00Z", "hotlineReference": "NL-1", "memo": "Text",
          "sourceUrlUsername": "guest", "sourceUrlPassword": "example", "sourceUrlReferrer": "https://links.example/go",
          "sourceUrlSiteType": 6, "sourceUrlCommerciality": "Non-Commercial", "sourceUrlPaymentMethods": [9, "Visa"], "urgent": true,
          "urls": [
            { "urlString": "HTTPS://Forum.Example:443/a b", "isSourceUrl": true, "contentType": 2, "hostingCountryCode": "UK", "hostingIpAddress": "::ffff:192.0.2.1",
              "hostingIsp": "Example", "hostingOrganization": { "autonomousSystemNumber": 64496, "organizationName": "Example", "isContentDeliveryNetwork": 1 } },
            { "urlString": "https://img.example/x.jpg", "hotlineReference": "NL-1/2", "isSourceUrl": 0, "contentType": "Media", "memo": null,
              "hashes": { "md5": "00112233445566778899AABBCCDDEEFF", "pdq": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "pdqQuality": 90, "mediaSize": 5, "mimeType": "image/jpeg" },
              "assessment": { "assessingAnalystName": "analyst.two", "classification": "BA", "ageCategorization": 3, "genderCategorization": "Female",
                "virtualContentCategorization": 0, "userGeneratedContentCategorization": 1, "childModelingCategorization": false },
              "actions": [ { "actionType": 4, "actioningAnalystName": "analyst.one", "actionDate": "2026-01-04T10:00:00+01:00", "reasonId": 9, "reasonText": "Gone" } ] }
          ]
        }
        """;

    [Fact]
    public void A_good_body_becomes_a_submission_with_every_field_in_its_place()
    {
        var draft = Read(Good).Draft!;

        Assert.Equal(ReportIds.Of(Seam, Tenant.Live, Context.Caller.Agency, HotlineReference.Parse("NL-1")), draft.ReportId);
        Assert.Equal(new DateTimeOffset(2026, 1, 4, 8, 15, 0, TimeSpan.Zero), draft.HotlineReceivedDate);
        Assert.Equal((SiteType.Forum, Commerciality.NonCommercial, true), (draft.SiteType!.Value, draft.Commerciality!.Value, draft.Urgent));
        Assert.Equal(new[] { PaymentMethod.None, PaymentMethod.Visa }, draft.PaymentMethods.ToArray());
        Assert.Equal(("analyst.one", "Text", "guest", "example", "https://links.example/go"),
            (draft.Secrets!.ReportingAnalyst, draft.Secrets.Memo, draft.Secrets.UserName, draft.Secrets.Password, draft.Secrets.Referrer));
        var (page, media) = (draft.Items[0], draft.Items[1]);
        Assert.Equal("HTTPS://Forum.Example:443/a b", page.Secrets!.Url);
        Assert.True(WebAddress.TryParse(page.Secrets.Url, out var address, out _));
        Assert.Equal(Keys.Of(address), page.UrlKeys);
        Assert.Equal((true, ContentType.Website, "GB", "192.0.2.1", true),
            (page.IsSourceUrl, page.ContentType, page.Hosting!.Country!.Value.Code, page.Hosting.IpAddress, page.Hosting.IsContentDeliveryNetwork));
        Assert.Equal(["00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"],
            media.Hashes.Select(h => h.ToHex()));
        Assert.Equal(("analyst.two", "analyst.one"), (media.Assessment!.Analyst!.Text, media.Actions[0].Analyst!.Text));
        Assert.Equal(new AssessmentInput { Classification = Classification.Baseline, Age = AgeCategory.PrePubescent, Gender = GenderCategory.Female,
            UserGeneratedContent = true }, media.Assessment with { Analyst = null });
        Assert.Equal((ActionType.Unavailable, ActionReason.Error404NotFoundOrSiteDown, new DateTimeOffset(2026, 1, 4, 9, 0, 0, TimeSpan.Zero)),
            (media.Actions[0].Type, media.Actions[0].Reason!.Value, media.Actions[0].Date));
        Assert.Null(media.Hosting);
    }

    /// <summary>A change of one field, the code it must give, and the path it must name.</summary>
    public static TheoryData<string, string, string, string> BadFields => new()
    {
        { "hotlineReference", "null", ProblemCodes.Missing, "hotlineReference" },
        { "hotlineReference", "\"a\\u0007b\"", ProblemCodes.MalformedReference, "hotlineReference" },
        { "hotlineReference", "17", ProblemCodes.WrongType, "hotlineReference" },
        { "hotlineReceivedDate", "null", ProblemCodes.Missing, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "\"2026-01-04T08:15:00\"", ProblemCodes.MalformedDate, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "\"2026-02-30T08:15:00Z\"", ProblemCodes.MalformedDate, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "\"2026-01-06T08:15:00Z\"", ProblemCodes.DateInFuture, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "\"0001-01-01T00:00:00+14:00\"", ProblemCodes.MalformedDate, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "\"1970-01-01T00:00:00Z\"", ProblemCodes.OutOfRange, "hotlineReceivedDate" },
        { "hotlineReceivedDate", "1767514500", ProblemCodes.WrongType, "hotlineReceivedDate" },
        { "sourceUrlSiteType", "1", ProblemCodes.UnknownCode, "sourceUrlSiteType" },
        { "sourceUrlSiteType", "1e99", ProblemCodes.UnknownCode, "sourceUrlSiteType" },
        { "sourceUrlSiteType", "{}", ProblemCodes.WrongType, "sourceUrlSiteType" },
        { "sourceUrlPaymentMethods", "[9, 99]", ProblemCodes.UnknownCode, "sourceUrlPaymentMethods[1]" },
        { "sourceUrlPaymentMethods", "[null]", ProblemCodes.Missing, "sourceUrlPaymentMethods[0]" },
        { "sourceUrlPaymentMethods", "9", ProblemCodes.WrongType, "sourceUrlPaymentMethods" },
        { "sourceUrlUsername", "\"a\\nb\"", ProblemCodes.ControlCharacters, "sourceUrlUsername" },
        { "memo", "\"a\\u0000b\"", ProblemCodes.ControlCharacters, "memo" },
        { "memo", "\"\\ud800\"", ProblemCodes.MalformedJson, "*" },
        { "urgent", "1", ProblemCodes.WrongType, "urgent" },
        { "urls", "[]", ProblemCodes.Missing, "urls" },
        { "urls", "\"x\"", ProblemCodes.WrongType, "urls" },
        { "urls", "[null]", ProblemCodes.Missing, "urls[0]" },
        { "urls.0.urlString", "\"gallery/1\"", ProblemCodes.MalformedUrl, "urls[0].urlString" },
        { "urls.0.urlString", "\"https://[nope/\"", ProblemCodes.MalformedUrl, "urls[0].urlString" },
        { "urls.0.urlString", "null", ProblemCodes.Missing, "urls[0].urlString" },
        { "urls.0.hostingCountryCode", "\"ZZ\"", ProblemCodes.UnknownCountry, "urls[0].hostingCountryCode" },
        { "urls.0.hostingIpAddress", "\"192.0.2.256\"", ProblemCodes.MalformedAddress, "urls[0].hostingIpAddress" },
        { "urls.0.isSourceUrl", "2", ProblemCodes.WrongType, "urls[0].isSourceUrl" },
        { "urls.0.isSourceUrl", "\"true\"", ProblemCodes.WrongType, "urls[0].isSourceUrl" },
        { "urls.0.hostingOrganization", "{ \"autonomousSystemNumber\": -1 }", ProblemCodes.WrongType, "urls[0].hostingOrganization.autonomousSystemNumber" },
        { "urls.0.hostingOrganization", "{ \"autonomousSystemNumber\": \"64496\" }", ProblemCodes.WrongType,
            "urls[0].hostingOrganization.autonomousSystemNumber" },
        { "urls.1.assessment", "{ \"classification\": 3 }", ProblemCodes.UnknownCode, "urls[1].assessment.classification" },
        { "urls.1.assessment", "{}", ProblemCodes.Missing, "urls[1].assessment.classification" },
        { "urls.1.actions", "[{ \"actionType\": 5, \"actionDate\": \"2026-01-04T10:00:00Z\" }]", ProblemCodes.UnknownCode, "urls[1].actions[0].actionType" },
        { "urls.1.actions", "[{ \"actionType\": 1 }]", ProblemCodes.Missing, "urls[1].actions[0].actionDate" },
        { "urls.1.hashes", "{ \"md5\": 7 }", ProblemCodes.WrongType, "urls[1].hashes.md5" },
        { "urls.1.hashes", "{ \"mediaSize\": 5.5 }", ProblemCodes.WrongType, "urls[1].hashes.mediaSize" },
        { "urls.1.hashes", "{ \"mediaSize\": 1e400 }", ProblemCodes.WrongType, "urls[1].hashes.mediaSize" },
        { "urls.1.hashes", "{ \"noSuch\": \"00\" }", ProblemCodes.UnknownField, "urls[1].hashes.?" },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public void A_bad_field_is_named_by_code_and_path(string field, string value, string code, string path)
    {
        var body = JsonNode.Parse(Good)!;
        var parts = field.Split('.');
        var at = parts[..^1].Aggregate(body, (node, part) => int.TryParse(part, out var i) ? node[i]! : node[part]!);
        at.AsObject()[parts[^1]] = JsonValue.Create("@@");
        var reading = Read(body.ToJsonString().Replace("\"@@\"", value, StringComparison.Ordinal));

        Assert.Null(reading.Draft);
        Assert.Equal(code, reading.Problem!.Code);
        Assert.Contains(reading.Problem.Errors.DefaultIfEmpty(new FieldError("", code, "")), e => path == "*" || e.Field == path);
    }

    [Theory]
    [InlineData("{ \"md5\": \"aa\", \"sha1\": \"SHA1\" }", "urls[1].hashes.md5", ProblemCodes.MalformedHash, "Sha1")]
    [InlineData("{ \"sha1\": \"SHA1\", \"pdq\": \"PDQ\", \"pdqQuality\": 101 }", "urls[1].hashes.pdqQuality", ProblemCodes.OutOfRange, "Sha1")]
    [InlineData("{ \"pdqQuality\": 101 }", "urls[1].hashes.pdqQuality", ProblemCodes.OutOfRange, "")]
    [InlineData("{ \"sha1\": \"SHA1\", \"pdqQuality\": 50 }", "urls[1].hashes.pdqQuality", ProblemCodes.Inconsistent, "Sha1")]
    [InlineData("{ \"sha1\": \"SHA1\", \"mediaSize\": -1 }", "urls[1].hashes.mediaSize", ProblemCodes.OutOfRange, "Sha1")]
    public void What_of_hashes_cannot_be_read_is_left_out_alone_and_told(string hashes, string path, string code, string taken)
    {
        var body = JsonNode.Parse(Good)!;
        body["urls"]![1]!["hashes"] = JsonNode.Parse(
            hashes.Replace("SHA1", new string('a', 40), StringComparison.Ordinal).Replace("PDQ", new string('a', 64), StringComparison.Ordinal));
        var reading = Read(body.ToJsonString());

        var left = Assert.Single(reading.LeftOut);
        Assert.Equal((path, code), (left.Field, left.Code));
        Assert.Equal(taken, string.Join(',', reading.Draft!.Items[1].Hashes.Select(h => h.Algorithm)));
        Assert.Null(reading.Draft.Items[1].PdqQuality);
        Assert.Null(reading.Draft.Items[1].MediaSize);
        Assert.Empty(Read(Good).LeftOut);
    }

    [Fact]
    public void Numbers_and_texts_are_taken_as_pandas_php_and_windows_write_them()
    {
        var text = Good.Replace("\"pdqQuality\": 90", "\"pdqQuality\": 98.0", StringComparison.Ordinal)
            .Replace("\"mediaSize\": 5,", "\"mediaSize\": 1e3,", StringComparison.Ordinal)
            .Replace("\"memo\": \"Text\"", "\"memo\": \"the site\u0092s \u0093front\u0094\"", StringComparison.Ordinal);
        var reading = Read(text);

        Assert.Null(reading.Problem);
        Assert.Equal("the site’s “front”", reading.Draft!.Secrets!.Memo);
        var media = Assert.Single(reading.Draft.Items, i => i.PdqQuality is not null);
        Assert.Equal((98, 1000L), (media.PdqQuality!.Value, media.MediaSize!.Value));
    }

    [Theory]
    [InlineData("2026-11-01T08:15:00.123456789Z", "2026-11-01T08:15:00.1234567Z")]
    [InlineData("2026-11-01T08:15:00.12345678+00:00", "2026-11-01T08:15:00.1234567Z")]
    [InlineData("2026-11-01T08:15:00,5Z", "2026-11-01T08:15:00.5Z")]
    [InlineData("2026-11-01t08:15:00z", "2026-11-01T08:15:00Z")]
    [InlineData("2026-11-01 08:15:00+0100", "2026-11-01T07:15:00Z")]
    [InlineData("2026-11-01T08:15:00+01", "2026-11-01T07:15:00Z")]
    [InlineData("2026-11-01T08:15-00:00", "2026-11-01T08:15:00Z")]
    [InlineData("2026-11-01T08:15:00+14:00", "2026-10-31T18:15:00Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z")]
    [InlineData("2026-11-01T24:00:00Z", "2026-11-02T00:00:00Z")]
    public void Dates_are_taken_in_every_form_of_the_standards(string text, string utc)
    {
        Assert.True(FieldReader.TryDate(text, out var read));
        Assert.Equal(DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture), read);
    }

    [Theory]
    [InlineData("2026-11-01T08:15:00")]
    [InlineData("2026-11-01")]
    [InlineData("2026-02-30T08:15:00Z")]
    [InlineData("2026-11-01T24:00:01Z")]
    [InlineData("2026-11-01T08:60:00Z")]
    [InlineData("2026-11-01T08:15:60Z")]
    [InlineData("2026-11-01T08:15:00+15:00")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T24:00:00Z")]
    [InlineData("1767514500")]
    [InlineData("2026-11-01T08:15:00.Z")]
    [InlineData("٢026-11-01T08:15:00Z")]
    public void Other_dates_are_not(string text) => Assert.False(FieldReader.TryDate(text, out _));

    public static TheoryData<string, byte[], string> BadBytes => new()
    {
        { "nothing", [], ProblemCodes.Empty },
        { "blanks", " \t \r"u8.ToArray(), ProblemCodes.Empty },
        { "null", "null"u8.ToArray(), ProblemCodes.WrongType },
        { "byte order mark", [0xEF, 0xBB, 0xBF, .. "{}"u8], ProblemCodes.ByteOrderMark },
        { "Latin-1", [.. "{\"memo\":\""u8, 0xE9, .. "\"}"u8], ProblemCodes.NotUtf8 },
        { "surrogates in UTF-8", [.. "{\"memo\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], ProblemCodes.NotUtf8 },
        { "UTF-16", Encoding.Unicode.GetBytes("{\"memo\":\"\u00e9\u4e2d\"}"), ProblemCodes.NotUtf8 },
        { "XML", "<report/>"u8.ToArray(), ProblemCodes.MalformedJson },
        { "cut off", "{\"memo\":\"a"u8.ToArray(), ProblemCodes.MalformedJson },
        { "an array begun", "["u8.ToArray(), ProblemCodes.MalformedJson },
        { "an array cut off", "[1,"u8.ToArray(), ProblemCodes.MalformedJson },
        { "a name without value", "{\"a\":"u8.ToArray(), ProblemCodes.MalformedJson },
        { "an unknown name, cut off", "{\"a\":1,"u8.ToArray(), ProblemCodes.MalformedJson },
        { "two documents", "{}{}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "comment", "{/**/}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "trailing comma", "{\"memo\":\"a\",}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "NaN", "{\"sourceUrlSiteType\":NaN}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "raw control character", "{\"memo\":\"a\u0001\"}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "array", "[]"u8.ToArray(), ProblemCodes.WrongType },
        { "array of something", "[1]"u8.ToArray(), ProblemCodes.WrongType },
        { "string", "\"x\""u8.ToArray(), ProblemCodes.WrongType },
        { "same key twice", "{\"memo\":\"a\",\"memo\":\"b\"}"u8.ToArray(), ProblemCodes.DuplicateKey },
        { "unknown field", "{\"Memo\":\"a\"}"u8.ToArray(), ProblemCodes.UnknownField },
        { "half a character as a name", "{\"\\ud800\":1}"u8.ToArray(), ProblemCodes.MalformedJson },
        { "deep nesting", Encoding.UTF8.GetBytes("{\"urls\":" + new string('[', 100_000)), "*" },
        { "deep known nesting", Encoding.UTF8.GetBytes("{\"urls\":[{\"unknown\":" + string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60)
            + "}]}"), "*" },
    };

    [Theory]
    [MemberData(nameof(BadBytes))]
    public void Bytes_that_are_no_report_are_refused_with_a_code(string what, byte[] bytes, string code)
    {
        var problem = Reader.Read(bytes, Context, CodeGeneration.V3).Problem;

        Assert.True(problem is not null, what);
        Assert.True(code == "*" || code == problem.Code, $"{what}: {problem.Code}");
    }

    [Fact]
    public void All_errors_of_one_body_are_told_together_and_none_quotes_a_value()
    {
        var problem = Read($$"""
            { "hotlineReference": "NL-1", "hotlineReceivedDate": "{{Marker}}", "sourceUrlSiteType": "{{Marker}}", "sourceUrlReferrer": "\u0001{{Marker}}",
              "urls": [ { "urlString": "{{Marker}}", "hostingIpAddress": "{{Marker}}", "hostingCountryCode": "{{Marker}}", "hashes": { "md5": "{{Marker}}" } } ] }
            """).Problem!;

        Assert.Equal(
            ["hotlineReceivedDate", "sourceUrlReferrer", "sourceUrlSiteType", "urls[0].hostingCountryCode", "urls[0].hostingIpAddress", "urls[0].urlString"],
            problem.Errors.Select(e => e.Field).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Marker, JsonSerializer.Serialize(ApiProblem.Of(problem), ApiJson.Options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"marker-7f3a\":1}")]
    [InlineData("{\"https://marker-7f3a.example/\":1}")]
    [InlineData("{\"urls\":[{\"marker-7f3a'] x\":{}}]}")]
    public void A_name_from_the_body_that_is_none_of_ours_is_not_repeated(string json)
    {
        var problem = Read(json).Problem!;

        Assert.Equal(ProblemCodes.UnknownField, problem.Code);
        Assert.DoesNotContain(Marker, JsonSerializer.Serialize(ApiProblem.Of(problem), ApiJson.Options), StringComparison.Ordinal);
    }

    [Fact]
    public void Codes_of_v2_are_read_when_asked_for_and_not_otherwise()
    {
        const string body = """
            { "hotlineReference": "a", "hotlineReceivedDate": "2026-01-04T08:15:00Z", "sourceUrlSiteType": 1,
              "urls": [ { "urlString": "https://x.example/", "contentType": 0, "assessment": { "classification": 3 } } ] }
            """;

        var v2 = Reader.Read(Encoding.UTF8.GetBytes(body), Context, CodeGeneration.V2).Draft!;
        Assert.Equal((SiteType.Website, ContentType.Media, Classification.Doubtful),
            (v2.SiteType!.Value, v2.Items[0].ContentType, v2.Items[0].Assessment!.Classification));
        Assert.Equal(3, Read(body).Problem!.Errors.Length);
    }

    [Fact]
    public void More_items_than_a_report_may_have_name_the_limit()
    {
        var reader = new ReportBodyReader(new IntakeLimits { ItemsPerReport = 2 }, Keys, Seam, new FixedTime());
        var body =
            $$"""{ "hotlineReference": "a", "hotlineReceivedDate": "2026-01-04T08:15:00Z", "urls": [ {{string.Join(',', Enumerable.Repeat("{\"urlString\":\"https://x.example/\"}", 3))}} ] }""";

        var error = Assert.Single(reader.Read(Encoding.UTF8.GetBytes(body), Context, CodeGeneration.V3).Problem!.Errors);
        Assert.Equal(("urls", ProblemCodes.TooMany), (error.Field, error.Code));
        Assert.Contains("2", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_of_a_synthetic_day_is_taken_or_refused_as_it_was_meant()
    {
        var day = SyntheticDay.Create(reports: 300, now: Now);
        foreach (var line in day.Stream())
        {
            var reading = Reader.Read(line.Utf8.Span, Context, CodeGeneration.V3);
            Assert.True(line.Kind == SampleLineKind.Malformed == (reading.Problem is not null), $"{line.Kind}: {reading.Problem?.Detail}");
            Assert.Equal(line.Items, reading.Draft?.Items.Length ?? 0);
        }
    }

    [Fact]
    public void Random_damage_to_a_body_never_throws_and_always_gives_a_draft_or_a_problem()
    {
        var good = Encoding.UTF8.GetBytes(Good);
        var edit = Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 4], Gen.Byte, Gen.Int[1, 40]);
        edit.Array[1, 6].Sample(
            edits =>
            {
                var bytes = edits.Aggregate(good.ToList(), (b, e) =>
                {
                    var at = Math.Min(e.Item1, Math.Max(0, b.Count - 1));
                    var count = Math.Min(e.Item4, b.Count - at);
                    switch (e.Item2)
                    {
                        case 0 when b.Count > 0: b[at] = e.Item3; break;
                        case 1: b.Insert(at, e.Item3); break;
                        case 2: b.RemoveRange(at, count); break;
                        case 3: b.InsertRange(at, b.GetRange(at, count)); break;
                        default: b.InsertRange(at, "{\"[:9e99\\ud800nullNaN"u8[..Math.Min(21, e.Item4)].ToArray()); break;
                    }

                    return b;
                }).ToArray();
                var reading = Reader.Read(bytes, Context, CodeGeneration.V3);
                return reading.Draft is null != reading.Problem is null
                    && (reading.Problem is null || ApiProblem.Of(reading.Problem).Status is >= 400 and < 500);
            },
            iter: 20_000);
    }

    private static IntakeReading Read(string json) => Reader.Read(Encoding.UTF8.GetBytes(json), Context, CodeGeneration.V3);

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
