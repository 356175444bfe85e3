using System.Collections.Immutable;
using System.Globalization;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Actors.Serialization;

namespace CPort.Tests.Shared;

/// <summary>One report as the journal has it: its events, read without the node, and the state that follows from them.</summary>
public sealed record JournalReport(string Id, ImmutableArray<(long Sequence, string Manifest)> Rows, Report State, ImmutableArray<IReportEvent> Events);

/// <summary>What really stands in the database, whatever the API says.</summary>
public static class JournalView
{
    /// <summary>All reports, each folded by the same pure rules as its actor.</summary>
    public static async Task<IReadOnlyDictionary<string, JournalReport>> ReportsAsync(Database database)
    {
        var rows = new List<(string Id, long Sequence, string Manifest, byte[] Message)>();
        await using (var connection = await database.OpenAsync())
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT persistence_id, sequence_number, manifest, message FROM journal WHERE persistence_id LIKE 'report-%' ORDER BY persistence_id, sequence_number, ordering";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows.Add((reader.GetString(0)["report-".Length..], reader.GetInt64(1), reader.GetString(2), (byte[])reader.GetValue(3)));
            }
        }

        return rows.GroupBy(r => r.Id).ToDictionary(g => g.Key, g =>
        {
            ImmutableArray<IReportEvent> events =
            [
                .. g.Select(r => (IReportEvent)WireModel.Instance.Deserialize(WireContracts.TypeOf(r.Manifest), new ReadOnlyMemory<byte>(r.Message))),
            ];
            return new JournalReport(g.Key, [.. g.Select(r => (r.Sequence, r.Manifest))], events.Aggregate(Report.None, ReportRules.Apply), events);
        });
    }

    /// <summary>Reports whose automatic work is not done.</summary>
    public static async Task<int> UnfinishedAsync(Database database) =>
        (await ReportsAsync(database)).Values.Count(r => r.State.HasUnfinishedWork());

    /// <summary>Rows of reports in the journal.</summary>
    public static Task<long> EventsAsync(Database database) => NumberAsync(database, "SELECT COUNT(*) FROM journal WHERE persistence_id LIKE 'report-%'");

    /// <summary>Journal rows of reports that the serving read tables are behind; -1 while there are none.</summary>
    public static async Task<long> LagAsync(Database database)
    {
        var position = await NumberAsync(database, "SELECT COALESCE(MAX(position), -1) FROM rm_offset WHERE state = 2");
        return position < 0 ? -1 : await NumberAsync(database,
            string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM journal WHERE ordering > {position} AND persistence_id LIKE 'report-%'"));
    }

    public static async Task<long> NumberAsync(Database database, string sql)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// What must hold of every journal: each report's events are numbered 1, 2, 3 … without gap or double, the first and only the first is its
    /// submission, and its submitted items are there.
    /// </summary>
    public static void AssertWhole(IReadOnlyDictionary<string, JournalReport> reports)
    {
        foreach (var report in reports.Values)
        {
            Assert.Equal(Enumerable.Range(1, report.Rows.Length).Select(n => (long)n), report.Rows.Select(r => r.Sequence));
            Assert.IsType<ReportSubmitted>(report.Events[0]);
            Assert.Single(report.Events.OfType<ReportSubmitted>());
            Assert.NotEmpty(report.State.Items);
            Assert.Equal(report.Id, report.State.Id.ToString());
        }

        // Reports and items are numbered apart.
        Assert.Equal(reports.Count, reports.Values.Select(r => r.State.Number).Distinct().Count());
        Assert.Equal(reports.Values.Sum(r => r.State.Items.Count), reports.Values.SelectMany(r => r.State.Items.Select(i => i.Number)).Distinct().Count());
    }
}
