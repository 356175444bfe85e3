using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Categories of other schemes than ICCAM's: a mapping, and no new event.</summary>
public sealed class CategoryTests
{
    private static readonly Category B = new() { Scheme = "sentencing-council", Version = "2014", Jurisdiction = GB, Code = "B" };

    [Fact]
    public void Every_scheme_version_and_country_has_one_row_and_its_codes_lead_back_to_it()
    {
        Assert.Equal(CategorySchemes.All.Length, CategorySchemes.All.DistinctBy(s => (s.Name, s.Version, s.Jurisdiction)).Count());
        foreach (var scheme in CategorySchemes.All)
        {
            Assert.All(scheme.Codes, row => Assert.Equal((scheme, row), CategorySchemes.Find(scheme.Of(row))));
            Assert.All(scheme.Codes, row => Assert.True(row.Means.HasEffect()));
        }

        Assert.Null(CategorySchemes.Find(B with { Jurisdiction = NL }));
        Assert.Null(CategorySchemes.Find(B with { Version = "2002" }));
        Assert.Equal(new Category { Scheme = "iccam", Version = "3", Code = "NA" }, CategorySchemes.Of(Classification.National));
    }

    [Fact]
    public void An_assessment_keeps_the_category_follows_its_law_and_counts_as_what_it_means()
    {
        var s = HostedIn(GB);
        Assert.Equal(CommandOutcome.Accepted, Assess(s, Uk).Outcome);
        var said = Assert.Single(s[1].Assessments);
        Assert.Equal((B, GB, true), (said.Category, said.Country, said.Speaks));
        Assert.Equal(Classification.National, s[1].Effective());
    }

    [Fact]
    public void Nobody_judges_by_the_scheme_of_a_country_that_it_does_not_work_for()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.CategoryOfAnotherLaw, Assess(s, Be).Code);
        Assert.Empty(s[1].Assessments);
        Assert.Equal(RejectionCode.CategoryOfAnotherLaw,
            new ReportScenario().Submit(Nl, Entry(NL) with { Assessment = Opinion(Classification.National) with { Category = B } }).Code);
    }

    private static CommandReply Assess(ReportScenario s, Caller by) => s.Do(new AssessItems
    {
        ReportId = s.Id, Context = s.Context(by), Items = At(1), Assessment = new AssessmentInput { Classification = Classification.National, Category = B },
    });
}
