using System.Collections.Immutable;
using System.Globalization;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Domain.Hashes;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Tests.Shared;

/// <summary>One report as the journal has it: its events, read without the node, and the state that follows from them.</summary>
public sealed record JournalReport(string Id, ImmutableArray<(long Sequence, string Manifest)> Rows, Report State, ImmutableArray<IReportEvent> Events);

/// <summary>What really stands in the database, whatever the API says.</summary>
public static class JournalView
{
    /// <summary>All reports, each folded by the same pure rules as its actor.</summary>
    public static async Task<IReadOnlyDictionary<string, JournalReport>> ReportsAsync(Database database)
    {
        var seal = await JournalKeys.SealAsync(database);
        var rows = new List<(string Id, long Sequence, string Manifest, byte[] Message)>();
        await using (var connection = await database.OpenAsync())
        {
            await using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT persistence_id, sequence_number, manifest, message FROM journal WHERE persistence_id LIKE 'report-%' ORDER BY persistence_id, sequence_number, ordering";
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
                .. g.Select(r => (IReportEvent)seal.OpenEvent($"report-{r.Id}", r.Sequence, new SealedRow(r.Manifest, r.Message))),
            ];
            return new JournalReport(g.Key, [.. g.Select(r => (r.Sequence, r.Manifest))], events.Aggregate(Report.None, ReportRules.Apply), events);
        });
    }

    /// <summary>
    /// What automatic work the journal still owes, in words, or null when all is done: trace, match, route and telling the buckets of every report, news of
    /// verdicts that reports are yet to take, items that are yet to be given to a country's police, and the read tables.
    /// </summary>
    public static async Task<string?> UnsettledAsync(Database database)
    {
        var before = await NumberAsync(database, AllEvents);
        if (await LagAsync(database) is var lag and not 0)
        {
            return $"the read tables are {lag} events behind";
        }

        var unfinished = (await ReportsAsync(database)).Values.Where(r => r.State.HasUnfinishedWork()).ToArray();
        if (unfinished.Length > 0)
        {
            var first = unfinished[0];
            return $"{unfinished.Length} reports have unfinished work, first {first.Id} after {first.Rows.Length} events, last {first.Rows[^1].Manifest}: "
                + string.Join("; ", first.State.Items.Where(i => i.HasUnfinishedWork()).Take(5).Select(i =>
                    $"item {i.Ordinal}{(i.NeedsTrace() ? " trace" : "")}{(i.NeedsMatch() ? " match" : "")}{(i.NeedsRoute() ? " route" : "")}{(i.Unpropagated().Any() ? " tell the buckets" : "")}"));
        }

        var owing = (await BucketsAsync(database)).Where(b => b.Pending.Count > 0).ToArray();
        if (owing.Length > 0)
        {
            return $"{owing.Length} hash buckets have news for reports, first {owing[0].Id} of {owing[0].Pending.Count} hashes";
        }

        // Of countries whose police has been given something: of others nobody owes anything. That it was given is one more event of the report.
        var set = await NumberAsync(database, "SELECT id FROM rm_offset WHERE state = 2");
        const string Police = "(SELECT country FROM cport_inbox WHERE country IS NOT NULL)";
        if (await NumberAsync(database, $"SELECT COUNT(*) FROM rm_item_{set} WHERE refer_hosting IN {Police} OR refer_assigned IN {Police}")
            is var referrals and not 0)
        {
            return $"{referrals} items have yet to be given to police";
        }

        // Read one after the other: true together only when nothing came in between.
        return await NumberAsync(database, AllEvents) == before ? null : "the journal still grows";
    }

    /// <summary>All hash buckets with events, folded without their snapshots.</summary>
    private static async Task<IReadOnlyList<HashBucket>> BucketsAsync(Database database)
    {
        const string Prefix = "hash-bucket-";
        var seal = await JournalKeys.SealAsync(database);
        var buckets = new Dictionary<string, HashBucket>();
        await using var connection = await database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT persistence_id, manifest, message, sequence_number FROM journal WHERE persistence_id LIKE '{Prefix}%' ORDER BY persistence_id, sequence_number";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var id = reader.GetString(0)[Prefix.Length..];
            Assert.True(HashBucketId.TryParse(id, out var bucket), id);
            var row = new SealedRow(reader.GetString(1), (byte[])reader.GetValue(2));
            var e = (HashesRecorded)seal.OpenEvent(reader.GetString(0), reader.GetInt64(3), row);
            buckets[id] = HashBucketRules.Apply(buckets.TryGetValue(id, out var state) ? state : HashBucket.New(bucket), e);
        }

        return [.. buckets.Values];
    }

    private const string AllEvents = "SELECT COUNT(*) FROM journal";

    /// <summary>Rows of reports in the journal.</summary>
    public static Task<long> EventsAsync(Database database) => NumberAsync(database, "SELECT COUNT(*) FROM journal WHERE persistence_id LIKE 'report-%'");

    /// <summary>Journal rows of reports that the serving read tables are behind; -1 while there are none.</summary>
    public static async Task<long> LagAsync(Database database)
    {
        var position = await NumberAsync(database,
            "SELECT COALESCE(MIN(CASE WHEN s.position > o.position THEN s.position ELSE o.position END), -1) FROM rm_slice s JOIN rm_offset o ON o.id = s.set_id WHERE o.state = 2");
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
