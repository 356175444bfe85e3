using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Tests.Projections;

/// <summary>Queues, search and statistics over a projected world of random lives, on both databases.</summary>
public sealed class ReaderTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Caller Operator = new() { Agency = AgencyId.Parse("operator"), Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "k" };

    private static readonly Caller Police = new()
    {
        Agency = AgencyId.Parse("police-de"), Kind = AgencyKind.Police, Roles = Roles.Officer, KeyId = "k", Countries = [Country.Parse("DE")],
            Purpose = "case 7",
    };

    private static readonly Caller Interpol = new() { Agency = AgencyId.Parse("interpol"), Kind = AgencyKind.Interpol, Roles = Roles.Officer, KeyId = "k" };

    private static readonly Caller[] Everybody =
    [
        RandomLives.Nl, RandomLives.De1, RandomLives.De2, RandomLives.Uk, Police, Interpol, Operator, Police with { Purpose = null },
        RandomLives.Nl with { Roles = Roles.Auditor }, RandomLives.Nl with { Roles = Roles.Auditor | Roles.Analyst }, Operator with { Roles = Roles.Auditor },
        Police with { Kind = AgencyKind.SupervisoryAuthority, Roles = Roles.Auditor }, RandomLives.Nl with { Tenant = Tenant.Training },
        Interpol with { Roles = Roles.Auditor }, Operator with { Kind = AgencyKind.Provider, Roles = Roles.Machine }, RandomLives.Hotline("hotline-se", "SE"),
        RandomLives.Hotline("hotline-fr", "FR", "RU"), Caller.System,

        // Whom orphans went to, and one that only works for a country whose job some items were.
        Police with { Agency = AgencyId.Parse("police-fr"), Countries = [] }, RandomLives.Hotline("hotline-de3", "DE"),
        Police with { IsNationalBureau = true, Roles = Roles.Officer | Roles.Manager },
        Police with { IsNationalBureau = true, Roles = Roles.Officer | Roles.Manager, LooksAfter = [AgencyId.Parse("police-xx")] },
    ];

    [Fact]
    public void The_conditions_on_rows_say_of_every_caller_what_the_access_table_says()
    {
        var rows = Enumerable.Range(0, 8).SelectMany(seed => Rows(seed)).ToArray();
        var held = Everybody.Aggregate(ItemRelations.None, (all, c) => all | rows.Aggregate(all, (a, r) => a | AccessTable.RelationsOf(c, r.RelationFacts())));
        Assert.All(AccessTable.Relations, r => Assert.True(held.HasFlag(r), r.ToString()));
        foreach (var caller in Everybody)
        {
            var conditions = AccessScope.RelationsOf(caller).Select(r => (r.Relation, Holds: r.Holds.Compile())).ToArray();
            var fields = Enum.GetValues<FieldGroup>().Select(f => (Field: f, Sees: AccessScope.Sees(caller, f).Compile())).ToArray();
            var writes = Enum.GetValues<ItemWrite>().Select(w => (Write: w, May: AccessScope.MayWrite(caller, w).Compile())).ToArray();
            var isPart = AccessScope.IsPartyTo(caller, caller.LooksAfter.Contains(AgencyId.Parse("police-xx"))).Compile();
            foreach (var row in rows)
            {
                var facts = row.RelationFacts();
                Assert.Equal(AccessTable.IsParty(caller, facts, AgencyId.Parse("police-xx")), isPart(row));
                var expected = AccessTable.RelationsOf(caller, facts);
                var found = row.Tenant == caller.Tenant
                    ? conditions.Where(c => c.Holds(row)).Aggregate(ItemRelations.None, (all, c) => all | c.Relation) : ItemRelations.None;
                Assert.Equal(expected, found);
                Assert.All(fields, f => Assert.Equal(AccessTable.For(caller, facts).Sees(f.Field), f.Sees(row)));
                Assert.All(writes, w => Assert.Equal(AccessTable.MayWrite(caller, facts, w.Write), w.May(row)));
            }
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Paging_a_queue_neither_skips_nor_repeats_while_rows_arrive(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(11, world.Seam);
        var projector = await ProjectAsync(world, lives, 500);
        var reader = new QueueReader(world.Model);
        var apart = Sample.IsChosen ? 3 : 1;
        foreach (var (who, caller) in ((Caller[])[RandomLives.De1, RandomLives.Uk, Police]).Index())
        {
            foreach (var (place, queue) in WorkQueue.All.Index())
            {
                foreach (var order in Enum.GetValues<QueueOrder>())
                {
                    var query = new QueueQuery { Queue = queue, Order = order, MaxResults = 8 };
                    var before = await AllAsync(reader, caller, query, null);
                    var count = (await reader.CountsAsync(caller)).Queues.Single(q => q.Queue == queue);
                    Assert.Equal(before.Length, count.Count);
                    Assert.Equal(before.Count(i => i.Row.Urgent), count.Urgent);
                    Assert.Equal(ReadRows.Time(before.Select(i => i.Age).Min()), count.OldestFrom);
                    Assert.Equal(Sorted(before, order).Select(i => i.Row.Number), before.Select(i => i.Row.Number));
                    foreach (var filter in Filters.Where((_, which) => (who + place + (int)order + which) % apart == 0))
                    {
                        // By what the caller sees of an item, in the order of the whole queue.
                        var narrowed = await AllAsync(reader, caller, query with { Filter = filter }, null);
                        Assert.Equal(before.Where(i => Fits(filter, i)).Select(i => i.Row.Number), narrowed.Select(i => i.Row.Number));
                        Assert.Equal(narrowed.Length, (await reader.LengthAsync(caller, queue, filter)).Count);
                    }

                    var during = await AllAsync(reader, caller, query, async () =>
                    {
                        var (id, events) = lives.Submit(2, known: true);
                        await world.AppendAsync((id, events), lives.Work(id));
                        await projector.ApplyAsync(await world.EventsAsync(projector.Position, 1000));
                    });
                    Assert.Equal(during.Length, during.DistinctBy(i => i.Row.Number).Count());
                    Assert.Empty(before.Select(i => i.Row.Number).Except(during.Select(i => i.Row.Number)));
                }
            }
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Every_filter_finds_what_it_names_and_nothing_the_caller_may_not_see(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(12, world.Seam);
        await ProjectAsync(world, lives, 400);
        var search = new ReportSearch(world.Model, world.Seam, world.UrlKeys);
        var all = lives.Reports.Values.SelectMany(r => r.Items.Select(i => (Report: r, Item: i))).ToArray();
        var (sample, item) = all.First(p => !p.Item.Hashes.IsEmpty && p.Item.Assignment?.Hotline is not null);
        var url = world.Seam.Open<Domain.Confidential.ItemSecrets>(item.SecretsPlace(sample.Id), item.Secrets).Url;
        var host = new Uri(url).Host;

        (SearchQuery Query, Func<Report, ContentItem, bool> Fits, FieldGroup Field)[] cases =
        [
            (new(), (_, _) => true, FieldGroup.Existence),
            (new() { ReportId = sample.Id }, (r, _) => r.Id == sample.Id, FieldGroup.Existence),
            (new() { Numbers = [item.Number] }, (_, i) => i.Number == item.Number, FieldGroup.Existence),
            (new() { States = [ItemState.Orphaned, ItemState.Unassessed] }, (_, i) =>
                i.State() is ItemState.Orphaned or ItemState.Unassessed, FieldGroup.State),
            (new() { Classifications = [Classification.Baseline] }, (_, i) => i.Effective() == Classification.Baseline, FieldGroup.Classification),
            (new() { HostingCountries = [Country.Parse("DE")] }, (_, i) => i.Hosting?.Country?.Code == "DE", FieldGroup.Hosting),
            (new() { Countries = [Country.Parse("FR")] }, (_, i) =>
                i.Hosting?.Country?.Code == "FR" || i.Assignment?.Country?.Code == "FR", FieldGroup.Hosting),
            (new() { AssignedCountries = [Country.Parse("NL")] }, (_, i) => i.Assignment?.Country?.Code == "NL", FieldGroup.State),
            (new() { Hotlines = [RandomLives.De1.Agency] }, (_, i) => i.Assignment?.Hotline == RandomLives.De1.Agency, FieldGroup.State),
            (new() { ReportingHotlines = [RandomLives.Uk.Agency] }, (r, _) => r.ReportingHotline == RandomLives.Uk.Agency, FieldGroup.Existence),
            (new() { AgencyText = "De" }, (r, i) =>
                r.ReportingHotline.Value.Contains("de") || i.Assignment?.Hotline?.Value.Contains("de") == true, FieldGroup.State),
            (new() { SiteTypes = [SiteType.ImageHost] }, (r, _) => r.SiteType == SiteType.ImageHost, FieldGroup.Hosting),
            (new() { Commercialities = [Commerciality.Commercial] }, (r, _) => r.Commerciality == Commerciality.Commercial, FieldGroup.Hosting),
            (new() { Urgent = true }, (r, _) => r.Urgent, FieldGroup.State),
            (new() { KnownWithoutLook = true }, (_, i) => i.IsKnownWithoutLook(), FieldGroup.Classification),
            (new() { ReceivedFrom = RandomLives.Start.AddDays(1) }, (r, _) => r.HotlineReceivedDate >= RandomLives.Start.AddDays(1), FieldGroup.State),
            (new() { AddedFrom = RandomLives.Start.AddDays(1), AddedTo = RandomLives.Start.AddDays(3) },
                (_, i) => i.AddedAt >= RandomLives.Start.AddDays(1) && i.AddedAt < RandomLives.Start.AddDays(3), FieldGroup.Existence),
            (new() { ChangedTo = RandomLives.Start.AddDays(2) }, (_, i) => i.LastChangedAt < RandomLives.Start.AddDays(2), FieldGroup.Existence),
            (new() { Hashes = [item.Hashes[0], RandomLives.Hash(3)] }, (_, i) =>
                i.Hashes.Contains(item.Hashes[0]) || i.Hashes.Contains(RandomLives.Hash(3)), FieldGroup.Hashes),
            (new() { Url = url.Replace("https", "HTTPS", StringComparison.Ordinal) + "#part" },
                (r, i) => world.Seam.Open<Domain.Confidential.ItemSecrets>(i.SecretsPlace(r.Id), i.Secrets).Url == url, FieldGroup.Url),
            (new() { Host = host.ToUpperInvariant() },
                (r, i) => new Uri(world.Seam.Open<Domain.Confidential.ItemSecrets>(i.SecretsPlace(r.Id), i.Secrets).Url).Host == host, FieldGroup.Url),
            (new() { Domain = "www." + host },
                (r, i) => new Uri(world.Seam.Open<Domain.Confidential.ItemSecrets>(i.SecretsPlace(r.Id), i.Secrets).Url).Host == host, FieldGroup.Url),
            (new() { Reference = sample.Reference.Value }, (r, _) => r.Reference == sample.Reference, FieldGroup.ReporterData),
        ];
        // In .ci/run every third pair of the two: most of the time goes into making five hundred queries once each.
        var apart = Sample.IsChosen ? 3 : 1;
        foreach (var (who, caller) in Everybody.Where(c => !AccessTable.May(c, Deed.CountEverything)).Index())
        {
            foreach (var (query, fits, field) in cases.Where((_, what) => (who + what) % apart == 0))
            {
                var expected = all.Where(p =>
                    fits(p.Report, p.Item) && AccessTable.For(caller, ReportViews.RelationFacts(p.Report, p.Item)) is { Exists: true } access
                    && access.Sees(FieldGroup.State) && access.Sees(field)).Select(p => p.Item.Number).Order();
                var found = new List<ListedItem>();
                for (var page = query with { MaxResults = 37 }; ;)
                {
                    var answer = await search.SearchAsync(caller, page);
                    found.AddRange(answer.Items);
                    if (answer.Next is null)
                    {
                        break;
                    }

                    page = page with { After = answer.Next };
                }

                Assert.Equal(expected, found.Select(f => f.Row.Number).Order());
                Assert.Equal(found.OrderByDescending(f => f.Row.AddedAt).ThenByDescending(f => f.Row.Number).Select(f => f.Row.Number),
                    found.Select(f => f.Row.Number));
            }
        }

        Assert.Empty((await search.SearchAsync(Operator, new())).Items);
    }

    [Fact]
    public async Task A_repeated_URL_is_marked_as_a_probable_duplicate_of_the_earliest_one_the_caller_sees()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(13, world.Seam);
        await ProjectAsync(world, lives, 400);
        var found = (await new ReportSearch(world.Model, world.Seam, world.UrlKeys).SearchAsync(Interpol, new() { MaxResults = 200 })).Items;
        var urls = lives.Reports.Values.SelectMany(r =>
            r.Items.Select(i => (i.Number, i.AddedAt, world.Seam.Open<Domain.Confidential.ItemSecrets>(i.SecretsPlace(r.Id), i.Secrets).Url,
            Sees: AccessTable.For(Interpol, ReportViews.RelationFacts(r, i)).Exists))).ToDictionary(p => p.Number);
        Assert.Contains(found, f => f.ProbableDuplicateOf is not null);
        foreach (var f in found)
        {
            var first = urls.Values.Where(u => u.Url == urls[f.Row.Number].Url && u.Sees).MinBy(u => (u.AddedAt, u.Number)).Number;
            Assert.Equal(first == f.Row.Number ? null : first, f.ProbableDuplicateOf);
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Statistics_count_what_is_there_and_operators_count_everything(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);

        // Lives in which a report was withdrawn after an item of it was removed: it must not count.
        var seed = Enumerable.Range(15, 60).First(seed =>
        {
            var tried = new RandomLives(seed, world.Seam);
            Assert.Equal(600, Enumerable.Range(0, 600).Select(_ => tried.Step()).ToArray().Length);
            return tried.Reports.Values.SelectMany(r => r.Items).Any(i => i.Withdrawn && i.FinalAction()?.Type == ActionType.Removed);
        });
        var lives = new RandomLives(seed, world.Seam);
        await ProjectAsync(world, lives, 600);
        var joined = lives.Reports.Values.SelectMany(r => r.Items.Select(i => (Report: r, Item: i))).ToArray();
        var items = joined.Where(p => !p.Item.Withdrawn).ToArray();
        var statistics = new StatisticsReader(world.Model);

        var all = await statistics.ReadAsync(Operator, null, null);
        long Figure(string name) => all.Figures.Single(f => f.Name == name).Count;
        Assert.Equal(items.Length, Figure("items"));
        Assert.Equal(joined.Length - items.Length, Figure("withdrawn"));
        Assert.Contains(joined, p => p.Item.Withdrawn && p.Item.FinalAction()?.Type == ActionType.Removed);
        Assert.Equal(items.Select(p => p.Report.Id).Distinct().Count(), Figure("reports"));
        Assert.Equal(items.Count(p => p.Item.IsKnownWithoutLook()), Figure("knownWithoutLook"));

        // Looks are counted where there were any.
        Assert.All(all.Breakdowns.Where(b => b.Name != "looks"), b => Assert.Equal(items.Length, b.Tallies.Sum(t => t.Count)));
        Assert.All(all.Figures, f => Assert.False(string.IsNullOrEmpty(f.Definition)));
        Assert.Equal(items.GroupBy(p => p.Item.State()).ToDictionary(g => g.Key.ToString(), g => (long)g.Count()),
            all.Breakdowns.Single(b => b.Name == "state").Tallies.ToDictionary(t => t.Name, t => t.Count));

        // A removed item that was seen online again begins anew: the public's report was about the one before.
        // One that its reporter says is gone counts as such, also where it stays the assigned country's to close.
        var removed = items.Where(p => p.Item is { PreviousOccurrence: null } && p.Item.Actions.Any(a => a.Type == ActionType.Removed))
            .Select(p => p.Item.Actions.Where(a => a.Type == ActionType.Removed).Min(a => a.Date) - p.Report.HotlineReceivedDate)
            .Select(took => Math.Floor(took.TotalHours)).Order().ToArray();
        var duration = all.Durations.Single(d => d.Name == "receiptToRemoval");
        Assert.NotEmpty(removed);
        Assert.Equal(removed.Length, duration.Items);
        Assert.Equal(removed[(int)Math.Ceiling(removed.Length * 0.5) - 1], duration.MedianHours);

        var police = await statistics.ReadAsync(Police, RandomLives.Start, RandomLives.Start.AddDays(4));
        Assert.Equal(items.Count(p =>
            p.Item.AddedAt < RandomLives.Start.AddDays(4) && (p.Item.Assignment?.Country?.Code == "DE" || p.Item.Hosting?.Country?.Code == "DE"
                || p.Item.EarlierAssignments.Any(a => a.Country?.Code == "DE"))),
            police.Figures.Single(f => f.Name == "items").Count);
        Assert.Equal(0, (await statistics.ReadAsync(RandomLives.Hotline("hotline-se", "SE"), null, null)).Figures.Single(f => f.Name == "items").Count);
    }

    private static async Task<Projector> ProjectAsync(ReadModelWorld world, RandomLives lives, int steps)
    {
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        await world.AppendAsync(Enumerable.Range(0, steps).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        return projector;
    }

    private static IEnumerable<ItemRow> Rows(int seed)
    {
        var lives = new RandomLives(seed, TestKeys.Seam) { WithPolice = true, WithLooks = true };
        for (var i = 0; i < 150; i++)
        {
            lives.Step();
        }

        foreach (var report in lives.Reports.Values.ToArray())
        {
            lives.Do(new EscalateOrphans
            {
                ReportId = report.Id, Context = lives.Context(Caller.System), Ordinals = [.. report.Items.Select(i => i.Ordinal)],
            });
        }

        return lives.Reports.Values.SelectMany(r => r.Items.Select(i =>
        {
            var row = ReadRows.Of(TestKeys.Seam, r, i);
            Assert.Equal(ReportViews.RelationFacts(r, i), row.RelationFacts());
            return row;
        }));
    }

    /// <summary>A priority is told, also by the order, to who sees the hashes.</summary>
    private static IEnumerable<ListedItem> Sorted(IEnumerable<ListedItem> items, QueueOrder order) => order == QueueOrder.Priority
        ? items.OrderByDescending(i => i.Row.Urgent).ThenByDescending(i => i.Access.Sees(FieldGroup.Hashes) ? i.Row.Priority : 0).ThenBy(i => i.Age)
            .ThenBy(i => i.Row.Number)
        : items.OrderByDescending(i => i.Row.Urgent).ThenBy(i => i.Age).ThenBy(i => i.Row.Number);

    private static readonly ItemFilter[] Filters =
    [
        new() { UrgentOnly = true }, new() { Classifications = [Classification.National, Classification.NotIllegal] },
        new() { HostingCountries = [Country.Parse("DE")], Classifications = [Classification.Baseline] },
    ];

    private static bool Fits(ItemFilter filter, ListedItem item) =>
        (!filter.UrgentOnly || item.Row.Urgent)
        && (filter.Classifications.IsEmpty
            || (item.Access.Sees(FieldGroup.Classification) && item.Row.Classification is { } c && filter.Classifications.Contains(c)))
        && (filter.HostingCountries.IsEmpty
            || (item.Access.Sees(FieldGroup.Hosting) && filter.HostingCountries.Any(h => h.Code == item.Row.HostingCountry)));

    private static async Task<ListedItem[]> AllAsync(QueueReader reader, Caller caller, QueueQuery query, Func<Task>? between)
    {
        var all = new List<ListedItem>();
        for (var pages = 0; ; pages++)
        {
            var page = await reader.PageAsync(caller, query);
            all.AddRange(page.Items);
            if (page.Next is null)
            {
                return [.. all];
            }

            query = query with { After = page.Next };
            if (between is not null && pages < 3)
            {
                await between();
            }
        }
    }
}
