using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using System.Text;
using CPort.Bench.Load;
using CPort.Domain.Hashes.Near;

namespace CPort.Bench.Matching;

/// <summary>The side-by-side table: every data set at every size, then what changes cost.</summary>
internal static class MatchingRun
{
    public static string Run(MatchingOptions options)
    {
        var text = Head(options);
        foreach (var likeReal in (bool[])[false, true])
        {
            var columns = new List<Column>();
            foreach (var size in options.Sizes)
            {
                Console.Error.WriteLine($"{(likeReal ? "like real" : "uniform")}, {size:n0}: load average {Machine.LoadAverage():0.0}");
                columns.Add(Measure(options, likeReal, size));
            }

            Table(text, likeReal, columns);
        }

        text.Append(LiveRun.Run(options));
        return text.ToString();
    }

    public static StringBuilder Head(MatchingOptions options)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in Machine.Describe())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- {name}: {value}");
        }

        text.AppendLine(CultureInfo.InvariantCulture,
            $"- code path: {PdqProcessor.Best} (AVX2 {Avx2.IsSupported}, AVX-512BW {Avx512BW.IsSupported}, VBMI2 {Avx512Vbmi2.IsSupported}, BMI2 {Bmi2.X64.IsSupported}; .NET 10 has no VPOPCNTDQ or BITALG)");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"- radius {MatchingOptions.Radius}, at most {MatchingOptions.MaxResults} results, one thread, {options.Queries:n0} queries (half 0 to 40 bits from a held value, half strangers; fewer for the slow ones), medians of {options.Runs} runs (least–most)");
        text.AppendLine(CultureInfo.InvariantCulture, $"- load average at the start: {Machine.LoadAverage():0.0}");
        return text;
    }

    private static Column Measure(MatchingOptions options, bool likeReal, int size)
    {
        var values = PdqData.Values(likeReal, size, 1);
        var plain = PdqData.Queries(likeReal, values, options.Queries, 2);
        var queries = plain.Select(q => new PdqQuery(q, MatchingOptions.Radius, MatchingOptions.MaxResults)).ToArray();
        var column = new Column { Size = size, Uneven = PdqData.Unevenness(values) };

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        var index = PdqIndex.Build(values);
        column.Build = watch.Elapsed.TotalSeconds;
        index.SearchMany(queries);
        column.CollectorBytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)index.Count;
        column.Bytes = index.MemoryBytes / (double)index.Count;

        // Values with no bit flipped are equal to others: the scan gets each once, as the index has it.
        values = index.ToArray();
        var buckets = values.GroupBy(v => (int)(v.Mixed() >> 59)).Select(g => PdqIndex.Build(g.ToArray())).ToArray();
        var scan = new PdqBuffer(PdqProcessor.Best);
        scan.EnsureCapacity(values.Length);
        foreach (ref readonly var value in values.AsSpan())
        {
            scan.Add(value);
        }

        Verify(index, scan, queries);
        var best = new double[queries.Length];
        Array.Fill(best, double.MaxValue);
        var scanned = Math.Clamp((int)(400_000_000L / size) & ~63, 64, queries.Length);
        var nearest = Enumerable.Range(0, 64).Select(_ => new PdqNearest()).ToArray();
        for (var run = -1; run < options.Runs; run++)
        {
            var (single, batch, perBucket, perBucketBatch, scanSingle, scanBatch) = run < 0
                ? (new Figures(), new Figures(), new Figures(), new Figures(), new Figures(), new Figures())
                : (column.Single, column.Batch, column.Buckets, column.BucketsBatch, column.ScanSingle, column.ScanBatch);
            single.Time(queries.Length, () =>
            {
                for (var i = 0; i < queries.Length; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    index.Search(queries[i]);
                    best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                }
            });
            batch.Time(queries.Length, () => InBatches(queries, b => index.SearchMany(b)));
            perBucket.Time(queries.Length, () =>
            {
                foreach (var query in queries)
                {
                    foreach (var bucket in buckets)
                    {
                        bucket.Search(query);
                    }
                }
            });
            perBucketBatch.Time(queries.Length, () => InBatches(queries, b =>
            {
                foreach (var bucket in buckets)
                {
                    bucket.SearchMany(b);
                }
            }));
            scanSingle.Time(scanned, () =>
            {
                foreach (ref readonly var query in plain.AsSpan(0, scanned))
                {
                    nearest[0].Start(MatchingOptions.Radius, MatchingOptions.MaxResults);
                    scan.Search(query, nearest[0]);
                }
            });
            scanBatch.Time(scanned, () =>
            {
                for (var from = 0; from < scanned; from += 64)
                {
                    foreach (var n in nearest)
                    {
                        n.Start(MatchingOptions.Radius, MatchingOptions.MaxResults);
                    }

                    scan.SearchMany(plain.AsSpan(from, 64), nearest);
                }
            });
        }

        // The least of all runs for each query: what the query costs, without what else the machine did.
        var ordered = best.Order().ToArray();
        (column.P50, column.P99, column.Max) = (ordered[ordered.Length / 2], ordered[(int)(0.99 * ordered.Length)], ordered[^1]);
        var few = queries.Select((q, i) => (q, i)).Where(p => !index.Search(p.q).Truncated).Max(p => best[p.i]);
        column.MaxOfFew = few;
        GC.KeepAlive(buckets);
        return column;
    }

    public static void InBatches(PdqQuery[] queries, Action<ReadOnlySpan<PdqQuery>> search)
    {
        for (var from = 0; from < queries.Length; from += 64)
        {
            search(queries.AsSpan(from, Math.Min(64, queries.Length - from)));
        }
    }

    private static void Verify(PdqIndex index, PdqBuffer scan, PdqQuery[] queries)
    {
        var nearest = new PdqNearest();
        foreach (var query in queries.AsSpan(0, 256))
        {
            nearest.Start(query.Radius, 1_000_000);
            scan.Search(query.Value, nearest);
            var expected = nearest.ToHits().Hits;
            if (!index.Search(query with { MaxResults = 1_000_000 }).Hits.AsSpan().SequenceEqual(expected.AsSpan()))
            {
                throw new InvalidOperationException("The index and the scan do not agree.");
            }
        }
    }

    private static void Table(StringBuilder text, bool likeReal, List<Column> columns)
    {
        text.AppendLine().AppendLine(likeReal ? "### Values like real ones" : "### Uniform values").AppendLine();
        Row(likeReal ? "like real" : "uniform", c => Figures.Number(c.Size));
        text.Append("|---|").AppendLine(string.Concat(columns.Select(_ => "---:|")));
        Row("fullest of the 16-bit slots; mean entropy of 16 bits", c =>
            string.Create(CultureInfo.InvariantCulture, $"{c.Uneven.Largest:p2}; {c.Uneven.Entropy:0.0}"));
        Row("ours, single, queries/s", c => c.Single.ToString());
        Row("ours, batch of 64, queries/s", c => c.Batch.ToString());
        Row("ours as 32 buckets, single, lookups/s", c => c.Buckets.ToString());
        Row("ours as 32 buckets, batch of 64, lookups/s", c => c.BucketsBatch.ToString());
        Row("scan (C#, AVX-512 byte shuffles), single", c => c.ScanSingle.ToString());
        Row("scan (C#), batch of 64", c => c.ScanBatch.ToString());
        Row("ours (batch) ÷ best scan", c => Ratio(c.Batch.Median, c.ScanSingle.Median, c.ScanBatch.Median));
        Row("ours, single: p50 / p99 / slowest, µs", c => string.Create(CultureInfo.InvariantCulture, $"{c.P50:0.0} / {c.P99:0.0} / {c.Max:0.0}"));
        Row("slowest ÷ median; of those with at most 10 in the radius", c =>
            string.Create(CultureInfo.InvariantCulture, $"{c.Max / c.P50:0.0}; {c.MaxOfFew / c.P50:0.0}"));
        Row("build, s", c => string.Create(CultureInfo.InvariantCulture, $"{c.Build:0.00}"));
        Row("bytes a hash (by the collector)", c => string.Create(CultureInfo.InvariantCulture, $"{c.Bytes:0.0} ({c.CollectorBytes:0.0})"));

        void Row(string name, Func<Column, string> cell) =>
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", columns.Select(cell))} |");
    }

    private static string Ratio(double ours, params double[] others)
    {
        var best = others.Where(o => !double.IsNaN(o)).DefaultIfEmpty(double.NaN).Max();
        return double.IsNaN(best) ? "–" : string.Create(CultureInfo.InvariantCulture, $"**{ours / best:0.0}**");
    }

    private sealed class Column
    {
        public required int Size { get; init; }

        public (double Largest, double Entropy) Uneven { get; init; }

        public Figures Single { get; } = new();

        public Figures Batch { get; } = new();

        public Figures Buckets { get; } = new();

        public Figures BucketsBatch { get; } = new();

        public Figures ScanSingle { get; } = new();

        public Figures ScanBatch { get; } = new();

        public double P50 { get; set; }

        public double P99 { get; set; }

        public double Max { get; set; }

        public double MaxOfFew { get; set; }

        public double Build { get; set; }

        public double Bytes { get; set; }

        public double CollectorBytes { get; set; }
    }
}
