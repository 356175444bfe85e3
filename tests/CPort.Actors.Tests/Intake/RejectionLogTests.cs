using CPort.Actors.Intake;
using CPort.Actors.Persistence;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Intake;

public sealed class RejectionLogTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly AgencyId Hotline = AgencyId.Parse("hotline-nl");

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Rejections_are_listed_newest_first_to_their_sender_only_and_the_same_line_counts_up(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await RejectionLog.EnsureTableAsync(database);
        await RejectionLog.EnsureTableAsync(database);
        var log = new RejectionLog(database, TestKeys.Seam, new IntakeLimits());

        await log.RecordAsync([Line("a", 1), Line("b", 2), Line("c", 3) with { Agency = AgencyId.Parse("hotline-de") }, Line("d", 4) with
            { Tenant = Tenant.Training }], default);
        await log.RecordAsync([Line("a", 17), Line("e", 5)], default);

        var all = await log.ListAsync(Hotline, Tenant.Live, null, 10, default);
        Assert.Equal(["e", "b", "a"], all.Select(l => l.Name));
        Assert.Equal((2, 17L), (all[2].Times, all[2].Line));
        var rest = await log.ListAsync(Hotline, Tenant.Live, all[0].Id, 1, default);
        Assert.Equal("b", Assert.Single(rest).Name);
        Assert.Equal(
            (IntakeResult.Conflict, "R-1", "conflict", "memo", "urls[0].memo"),
            (rest[0].Result, rest[0].Reference, rest[0].Problem!.Code, rest[0].Fields[0], rest[0].Problem!.Errors[0].Field));
        Assert.Equal(TestKeys.IdOf(Tenant.Live, Hotline, HotlineReference.Parse("R-1")), rest[0].ReportId);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Only_the_newest_rejections_of_a_sender_are_kept(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await RejectionLog.EnsureTableAsync(database);
        var log = new RejectionLog(database, TestKeys.Seam, new IntakeLimits { RejectionsPerAgency = 10 });
        for (var i = 1; i <= 50; i++)
        {
            await log.RecordAsync([Line($"n{i}", i)], default);
        }

        Assert.Equal(Enumerable.Range(41, 10).Reverse().Select(i => (long)i), (await log.ListAsync(Hotline, Tenant.Live, null, 100, default))
            .Select(l => l.Line));
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_row_that_was_changed_is_told_as_unreadable_and_keeps_no_other_back(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await RejectionLog.EnsureTableAsync(database);
        var doubts = new DatabaseDoubts(TimeProvider.System);
        using var log = new RejectionLog(database, TestKeys.Seam, new IntakeLimits(), doubts);
        await log.RecordAsync([Line("a", 1), Line("b", 2), Line("c", 3), Line("d", 4)], default);
        await database.ExecuteAsync(
            "UPDATE cport_rejections SET sealed = (SELECT o.sealed FROM cport_rejections o WHERE o.name = 'd'), report_id = 'none' WHERE name = 'b'", default);
        await database.ExecuteAsync("UPDATE cport_rejections SET sealed = '?', last_at = 9223372036854775807 WHERE name = 'c'", default);

        var found = await log.ListAsync(Hotline, Tenant.Live, null, 10, default);
        Assert.Equal([("d", true), ("c", false), ("b", false), ("a", true)], found.Select(l => (l.Name, l.Problem is not null)));
        Assert.All(found.Where(l => l.Problem is null), l => Assert.Equal((null, 0), (l.Reference, l.Fields.Count)));
        Assert.Equal(
            found.Where(l => l.Problem is null).Select(l => $"rejection {l.Id}").Order(StringComparer.Ordinal),
            doubts.List().Select(d => d.What).Order(StringComparer.Ordinal));

        // Numbers of entries are held against those that are there.
        await database.ExecuteAsync("UPDATE cport_numbers SET next = 1", default);
        await log.RecordAsync([Line("e", 5)], default);
        Assert.Equal("e", (await log.ListAsync(Hotline, Tenant.Live, null, 10, default))[0].Name);
        Assert.Contains(doubts.List(), d => d.Place == DoubtfulPlace.Numbers);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_sender_whose_lines_are_all_wrong_has_the_first_of_a_day_kept_and_the_others_counted(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await RejectionLog.EnsureTableAsync(database);
        using var log = new RejectionLog(database, TestKeys.Seam, new IntakeLimits { RejectionsPerAgency = 10 });
        var day = DateTimeOffset.UnixEpoch.AddDays(3);
        for (var i = 0; i < 5; i++)
        {
            await log.RecordAsync([.. Enumerable.Range(7 * i, 7).Select(n => Line($"n{n}", n) with { FirstAt = day, LastAt = day.AddMinutes(n) })], default);
        }

        await log.RecordAsync([Line("other", 1) with { Agency = AgencyId.Parse("hotline-de"), LastAt = day }], default);
        await log.RecordAsync([Line("next day", 1) with { LastAt = day.AddDays(1) }], default);

        var kept = await log.ListAsync(Hotline, Tenant.Live, null, 100, default);
        Assert.Equal([.. Enumerable.Range(2, 8).Select(n => $"n{n}"), "next day", "not-kept-19700104"], kept.Select(l => l.Name).Order(StringComparer.Ordinal));
        var counted = kept.Single(l => l.Name.StartsWith("not-kept", StringComparison.Ordinal));
        Assert.Equal((25, RejectionLog.QuotaExceeded, null), (counted.Times, counted.Problem!.Code, counted.Reference));
        Assert.Equal("other", Assert.Single(await log.ListAsync(AgencyId.Parse("hotline-de"), Tenant.Live, null, 100, default)).Name);
        TestDatabases.Delete(database);
    }

    private static RejectedLine Line(string name, long line) => new()
    {
        Agency = Hotline, Tenant = Tenant.Live, Name = name, FirstAt = DateTimeOffset.UnixEpoch.AddDays(line), LastAt = DateTimeOffset.UnixEpoch.AddDays(line),
        Line = line, Reference = "R-1", ReportId = TestKeys.IdOf(Tenant.Live, Hotline, HotlineReference.Parse("R-1")), Result = IntakeResult.Conflict, Fields = ["memo"],
        Problem = new IntakeProblem { Code = "conflict", Detail = "Other content.", Errors = [new FieldError("urls[0].memo", "x", "y")] },
    };
}
