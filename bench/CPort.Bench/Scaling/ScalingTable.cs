using System.Globalization;
using System.Text;
using CPort.Bench.Load;

namespace CPort.Bench.Scaling;

/// <summary>Results as one markdown table: a row a measure and size, medians over the runs.</summary>
internal static class ScalingTable
{
    public static string Markdown(IReadOnlyList<ScalingResult> results, ScalingOptions options, bool isSecond)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in Machine.Describe())
        {
            text.AppendLine(Line($"- {name}: {value}"));
        }

        var cores = options.NodeCores;
        text.AppendLine(Line($"- {results[0].Database}"));
        text.AppendLine(
            Line($"- each node: {options.Quota} core, {options.Period.TotalMilliseconds:0} ms period (cgroup v{(isSecond ? 2 : 1)}), set after start and {options.WarmUp:n0} reports a node of warm-up; {(cores.Count == 0 ? "one core for all" : $"nodes on core {string.Join(", ", cores)}, PostgreSQL and the generator on the rest")}"));
        text.AppendLine(
            Line($"- failure detector: HeartbeatPauseSeconds {ScalingOptions.HeartbeatPauseSeconds}, StableAfterSeconds {ScalingOptions.StableAfterSeconds} (not the defaults: so short of CPU a node is silent for longer than those allow)"));
        text.AppendLine(
            Line($"- for each node {options.Connections} report streams with at most {options.InFlight} lines unanswered, then {options.Callers} callers with lookups of {string.Join(", then ", options.Batches)} hashes (MD5, SHA-1, SHA-256, PDQ with near search; half of them known); {4 * options.Hashes:n0} hashes imported; {options.Seconds} s each; medians of {results.GroupBy(r => r.Nodes).Min(g => g.Count())} to {results.GroupBy(r => r.Nodes).Max(g => g.Count())} runs"));
        text.AppendLine(
            Line($"- load average before each run: {string.Join(", ", results.Select(r => r.LoadAverage.ToString("0.0", CultureInfo.InvariantCulture)))}"));
        text.AppendLine();
        text.AppendLine(
            "| | nodes | rate/s | of all runs | × first | of linear | CPU of each node, cores (quota used up) | CPU of nodes for 1,000, s | compiling | PostgreSQL, cores | generator, cores | all else, cores | other answers |");
        text.AppendLine("|---|---:|---:|---|---:|---:|---|---:|---:|---:|---:|---:|---|");
        foreach (var measure in results.SelectMany(r => r.Phases).Select(p => p.Measure).Distinct())
        {
            (int Nodes, double Rate)? first = null;
            foreach (var size in results.GroupBy(r => r.Nodes))
            {
                var phases = size.SelectMany(r => r.Phases).Where(p => p.Measure == measure).ToArray();
                if (phases.Length == 0)
                {
                    continue;
                }

                var rate = Median(p => p.Rate);
                first ??= (size.Key, rate);
                var ratio = rate / first.Value.Rate;
                var rates = rate > 0
                    ? Line($"{rate:n0} | {string.Join(", ", phases.Select(p => p.Rate.ToString("n0", CultureInfo.InvariantCulture)))} | {ratio:0.00} | {ratio * first.Value.Nodes / size.Key:0 %}")
                    : " | | | ";
                var nodes = Enumerable.Range(0, size.Key).Select(n => Line($"{Median(p => p.Cpu.Nodes[n]):0.000} ({Median(p => p.Cpu.Throttled[n]):0 %})"));
                text.AppendLine(Line(
                    $"| {measure} | {size.Key} | {rates} | {string.Join(", ", nodes)} | {(rate > 0 ? Line($"{Median(p => 1_000 * p.Cpu.Nodes.Sum() / p.Rate):0.000}") : "")} | {Median(p => p.Compiling):0 %} | {Median(p => p.Cpu.Database):0.00} | {Median(p => p.Cpu.Generator):0.00} | {Median(p => p.Cpu.Others):0.00} | {string.Join("; ", phases.Select(p => p.Note).Where(n => n.Length > 0).Distinct())} |"));

                double Median(Func<ScalingPhase, double> of) => Percentiles.Median(phases.Select(of));
            }
        }

        return text.ToString();
    }

    /// <summary>What the nodes recorded of their steps, of the last run of each size: mean, and how often a report (or a thousand lookups).</summary>
    public static string Details(IReadOnlyList<ScalingResult> results)
    {
        var last = results.GroupBy(r => r.Nodes).Select(g => g.Last()).ToArray();
        var text = new StringBuilder();
        foreach (var part in last.SelectMany(r => r.Hops.Keys).Distinct())
        {
            text.AppendLine(Line($"| {part}: mean; count a report or 1,000 lookups | {string.Join(" | ", last.Select(r => r.Nodes))} |"));
            text.AppendLine(Line($"|---|{string.Concat(last.Select(_ => "---:|"))}"));
            foreach (var hop in last.SelectMany(r => r.Hops.TryGetValue(part, out var h) ? h.Keys : []).Distinct().Order(StringComparer.Ordinal))
            {
                var isTime = hop.Contains("_seconds", StringComparison.Ordinal);
                text.AppendLine(
                    Line($"| {hop} | {string.Join(" | ", last.Select(r => r.Hops.TryGetValue(part, out var all) && all.TryGetValue(hop, out var h) ? Line($"{(isTime ? 1000 * h.Mean : h.Mean):n2}{(isTime ? " ms" : "")}; {h.Count:0.00}") : ""))} |"));
            }

            foreach (var counter in last.SelectMany(r => r.Counters.TryGetValue(part, out var c) ? c.Keys : []).Distinct().Order(StringComparer.Ordinal))
            {
                text.AppendLine(
                    Line($"| {counter} | {string.Join(" | ", last.Select(r => r.Counters.TryGetValue(part, out var all) ? Line($"{all.GetValueOrDefault(counter):0.00}") : ""))} |"));
            }

            text.AppendLine();
        }

        foreach (var result in last)
        {
            text.AppendLine(Line($"- shards of the nodes, {result.Nodes}: {string.Join("; ", result.Shards)}"));
        }

        text.AppendLine();
        return text.ToString();
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
