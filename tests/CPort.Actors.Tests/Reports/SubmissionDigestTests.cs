using System.Collections.Immutable;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Digests are stored for ever: those of earlier lists of fields are compared by their own list.</summary>
public class SubmissionDigestTests
{
    private static readonly HmacOnlySeam Seam = new();

    /// <summary>An entry with every field set, as the first list digested it before digests said their list (32 bytes, commit c043263).</summary>
    private const string FirstFormat = "44156edc2059c3759633c3b0d464c05761bb9b9e635d21e4c2187e8756198aa1";

    private static readonly ImmutableArray<(string Field, string Mac)> FirstReport =
    [
        ("hotlineReceivedDate", "df2f41a85d549da9"), ("sourceUrlSiteType", "e1501b3b2b18ab8d"), ("sourceUrlCommerciality", "855c7558c8349aa9"),
        ("sourceUrlPaymentMethods", "9cdb9a73158d2a52"), ("reportingAnalystName", "803515d3013581f6"), ("memo", "24b81587a0fbaef2"),
        ("sourceUrlReferrer", "e61c800efa7871e2"), ("sourceUrlUsername", "ababa7459172e26b"), ("sourceUrlPassword", "eeff6c9762626626"),
        ("urgent", "668a4449b71fc45c"),
    ];

    /// <summary>What each list makes of the same submission, by number from 1. Add a row with a list; never change one.</summary>
    private static readonly ImmutableArray<(string Item, ImmutableArray<(string, string)> Report)> Made =
        [("01" + FirstFormat, FirstReport), ("0264a5ede3e1c7ccf7" + FirstFormat[16..] + "0000", FirstReport)];

    private static SubmitReport Submission(ReportScenario s) => s.Submission(Nl, "ref-1", Full()) with
    {
        SiteType = SiteType.Forum, Commerciality = Commerciality.Commercial, PaymentMethods = [PaymentMethod.Bitcoin, PaymentMethod.Amex], Urgent = true,
        Secrets = new ReportSecrets { ReportingAnalyst = "a", Memo = "rm", Referrer = "r", UserName = "u", Password = "p" },
    };

    private static SubmittedItem Full() => Entry() with
    {
        Secrets = new ItemSecrets { Url = "https://a.example/1", Memo = "m" }, Reference = HotlineReference.Parse("item-1"), IsSourceUrl = true,
        Hosting = new HostingFacts
        {
            Country = BE, IpAddress = "192.0.2.7", Isp = "isp", AutonomousSystemNumber = 64500, OrganizationName = "org", IsContentDeliveryNetwork = true,
            Source = HostingSource.Reported, TracedAt = Start,
        },
        Assessment = Opinion(Classification.National) with
        {
            Age = AgeCategory.Infant, Gender = GenderCategory.Female, VirtualContent = true, ChildModeling = true,
        },
        Actions = [Action(ActionType.Unavailable, reason: ActionReason.ContentNotFound) with { ReasonText = new SecretText { Text = "why" } }],
        Hashes = [Sha256(7)], PdqQuality = 80, MediaSize = 1000, MimeType = "image/png",
    };

    /// <summary>As the report's actor does it.</summary>
    private static CommandReply Submit(ReportScenario s, SubmitReport clear, ImmutableArray<SubmissionDigest.FieldList>? lists = null)
    {
        var known = lists ?? SubmissionDigest.Lists;
        var stamped = SubmissionDigest.Stamp(Seam, clear, known, known.Length);
        return s.Do((SubmitReport)stamped.Seal(Seam, s.Report));
    }

    [Fact]
    public void A_list_that_has_been_in_use_is_never_changed()
    {
        Assert.True(Made.Length == SubmissionDigest.Lists.Length, "A new list has no row in Made yet.");
        for (var list = 1; list <= Made.Length; list++)
        {
            var made = SubmissionDigest.Stamp(Seam, Submission(new ReportScenario()), SubmissionDigest.Lists, list);

            // Where they differ, append a list instead: stored digests point to this one.
            Assert.Equal(Made[list - 1].Item, Convert.ToHexStringLower(made.Items[0].Digest));
            Assert.Equal(Made[list - 1].Report, made.Digests.Select(d => (d.Field, d.Mac.ToString("x16"))));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    public void A_report_stored_by_the_first_list_is_still_a_duplicate_of_itself_and_a_conflict_names_its_fields(string list)
    {
        var s = new ReportScenario();
        var clear = Submission(s);
        s.Do(clear with
        {
            Secrets = null, Digests = [.. FirstReport.Select(f => new FieldDigest { Field = f.Field, Mac = Convert.ToUInt64(f.Mac, 16) })],
            Items = [.. clear.Items.Select(i => i with { Secrets = null, Digest = Convert.FromHexString(list + FirstFormat) })],
        });
        Assert.Equal(CommandOutcome.Duplicate, Submit(s, clear with { Context = s.Context(Nl) }).Outcome);
        var changed = clear with { Urgent = false, Items = [clear.Items[0] with { MediaSize = 1001, Assessment = null }] };
        Assert.Equal<string>(["urgent", "urls[0].assessment", "urls[0].hashes"], Submit(s, changed).Fields);
    }

    [Fact]
    public void A_field_that_joins_the_list_later_neither_breaks_nor_changes_the_comparison_with_earlier_reports()
    {
        var s = new ReportScenario();
        var clear = Submission(s);
        Submit(s, clear);
        var first = SubmissionDigest.Lists[0];
        var later = SubmissionDigest.Lists.Add(new SubmissionDigest.FieldList
        {
            Report = [("language", _ => "nl"), .. first.Report], Item = [("thumbnail", _ => "t"), .. first.Item],
        });
        SubmitReport Again(SubmitReport command) =>
            SubmissionDigest.StampLike(Seam, s.Report, SubmissionDigest.Stamp(Seam, command, later, later.Length), later);

        Assert.Empty(SubmissionDigest.Differences(s.Report, Again(clear), later));
        var changed = Again(clear with { Urgent = false, Items = [clear.Items[0] with { MimeType = "image/gif" }] });
        Assert.Equal<string>(["urgent", "urls[0].hashes"], SubmissionDigest.Differences(s.Report, changed, later));
    }

    [Fact]
    public void A_report_stored_by_a_later_versions_list_is_a_conflict_without_names()
    {
        var s = new ReportScenario();
        var clear = Submission(s);
        var later = SubmissionDigest.Lists.Add(SubmissionDigest.Lists[0] with { Item = [("thumbnail", _ => "t")] });
        Submit(s, clear, later);
        Assert.Equal("urls[0].(entry)", Assert.Single(Submit(s, clear).Fields));
    }
}
