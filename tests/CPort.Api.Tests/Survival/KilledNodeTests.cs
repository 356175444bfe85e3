using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Survival;

/// <summary>kill -9 in the middle of streams, again and again, with the real process.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class KilledNodeTests(PostgreSqlServer server, ITestOutputHelper output)
{
    private const int Kills = 3;
    private const int Reports = 300;

    [Fact]
    public Task What_was_acknowledged_before_a_kill_is_there_once_and_whole_and_its_work_goes_on_by_itself() =>
        OnAsync(DatabaseProvider.Sqlite);

    /// <summary>Not in CI's own run: on PostgreSQL the cluster tests kill nodes under load.</summary>
    [SkippableFact]
    [Trait("Run", "whole")]
    public Task What_was_acknowledged_before_a_kill_is_there_once_and_whole_and_its_work_goes_on_by_itself_on_PostgreSQL() =>
        OnAsync(DatabaseProvider.PostgreSql);

    private async Task OnAsync(DatabaseProvider provider)
    {
        var random = TestSeed.Begin(output);
        await using var node = new TestNode(await NodeDatabase.CreateAsync(provider, server));
        var day = SyntheticDay.Create(Reports, (ulong)random.Next());
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.All);
        var streams = new DayOfStreams(node, day);

        for (var kill = 1; kill <= Kills; kill++)
        {
            // Some time after so many answers: with reports in every stage between the line and the last event.
            var after = random.Next(5, Reports / (Kills + 1));
            var pause = random.Next(0, 60);
            var (_, broken) = await streams.SendAsync(after, async () =>
            {
                await Task.Delay(pause);
                await node.Kill9Async();
            });
            output.WriteLine(
                $"Kill {kill}: after {after} new answers and {pause} ms, {streams.Acknowledged.Count} reports acknowledged in all, {broken.Count} streams broken");
            await node.StartReadyAsync();

            var there = await JournalView.ReportsAsync(node.Database.Database);
            JournalView.AssertWhole(there);
            Assert.Empty(streams.Acknowledged.Except(there.Keys));
        }

        // Nobody sends or asks anything: what the kills left undone must go on by itself.
        await ReadModelCheck.WaitSettledAsync(node);

        var first = await streams.SendUntilTakenAsync();
        Assert.Equal(Expected(day), Counted(first, s => s is "accepted" or "duplicate" ? "taken" : s));
        await ReadModelCheck.WaitSettledAsync(node);
        var before = await JournalView.ReportsAsync(node.Database.Database);
        JournalView.AssertWhole(before);
        Assert.Equal(streams.Acknowledged.Order(StringComparer.Ordinal), before.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Reports, before.Count);
        var queues = await QueuesAsync(node);

        // The whole file once more changes nothing.
        var again = await streams.SendUntilTakenAsync();
        Assert.Equal(first.ToDictionary(p => p.Key, p => p.Value.Outcome == "accepted" ? "duplicate" : p.Value.Outcome),
            again.ToDictionary(p => p.Key, p => p.Value.Outcome));
        await ReadModelCheck.WaitSettledAsync(node);
        var after2 = await JournalView.ReportsAsync(node.Database.Database);
        Assert.Equal(before.ToDictionary(p => p.Key, p => p.Value.Rows.Length), after2.ToDictionary(p => p.Key, p => p.Value.Rows.Length));

        Assert.Equal(queues, await QueuesAsync(node));
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        await AssertApiAgreesAsync(node, streams, after2, random);
        Assert.Equal(0, await node.StopAsync());
    }

    private static SortedDictionary<string, int> Expected(SyntheticDay day) => new(day.Stream()
        .GroupBy(l => l.Kind switch { SampleLineKind.Report or SampleLineKind.Duplicate => "taken", SampleLineKind.Conflict => "conflict", _ => "rejected" })
        .ToDictionary(g => g.Key, g => g.Count()));

    private static SortedDictionary<string, int> Counted(IReadOnlyDictionary<(string, int), StreamAnswer> answers, Func<string, string> name) =>
        new(answers.Values.GroupBy(a => name(a.Outcome)).ToDictionary(g => g.Key, g => g.Count()));

    /// <summary>Counts of all queues as every hotline sees them.</summary>
    private static async Task<string> QueuesAsync(TestNode node)
    {
        var counts = new List<string>();
        foreach (var hotline in SampleAgencies.Hotlines)
        {
            using var http = node.Http(node.KeyOf(hotline.Id));
            var json = JsonElement.Parse(await http.GetStringAsync("/v1/queues"));
            counts.AddRange(Objects(json).Where(o => o.TryGetProperty("count", out _))
                .Select(o =>
                    $"{hotline.Id} {(o.TryGetProperty("name", out var n) || o.TryGetProperty("queue", out n) ? n.ToString() : "?")} {o.GetProperty("count")}"));
        }

        Assert.NotEmpty(counts);
        return string.Join('\n', counts);
    }

    /// <summary>Some reports as their hotlines get them: the report and its whole history.</summary>
    private static async Task AssertApiAgreesAsync(TestNode node, DayOfStreams streams, IReadOnlyDictionary<string, JournalReport> journal, Random random)
    {
        var sample = streams.Reports.OrderBy(r => r.ReportId, StringComparer.Ordinal).ToArray();
        random.Shuffle(sample);
        foreach (var (hotline, id) in sample.Take(15))
        {
            using var http = node.Http(node.KeyOf(hotline));
            var report = JsonElement.Parse(await http.GetStringAsync($"/v1/reports/{id}"));
            Assert.Equal(journal[id].State.Reference.Value, report.GetProperty("hotlineReference").GetString());
            var items = report.EnumerateObject().First(p => p.Name is "items" or "urls").Value;
            Assert.Equal(journal[id].State.Items.Count, items.GetArrayLength());

            var history = JsonElement.Parse(await http.GetStringAsync($"/v1/reports/{id}/history?maxResults=200"));
            var events = history.ValueKind == JsonValueKind.Array
                ? history : history.EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value;
            Assert.Equal(journal[id].Rows.Select(r => r.Sequence), events.EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()));
        }

        using var stranger = node.Http(key: null);
        using var answer = await stranger.GetAsync($"/v1/reports/{sample[0].ReportId}");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private static IEnumerable<JsonElement> Objects(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Objects),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => Objects(p.Value)).Prepend(json),
        _ => [],
    };
}
