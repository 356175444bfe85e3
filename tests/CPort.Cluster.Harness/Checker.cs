using System.Globalization;
using System.Text.Json;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>What the checker found; all lists are empty and all numbers but the first three 0 when nothing is wrong.</summary>
public sealed record CheckResult
{
    public int AcknowledgedReports { get; init; }
    public int AcknowledgedCommands { get; init; }

    /// <summary>Events in the journal, of all entities.</summary>
    public long Events { get; init; }

    /// <summary>Acknowledged and not in the journal.</summary>
    public int Lost { get; init; }

    /// <summary>In the journal more than once.</summary>
    public int Doubled { get; init; }

    /// <summary>Entities that two nodes wrote in turn: one, the other and the first again within a second.</summary>
    public int TwoWriters { get; init; }

    /// <summary>What is wrong, a line each; at most some dozens.</summary>
    public IReadOnlyList<string> Wrong { get; init; } = [];

    public bool IsGood => Lost == 0 && Doubled == 0 && TwoWriters == 0 && Wrong.Count == 0;
}

/// <summary>Compares what callers were told with what stands in the database and with what each node says, when all is quiet.</summary>
public sealed class Checker(ChaosCluster cluster, Traffic traffic)
{
    /// <summary>For unfinished work: the sweeper looks for it after 30 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    /// <summary>Waits until the automatic work is done and the read tables are current, and checks everything. Traffic must pause.</summary>
    public async Task<CheckResult> RunAsync(Random random)
    {
        var wrong = new List<string>(traffic.Faults);
        traffic.Faults.Clear();
        var (lost, doubled) = (0, 0);
        if (await SettledAsync() is { } unsettled)
        {
            wrong.Add(unsettled);
        }

        var journal = await JournalView.ReportsAsync(cluster.Database);
        try
        {
            JournalView.AssertWhole(journal);
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException)
        {
            wrong.Add($"The journal is not whole: {e.Message}");
        }

        var reports = traffic.Reports.Where(r => r.ReportId is not null).ToArray();
        foreach (var report in reports)
        {
            if (report.OtherId is not null)
            {
                doubled++;
                wrong.Add($"{report.Reference} was acknowledged as {report.ReportId} and as {report.OtherId}");
            }

            if (!journal.TryGetValue(report.ReportId!, out var found) || found.State.Reference.Value != report.Reference
                || found.State.ReportingHotline.Value != report.Hotline || found.State.Items.Count != 1 || found.State.Items[0].Hashes.Length != 2)
            {
                lost++;
                wrong.Add(
                    $"{report.Reference} was acknowledged as {report.ReportId} and is {(found is null ? "not there" : "there otherwise than it was sent")}");
            }
        }

        foreach (var twice in journal.Values.GroupBy(r => (r.State.ReportingHotline, r.State.Reference)).Where(g => g.Count() > 1))
        {
            doubled++;
            wrong.Add($"{twice.Key.Reference} is there {twice.Count()} times");
        }

        var acknowledged = 0;
        foreach (var commands in traffic.Commands.GroupBy(c => c.ReportId))
        {
            if (!journal.TryGetValue(commands.Key, out var report))
            {
                continue;
            }

            var events = report.Events.Select((e, i) => (Command: e.Meta.CommandId.ToString(), Kind: e.GetType().Name, Sequence: i + 1))
                .ToLookup(e => (e.Command, e.Kind));
            var (before, beforeSequence) = ((SentCommand?)null, 0);
            foreach (var command in commands.OrderBy(c => c.AckedAt))
            {
                var there = events[(command.CommandId, command.Kind)].ToArray();
                acknowledged += command.AckedAt > 0 ? 1 : 0;
                if (there.Length > 1)
                {
                    doubled++;
                    wrong.Add($"{command.Kind} {command.CommandId} of {command.ReportId} is there {there.Length} times");
                }
                else if (command.AckedAt > 0 && there.Length == 0)
                {
                    lost++;
                    wrong.Add($"{command.Kind} {command.CommandId} of {command.ReportId} was acknowledged and is not there");
                }
                else if (command.AckedAt > 0)
                {
                    // Of two commands of which one was answered before the other was sent, it comes first.
                    if (before is not null && before.AckedAt < command.SentAt && beforeSequence > there[0].Sequence)
                    {
                        wrong.Add($"{before.CommandId} of {command.ReportId} was answered before {command.CommandId} was sent, and stands after it");
                    }

                    (before, beforeSequence) = (command, there[0].Sequence);
                }
            }
        }

        // A stale writer's next row is refused by the unique key; two that live and read anew each time would write in turn. A hand-over back and forth takes
        // longer than a second. (writer_uuid is no help: it is the node's, not the entity's.)
        var interleaved = await TextsAsync("""
            SELECT persistence_id FROM (
              SELECT persistence_id, written_from AS third, written_at AS third_at,
                     LAG(written_from) OVER w AS second, LAG(written_from, 2) OVER w AS first, LAG(written_at, 2) OVER w AS first_at
              FROM journal WINDOW w AS (PARTITION BY persistence_id ORDER BY sequence_number)) t
            WHERE third = first AND second <> first AND third_at - first_at < INTERVAL '1 second' GROUP BY persistence_id
            """);
        wrong.AddRange(interleaved.Select(id => $"{id} was written by two writers in turn"));
        wrong.AddRange((await TextsAsync("""
            SELECT persistence_id FROM (
              SELECT persistence_id, sequence_number, ordering,
                     ROW_NUMBER() OVER (PARTITION BY persistence_id ORDER BY sequence_number) AS n,
                     LAG(ordering) OVER (PARTITION BY persistence_id ORDER BY sequence_number) AS before FROM journal) w
            WHERE before > ordering OR sequence_number <> n GROUP BY persistence_id
            """)).Select(id => $"{id} is not numbered 1, 2, 3 … in the order of writing"));

        wrong.AddRange(await ReplayAsync());
        wrong.AddRange(await NodesAgreeAsync(random, reports));
        foreach (var report in Sample(random, reports, 6))
        {
            if (await traffic.SendAgainAsync(report) is var outcome and not "duplicate")
            {
                wrong.Add($"{report.Reference}, sent again, was answered {outcome}");
            }
        }

        return new CheckResult
        {
            AcknowledgedReports = reports.Length, AcknowledgedCommands = acknowledged,
                Events = await JournalView.NumberAsync(cluster.Database, "SELECT COUNT(*) FROM journal"),
            Lost = lost, Doubled = doubled, TwoWriters = interleaved.Count, Wrong = [.. wrong.Take(40)],
        };
    }

