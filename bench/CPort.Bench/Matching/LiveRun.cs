using System.Diagnostics;
using System.Globalization;
using System.Text;
using CPort.Domain.Hashes.Near;

namespace CPort.Bench.Matching;

/// <summary>What changes cost while an index is in use, at the size of a bucket of ten million.</summary>
internal static class LiveRun
{
    private const int Held = 312_000;
    private const int Changes = 150_000;

    public static string Run(MatchingOptions options)
    {
        var rows = new Dictionary<string, List<double>>();
        for (var run = 0; run < options.Runs; run++)
        {
            var values = PdqData.Values(likeReal: true, Held + Changes, 3);
            var index = PdqIndex.Build(values.AsSpan(0, Held));
            var times = Each(Changes, i => index.Add(values[Held + i]));
            Put("add, one by one, 312,000 to 462,000: adds/s", Changes / (times.Sum() / 1e6));
            Put("add: slowest, ms", times.Max() / 1e3);

            times = Each(Changes, i => index.Remove(values[Held - 1 - i]));
            Put("remove, one by one: removes/s", Changes / (times.Sum() / 1e6));
            Put("remove: slowest, ms (a rebuild without what was removed)", times.Max() / 1e3);

            times = Each(20_000, i =>
            {
                index.Add(values[Held - 1 - i]);
                if (index.Search(new PdqQuery(values[Held - 1 - i], 0, 1)).Hits.Length != 1)
                {
                    throw new InvalidOperationException("An added value is not found.");
                }
            });
            Array.Sort(times);
            Put("from Add to the answer that has it: p50, µs", times[times.Length / 2]);
            Put("from Add to the answer that has it: p99, µs", times[(int)(0.99 * times.Length)]);
            Put("from Add to the answer that has it: slowest, ms", times[^1] / 1e3);
        }

        var text = new StringBuilder();
        text.AppendLine().AppendLine("### Changes, values like real ones, 312,000 held at first").AppendLine();
        text.AppendLine("| | median | least | most |").AppendLine("|---|---:|---:|---:|");
        foreach (var (name, figures) in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {name} | {Figures.Number(figures.Order().ElementAt(figures.Count / 2))} | {Figures.Number(figures.Min())} | {Figures.Number(figures.Max())} |");
        }

        return text.ToString();

        void Put(string name, double value)
        {
            if (!rows.TryGetValue(name, out var figures))
            {
                rows[name] = figures = [];
            }

            figures.Add(value);
        }
    }

    /// <summary>Microseconds of each.</summary>
    private static double[] Each(int count, Action<int> action)
    {
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action(i);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return times;
    }
}
