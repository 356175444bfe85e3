using System.Collections.Immutable;
using CPort.Actors.Agencies;
using CPort.Actors.Exchange;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Tests.Agencies;
using CPort.Actors.Tests.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Exchange;

/// <summary>Agencies' feeds: what is told to whom, in which order, whatever happens to who writes them.</summary>
public sealed class FeedTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly AgencyDirectory Directory = AgencyDirectory.Of(AgencyExamples.After(
        AgencyRegistry.Empty,
        AgencyExamples.Register("hotline-nl", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.NL)),
        AgencyExamples.Register("hotline-de1", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.DE)),
        AgencyExamples.Register("hotline-de2", AgencyKind.Hotline, AgencyExamples.In(AgencyExamples.DE)),
        AgencyExamples.Register("hotline-uk", AgencyKind.Hotline, AgencyExamples.In(Country.Parse("GB"))) with { HoldsOrphanMandate = true },
        AgencyExamples.Register("hotline-lu", AgencyKind.Hotline, AgencyExamples.In(Country.Parse("LU"))),
        AgencyExamples.Register("police-nl", AgencyKind.Police, AgencyExamples.In(AgencyExamples.NL)),
        AgencyExamples.Register("interpol", AgencyKind.Interpol)));

    private static readonly DateOnly Day = AgencyDirectory.DayOf(DateTimeOffset.UtcNow);

    [Fact]
    public void Every_event_of_a_report_is_news_or_stands_with_its_reason_why_not()
    {
        var events = typeof(IReportEvent).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: false, IsInterface: false } && t.IsAssignableTo(typeof(IReportEvent)));
        Assert.Equal(events.OrderBy(e => e.Name).Select(e => e.Name), FeedTypes.Events.Concat(FeedTypes.Silent.Keys).OrderBy(e => e.Name).Select(e => e.Name));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite, 3)]
    [InlineData(DatabaseProvider.PostgreSql, 3)]
    public async Task Whoever_writes_and_however_often_they_die_each_agency_reads_what_concerns_it_once_and_in_order(DatabaseProvider provider, int runs)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await FeedTables.EnsureAsync(world.Database);
        for (var seed = 0; seed < runs; seed++)
        {
            var (random, lives) = (new Random(seed), new RandomLives(100 + seed, world.Seam) { WithPolice = true });
            var start = (await world.EventsAsync()).LastOrDefault()?.Ordering ?? 0;
            var writers = Enumerable.Range(0, 3).Select(_ => Writer(world, random.Next(4, 500))).ToArray();
            for (var part = 0; part < 8; part++)
            {
                await world.AppendAsync(Enumerable.Range(0, 40).Select(_ => lives.Step()).ToArray());
                await Task.WhenAll(writers.Select(async w =>
                {
                    try
                    {
                        while (await w.StepAsync(default))
                        {
                        }
                    }
                    catch (Exception e) when (e is FeedFencedException or System.Data.Common.DbException)
                    {
                        // Another was first.
                        w.Forget();
                    }
                }));
                writers[random.Next(writers.Length)] = Writer(world, random.Next(4, 500));
            }

            while (await writers[0].StepAsync(default))
            {
            }

            var events = (await world.EventsAsync()).Where(e => e.Ordering > start).ToArray();
            await ServeAsync(world, events[^1].Ordering);
            foreach (var reader in FeedRules.ReadersOf(Directory, Day, Tenant.Live))
            {
                var read = await ReadAllAsync(world, reader, FeedPlace.EndOf(start), random);
                Assert.Equal(Expected(events, lives, reader), read);
            }
        }

        var everybody = await ReadAllAsync(world, Reader("interpol"), FeedPlace.Start, new Random(1));
        Assert.NotEmpty(everybody);
        Assert.Empty(await ReadAllAsync(world, Reader("hotline-lu"), FeedPlace.Start, new Random(1)));
        Assert.Empty(await ReadAllAsync(world, Reader("interpol") with { Tenant = Tenant.Training }, FeedPlace.Start, new Random(1)));
    }

    [Fact]
    public async Task What_a_reader_may_not_see_any_more_is_told_as_gone_and_nothing_else_of_it()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(7, world.Seam);
        var step = lives.Submit(2, RandomLives.Nl, known: true);
        await world.AppendAsync(step);
        await Writer(world).StepAsync(default);
        await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
        var reader = Reader("hotline-nl");
        Assert.All((await PageAsync(world, reader)).News, n => Assert.True(n.IsSeen));

        // The same feed, read by a hotline that works for nobody and reported nothing: as after its agency's end.
        var news = (await PageAsync(world, reader)).News;
        await world.Database.ExecuteAsync("UPDATE cport_feed SET agency = 'hotline-lu' WHERE agency = 'hotline-nl'", default);
        var others = (await PageAsync(world, Reader("hotline-lu"))).News;
        Assert.Equal(news.Select(n => n.Place), others.Select(n => n.Place));
        Assert.All(others, n => Assert.Equal((false, false, false), (n.IsSeen, n.ShowsJudgement, n.ShowsWho)));
    }

    [Fact]
    public async Task A_row_that_was_moved_or_changed_is_left_out_and_noted()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(8, world.Seam);
        await world.AppendAsync(lives.Submit(3, RandomLives.Nl, known: true));
        await Writer(world).StepAsync(default);
        await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
        var before = (await PageAsync(world, Reader("hotline-nl"))).News;
        Assert.True(before.Length >= 3);
        await world.Database.ExecuteAsync(
            "UPDATE cport_feed_news SET sealed = (SELECT sealed FROM cport_feed_news o WHERE o.part = 2) WHERE part = 1", default);
        var after = (await PageAsync(world, Reader("hotline-nl"))).News;
        Assert.Equal(before.Skip(1).Select(n => n.Place), after.Select(n => n.Place));
        Assert.Contains(world.Doubts.List(), d => d.Place == DoubtfulPlace.Feed);
    }

    [Fact]
    public async Task A_report_that_cannot_be_read_keeps_nobody_elses_news()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(9, world.Seam);
        var (first, second) = (lives.Submit(1, RandomLives.Nl, known: true), lives.Submit(1, RandomLives.Nl, known: true));
        await world.AppendAsync(first);
        await world.AppendDamagedAsync(first.Id);
        await world.AppendAsync(second, lives.Do(new MarkUrgent { ReportId = second.Id, Context = lives.Context(RandomLives.Nl), Urgent = true }));
        await Writer(world).StepAsync(default);
        await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
        var news = (await PageAsync(world, Reader("hotline-nl"))).News;
        Assert.Contains(news, n => n.Report == second.Id && n.Facts.Type == FeedTypes.Added.Name);
    }

    [Fact]
    public async Task Old_news_go_and_the_place_from_which_they_are_kept_is_told()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(10, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 30).Select(_ => lives.Step()).ToArray());
        var writer = Writer(world);
        await writer.StepAsync(default);
        var last = (await world.EventsAsync())[^1].Ordering;
        await ServeAsync(world, last);
        Assert.False(await writer.PruneAsync(DateTimeOffset.UtcNow.AddDays(-1), default));
        Assert.Equal(new FeedBounds(last, 0, MoreComes: false), await new FeedReader(world.Model, world.Seam).BoundsAsync(default));
        await writer.PruneAsync(DateTimeOffset.UtcNow.AddDays(1), default);
        Assert.True((await new FeedReader(world.Model, world.Seam).BoundsAsync(default)).KeptAfter > 0);
        Assert.Empty(await ReadAllAsync(world, Reader("interpol"), FeedPlace.Start, new Random(1)));
    }

    /// <summary>Who reads along is answered from what was read once for all; it is the same, at every step, as what the tables say.</summary>
    [Fact]
    public async Task Who_reads_along_is_told_what_the_tables_say()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(12, world.Seam) { WithPolice = true };
        var (reader, writer, clock) = (new FeedReader(world.Model, world.Seam), Writer(world), new Moved());
        using var head = new FeedHead(reader, clock);
        var readers = FeedRules.ReadersOf(Directory, Day, Tenant.Live);
        var places = readers.ToDictionary(r => r.Agency, _ => FeedPlace.Start);
        var told = 0;
        for (var step = 0; step < 40; step++)
        {
            await HappensAsync([.. Enumerable.Range(0, 4).Select(_ => lives.Step())]);
            foreach (var caller in readers)
            {
                // Some are behind for a while, and one asks for one kind.
                if ((step + caller.Agency.Value.Length) % 7 == 0)
                {
                    continue;
                }

                ImmutableHashSet<string> types = caller.Agency.Value == "hotline-uk" ? [FeedTypes.Assessed.Name] : [];
                for (var more = true; more;)
                {
                    var page = await head.ReadAsync(caller, places[caller.Agency], types, 7, default);
                    var same = await reader.ReadAsync(caller, places[caller.Agency], types, 7, default);
                    var known = same.News.TakeWhile(n => n.Place <= page.UpTo).ToArray();
                    Assert.Equal(known, page.News);
                    Assert.True(page.UpTo <= same.UpTo && (page.More || page.UpTo == same.UpTo), $"{page.UpTo}, {same.UpTo}");
                    (places[caller.Agency], more) = (page.UpTo, page.More);
                    told += page.News.Length;
                }
            }
        }

        Assert.True(told > 200, $"{told}");

        // It does not go back to the tables for it; but what was read some seconds ago is told to nobody.
        await HappensAsync(lives.Submit(2, RandomLives.Nl, known: true));
        var dutch = readers.Single(r => r.Agency == RandomLives.Nl.Agency);
        var expected = (await reader.ReadAsync(dutch, places[dutch.Agency], [], 200, default)).News;
        Assert.NotEmpty(expected);
        await world.Database.ExecuteAsync("DELETE FROM cport_feed", default);
        Assert.Equal(expected.AsEnumerable(), (await head.ReadAsync(dutch, places[dutch.Agency], [], 200, default)).News);
        clock.Move(TimeSpan.FromSeconds(3));
        Assert.Empty((await head.ReadAsync(dutch, places[dutch.Agency], [], 200, default)).News);

        async Task HappensAsync(params (ReportId Id, ImmutableArray<IReportEvent> Events)[] happened)
        {
            await world.AppendAsync(happened);
            while (await writer.StepAsync(default))
            {
            }

            await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
            clock.Move(TimeSpan.FromMilliseconds(250));
            await head.NowAsync();
        }
    }

    /// <summary>Who is some seconds behind is answered without the feed's tables, by how the items stand now.</summary>
    [Fact]
    public async Task Where_somebody_still_reads_the_items_are_looked_at_again()
    {
        await using var world = await StartedAsync();
        var (reader, writer, clock) = (new FeedReader(world.Model, world.Seam), Writer(world), new Moved());
        using var head = new FeedHead(reader, clock);
        var dutch = Reader("hotline-nl");
        var start = (await head.ReadAsync(dutch, FeedPlace.Start, [], 200, default)).UpTo;
        await head.NowAsync();
        await world.AppendAsync(new RandomLives(12, world.Seam).Submit(2, RandomLives.Nl, known: true));
        await writer.StepAsync(default);
        await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
        await LaterAsync(0.25);
        var first = await head.ReadAsync(dutch, start, [], 2, default);
        Assert.All(first.News, n => Assert.True(n.IsSeen));

        // Nothing of it can come from the tables any more; one second and then another one it is read on, as it is by then.
        await world.Database.ExecuteAsync("DELETE FROM cport_feed", default);
        await LaterAsync(1);
        Assert.Equal(first.News.AsEnumerable(), (await head.ReadAsync(dutch, start, [], 2, default)).News);
        await world.Database.ExecuteAsync($"DELETE FROM rm_item_{(await world.Tables.SetsAsync()).Last().Id}", default);
        await LaterAsync(1.5);
        Assert.Equal(first.News.Select(n => (n.Place, false)), (await head.ReadAsync(dutch, start, [], 2, default)).News.Select(n => (n.Place, n.IsSeen)));

        // Not for ever: whoever stays behind is answered by the tables.
        for (var i = 0; i < 9; i++)
        {
            await LaterAsync(1);
            await head.ReadAsync(dutch, start, [], 2, default);
        }

        Assert.Empty((await head.ReadAsync(dutch, start, [], 2, default)).News);

        async Task LaterAsync(double seconds)
        {
            clock.Move(TimeSpan.FromSeconds(seconds));
            await head.NowAsync();
        }
    }

    [Fact]
    public async Task A_place_that_a_page_gave_out_lies_never_ahead_of_the_feed()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(11, world.Seam);
        var reader = new FeedReader(world.Model, world.Seam);

        // The clock stands: what was asked once is not asked again by itself.
        using var head = new FeedHead(reader, new Standing());
        Assert.Equal(0, (await head.NowAsync()).Head);
        await world.AppendAsync(Enumerable.Range(0, 10).Select(_ => lives.Step()).ToArray());
        await Writer(world).StepAsync(default);
        var last = (await world.EventsAsync())[^1].Ordering;
        await ServeAsync(world, last);
        var told = (await reader.ReadAsync(Reader("interpol"), FeedPlace.Start, [], FeedReader.MaxResults, default)).UpTo;
        Assert.Equal(last, told.Ordering);
        Assert.Equal(0, (await head.NowAsync()).Head);
        Assert.Equal(last, (await head.NowAsync(told)).Head);
        Assert.Equal(last, (await head.NowAsync(FeedPlace.EndOf(last + 1))).Head);
    }

    [Fact]
    public async Task News_wait_for_the_read_tables_and_for_the_directory()
    {
        await using var world = await StartedAsync();
        var lives = new RandomLives(11, world.Seam);
        await world.AppendAsync(lives.Submit(2, RandomLives.Nl, known: true));
        await Writer(world).StepAsync(default);

        // Nothing is projected: how the reader stands to the items nobody knows. They are known to come.
        await ServeAsync(world, 0);
        Assert.Equal(new FeedBounds(0, 0, MoreComes: true), await new FeedReader(world.Model, world.Seam).BoundsAsync(default));
        var page = await PageAsync(world, Reader("hotline-nl"));
        Assert.Equal((0, FeedPlace.EndOf(0)), (page.News.Length, page.UpTo));
        await ServeAsync(world, (await world.EventsAsync())[^1].Ordering);
        Assert.NotEmpty((await PageAsync(world, Reader("hotline-nl"))).News);

        // An agency was registered before an event, and this node has not heard of it.
        await world.AppendAsync(lives.Submit(1, RandomLives.Nl, known: true));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Writer(world, behind: true).StepAsync(soon.Token));
    }

    [Theory]
    [InlineData("0000000001234-00007", 1234, 7)]
    [InlineData("9999999999999-99999", 9_999_999_999_999, 99_999)]
    public void A_place_is_written_in_the_order_of_places(string text, long ordering, int part)
    {
        Assert.True(FeedPlace.TryParse(text, out var place));
        Assert.Equal((new FeedPlace(ordering, part), text), (place, place.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234-7")]
    [InlineData("0000000001234_00007")]
    [InlineData("0000000001234-0000x")]
    [InlineData("+000000001234-00007")]
    public void What_is_no_place_is_none(string text) => Assert.False(FeedPlace.TryParse(text, out _));

    private static async Task<ReadModelWorld> StartedAsync()
    {
        var world = await ReadModelWorld.StartAsync(await TestDatabases.CreateEmptyAsync(DatabaseProvider.Sqlite, null!));
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await FeedTables.EnsureAsync(world.Database);
        return world;
    }

    private static FeedWriter Writer(ReadModelWorld world, int cached = 1_000, bool behind = false)
    {
        var journal = new JournalReader(world.Database, TestKeys.Journal);
        var tail = new JournalTail(world.Database, journal, TimeProvider.System, JournalTailOptions.Always);
        return new FeedWriter(world.Database, journal, tail, world.Seam, new Known(behind), TimeProvider.System, cached);
    }

    private static Caller Reader(string agency) => FeedRules.ReadersOf(Directory, Day, Tenant.Live).Single(r => r.Agency.Value == agency);

    private static Task<FeedPage> PageAsync(ReadModelWorld world, Caller reader) =>
        new FeedReader(world.Model, world.Seam, world.Doubts).ReadAsync(reader, FeedPlace.Start, [], FeedReader.MaxResults, default);

    /// <summary>The read tables as of this place, and serving.</summary>
    private static async Task ServeAsync(ReadModelWorld world, long upTo)
    {
        var set = (await world.Tables.SetsAsync()).Last();
        var projector = world.Projector(set.Id);
        await projector.OpenAsync();
        while (upTo > 0 && !await projector.AdvanceAsync([.. ProjectionSlices.Of(set).All], upTo))
        {
        }
    }

    private static async Task<List<string>> ReadAllAsync(ReadModelWorld world, Caller reader, FeedPlace after, Random random)
    {
        var (feed, found) = (new FeedReader(world.Model, world.Seam, world.Doubts), new List<string>());
        while (true)
        {
            var page = await feed.ReadAsync(reader, after, [], random.Next(1, 30), default);
            found.AddRange(page.News.Select(n => Picture(n.Place, n.Report, n.IsSeen ? n.Facts.Type : "gone", n.Facts.Ordinal)));
            Assert.True(page.UpTo >= after);
            after = page.UpTo;
            if (!page.More)
            {
                return found;
            }
        }
    }

    /// <summary>What the reader is to be told, by the events alone: who was concerned then, as far as they see it in the end.</summary>
    private static List<string> Expected(JournalEvent[] events, RandomLives lives, Caller reader)
    {
        var (states, told) = (new Dictionary<string, Report>(), new List<string>());
        foreach (var e in events)
        {
            var after = states[e.PersistenceId] = ReportRules.Apply(states.GetValueOrDefault(e.PersistenceId, Report.None), e.Event!);
            foreach (var news in FeedRules.NewsOf(e.Ordering, e.Event!, after, new FeedAudience([reader])))
            {
                var now = lives.Reports[news.Report];
                var facts = now.Items.Where(i => news.Facts.Ordinal is null || i.Ordinal == news.Facts.Ordinal)
                    .Select(i => ReportViews.RelationFacts(now, i)).ToArray();
                var seen = facts.Any(f => FeedRules.IsFor(reader, f, FeedTypes.All[news.Facts.Type], news.Facts.Asker));

                // Of what is still there, and whose news it is not, nothing is told: no receiver drops a case for it.
                if (seen || !facts.Any(f => AccessTable.For(reader, f).Exists))
                {
                    told.Add(Picture(news.Facts.Place, news.Report, seen ? news.Facts.Type : "gone", news.Facts.Ordinal));
                }
            }
        }

        return told;
    }

    private static string Picture(FeedPlace place, ReportId report, string type, int? ordinal) => $"{place} {report} {type} {ordinal}";

    private sealed class Known(bool behind) : IAgencyDirectorySource
    {
        public AgencyDirectory Current => Directory;

        public Task WaitForAsync(long sequenceNr, CancellationToken cancellationToken) =>
            behind ? Task.Delay(Timeout.Infinite, cancellationToken) : Task.CompletedTask;
    }

    /// <summary>A clock that goes when it is told to.</summary>
    private sealed class Moved : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Move(TimeSpan by) => _now += by.Ticks;
    }

    /// <summary>A clock that stands.</summary>
    private sealed class Standing : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