    /// <summary>Null, or what is not done.</summary>
    private async Task<string?> SettledAsync()
    {
        string? last = "";
        try
        {
            await cluster.UntilAsync(async () => (last = await JournalView.UnsettledAsync(cluster.Database)) is null, Patience, () => "");
            return null;
        }
        catch (TimeoutException)
        {
            return $"After {Patience.TotalSeconds:0} s {last}";
        }
    }

    private async Task<IReadOnlyList<string>> ReplayAsync()
    {
        // Work that nobody waits for, as news of a hash's verdict, may still write.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ReadModelReplay.AssertEqualAsync(cluster.Database);
                return [];
            }
            catch (Exception e) when (e is Xunit.Sdk.XunitException)
            {
                if (attempt == 5)
                {
                    return [$"The read tables are not what a replay gives: {e.Message}"];
                }
            }

            await Task.Delay(1000);
        }
    }

    private async Task<IReadOnlyList<string>> NodesAgreeAsync(Random random, SentReport[] reports)
    {
        var wrong = new List<string>();
        foreach (var path in Sample(random, reports, 8).Select(r => $"/v1/reports/{r.ReportId}").Append("/v1/queues"))
        {
            for (var attempt = 1; ; attempt++)
            {
                var answers = await Task.WhenAll(cluster.Nodes.Select((_, i) => traffic.Client.OnceAsync(i, Traffic.Worker, HttpMethod.Get, path, null, null)));
                var different = answers.Select(a => $"{(int)a.Status} {WithoutClock(a)}").Distinct().Count() > 1;
                if (!different && answers[0].IsSuccess)
                {
                    break;
                }

                if (attempt == 4)
                {
                    wrong.Add(
                        $"Nodes do not agree on {path}: {string.Join(" | ", answers.Select(a => $"{(int)a.Status} {a.Body[..Math.Min(300, a.Body.Length)]}"))}");
                    break;
                }

                await Task.Delay(1000);
            }
        }

        return wrong;
    }

    /// <summary>Counts and ages of queues without what depends on the moment of asking.</summary>
    private static string WithoutClock(ClientAnswer answer) => answer.IsSuccess && answer.Body.Contains("\"queues\"", StringComparison.Ordinal)
        ? string.Join(';', answer.Json.GetProperty("queues").EnumerateArray().Select(q => q.EnumerateObject()
            .Where(p => p.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number && p.Name is "queue" or "name" or "count")
                .Select(p => $"{p.Name}={p.Value}").Aggregate("", string.Concat)))
        : answer.Body;

    private static IEnumerable<SentReport> Sample(Random random, SentReport[] reports, int count) =>
        Enumerable.Range(0, Math.Min(count, reports.Length)).Select(_ => reports[random.Next(reports.Length)]);

    private async Task<IReadOnlyList<string>> TextsAsync(string sql)
    {
        var texts = new List<string>();
        await using var connection = await cluster.Database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            texts.Add(Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
        }

        return texts;
    }
}
