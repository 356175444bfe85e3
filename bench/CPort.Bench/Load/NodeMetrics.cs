using System.Globalization;

namespace CPort.Bench.Load;

/// <summary>Sums and counts of the node's histograms and counters, read from <c>/metrics</c>.</summary>
internal sealed class NodeMetrics
{
    private readonly Dictionary<string, double> _values;

    private NodeMetrics(Dictionary<string, double> values) => _values = values;

    public static async Task<NodeMetrics> ReadAsync(HttpClient client, CancellationToken cancellation)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in (await client.GetStringAsync("metrics", cancellation)).Split('\n'))
        {
            // name{labels} value [timestamp]; labels hold no blanks except within quotes, and none of ours do.
            var fields = line.Split(' ');
            if (fields.Length >= 2 && !line.StartsWith('#') && !line.Contains("_bucket{", StringComparison.Ordinal)
                && double.TryParse(fields[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                values[fields[0]] = value;
            }
        }

        return new NodeMetrics(values);
    }

    /// <summary>Count and mean of what was recorded since <paramref name="before"/>, for every histogram.</summary>
    public IReadOnlyDictionary<string, (double Count, double Mean)> Since(NodeMetrics before) => _values
        .Where(v => Family(v.Key) is not null)
        .Select(v =>
            (Name: Family(v.Key)!, Sum: v.Value - before._values.GetValueOrDefault(v.Key), CountKey: v.Key.Replace("_sum", "_count", StringComparison.Ordinal)))
        .Select(v => (v.Name, v.Sum, Count: _values.GetValueOrDefault(v.CountKey) - before._values.GetValueOrDefault(v.CountKey)))
        .Where(v => v.Count > 0)
        .GroupBy(v => v.Name)
        .ToDictionary(g => g.Key, g => (g.Sum(v => v.Count), g.Sum(v => v.Sum) / g.Sum(v => v.Count)), StringComparer.Ordinal);

    /// <summary>What the node's own counters rose by since <paramref name="before"/>, labels together; those that did not are left out.</summary>
    public IReadOnlyDictionary<string, double> CountedSince(NodeMetrics before) => _values
        .Where(v => v.Key.StartsWith("cport_", StringComparison.Ordinal) && NameOf(v.Key).EndsWith("_total", StringComparison.Ordinal))
        .GroupBy(v => NameOf(v.Key)["cport_".Length..^"_total".Length])
            .Select(g => (g.Key, Rise: g.Sum(v => v.Value - before._values.GetValueOrDefault(v.Key))))
        .Where(c => c.Rise > 0).ToDictionary(c => c.Key, c => c.Rise, StringComparer.Ordinal);

    /// <summary>A gauge's values by their labels.</summary>
    public IReadOnlyDictionary<string, double> Gauge(string name) => _values
        .Where(v => NameOf(v.Key) == name).ToDictionary(v => v.Key[name.Length..], v => v.Value, StringComparer.Ordinal);

    private static string NameOf(string key) => key.IndexOf('{', StringComparison.Ordinal) is var brace and >= 0 ? key[..brace] : key;

    /// <summary><c>cport_hop_duration_seconds_sum{…,hop="persist"}</c> becomes <c>hop persist</c>.</summary>
    private static string? Family(string key)
    {
        var name = NameOf(key);
        if (!name.StartsWith("cport_", StringComparison.Ordinal) || !name.EndsWith("_sum", StringComparison.Ordinal))
        {
            return null;
        }

        var at = key.IndexOf("hop=\"", StringComparison.Ordinal);
        var hop = at < 0 ? "" : " " + key[(at + 5)..key.IndexOf('"', at + 5)];
        return name["cport_".Length..^"_sum".Length] + hop;
    }
}
