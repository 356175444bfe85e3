using System.Collections.Immutable;
using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Actors.Tests.Matching.Groups;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Groups;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Tests.Projections;

/// <summary>Groups of look-alikes in the read tables, formed from the journal, and what each caller sees of them.</summary>
public sealed class GroupTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Country NL = Country.Parse("NL"), DE = Country.Parse("DE"), SE = Country.Parse("SE");

    private static readonly Caller Fr = RandomLives.Hotline("hotline-fr", "FR");

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Groups_are_those_of_the_rules_whatever_the_batches_and_a_rebuild_gives_equal_rows(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var live = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var pictures = new Pictures(world, 21);
        var random = new Random(21);
        var families = Enumerable.Range(0, 6).Select(_ => PdqValues.Random(random)).ToArray();
        var previous = families[0];
        var expected = LookAlikeGroups.Empty;
        for (var i = 0; i < 150; i++)
        {
            previous = random.Next(3) switch
            {
                0 => PdqValues.Flip(previous, random.Next(31), random.Next(256)),
                1 => PdqValues.Random(random),
                _ => PdqValues.Flip(families[random.Next(6)], random.Next(25), random.Next(256)),
            };
            await pictures.AddAsync(RandomLives.Nl, NL, previous);
            if (i % 20 == 0)
            {
                // Two groups, and a while later what makes them one.
                var apart = PdqValues.Random(random);
                await pictures.AddAsync(RandomLives.Nl, NL, apart, apart, PdqValues.Flip(apart, 50), PdqValues.Flip(apart, 52));
                await pictures.AddAsync(RandomLives.Nl, NL, PdqValues.Flip(apart, 25));
            }
        }

        var events = await world.EventsAsync();
        foreach (var e in events)
        {
            foreach (var step in (e.Event as AutomaticWorkDone)?.Steps ?? [])
            {
                expected = expected.Seen(pictures.ValueOf(e.PersistenceId, step.Ordinal), step.Match?.LookAlikes ?? [], e.Ordering);
            }
        }

        var projector = world.Projector(live, new ProjectionOptions { CachedItems = 20 });
        await projector.OpenAsync();
        for (var at = 0; at < events.Length;)
        {
            var (from, to) = (Math.Max(0, at - random.Next(6)), Math.Min(events.Length, at + random.Next(1, 40)));
            await projector.ApplyAsync(events[from..to]);
            at = to;
        }

        var rows = await world.RowsAsync(live);
        Assert.Equal(rows, await world.RowsAsync(await RebuiltAsync(world)));
        Assert.Equal(rows, await world.RowsAsync(await world.BuiltByNodesAsync(random)));

        await using var db = world.Tables.Connect();
        var found = (await ReadTables.LookAlikes(db, live).ToListAsync()).ToDictionary(r => GroupRows.Open(world.Seam, Tenant.Live, r), r => r.GroupId);
        Assert.True(expected.Joined.Count > 50);
        Assert.NotEmpty(expected.Merges);
        Assert.Equal(expected.Joined.Keys.ToDictionary(v => v, v => GroupRows.IdOf(world.Seam, Tenant.Live, expected.Of(v)!.Founder)), found);
        Assert.All(expected.Joined.Keys, v => Assert.DoesNotContain(v.ToHex()[..12], rows, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Two_groups_become_one_by_members_that_are_not_their_founders(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var live = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var pictures = new Pictures(world, 24);
        var founder = PdqValues.Random(new Random(24));
        var member = PdqValues.Flip(founder, 30);
        var between = PdqValues.Flip(member, 2, 200);
        var other = PdqValues.Flip(PdqValues.Flip(between, 15), 17, 30);
        var otherMember = PdqValues.Flip(other, 1);
        Assert.All([founder, other], f => Assert.True(LookAlikeGroups.Distance(between, f) > PdqLimits.Radius));
        Assert.All([member, otherMember], m => Assert.True(LookAlikeGroups.Distance(between, m) <= PdqLimits.Radius));

        foreach (var (first, second) in new[] { (member, founder), (otherMember, other) })
        {
            // The second one sees the first and founds the group.
            await pictures.AddAsync(RandomLives.Nl, NL, first);
            await pictures.AddAsync(RandomLives.Nl, NL, second);
        }

        // In batches of their own: what is read for the last one holds neither founder.
        await pictures.ProjectAsync();
        Assert.Equal(2, (await Reader(world).PageAsync(RandomLives.Nl, new())).Groups.Length);
        await pictures.AddAsync(RandomLives.Nl, NL, between);
        await pictures.ProjectAsync();
        Assert.Equal(5, Assert.Single((await Reader(world).PageAsync(RandomLives.Nl, new())).Groups).Items);
        Assert.Equal(await world.RowsAsync(live), await world.RowsAsync(await RebuiltAsync(world)));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_group_that_cannot_be_worked_out_does_not_stop_the_read_model(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var pictures = new Pictures(world, 25);
        var start = PdqValues.Random(new Random(25));
        await pictures.AddAsync(RandomLives.Nl, NL, start);
        await pictures.AddAsync(RandomLives.Nl, NL, PdqValues.Flip(start, 3));
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());

        // Its members name a group that is not there.
        await using var db = world.Tables.Connect();
        Assert.Equal(1, await ReadTables.Groups(db, set).DeleteAsync());
        var late = await pictures.AddAsync(RandomLives.Nl, NL, PdqValues.Flip(start, 5));
        var events = await world.EventsAsync();
        Assert.Equal(events[^1].Ordering, await projector.ApplyAsync(events));
        Assert.Equal(1, await ReadTables.Reports(db, set).CountAsync(r => r.ReportId == late.ToString()));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Lost_sightings_are_mended_with_their_reports(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var pictures = new Pictures(world, 22);
        var start = PdqValues.Random(new Random(22));
        for (var i = 0; i < 12; i++)
        {
            await pictures.AddAsync(RandomLives.Nl, NL, PdqValues.Flip(start, i));
        }

        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync([.. (await world.EventsAsync()).Where((e, i) => i % 4 != 1)]);
        Assert.True(await projector.ReconcileAsync(all: true) > 0);
        var view = Assert.Single((await Reader(world).PageAsync(RandomLives.Nl, new())).Groups);
        Assert.Equal(12, view.Items);
        Assert.Equal(0, await projector.ReconcileAsync(all: true));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Each_caller_counts_what_it_sees_and_one_visible_item_is_no_group(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var pictures = new Pictures(world, 23);
        var start = PdqValues.Random(new Random(23));

        // Reported by GB: three items in NL, two in DE (two hotlines there), one in FR, one in SE where no hotline is, all alike; a pair in NL of another kind.
        var first = await pictures.AddAsync(RandomLives.Uk, NL, start, PdqValues.Flip(start, 5), PdqValues.Flip(start, 9));
        await pictures.AddAsync(RandomLives.Uk, DE, PdqValues.Flip(start, 12), PdqValues.Flip(start, 12));
        await pictures.AddAsync(RandomLives.Uk, SE, PdqValues.Flip(start, 3, 90));
        var other = PdqValues.Random(new Random(24));
        await pictures.AddAsync(RandomLives.Nl, NL, other, PdqValues.Flip(other, 30));
        await pictures.AddAsync(RandomLives.Nl, NL, PdqValues.Random(new Random(25)));
        await pictures.ProjectAsync();
        var reader = Reader(world);

        var uk = Assert.Single((await reader.PageAsync(RandomLives.Uk, new())).Groups);
        Assert.Equal((6, 3, 6, 0), (uk.Items, uk.Reports, uk.Unassessed, uk.Yours));
        Assert.Equal([("NL", 3), ("DE", 2), ("none", 1)], uk.Countries.Select(c => (c.Name, (int)c.Count)));
        var nl = (await reader.PageAsync(RandomLives.Nl, new())).Groups;
        Assert.Equal([(3L, 1L, 3L), (2L, 1L, 2L)], nl.Select(g => (g.Items, g.Reports, g.Yours)));
        Assert.Equal(uk.Id, nl[0].Id);
        var de = Assert.Single((await reader.PageAsync(RandomLives.De1, new())).Groups);
        Assert.Equal((2, 2), (de.Items, de.Yours));
        Assert.Equal([("DE", 2L)], de.Countries.Select(c => (c.Name, c.Count)));
        Assert.Empty((await reader.PageAsync(Fr, new())).Groups);
        Assert.Empty((await reader.PageAsync(RandomLives.Nl with { Tenant = Tenant.Training }, new())).Groups);
        Assert.Empty((await reader.PageAsync(RandomLives.Nl with { Kind = AgencyKind.Operator, Roles = Roles.Operator }, new())).Groups);
        Assert.Null(await reader.GetAsync(Fr, uk.Id, 200, null));
        Assert.Null(await reader.TargetsAsync(Fr, uk.Id, null, 100));
        Assert.Null(await reader.GetAsync(RandomLives.Nl, new string('0', 20), 200, null));

        // Filters and pages.
        Assert.Equal(2, (await reader.PageAsync(RandomLives.Nl, new() { Country = NL })).Groups.Length);
        Assert.Empty((await reader.PageAsync(RandomLives.Nl, new() { Country = DE })).Groups);
        Assert.Equal(2, (await reader.PageAsync(RandomLives.Nl, new() { Hotline = RandomLives.Nl.Agency })).Groups.Length);
        var page = await reader.PageAsync(RandomLives.Nl, new() { MaxResults = 1 });
        Assert.Equal(nl[0].Id, Assert.Single(page.Groups).Id);
        var rest = await reader.PageAsync(RandomLives.Nl, new() { MaxResults = 1, After = page.Next });
        Assert.Equal((nl[1].Id, null), (Assert.Single(rest.Groups).Id, rest.Next));
        var items = await reader.GetAsync(RandomLives.Nl, nl[0].Id, 2, null);
        var more = await reader.GetAsync(RandomLives.Nl, nl[0].Id, 2, items!.Next);
        Assert.Equal([1, 2, 3], items.Items.Concat(more!.Items).Select(i => i.Item.Row.Ordinal));

        // Items in lists carry the mark as their caller counts it; the single one carries none.
        var queue = (await new QueueReader(world.Model).PageAsync(RandomLives.Nl, new() { Queue = WorkQueue.Unassessed })).Items;
        Assert.Equal([(nl[0].Id, 3L), (nl[0].Id, 3), (nl[0].Id, 3), (nl[1].Id, 2), (nl[1].Id, 2), (null, 0)],
            queue.OrderBy(i => i.Row.Number).Select(i => (i.Group?.Id, i.Group?.Items ?? 0)));
        Assert.Equal(first, ReportId.Parse(queue.MinBy(i => i.Row.Number)!.Row.ReportId));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_assessed_member_leaves_the_count_and_is_offered_for_the_others_with_its_distance(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var pictures = new Pictures(world, 26);
        var start = PdqValues.Random(new Random(26));
        var near = await pictures.AddAsync(RandomLives.Nl, NL, start, PdqValues.Flip(start, 7), PdqValues.Flip(start, 20));
        var away = await pictures.AddAsync(RandomLives.Nl, DE, PdqValues.Flip(start, 9));
        await pictures.DoAsync(near, id => new AssessItems
        {
            ReportId = id, Context = pictures.Lives.Context(RandomLives.Nl), Items = [new ItemTarget { Ordinal = 1 }],
            Assessment = new AssessmentInput { Classification = Classification.National, Age = AgeCategory.PrePubescent, VirtualContent = true },
        });
        await pictures.ProjectAsync();
        var reader = Reader(world);
        var group = Assert.Single((await reader.PageAsync(RandomLives.Nl, new())).Groups);
        Assert.Equal((4, 3, 2), (group.Items, group.Unassessed, group.Yours));
        Assert.Equal([("National", 1L)], group.Assessed.Select(a => (a.Name, a.Count)));

        var items = (await reader.GetAsync(RandomLives.Nl, group.Id, 200, null))!.Items;
        Assert.Equal([null, 7, 20, 9], items.Select(i => i.Offer?.Distance));
        Assert.Equal([false, true, true, false], items.Select(i => i.Yours));
        var offer = items[1].Offer!;
        Assert.Equal((new ItemRef(near, 1), Classification.National, RandomLives.Nl.Agency, AgeCategory.PrePubescent, true, false),
            (offer.From, offer.Classification, offer.Agency!.Value, offer.Age!.Value, offer.VirtualContent!.Value, offer.ChildModeling!.Value));
        Assert.NotNull(offer.At);
        Assert.Equal([2, 3], (await reader.TargetsAsync(RandomLives.Nl, group.Id, null, 100))!.Items.Select(t => t.Item.Ordinal));
        Assert.Equal([new ItemRef(away, 1)],
            (await reader.TargetsAsync(RandomLives.Nl, group.Id, [new ItemRef(away, 1), new ItemRef(away, 2)], 100))!.Items.Select(t => t.Item));

        // Who does not see the assessed item gets no offer from it: to DE its only item is no group at all, and with a second one it is offered nothing.
        Assert.Null(await reader.GetAsync(RandomLives.De1, group.Id, 200, null));
        await pictures.AddAsync(RandomLives.Nl, DE, PdqValues.Flip(start, 11));
        await pictures.ProjectAsync();
        Assert.All((await reader.GetAsync(RandomLives.De1, group.Id, 200, null))!.Items, i => Assert.Null(i.Offer));

        // A withdrawn report's items are in no group any more.
        await pictures.DoAsync(away, id => new WithdrawReport { ReportId = id, Context = pictures.Lives.Context(RandomLives.Nl) });
        await pictures.ProjectAsync();
        Assert.Null(await reader.GetAsync(RandomLives.De1, group.Id, 200, null));
    }

    private static GroupReader Reader(ReadModelWorld world) => new(world.Model, world.Seam);

    /// <summary>Reports of pictures with PDQ values, matched as the buckets would, into the journal and the read tables.</summary>
    /// <summary>A second table set, made of the whole journal in one batch.</summary>
    private static async Task<int> RebuiltAsync(ReadModelWorld world)
    {
        var set = (await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow)).Id;
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        return set;
    }

    private sealed class Pictures(ReadModelWorld world, int seed)
    {
        private readonly PdqValues _seen = new();
        private readonly Dictionary<string, ContentHash[]> _values = [];
        private long _number = 10_000;

        public RandomLives Lives { get; } = new(seed, world.Seam);

        public ContentHash ValueOf(string persistenceId, int ordinal) => _values[persistenceId][ordinal - 1];

        public async Task<ReportId> AddAsync(Caller by, Country country, params ContentHash[] values)
        {
            var reference = HotlineReference.Parse($"P-{_number}");
            var id = TestKeys.IdOf(by.Tenant, by.Agency, reference);
            await DoAsync(id, _ => new SubmitReport
            {
                ReportId = id, Context = Lives.Context(by), Reference = reference, HotlineReceivedDate = RandomLives.Start.AddHours(-1),
                ReportNumber = _number++, FirstItemNumber = (_number += values.Length) - values.Length,
                Items = [.. values.Select((v, i) => new SubmittedItem
                {
                    Secrets = new ItemSecrets { Url = $"https://pictures.example/{_number}/{i}" }, ContentType = ContentType.Media, Hashes = [v],
                        PdqQuality = 90,
                    Hosting = new HostingFacts { Country = country, Source = HostingSource.Reported, TracedAt = RandomLives.Start },
                })],
            });
            _values[EntityName.Of(id).ToString()] = values;
            await DoAsync(id, _ => new CompleteAutomaticWork
            {
                ReportId = id, Context = Lives.Context(Caller.System),
                Verdicts = [.. values.Select((v, i) => new ItemVerdicts
                {
                    Ordinal = i + 1, Exact = [new HashVerdict { Hash = v, Version = 0 }], LookAlikes = [.. _seen.Sight(v)], LookedUp = true,
                    NearSearched = true,
                })],
            });
            return id;
        }

        public async Task DoAsync(ReportId id, Func<ReportId, IReportVerb> command)
        {
            var (_, events) = Lives.Do(command(id));
            Assert.NotEmpty(events);
            await world.AppendAsync((id, events));
        }

        public async Task ProjectAsync()
        {
            var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
            var projector = world.Projector(set);
            await projector.OpenAsync();
            await projector.ApplyAsync(await world.EventsAsync());
        }
    }
}
