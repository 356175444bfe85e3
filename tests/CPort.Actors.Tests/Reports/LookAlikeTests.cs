using CPort.Actors.Tests.Matching.Groups;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Groups;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>What a report keeps of the look-alikes that the matching found.</summary>
public sealed class LookAlikeTests
{
    private static readonly ContentHash Own = PdqValues.Random(new Random(1));

    [Fact]
    public void The_first_match_keeps_the_nearest_look_alikes_in_its_event_and_a_later_one_none()
    {
        var (s, match) = Matched([.. Enumerable.Range(0, 30).Select(n => Alike(n, items: n + 2))]);
        Assert.Equal(Enumerable.Range(0, ReportRules.MaxLookAlikes), match.LookAlikes.Select(l => l.Distance));

        s.Do(new CompleteAutomaticWork
        {
            ReportId = s.Id, Context = s.Context(Caller.System),
            Verdicts =
            [
                new ItemVerdicts
                {
                    Ordinal = 1, LookedUp = true, LookAlikes = [Alike(3, 2)],
                    Exact = [new HashVerdict { Hash = Own, Version = 9, Opinions = [HashSamples.Says("interpol", Classification.Baseline)] }],
                },
            ],
        });
        Assert.Empty(s.Events.OfType<AutomaticWorkDone>().Last().Steps.Single().Match!.LookAlikes);
        Assert.Equal(2, s.Events.OfType<AutomaticWorkDone>().Count());
    }

    [Fact]
    public void An_item_alone_with_its_value_keeps_nothing_and_one_with_an_equal_keeps_that()
    {
        Assert.Empty(Matched([Alike(0, items: 1)]).Match.LookAlikes);
        Assert.Equal([0], Matched([Alike(0, items: 2)]).Match.LookAlikes.Select(l => l.Distance));
        Assert.Equal([5], Matched([Alike(0, items: 1), Alike(5, items: 1)]).Match.LookAlikes.Select(l => l.Distance));
    }

    /// <summary>A row of the read tables can be forged: the report's own hashes say what can be in a group.</summary>
    [Fact]
    public void An_assessment_of_a_group_takes_only_items_that_look_like_it()
    {
        var (founder, s) = (PdqValues.Flip(Own, 62), new ReportScenario());
        s.Submit(Nl,
            Entry(NL) with { Hashes = [Own] }, Entry(NL) with { Hashes = [PdqValues.Flip(Own, 62, first: 1)] },
            Entry(NL) with { Hashes = [PdqValues.Random(new Random(2))] }, Entry(NL) with { Hashes = [HashSamples.Sha256(1)] },
            Entry(NL) with { Hashes = [ContentHash.FromBytes(HashAlgorithm.Pdq, new byte[32])] }, Entry(NL));
        s.Work();
        AssessItems Assess(LookAlikeBall? alike) => new()
        {
            ReportId = s.Id, Context = s.Context(Nl), Items = [.. Enumerable.Range(1, 6).Select(n => new ItemTarget { Ordinal = n })],
            Assessment = new AssessmentInput { Classification = Classification.National }, Alike = alike,
        };

        RejectionCode[] Codes(LookAlikeBall? alike) => [.. ReportRules.Decide(s.Report, Assess(alike), s.Environment).Reply.Items.Select(i => i.Code)];
        const RejectionCode No = RejectionCode.NotFound;
        Assert.Equal([RejectionCode.None, RejectionCode.None, No, No, No, No], Codes(new LookAlikeBall { Founder = founder, Radius = 62 }));
        Assert.Equal([No, RejectionCode.None, No, No, No, No], Codes(new LookAlikeBall { Founder = founder, Radius = 61 }));
        Assert.All(Codes(null), code => Assert.Equal(RejectionCode.None, code));
    }

    private static LookAlike Alike(int distance, int items) => new() { Hash = PdqValues.Flip(Own, distance), Distance = distance, Items = items };

    private static (ReportScenario Scenario, ItemMatch Match) Matched(LookAlike[] found)
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with { Hashes = [Own] });
        s.Do(new CompleteAutomaticWork
        {
            ReportId = s.Id, Context = s.Context(Caller.System),
            Verdicts =
            [
                new ItemVerdicts
                {
                    Ordinal = 1, Exact = [new HashVerdict { Hash = Own, Version = 0 }], LookedUp = true, NearSearched = true, LookAlikes = [.. found],
                },
            ],
        });
        return (s, s.Events.OfType<AutomaticWorkDone>().Single().Steps.Single().Match!);
    }
}
