using CPort.Actors.Tests.Matching.Groups;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
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
