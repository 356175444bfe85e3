using CPort.Actors.Serialization;
using CPort.Domain.CodeLists;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CsCheck;
using Lists = CPort.Domain.CodeLists.CodeLists;

namespace CPort.Actors.Tests.CodeLists;

/// <summary>The code lists against ICCAM's own (domain.md 1.6; the table below is copied from its source, SCART's seeder6018).</summary>
public class CodeListTests
{
    private static readonly Dictionary<string, (int Id, string Name)[]> V3 = new()
    {
        ["site type"] =
        [
            (2, "Website"), (3, "File host"), (4, "Image store"), (5, "Image board"), (6, "Forum"), (7, "Banner site"), (8, "Link site"),
                (9, "Social Networking"),
            (10, "Redirector"), (11, "Web archive"), (18, "Search provider"), (20, "Image host"), (22, "Blog"), (24, "Not Applicable"),
        ],
        ["commerciality"] = [(1, "Not Determined"), (2, "Commercial"), (3, "Non-Commercial")],
        ["payment method"] =
        [
            (1, "Not Determined"), (2, "AMEX"), (3, "Diners"), (4, "Mastercard"), (5, "Paypal"), (6, "Visa"), (7, "Western Union"), (8, "Other"), (9, "None"),
            (10, "SMS"), (11, "EMAIL"), (12, "Liberty Reserve"), (13, "Bitcoin"),
        ],
        ["classification"] = [(1, "Baseline CSAM"), (2, "National CSAM"), (4, "Ignore"), (1, "BA"), (2, "NA"), (4, "IG")],
        ["age category"] = [(1, "Not categorised"), (2, "Infant"), (3, "Pre-pubescent"), (4, "Pubescent"), (1, "ND"), (2, "IN"), (3, "PP"), (4, "PU")],
        ["gender category"] = [(1, "Not Determined"), (2, "Female"), (3, "Male"), (4, "Both"), (1, "UN"), (2, "FE"), (3, "MA"), (4, "BO")],
        ["content type"] = [(1, "Media"), (2, "Website")],
        ["action type"] = [(1, "ReportedToLEA"), (2, "ReportedToISP"), (3, "Removed"), (4, "Unavailable"), (6, "NotIllegal")],
        ["action reason"] =
        [
            (1, "Other"), (2, "ContentNotFound"), (3, "ReferrerNotKnownOrIncorrect"), (4, "UnableToAccess"), (5, "PasswordProtected"), (6, "AccountDisabled"),
            (7, "LegallyUnableToAccess"), (8, "LinkExpired"), (9, "Error404NotFoundOrSiteDown"), (10, "Error503OrContentTemporarilyUnavailable"),
            (11, "PremiumAccountNecessary"), (12, "MissingPartsToOpenFile"), (13, "ContentRemovedBeforeAssessment"), (14, "AdultPornography"),
            (15, "NudismOrNotSexualized"), (16, "DoesNotMeetThresholdForIllegality"), (17, "ImagesTooSmall"), (18, "VirtualMaterial"),
            (19, "LinkingOrLinklistsNotIllegal"), (20, "AgeUnclearOrNotAssessable"), (21, "AgeOverNationalThreshold"),
        ],
    };

    /// <summary>v2's code, its name, and the v3 number it is folded to.</summary>
    private static readonly Dictionary<string, (int Id, string[] Names, int V3)[]> V2 = new()
    {
        ["site type"] = [(1, ["Not Determined"], 2), (23, ["Webpage"], 2), (2, ["Website"], 2), (22, ["Blog"], 22)],
        ["classification"] = [(1, ["BA"], 1), (2, ["NA"], 2), (3, ["DO", "Doubtful"], 3), (4, ["IG"], 4)],
        ["content type"] = [(0, ["Image"], 1), (1, ["Video"], 1), (2, ["Link"], 2), (3, ["Container"], 1), (4, ["Other"], 1), (5, ["Text"], 1)],
        ["action type"] = [(1, ["LEA"], 1), (2, ["ISP"], 2), (3, ["CR", "content removed"], 3), (4, ["CU", "content unavailable"], 4),
            (7, ["NI", "content not illegal"], 6)],
    };

    private delegate int? Read(int? number, string? text, CodeGeneration generation);

    private static Read Reader<T>(CodeList<T> list)
        where T : struct, Enum =>
        (number, text, generation) =>
            (number is { } n ? list.TryParse(n, generation, out var v) : list.TryParse(text, generation, out v)) ? Convert.ToInt32(v) : null;

    private static readonly Dictionary<string, Read> Readers = new()
    {
        [Lists.SiteTypes.Name] = Reader(Lists.SiteTypes), [Lists.Commercialities.Name] = Reader(Lists.Commercialities),
        [Lists.PaymentMethods.Name] = Reader(Lists.PaymentMethods), [Lists.Classifications.Name] = Reader(Lists.Classifications),
        [Lists.AgeCategories.Name] = Reader(Lists.AgeCategories), [Lists.GenderCategories.Name] = Reader(Lists.GenderCategories),
        [Lists.ContentTypes.Name] = Reader(Lists.ContentTypes), [Lists.ActionTypes.Name] = Reader(Lists.ActionTypes),
            [Lists.ActionReasons.Name] = Reader(Lists.ActionReasons),
    };

    public static TheoryData<string> ListNames => [.. V3.Keys];

    [Theory]
    [MemberData(nameof(ListNames))]
    public void Every_v3_code_reads_by_number_name_and_number_as_text(string list)
    {
        Assert.All(V3[list], code =>
        {
            Assert.Equal(code.Id, Readers[list](code.Id, null, CodeGeneration.V3));
            Assert.Equal(code.Id, Readers[list](null, $"{code.Id}", CodeGeneration.V3));
            Assert.All([code.Name, code.Name.ToLowerInvariant(), code.Name.ToUpperInvariant(), code.Name.Replace(' ', '-'), code.Name.Replace(" ", ""),
                code.Name.Replace('-', '_')],
                name => Assert.Equal(code.Id, Readers[list](null, name, CodeGeneration.V3)));
        });
    }

