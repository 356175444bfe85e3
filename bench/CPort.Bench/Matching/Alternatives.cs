using System.Diagnostics;
using System.Globalization;
using CPort.Domain.Hashes.Near;

namespace CPort.Bench.Matching;

/// <summary>
/// What each part brings: the evidence behind the rules of <see cref="PdqPlan"/>. Each figure is the median over slices of 64 queries of the
/// slice's least time over the runs, which a busy machine disturbs least.
/// </summary>
internal static class Alternatives
{
    public static string Run(MatchingOptions options)
    {
        var text = MatchingRun.Head(options);
        text.AppendLine().AppendLine("| values | chunks | vectors | bits dealt | filter | mean run | single, µs | batch, µs | build, ms | bytes |");
        text.AppendLine("|---|---:|---:|---|---|---:|---:|---:|---:|---:|");
        foreach (var likeReal in (bool[])[false, true])
        {
            foreach (var size in options.Sizes)
            {
                var values = PdqData.Values(likeReal, size, 1);
                var queries = PdqData.Queries(likeReal, values, options.Queries, 2).Select(q => new PdqQuery(q, MatchingOptions.Radius, MatchingOptions.MaxResults)).ToArray();
                foreach (var tuning in Tunings(size))
                {
                    Console.Error.WriteLine($"{(likeReal ? "like real" : "uniform")}, {size:n0}: {tuning}");
                    var watch = Stopwatch.StartNew();
                    var index = new PdqIndex(PdqProcessor.Best, tuning);
                    index.AddMany(values);
                    var build = watch.Elapsed.TotalMilliseconds;
                    var (single, batch) = (Best(options, queries, 1, index), Best(options, queries, 64, index));
                    var isRule = tuning is { Chunks: null, VectorBits: null, Learn: true, Filter: true };
                    text.AppendLine(CultureInfo.InvariantCulture, $"| {(likeReal ? "like real" : "uniform")}, {size:n0} | {index.Segment?.Chunks.Count}{(isRule ? " (rule)" : "")} | {tuning.VectorBits?.ToString(CultureInfo.InvariantCulture) ?? "rule"} | {(tuning.Learn ? "learned" : "in order")} | {(tuning.Filter ? "yes" : "no")} | {index.Segment?.SlotLengths.Average():0.0} | {single:0.00} | {batch:0.00} | {build:0} | {index.MemoryBytes / (double)index.Count:0} |");
                }
            }
        }

        return text.ToString();
    }

    private static IEnumerable<PdqTuning> Tunings(int size)
    {
        yield return new PdqTuning();
        foreach (var chunks in (int[])[16, 17, 18, 20, 22])
        {
            foreach (var vectors in (int[])[256, 512])
            {
                yield return new PdqTuning { Chunks = chunks, VectorBits = vectors };
            }
        }

        yield return new PdqTuning { Learn = false };
        yield return new PdqTuning { Chunks = 16, Filter = false };
        yield return new PdqTuning { Chunks = 16, Filter = false, Learn = false };
        yield return new PdqTuning { Scanned = size + 1 };
    }

    private static double Best(MatchingOptions options, PdqQuery[] queries, int batch, PdqIndex index)
    {
        var slices = new double[queries.Length / 64];
        Array.Fill(slices, double.MaxValue);
        var until = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        for (var run = 0; run < 4 * options.Runs && (run < 2 || Stopwatch.GetTimestamp() < until); run++)
        {
            for (var slice = 0; slice < slices.Length; slice++)
            {
                var start = Stopwatch.GetTimestamp();
                for (var i = 0; i < 64; i += batch)
                {
                    index.SearchMany(queries.AsSpan((64 * slice) + i, batch));
                }

                slices[slice] = Math.Min(slices[slice], Stopwatch.GetElapsedTime(start).TotalMicroseconds / 64);
            }
        }

        return slices.Order().ElementAt(slices.Length / 2);
    }
}
