using System.Collections.Immutable;
using Akka.Actor;
using CPort.Actors.Icse;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Tests.Projections;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Icse;

/// <summary>That nothing stays at ICSE which is not illegal: not what was withdrawn, not what is out twice, not what stands behind others.</summary>
public sealed class RecallTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly PackageKey One = new(1), Two = new(2);

    private static TakeIcse Take(ReportScenario s, PackageKey package, int news, RecallReason? recalled = null, IcseFinding? finding = null) => new()
    {
        ReportId = s.Id, Context = s.Context(Caller.System), Ordinal = 1,
        Icse = new ItemIcse { Package = package, News = news, At = Start, Recalled = recalled, Finding = finding },
    };

    private static string? Packages(ReportScenario s) => ReadRows.Of(TestKeys.Seam, s.Report, s[1]).IcsePackage;

    [Fact]
    public void A_withdrawn_report_still_hears_that_its_item_was_called_back()
    {
        var s = HostedIn(BE);
        s.Do(Take(s, One, 1));
        s.Withdraw(Nl);
        Assert.Equal(CommandOutcome.Accepted, s.Do(Take(s, One, 2, RecallReason.Withdrawn)).Outcome);
        Assert.Equal(PackageState.Recalled, s[1].Icse!.State);
    }

    [Fact]
    public void An_item_that_went_out_in_two_packages_is_at_ICSE_until_both_have_called_it_back()
    {
        var s = HostedIn(BE);
        s.Do(Take(s, One, 1));
        s.Do(Take(s, Two, 1));
        s.Do(Take(s, One, 2, finding: new IcseFinding { Known = true }));
        Assert.Equal((PackageState.Answered, One), (s[1].Icse!.State, s[1].Icse!.Package));
        Assert.Equal((true, true, false), (s[1].IsOutBeside(One), s[1].IsOutBeside(Two), s[1].Icse!.Recalled is not null));

        // Again, it does nothing.
        var version = s.Report.Version;
        s.Do(Take(s, Two, 1));
        Assert.Equal(version, s.Report.Version);
        s.Do(Take(s, One, 3, RecallReason.NotIllegal));
        Assert.Equal((PackageState.Released, Two), (s[1].Icse!.State, s[1].Icse!.Package));
        Assert.Equal((true, false), (s[1].IsOutBeside(One), s[1].IsOutBeside(Two)));
        s.Do(Take(s, Two, 2, RecallReason.NotIllegal));
        Assert.Equal(PackageState.Recalled, s[1].Icse!.State);
        Assert.False(s[1].IsOutBeside(null));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Who_stands_behind_what_nobody_takes_is_called_back_all_the_same_from_each_package(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await PackageRows.EnsureTablesAsync(world.Database, default);
        var lives = new RandomLives(3, TestKeys.Seam);
        var stuck = lives.Submit(4, RandomLives.Nl);
        var behind = lives.Submit(1, RandomLives.Nl);
        foreach (var (id, events) in new[] { stuck, behind })
        {
            await world.AppendAsync((id, events));
            for (var ordinal = 1; ordinal <= lives.Reports[id].Items.Count; ordinal++)
            {
                foreach (var package in new[] { One, Two })
                {
                    await world.AppendAsync(lives.Do(new TakeIcse
                    {
                        ReportId = id, Context = lives.Context(Caller.System), Ordinal = ordinal,
                        Icse = new ItemIcse { Package = package, News = 1, At = RandomLives.Start },
                    }));
                }
            }

            await world.AppendAsync(lives.Do(new WithdrawReport { ReportId = id, Context = lives.Context(RandomLives.Nl) }));
        }

        Assert.True(await world.Tables.TrySwitchAsync(await world.BuiltByNodesAsync(new Random(1)), DateTimeOffset.UtcNow));
        using var packages = Inbox.Create(world.Node.System);
        using var tail = new JournalTail(
            world.Database, new JournalReader(world.Database, TestKeys.Journal), TimeProvider.System, JournalTailOptions.Always);
        var services = new PackageKeeperServices(
            new PackageRows(world.Database, tail, TestKeys.Journal), world.Tables, TimeProvider.System, TimeSpan.FromMilliseconds(20), Limit: 2);
        world.Node.System.ActorOf(Props.Create(() => new PackageKeeper(services, packages.Receiver)));

        // Nobody answers: the first four stay where they are.
        var called = new HashSet<(PackageKey, ItemRef)>();
        while (!(called.Contains((One, new ItemRef(behind.Id, 1))) && called.Contains((Two, new ItemRef(behind.Id, 1))) && called.Count == 10))
        {
            if (packages.Receive(TimeSpan.FromSeconds(60)) is RecallItems recall)
            {
                Assert.Equal(RecallReason.Withdrawn, recall.Reason);
                called.UnionWith(recall.Items.Select(i => (recall.Key, i)));
            }
        }
    }
}
