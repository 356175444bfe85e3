using CPort.Iccam.Contracts;
using CPort.IccamClient.Our;
using CPort.IccamClient.Planning;
using CPort.IccamClient.Reading;
using CPort.IccamClient.Wire;

namespace CPort.Api.Tests.Iccam;

/// <summary>What ICCAM says as a report of ours; which words an item has; what refusals tell.</summary>
public sealed class BesideIccamReadingTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_ICCAM_says_becomes_a_report_and_nobodys_opinion()
    {
        var content = new ContentAnswer
        {
            ContentId = 5, ReportId = 3, AssignedCountryCode = "UK", CountryAssignmentDate = Now.AddDays(-1), Memo = "m\u0007emo", ContentType = 99,
            Url = new ContentUrl("https://x.example/1.jpg", false, "Netherlands", "no address", new string('i', 300)),
            Assessments = [new ContentAssessment { Classification = 1, AssessmentDate = Now.AddDays(-2) }],
            Actions = [new ContentAction(1, "somebody", Now.AddDays(-2), null, null)],
        };
        var report = new ReportAnswer
        {
            ReportId = 3, ReportingHotlineId = 7, HotlineReceivedDate = DateTimeOffset.UnixEpoch, SourceUrlSiteType = 2, SourceUrlCommerciality = 77,
            SourceUrlPaymentMethods = [2, 2, 99], ReferrerUrl = "https://ref.example/",
            ReportContents = [new ReportContent(4, "https://x.example/", true), new ReportContent(5, "https://x.example/1.jpg", false)],
        };
        var read = ContentReader.Read(new ReportNumber(3), new ContentNumber(5), report, [content], Now);
        Assert.Equal(("ICCAM-3-5", Now.AddDays(-1), 2, null), (read.Reference, read.Received, read.SiteType, read.Commerciality));
        Assert.Equal([2], read.PaymentMethods.AsEnumerable());
        Assert.Contains("found on https://x.example/", read.Memo, StringComparison.Ordinal);
        var url = Assert.Single(read.Urls);
        Assert.Equal(("https://x.example/1.jpg", "GB", null, 200, null), (url.Url, url.Country, url.IpAddress, url.Isp!.Length, url.ContentType));
        string[] told = ["memo", "ICCAM 3/5", "hosted in NL", "assessed in ICCAM: Baseline, 2026-02-28", "action in ICCAM: ReportedToLea, 2026-02-28"];
        foreach (var said in told)
        {
            Assert.Contains(said, url.Memo, StringComparison.Ordinal);
        }

        var without = new ReportAnswer { ReportId = 3, ReportingHotlineId = 7, ReportContents = [], HotlineReceivedDate = Now.AddDays(2) };
        Assert.Equal(Now, ContentReader.Read(
            new ReportNumber(3), new ContentNumber(-5), without, [content with { CountryAssignmentDate = null }], Now).Received);
        Assert.InRange(ContentReader.Read(
            new ReportNumber(3), new ContentNumber(-5), without, [content with { Memo = new string('m', 70_000) }], Now).Urls[0].Memo!.Length, 8_000, 10_000);
        Assert.Equal("url.urlString", ContentReader.Missing(new ContentNumber(5), content with { Url = content.Url with { UrlString = "" } })!.Field);
        Assert.Equal("contentId", ContentReader.Missing(new ContentNumber(6), content)!.Field);
    }

    [Fact]
    public void Words_are_our_own_of_our_own_time_with_it_in_the_order_in_which_they_were_said()
    {
        var item = new OurItem { Number = 17, AssignedCountry = "NL", Assessments = [], Actions = [] };
        item = FakeOurs.Assess(item, 1, episode: 0);
        item = FakeOurs.Assess(item, 1, agency: "hotline-de");
        item = FakeOurs.Act(item, 1);
        item = FakeOurs.Assess(item, 2);
        item = FakeOurs.Act(item, 11);
        item = FakeOurs.Assess(item, 1, counts: false);
        item = FakeOurs.Act(item, 3);
        var words = Words.Of(FakeOurs.Us, item);
        Assert.Equal(["action-0", "assessment-3", "action-2"], words.Skip(1).Select(w => w.Key));
        Assert.Equal((WordKind.Reference, "CPORT-17"), (words[0].Kind, words[0].Text));
        Assert.DoesNotContain("CPORT", words[0].Key, StringComparison.Ordinal);
        Assert.All(words, w => Assert.Equal(w.Kind, Words.KindOf(w.Key)));

        // What is planned is planned once; another reference once more.
        Assert.Empty(Words.New(words, [.. words.Select(w => w.Key)]));
        var renamed = Words.Of(FakeOurs.Us, item with { Reference = "N12" });
        Assert.Equal("N12", Assert.Single(Words.New(renamed, [.. words.Select(w => w.Key)])).Text);

        // A name that is there stays: who has given one does not get ours, and once the item is another's we have none to give.
        Assert.Empty(Words.New(words, [.. words.Select(w => w.Key), renamed[0].Key]));
        Assert.Null(Words.Find(FakeOurs.Us, item, renamed[0].Key));
        Assert.True(Words.IsOver(item, renamed[0].Key));
        var content = new ContentAnswer
        {
            ContentId = 5, ReportId = 3, Url = new ContentUrl("https://x.example/1.jpg", false, null, null, null), Assessments = [], Actions = [],
        };
        Assert.True(Standing.Stands(words[0], content with { HotlineReference = "N12" }, null));
        Assert.False(Standing.Stands(words[0], content, null));

        // What was corrected before it was written is not written at all; what merely is not shown now may be shown again.
        Assert.All(item.Assessments.Where(a => a is { Counts: false, Episode: > 0 }), a => Assert.True(Words.IsOver(item, $"assessment-{a.Id}")));
        Assert.Contains(item.Assessments, a => a is { Counts: false, Episode: > 0 });
        Assert.False(Words.IsOver(item with { Assessments = [] }, words.First(w => w.Kind == WordKind.Assessment).Key));

        Assert.Null(Words.Move(FakeOurs.Us, item, "5-1"));
        var move = Words.Move(FakeOurs.Us, item with { AssignedCountry = "DE", HostingIpAddress = "192.0.2.9" }, "5-1")!;
        Assert.Equal(("move-DE-5-1", "DE"), (move.Key, Words.Find(FakeOurs.Us, item, move.Key)!.Text));
        Assert.Null(Words.Find(FakeOurs.Us, item, "assessment-9"));
    }

    [Theory]
    [InlineData("""{"errors":{"actionType":["Assess first (rule 9).","Or not."]}}""", "actionType", "Assess first (rule 9). Or not.")]
    [InlineData("""{"errors":["one"]}""", "", "one")]
    [InlineData("""{"errors":"one"}""", "", "one")]
    [InlineData("<html>", "", "Refused without a reason.")]
    [InlineData("""{"errors":{"url":["No: https://x.example/a?b, www.x.example/c, 192.0.2.1:80, 0123456789abcdef0123456789abcdef."]}}""", "url", "No: […]")]
    public void A_refusal_tells_where_and_why_without_addresses_and_hashes(string body, string field, string text)
    {
        var refusal = Assert.Single(RefusalReader.Of(400, System.Text.Encoding.UTF8.GetBytes(body)));
        Assert.Equal((field, "400"), (refusal.Field, refusal.Code));
        if (text.Contains('…', StringComparison.Ordinal))
        {
            Assert.All(["x.example", "192.0.2", "0123456789"], t => Assert.DoesNotContain(t, refusal.Text, StringComparison.Ordinal));
            Assert.StartsWith("No: […]", refusal.Text, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(text, refusal.Text);
        }
    }

    [Fact]
    public void Waits_grow_and_are_never_shorter_than_was_asked()
    {
        Assert.Equal([2, 4, 8], Enumerable.Range(1, 3).Select(t => (int)Backoff.After(t, null, 0.5).TotalSeconds));
        Assert.Equal(TimeSpan.FromMinutes(15), Backoff.After(50, null, 0.5));
        Assert.Equal(TimeSpan.FromMinutes(2), Backoff.After(1, TimeSpan.FromMinutes(2), 0.5));
        Assert.Equal(TimeSpan.FromDays(1), Backoff.After(1, TimeSpan.FromDays(400), 0.5));
        Assert.NotEqual(Backoff.After(3, null, 0), Backoff.After(3, null, 1));
    }
}