    [Theory]
    [MemberData(nameof(ListNames))]
    public void No_other_number_reads(string list)
    {
        var known = V3[list].Select(c => c.Id).ToHashSet();
        Assert.All(Enumerable.Range(-2, 40).Where(n => !known.Contains(n)), n => Assert.Null(Readers[list](n, null, CodeGeneration.V3)));
    }

    [Theory]
    [MemberData(nameof(ListNames))]
    public void Any_text_reads_or_is_refused_without_an_error(string list) =>
        Gen.String[0, 70].Sample(text => { _ = Readers[list](null, text, CodeGeneration.V2); });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("1.0")]
    [InlineData("99999999999999999999")]
    public void What_is_no_code_is_refused_by_every_list(string? text) => Assert.All(Readers.Values, read =>
    {
        Assert.Null(read(null, text, CodeGeneration.V3));
        Assert.Null(read(null, text, CodeGeneration.V2));
    });

    [Fact]
    public void V2_codes_are_folded_to_v3() => Assert.All(V2, list => Assert.All(list.Value, code =>
    {
        Assert.Equal(code.V3, Readers[list.Key](code.Id, null, CodeGeneration.V2));
        Assert.All(code.Names, name => Assert.Equal(code.V3, Readers[list.Key](null, name, CodeGeneration.V2)));
    }));

    [Fact]
    public void V2_only_codes_are_refused_as_v3()
    {
        Assert.All([1, 23], n => Assert.Null(Readers["site type"](n, null, CodeGeneration.V3)));
        Assert.All(["Not Determined", "Webpage"], n => Assert.Null(Readers["site type"](null, n, CodeGeneration.V3)));
        Assert.Null(Readers["classification"](3, null, CodeGeneration.V3));
        Assert.All(["Doubtful", "DO"], n => Assert.Null(Readers["classification"](null, n, CodeGeneration.V3)));
        Assert.Null(Readers["action type"](7, null, CodeGeneration.V3));
        Assert.Null(Readers["content type"](0, null, CodeGeneration.V3));
    }

    [Fact]
    public void Moved_is_no_action_in_either_generation_and_v3s_not_illegal_number_is_none_in_v2()
    {
        Assert.All([CodeGeneration.V2, CodeGeneration.V3], g =>
        {
            Assert.Null(Readers["action type"](5, null, g));
            Assert.All(["MO", "Moved", "content moved", "5"], name => Assert.Null(Readers["action type"](null, name, g)));
        });
        Assert.Null(Readers["action type"](6, null, CodeGeneration.V2));
    }

    [Fact]
    public void Doubtful_is_an_opinion_without_effect()
    {
        Assert.True(Lists.Classifications.TryParse(3, CodeGeneration.V2, out var doubtful));
        Assert.Equal(Classification.Doubtful, doubtful);
        Assert.DoesNotContain(Classification.Doubtful, Lists.Classifications.Values);
        Assert.DoesNotContain("Doubtful", Lists.Classifications.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void NA_is_national_as_a_classification_and_nothing_as_anything_else() =>
        Assert.All(Readers.Where(r => r.Key != "classification"), r => Assert.Null(r.Value(null, "NA", CodeGeneration.V2)));

    [Fact]
    public void Reasons_fit_the_actions_they_explain()
    {
        for (var id = 1; id <= 21; id++)
        {
            var reason = (ActionReason)id;
            Assert.Equal(id <= 13, reason.Fits(ActionType.Unavailable));
            Assert.Equal(id is 1 or >= 14, reason.Fits(ActionType.NotIllegal));
            Assert.All([ActionType.ReportedToLea, ActionType.ReportedToIsp, ActionType.Removed], type => Assert.False(reason.Fits(type)));
        }
    }

    /// <summary>SCART swapped user-generated and child modeling, both ways (domain.md 1.6): so each flag goes through alone.</summary>
    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Each_flag_stays_itself_from_the_submission_to_the_item(bool virtualContent, bool userGenerated, bool childModeling)
    {
        var input = new AssessmentInput
        {
            Classification = Classification.National, VirtualContent = virtualContent, UserGeneratedContent = userGenerated, ChildModeling = childModeling,
        };
        var s = new Reports.ReportScenario();
        s.Submit(Reports.ReportScenario.Nl, Reports.ReportScenario.Entry(Reports.ReportScenario.NL) with { Assessment = input });
        var stored = s.Events.Select(Reports.ReportScenario.OverTheWire).Aggregate(Report.None, ReportRules.Apply).Items[0].Assessments[0];
        Assert.Equal((virtualContent, userGenerated, childModeling), (stored.VirtualContent, stored.UserGeneratedContent, stored.ChildModeling));

        using var bytes = new MemoryStream(Reports.ReportScenario.Bytes(input));
        Assert.Equal(input, (AssessmentInput)WireModel.Instance.Deserialize(bytes, null, typeof(AssessmentInput)));
    }

    [Fact]
    public void Each_action_type_has_one_row_and_each_reason_explains_an_action()
    {
        Assert.Equal(Enum.GetValues<ActionType>(), ActionTypes.All.Select(a => a.Type).Order());
        Assert.All(Enum.GetValues<ActionReason>(), reason => Assert.Contains(ActionTypes.All, a => a.Reasons.Contains(reason)));
        Assert.All(Enum.GetValues<Classification>(), c => Assert.Equal(c, Classifications.All[(int)c - 1].Value));
    }
}
