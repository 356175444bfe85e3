using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>The audit's lines that need another time: a node whose clock is behind (B30), and the hours that an orphan waits (B11).</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ClockTests(MovedNode moved) : IClassFixture<MovedNode>
{
    private static readonly (string, string) Purpose = ("X-Purpose", "Case 4711");

    [Fact]
    public async Task B30_a_correction_counts_as_the_later_word_on_a_node_whose_clock_is_behind()
    {
        var (node, hash) = (moved.Node, Bodies.Hash("clock-b30", 32));
        var id = await node.SubmitAsync("gb", Bodies.Report("CLOCK-B30", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = hash }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await SaidAsync("National");

        moved.Clock.Move(TimeSpan.FromSeconds(-20));
        var correction = new JsonObject { ["item"] = 1, ["assessment"] = ReportLifeTests.Assessment("NotIllegal")["assessment"]!.DeepClone() };
        (await node.ConfirmedAsync("nl", $"v1/reports/{id}/items:correct", correction)).Is(HttpStatusCode.OK);
        await SaidAsync("NotIllegal");
        var assessments = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json.GetProperty("assessments");
        Assert.True(assessments[1].GetProperty("at").GetDateTimeOffset() > assessments[0].GetProperty("at").GetDateTimeOffset());

        Task<Reply> SaidAsync(string classification) => EndToEndNode.UntilAsync(
            () => node.ShowHashAsync("nl", "sha256", hash),
            r => r.Status == HttpStatusCode.OK && r.Json.GetProperty("opinions").EnumerateArray()
                .Select(o => (o.GetProperty("agency").GetString(), o.GetProperty("classification").GetProperty("name").GetString()))
                .SequenceEqual([("hotline-nl", classification)]));
    }

    [Fact]
    public async Task B11_orphans_and_what_nobody_can_trace_wait_their_hours_and_then_go_to_who_can_close_them()
    {
        var node = moved.Node;
        await node.RegisterAsync("police-ua", "Police", "Standard", "Officer", "UA");
        var earlier = await node.SubmitAsync("gb", In("BR", "CLOCK-BR"));
        var nowhere = await node.SubmitAsync("gb", In(null, "CLOCK-NOWHERE"));
        await OrphanAsync(earlier);
        await node.ItemAsync("gb", nowhere, i => i.GetProperty("state").GetString() == "Untraced");
        moved.Clock.Move(TimeSpan.FromHours(2));
        var later = await node.SubmitAsync("gb", In("UA", "CLOCK-UA"));
        await OrphanAsync(later);

        // 73 hours of the one are 71 of the other.
        moved.Clock.Move(TimeSpan.FromHours(71));
        await EscalatedAsync(earlier, "interpol");
        await OrphanAsync(nowhere);
        await ReportLifeTests.InQueueAsync(node, "ie", "orphaned", nowhere);
        Assert.False((await node.GetAsync("gb", $"v1/reports/{later}/items/1")).Json.GetProperty("assignment").TryGetProperty("escalatedTo", out _));
        (await node.PostAsync("police-ua", $"v1/reports/{later}/items:assess", ReportLifeTests.Assessment("National"), Purpose)).Is(HttpStatusCode.Forbidden);
        moved.Clock.Move(TimeSpan.FromHours(2));
        await EscalatedAsync(later, "police-ua");
        moved.Clock.Move(TimeSpan.FromHours(71));
        await EscalatedAsync(nowhere, "interpol");

        foreach (var (who, report) in new[] { ("interpol", earlier), ("police-ua", later), ("interpol", nowhere) })
        {
            await EndToEndNode.UntilAsync(
                () => node.PostAsync(who, $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment(), Purpose), r => r.Status == HttpStatusCode.OK);
            (await node.PostAsync(who, $"v1/reports/{report}/items:act", ReportLifeTests.Action(3), Purpose)).Is(HttpStatusCode.OK);
            await node.ItemAsync("gb", report, i => i.GetProperty("state").GetString() == "Removed");
        }

        Task<JsonElement> OrphanAsync(string report) =>
            node.ItemAsync("gb", report, i => i.TryGetProperty("assignment", out var a) && a.GetProperty("orphan").GetBoolean());

        Task<JsonElement> EscalatedAsync(string report, string to) => node.ItemAsync("gb", report, i =>
            i.GetProperty("assignment").TryGetProperty("escalatedTo", out var whom) && whom.GetString() == to);

        static string In(string? country, string reference) => Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            var entry = r["urls"]![0]!.AsObject();
            entry.Remove("hostingIpAddress");
            if (country is null)
            {
                entry["urlString"] = "http://exampleexampleexampleexampleexampleexampleexampleexample2.onion/clock";
                entry.Remove("hostingCountryCode");
            }
            else
            {
                entry["hostingCountryCode"] = country;
            }
        });
    }
}

/// <summary>A node with a clock that tests move.</summary>
public sealed class MovedNode : IAsyncLifetime
{
    public MovableClock Clock { get; } = new();

    public EndToEndNode Node { get; private set; } = null!;

    public async Task InitializeAsync() => Node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!, clock: Clock);

    public async Task DisposeAsync() => await Node.DisposeAsync();
}

/// <summary>
/// The machine's clock, set otherwise; it begins at noon, so that no day ends by a small move. Timers and time limits go by what really passes.
/// </summary>
public sealed class MovableClock : TimeProvider
{
    private long _by = (System.GetUtcNow().UtcDateTime.Date.AddHours(12) - System.GetUtcNow().UtcDateTime).Ticks;

    public void Move(TimeSpan by) => Interlocked.Add(ref _by, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _by));
}
