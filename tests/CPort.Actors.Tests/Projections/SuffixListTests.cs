using Akka.Actor;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using LinqToDB.Async;

namespace CPort.Actors.Tests.Projections;

/// <summary>A table set holds registrable domains by one public suffix list, which it names; with another list the tables are built anew.</summary>
public sealed class SuffixListTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Caller Interpol = new() { Agency = AgencyId.Parse("interpol"), Kind = AgencyKind.Interpol, Roles = Roles.Officer, KeyId = "k" };

    /// <summary>Says that one is a host of customers, like a blog's.</summary>
    private static readonly PublicSuffixes Other = PublicSuffixes.Parse(
        new StringReader(string.Join('\n', Enumerable.Range(0, 5).Select(n => $"host{n}.example").Prepend("example"))), "list");

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_set_holds_domains_by_its_own_list_whatever_list_made_the_items_keys(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(31, world.Seam);
        var first = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single();
        await world.AppendAsync(Enumerable.Range(0, 100).Select(_ => lives.Step()).ToArray());
        await ProjectAsync(world, first.Id);
        Assert.Equal(Suffixes.Shipped.Fingerprint, first.SuffixList);
        await AssertDomainsAsync(world, lives, first.Id, Suffixes.Shipped);
        Assert.Equal(await world.RowsAsync(first.Id), world.Expected(lives));

        world.List = Other;
        Assert.False(world.Tables.IsOfToday(first));
        var second = await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow);
        Assert.True(world.Tables.IsOfToday(second));
        await ProjectAsync(world, second.Id);
        await AssertDomainsAsync(world, lives, second.Id, Other);
    }

    [Fact]
    public async Task A_node_with_another_list_leaves_the_domain_out_rather_than_mix_two_lists()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        world.List = Other;
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(32, world.Seam);
        await world.AppendAsync(lives.Submit(3));
        world.List = Suffixes.Shipped;
        await ProjectAsync(world, set);
        await using var db = world.Tables.Connect();
        var rows = await ReadTables.Items(db, set).ToListAsync();
        Assert.Equal(3, rows.Count);
        Assert.All(rows, r => Assert.Null(r.DomainKey));
        Assert.All(rows, r => Assert.NotNull(r.HostKey));
    }

    [Fact]
    public async Task A_search_by_domain_waits_for_tables_by_the_list_of_the_node_that_asks()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(33, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 60).Select(_ => lives.Step()).ToArray());
        var first = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        await ProjectAsync(world, first);
        var query = new SearchQuery { Domain = "xyz.host1.example", MaxResults = 200 };
        var found = (await SearchAsync()).Items;
        Assert.NotEmpty(found);

        world.List = Other;
        await Assert.ThrowsAsync<ReadModelUnavailableException>(SearchAsync);
        var second = (await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow)).Id;
        await ProjectAsync(world, second);
        Assert.True(await world.Tables.TrySwitchAsync(second, DateTimeOffset.UtcNow));

        // Each customer of the host has a domain of its own now: nobody else's is found.
        Assert.Empty((await SearchAsync()).Items);
        query = query with { Domain = "www.host1.example" };
        Assert.Equal(found.Select(i => i.Row.Number), (await SearchAsync()).Items.Select(i => i.Row.Number));

        Task<ItemPage> SearchAsync() => new ReportSearch(world.Model, world.Seam, world.UrlKeys).SearchAsync(Interpol, query);
    }

    [Fact]
    public async Task Tables_of_another_list_are_built_anew_while_they_serve()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(34, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 60).Select(_ => lives.Step()).ToArray());
        await ProjectAsync(world, (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id);
        world.List = Other;
        var system = world.Node.System;
        System.Collections.Immutable.ImmutableArray<Address> here = [((ExtendedActorSystem)system).Provider.DefaultAddress];
        system.ActorOf(Props.Create(() => new ProjectionWriterActor(world.Services(null))), ProjectionWriterActor.Name);
        system.ActorOf(Props.Create(() => new ProjectionActor(world.Services(null), () => here)));
        await Wait.UntilAsync(async () => (await world.Tables.SetsAsync()).LastOrDefault(s => s.State == TableSetState.Serving) is { Id: 2 } set
            && world.Tables.IsOfToday(set), TimeSpan.FromSeconds(40), () => "no set by the new list served.");
        await AssertDomainsAsync(world, lives, 2, Other);
    }

    [Fact]
    public async Task A_URL_that_does_not_open_any_more_keeps_its_report_back_and_no_other()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(35, world.Seam);
        var foreign = new RandomLives(36, new Actors.Confidential.KeyRingSeam(Actors.Confidential.KeyRing.New()));
        await world.AppendAsync(lives.Submit(2), foreign.Submit(2));
        world.List = Other;
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        await ProjectAsync(world, set);
        await AssertDomainsAsync(world, lives, set, Other);
        Assert.Single((await new ProjectionStatusReader(world.Tables, world.Journal, TimeProvider.System).ReadAsync()).Stuck);
    }

    private static async Task ProjectAsync(ReadModelWorld world, int set)
    {
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
    }

    private static async Task AssertDomainsAsync(ReadModelWorld world, RandomLives lives, int set, PublicSuffixes list)
    {
        var maker = new UrlKeyMaker(world.Seam, list);
        await using var db = world.Tables.Connect();
        var stored = (await ReadTables.Items(db, set).ToListAsync()).ToDictionary(r => r.Number, r => (r.UrlKey, r.HostKey, r.DomainKey));
        var expected = lives.Reports.Values.SelectMany(r => r.Items.Select(i =>
        {
            var url = world.Seam.Open<Domain.Confidential.ItemSecrets>(i.SecretsPlace(r.Id), i.Secrets).Url;
            Assert.True(WebAddress.TryParse(url, out var address, out _));
            var keys = maker.Of(address);
            return (i.Number, (Hex(keys.Url), Hex(keys.Host), Hex(keys.Domain)));
        })).ToDictionary();
        Assert.NotEmpty(expected);
        Assert.Equal(expected, stored);

        static string? Hex(byte[] key) => Convert.ToHexStringLower(key);
    }
}
