using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Projections;

/// <summary>What each figure and clock counts, by reports lived through (verdicts.md 6). The public reported an hour before each scenario's start.</summary>
public sealed class StatisticsTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Caller Operator = new() { Agency = AgencyId.Parse("operator"), Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "k" };

    private static readonly Caller Police = PoliceNl with { Purpose = "case 7" };

    public static TheoryData<DatabaseProvider> Both => new() { DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql };

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_first_report_to_police_counts_over_all_episodes_and_each_country_has_its_own_clock(DatabaseProvider provider)
    {
        // Reported by Sweden; the Netherlands told police on day 1; Belgium, to which it moved on day 2, on day 9.
        var s = new ReportScenario();
        s.Submit(Se, Entry(NL));
        At(s, 1, () => s.Assess(Nl, Classification.National), () => s.Act(Nl, ActionType.ReportedToLea));
        At(s, 2, () => s.Host(Nl, BE), () => s.Move(Nl, BE));
        At(s, 9, () => s.Assess(Be, Classification.National), () => s.Act(Be, ActionType.ReportedToLea));
        await using var world = await ProjectedAsync(provider, s);

        foreach (var caller in new[] { Se, Be, Operator })
        {
            Assert.Equal((1L, 0L, 25d), Summary(await ReadAsync(world, caller), "receiptToPolice"));
        }

        Assert.Equal((1L, 0L, 168d), Summary(await ReadAsync(world, Be), "assignmentToPolice"));
        var all = Duration(await ReadAsync(world, Operator), "assignmentToPolice");
        Assert.Equal((2L, 0L, 24d, 168d, 0.5), (all.Items, all.DataFaults, all.MedianHours, all.P90Hours, all.WithinThreeDays));

        // Sweden reported it and never had it.
        Assert.Equal((0L, 0L, null), Summary(await ReadAsync(world, Se), "assignmentToPolice"));
        Assert.Null(Duration(await ReadAsync(world, Se), "assignmentToPolice").WithinOneDay);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Who_has_the_job_and_its_police_get_the_times_and_what_came_with_the_report_counts(DatabaseProvider provider)
    {
        // Sweden told its own police before it sent the report; the Netherlands told the host and had it removed.
        var s = new ReportScenario();
        s.Submit(Se, Entry(NL) with { Actions = [Action(ActionType.ReportedToLea, Start.AddMinutes(-30))] });
        At(s, 1, () => s.Assess(Nl, Classification.Baseline), () => s.Act(Nl, ActionType.ReportedToIsp));
        At(s, 4, () => s.Act(Nl, ActionType.Removed));
        await using var world = await ProjectedAsync(provider, s);

        foreach (var caller in new[] { Se, Nl, Police, Interpol, Operator })
        {
            var read = await ReadAsync(world, caller);
            Assert.Equal((1L, 0L, 0d), Summary(read, "receiptToPolice"));
            Assert.Equal((1L, 0L, 25d), Summary(read, "receiptToHost"));
            Assert.Equal((1L, 0L, 97d), Summary(read, "receiptToRemoval"));

            // What the reporter did is nothing that the assigned country did.
            Assert.Equal((0L, 0L, null), Summary(read, "assignmentToPolice"));
            Assert.Equal(caller == Se ? (0L, 0L, null) : (1L, 0L, 96d), Summary(read, "assignmentToRemoval"));
        }

        Assert.Equal((0L, 0L, null), Summary(await ReadAsync(world, De1), "receiptToHost"));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_ends_before_it_begins_is_a_fault_and_no_time(DatabaseProvider provider)
    {
        // Removed half an hour, and two days, before the public reported it; one in time.
        var s = new ReportScenario();
        s.Submit(Se, [.. new[] { -1.5, -49, -0.5 }.Select(h => Entry(NL) with { Actions = [Action(ActionType.Removed, Start.AddHours(h))] })]);

        // The Netherlands tells police of another, by its own word a day before it had it.
        var t = new ReportScenario { Nth = 1 };
        t.Submit(Nl, Entry(NL));
        t.Assess(Nl, Classification.Baseline);
        t.Act(Nl, Action(ActionType.ReportedToLea, Start.AddDays(-1)));
        await using var world = await ProjectedAsync(provider, s, t);

        var read = await ReadAsync(world, Operator);
        var removal = Duration(read, "receiptToRemoval");
        Assert.Equal((1L, 2L, 0d, 0d, 1d), (removal.Items, removal.DataFaults, removal.MedianHours, removal.P90Hours, removal.WithinOneDay));
        Assert.Equal((0L, 1L, null), Summary(read, "receiptToPolice"));
        Assert.Equal((0L, 1L, null), Summary(await ReadAsync(world, Nl), "assignmentToPolice"));
        Assert.Null(Duration(read, "receiptToPolice").WithinOneDay);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Withdrawn_items_count_by_themselves_and_in_nothing_else(DatabaseProvider provider)
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with
        {
            Assessment = Opinion(Classification.Baseline), UrlKeys = Url("a"), Actions = [Action(ActionType.ReportedToLea), Action(ActionType.Removed)],
        });
        Assert.Equal(CommandOutcome.Accepted, s.Withdraw(Nl).Outcome);
        await using var world = await ProjectedAsync(provider, s);
        foreach (var caller in new[] { Nl, Police, Operator })
        {
            var read = await ReadAsync(world, caller);
            Assert.All(read.Figures.Where(f => f.Name != "unfinished"), f => Assert.Equal(f.Name == "withdrawn" ? 1 : 0, f.Count));
            Assert.All(read.Breakdowns, b => Assert.Empty(b.Tallies));
            Assert.All(read.Durations, d => Assert.Equal((0L, 0L), (d.Items, d.DataFaults)));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Illegal_URLs_count_once_and_are_known_when_nobody_had_to_look(DatabaseProvider provider)
    {
        // A: looked at in one report, known in another. B: known twice. C: looked at. D: not illegal. E: nobody has looked.
        var s = new ReportScenario();
        s.Submit(Se, Known("a"), Known("b"), Entry(NL) with { UrlKeys = Url("c") }, Entry(NL) with { UrlKeys = Url("d") },
            Entry(NL) with { UrlKeys = Url("e") });
        s.Work(verdicts: [Baseline(1), Baseline(2)], full: true);
        s.Assess(Nl, Classification.National, 3);
        s.Assess(Nl, Classification.NotIllegal, 4);
        var t = new ReportScenario { Nth = 1 };
        t.Submit(Se, Known("b"), Entry(NL) with { UrlKeys = Url("a") });
        t.Work(verdicts: [Baseline(1)], full: true);
        t.Assess(Nl, Classification.Baseline, 2);
        await using var world = await ProjectedAsync(provider, s, t);
        foreach (var caller in new[] { Se, Nl, Police, Interpol, Operator })
        {
            var read = await ReadAsync(world, caller);
            Assert.Equal(
                (("illegalUrls", 3L, null), ("knownUrls", 1L, 0.3333), ("newUrls", 2L, (double?)0.6667)),
                (Of(read, "illegalUrls"), Of(read, "knownUrls"), Of(read, "newUrls")));
            Assert.Equal(3, Of(read, "knownWithoutLook").Count);
        }

        Assert.Equal(("knownUrls", 0L, null), Of(await ReadAsync(world, De1), "knownUrls"));

        static SubmittedItem Known(string url) => Entry(NL) with { UrlKeys = Url(url), Hashes = [Sha256(1)] };
        static ItemVerdicts Baseline(int ordinal) => new()
        {
            Ordinal = ordinal,
            Exact =
            [
                new HashVerdict
                {
                    Hash = Sha256(1), Version = 1,
                    Opinions =
                    [
                        new HashOpinion
                        {
                            Agency = AgencyId.Parse("interpol"), Basis = OpinionBasis.Human, Classification = Classification.Baseline,
                            Trust = TrustLevel.Trusted, At = Start,
                        },
                    ],
                },
            ],
        };
        static (string Name, long Count, double? Share) Of(Statistics read, string name)
        {
            var figure = read.Figures.Single(f => f.Name == name);
            return (figure.Name, figure.Count, figure.Share);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Exchanged_is_what_became_another_countrys_job(DatabaseProvider provider)
    {
        // By the Netherlands: in its own country; in Belgium, with two items of one URL; in Russia and left; in Russia and taken by the UK;
        // and once in Belgium, come back to the Netherlands.
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with { UrlKeys = Url("own") }, Entry(BE) with { UrlKeys = Url("twice") }, Entry(BE) with { UrlKeys = Url("twice") },
            Entry(RU) with { UrlKeys = Url("left") }, Entry(RU) with { UrlKeys = Url("taken") }, Entry(BE) with { UrlKeys = Url("back") });
        s.Assign(Uk, Uk, 5);
        s.Host(Be, NL, 6);
        s.Move(Be, NL, 6);
        await using var world = await ProjectedAsync(provider, s);
        var read = await ReadAsync(world, Nl);
        Assert.Equal((4L, 3L), (Count(read, "exchanged"), Count(read, "exchangedUrls")));

        // Who had it before goes on counting it.
        Assert.Equal(3, Count(await ReadAsync(world, Be), "exchanged"));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Content_that_comes_back_has_a_clock_of_its_own(DatabaseProvider provider)
    {
        var s = new ReportScenario();
        s.Submit(Se, Entry(NL));
        At(s, 1, () => s.Assess(Nl, Classification.Baseline), () => s.Act(Nl, ActionType.Removed));
        At(s, 30, () => s.SeenAgain(Nl), () => s.Work([new ItemTrace { Ordinal = 2, Facts = Facts(NL) }]));
        At(s, 32, () => s.Act(Nl, ActionType.Removed, 2));
        await using var world = await ProjectedAsync(provider, s);
        var read = await ReadAsync(world, Nl);
        Assert.Equal((1L, 0L, 25d), Summary(read, "receiptToRemoval"));
        var assigned = Duration(read, "assignmentToRemoval");
        Assert.Equal((2L, 24d, 48d), (assigned.Items, assigned.MedianHours, assigned.P90Hours));
    }

    [Fact]
    public void A_countrys_clock_begins_with_its_job_and_not_with_another_of_its_hotlines()
    {
        // Germany has two hotlines: one hands the item to the other. An orphan's clock begins when it is taken.
        var s = HostedIn(DE);
        At(s, 1, () => s.Assign(De1, De1));
        At(s, 2, () => s.Assign(De1, De2));
        Assert.Equal(new CountryClock(1, DE, Start, default), s[1].ClockHere());
        Assert.Empty(s[1].EarlierClocks());
        Assert.True(s[1].IsExchanged(s.Report));

        var orphan = HostedIn(RU);
        Assert.Null(orphan[1].ClockHere());
        At(orphan, 3, () => orphan.Assign(Uk, Uk));
        Assert.Equal(new CountryClock(1, GB, Start.AddDays(3), default), orphan[1].ClockHere());
        Assert.Empty(orphan[1].EarlierClocks());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task All_figures_are_of_one_moment(DatabaseProvider provider)
    {
        var (s, late) = (new ReportScenario(), new ReportScenario { Nth = 1 });
        s.Submit(Se, Entry(NL));
        late.Submit(Se, Entry(NL), Entry(NL));
        await using var world = await ProjectedAsync(provider, s);

        // Written after the reading's first statement, by another connection.
        var written = false;
        var reader = new StatisticsReader(world.Model)
        {
            Between = async () =>
            {
                await world.AppendAsync((late.Id, (System.Collections.Immutable.ImmutableArray<IReportEvent>)[.. late.Events]));
                var projector = world.Projector((await world.Tables.SetsAsync()).Single().Id);
                await projector.OpenAsync();
                await projector.ApplyAsync(await world.EventsAsync());
                written = true;
            },
        };
        var read = await reader.ReadAsync(Operator, null, null);
        Assert.True(written);
        Assert.Equal((1, 1), (Count(read, "items"), Count(read, "reports")));
        Assert.All(read.Breakdowns.Where(b => b.Name is "assignedCountry" or "hostingCountry"), b => Assert.Equal(1, b.Tallies.Sum(t => t.Count)));

        // Nothing is left open: others write, and the next reading sees it.
        var after = await ReadAsync(world, Operator);
        Assert.Equal((3, 2), (Count(after, "items"), Count(after, "reports")));
        Assert.True(after.At.Position > read.At.Position);
    }

    /// <summary>Second looks: how many were asked for, settled, agreed on; of a training's nothing is in live figures, nor the other way round.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Second_looks_count_as_they_were_said_live_and_in_training_apart(DatabaseProvider provider)
    {
        // Live: one is agreed on, one takes a third person, one waits. In training: two that disagree and take a third.
        var live = new ReportScenario();
        Looked(live, Tenant.Live, "B B", "B N B", "B");
        var training = new ReportScenario { Nth = 1 };
        Looked(training, Tenant.Training, "N B B", "N B B");
        await using var world = await ProjectedAsync(provider, live, training);

        foreach (var caller in new[] { Nl, Se, Operator })
        {
            var read = await ReadAsync(world, caller);
            Assert.Equal((3L, 2L, 1L, 1L, 1L), Looks(read));
            Assert.Equal((0.5, 0.5), (Share(read, "looksAgreed"), Share(read, "looksDisagreed")));
            Assert.Null(read.Figures.Single(f => f.Name == "looksAgreed").Kappa);
            Assert.Equal(
                [("Baseline-Baseline", 1L), ("Baseline-National", 1L)],
                read.Breakdowns.Single(b => b.Name == "looks").Tallies.Select(t => (t.Name, t.Count)));
            Assert.Equal((2L, 0L, 24d), Summary(read, "secondLook"));

            var exercised = await ReadAsync(world, caller with { Tenant = Tenant.Training });
            Assert.Equal((2L, 2L, 0L, 2L, 2L), Looks(exercised));
            Assert.Equal([("National-Baseline", 2L)], exercised.Breakdowns.Single(b => b.Name == "looks").Tallies.Select(t => (t.Name, t.Count)));
        }

        // Who sees none of the items counts none of their looks.
        Assert.Equal((0L, 0L, 0L, 0L, 0L), Looks(await ReadAsync(world, De1)));

        // Nor does a training's look stand in live queues and lists of looks, or a live one in training's.
        var reader = new LookReader(world.Model);
        Assert.Equal([3], (await reader.WaitingAsync(Nl, 50, null)).Looks.Select(l => l.Ordinal));
        Assert.Empty((await reader.WaitingAsync(Nl with { Tenant = Tenant.Training }, 50, null)).Looks);
        Assert.Equal((new LookAgreement(2, 2), new LookAgreement(2, 0)),
            (await reader.AgreementAsync(Nl), await reader.AgreementAsync(Nl with { Tenant = Tenant.Training })));

        static (long, long, long, long, long) Looks(Statistics read) => (
            Count(read, "looksAsked"), Count(read, "looksDone"), Count(read, "looksAgreed"), Count(read, "looksDisagreed"), Count(read, "looksThird"));

        static double? Share(Statistics read, string name) => read.Figures.Single(f => f.Name == name).Share;

        static void Looked(ReportScenario s, Tenant tenant, params string[] said)
        {
            s.Members.Looks[Nl.Agency] = new SecondLookPolicy { For = LookFor.NewBaseline | LookFor.Icse, Sample = 100, Version = 1 };
            s.Submit(Se with { Tenant = tenant }, [.. said.Select(_ => Entry(NL))]);
            for (var item = 1; item <= said.Length; item++)
            {
                var words = said[item - 1].Split(' ').Select(w => w == "B" ? Classification.Baseline : Classification.National).ToArray();
                for (var n = 1; n <= words.Length; n++)
                {
                    var (by, word, ordinal) = (
                        Nl with { Tenant = tenant, Person = PersonId.Parse($"p-{n:D16}"), KeyId = $"p-{n:D16}" }, words[n - 1], item);
                    At(s, n, () => n == 1 ? s.Assess(by, word, ordinal) : s.Do(new AssessBlind
                    {
                        ReportId = s.Id, Context = s.Context(by), Item = ReportScenario.At(ordinal)[0], Assessment = Opinion(word),
                    }));
                }
            }
        }
    }

    /// <summary>Worked by hand: of 40 pairs 30 agree, 20 on Baseline and 10 on National; chance alone gives a half.</summary>
    [Fact]
    public void Kappa_is_what_is_above_chance_and_is_left_out_where_it_says_nothing()
    {
        Assert.Equal(0.4667, StatisticsReader.Kappa(
        [
            new(Classification.Baseline, Classification.Baseline, 2, 20), new(Classification.National, Classification.National, 2, 10),
            new(Classification.Baseline, Classification.National, 3, 5), new(Classification.National, Classification.Baseline, 3, 5),
        ]));
        Assert.Null(StatisticsReader.Kappa([new(Classification.Baseline, Classification.Baseline, 2, 40)]));
        Assert.Null(StatisticsReader.Kappa([new(Classification.Baseline, Classification.National, 2, 29)]));
        Assert.Equal(0, StatisticsReader.Kappa(
        [
            new(Classification.Baseline, Classification.Baseline, 2, 10), new(Classification.Baseline, Classification.National, 2, 10),
            new(Classification.National, Classification.Baseline, 2, 10), new(Classification.National, Classification.National, 2, 10),
        ]));
    }

    [SkippableFact]
    public async Task Every_number_says_what_it_counts_and_no_two_say_the_same()
    {
        await using var world = await ProjectedAsync(DatabaseProvider.Sqlite);
        var read = await ReadAsync(world, Nl);
        var named = read.Figures.Select(f => (f.Name, f.Definition)).Concat(read.Breakdowns.Select(b => (b.Name, b.Definition)))
            .Concat(read.Durations.Select(d => (d.Name, d.Definition))).ToArray();
        Assert.Equal(named.Length, named.Select(n => n.Name).Distinct().Count());
        Assert.Equal(named.Length, named.Select(n => n.Definition).Distinct().Count());
        Assert.All(named, n => Assert.EndsWith(".", n.Definition, StringComparison.Ordinal));
        Assert.Contains("withdrawn", read.Scope, StringComparison.Ordinal);
    }

    /// <summary>On a day after the start, all of it accepted.</summary>
    private static void At(ReportScenario s, int day, params Func<CommandReply>[] commands)
    {
        s.Now = Start.AddDays(day);
        Assert.All(commands.Select(c => c()).ToArray(), r => Assert.True(r.Outcome == CommandOutcome.Accepted, $"{r.Code} {r.Detail}"));
    }

    private static UrlKeys Url(string name) => RandomLives.KeysOf(new HmacOnlySeam(), $"https://img.example/{name}");

    private async Task<ReadModelWorld> ProjectedAsync(DatabaseProvider provider, params ReportScenario[] scenarios)
    {
        var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        await world.AppendAsync(scenarios.Select(s => (s.Id, (System.Collections.Immutable.ImmutableArray<IReportEvent>)[.. s.Events])));
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        return world;
    }

    private static Task<Statistics> ReadAsync(ReadModelWorld world, Caller caller) => new StatisticsReader(world.Model).ReadAsync(caller, null, null);

    private static long Count(Statistics read, string name) => read.Figures.Single(f => f.Name == name).Count;

    private static Duration Duration(Statistics read, string name) => read.Durations.Single(d => d.Name == name);

    private static (long Items, long DataFaults, double? MedianHours) Summary(Statistics read, string name)
    {
        var d = Duration(read, name);
        return (d.Items, d.DataFaults, d.MedianHours);
    }
}
