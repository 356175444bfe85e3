using System.Globalization;
using System.Text;
using CPort.Actors.Serialization;

namespace CPort.Bench.Load;

/// <summary>Results as a markdown table, which is also what is printed: medians over the runs of each database.</summary>
internal static class ResultTable
{
    private static readonly (string Name, string Format, Func<LoadResult, double> Value)[] Rows =
    [
        ("reports/s to durable", "n0", r => r.ReportsPerSecond),
        ("items/s to durable", "n0", r => r.ItemsPerSecond),
        ("reports/s full flow (also traced, matched, assigned, in the read model)", "n0", r => r.FullFlowPerSecond),
        ("send → durable, p50 ms", "n0", r => r.SendP50),
        ("send → durable, p99 ms", "n0", r => r.SendP99),
        ("GET /v1/reports/{id} under that load, p50 ms", "n1", r => r.GetP50),
        ("GET /v1/reports/{id} under that load, p99 ms", "n1", r => r.GetP99),
        ("GETs not answered 200", "n0", r => r.GetFailures),
        ("node CPU s per 1,000 reports (full flow)", "n2", r => r.CpuPerThousand),
        ("database CPU s per 1,000 reports (in the node's with SQLite)", "n2", r => r.DatabaseCpuPerThousand),
        ("peak RSS of the node, MB", "n0", r => r.PeakRss),
        ("projection lag while streaming, most journal rows", "n0", r => r.MaxLag),
        ("projection lag at the end, journal rows", "n0", r => r.FinalLag),
        ("journal events per report", "n1", r => r.EventsPerReport),
        ("journal events/s (full flow)", "n0", r => r.EventsPerSecond),
        ("plain INSERTs of 400 rows, same table, rows/s", "n0", r => r.PlainPerSecond),
        ("events/s as a share of plain rows/s", "p1", r => r.Ratio),
    ];

    public static string Markdown(IReadOnlyList<(DatabaseUnderTest Database, IReadOnlyList<LoadResult> Runs)> results, LoadOptions options, string loadAverages)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in Machine.Describe())
        {
            text.AppendLine(Line($"- {name}: {value}"));
        }

        foreach (var (database, runs) in results)
        {
            text.AppendLine(Line($"- {database.Name}: {runs[0].Database}"));
        }

        var first = results[0].Runs[0];
        text.AppendLine(
            Line($"- stream: {options.Reports:n0} reports ({first.Items:n0} items; {first.Outcomes.Values.Sum():n0} lines: {Outcomes(first)}), {options.Connections} HTTP/2 connections, at most {options.InFlight} lines unanswered on each{(options.Rate > 0 ? $", {options.Rate} lines/s" : ", as fast as answered")}; {options.Probes} GETs/s beside it; {options.WarmUp:n0} reports before as warm-up; medians of {results.Min(r => r.Runs.Count)} runs"));
        text.AppendLine(Line($"- plain INSERTs: {first.PlainRows:n0} rows of the run's own journal, one connection, a transaction a statement"));
        text.AppendLine(Line($"- load average before each run: {loadAverages}"));
        text.AppendLine();
        text.AppendLine(Line($"| | {string.Join(" | ", results.Select(r => r.Database.Name))} |"));
        text.AppendLine(Line($"|---|{string.Concat(results.Select(_ => "---:|"))}"));
        foreach (var (name, format, value) in Rows)
        {
            var cells = results.Select(r => Percentiles.Median(r.Runs.Select(value)).ToString(format, CultureInfo.InvariantCulture));
            text.AppendLine(Line($"| {name} | {string.Join(" | ", cells)} |"));
        }

        return text.ToString();
    }

    /// <summary>Where the time and the rows go: mean of each hop, events by kind; of the last run of each database.</summary>
    public static string Details(IReadOnlyList<(DatabaseUnderTest Database, IReadOnlyList<LoadResult> Runs)> results)
    {
        var text = new StringBuilder();
        text.AppendLine(Line($"| recorded by the node (mean; count per report) | {string.Join(" | ", results.Select(r => r.Database.Name))} |"));
        text.AppendLine(Line($"|---|{string.Concat(results.Select(_ => "---:|"))}"));
        foreach (var hop in results.SelectMany(r => r.Runs[^1].Hops.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            var isTime = hop.Contains("second", StringComparison.Ordinal);
            var cells = results.Select(r => r.Runs[^1].Hops.TryGetValue(hop, out var h)
                ? Line($"{(isTime ? 1000 * h.Mean : h.Mean):n2}{(isTime ? " ms" : "")}; {h.Count / r.Runs[^1].Accepted:0.00}")
                : "");
            text.AppendLine(Line($"| {hop} | {string.Join(" | ", cells)} |"));
        }

        text.AppendLine();
        text.AppendLine(Line($"| event (per report; mean bytes) | {string.Join(" | ", results.Select(r => r.Database.Name))} |"));
        text.AppendLine(Line($"|---|{string.Concat(results.Select(_ => "---:|"))}"));
        foreach (var kind in results.SelectMany(r => r.Runs[^1].EventKinds.Where(k => k.Value.Count > 0).Select(k => k.Key)).Distinct()
            .Order(StringComparer.Ordinal))
        {
            var cells = results.Select(r => r.Runs[^1].EventKinds.TryGetValue(kind, out var k) && k.Count > 0
                ? Line($"{(double)k.Count / r.Runs[^1].Accepted:0.00}; {k.Bytes / k.Count}")
                : "");
            text.AppendLine(Line($"| {Name(kind)} | {string.Join(" | ", cells)} |"));
        }

        return text.ToString();
    }

    private static string Outcomes(LoadResult result) =>
        string.Join(", ", result.Outcomes.OrderByDescending(o => o.Value).Select(o => Line($"{o.Value:n0} {o.Key}")));

    private static string Name(string manifest)
    {
        try
        {
            return $"{WireContracts.TypeOf(manifest).Name} ({manifest})";
        }
        catch (System.Runtime.Serialization.SerializationException)
        {
            return manifest;
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
