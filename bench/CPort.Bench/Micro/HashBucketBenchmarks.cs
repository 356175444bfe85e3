using BenchmarkDotNet.Attributes;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;

namespace CPort.Bench.Micro;

/// <summary>A bucket's share of a large list: 156,000 SHA-256, as ten million make in each of 64 buckets. One operation is all rows.</summary>
public class HashBucketBenchmarks
{
    private const int Rows = 156_000;
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);
    private readonly List<ImportHashes> _imports = [];
    private readonly List<HashesRecorded> _events = [];
    private HashBucket _full = HashBucket.New(Bucket);

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "known", Trust = TrustLevel.Trusted, At = DateTimeOffset.UnixEpoch };
        for (var left = Rows; left > 0; left -= HashBucketLimits.Part)
        {
            _imports.Add(new ImportHashes
            {
                Bucket = Bucket, RequestId = 1, Source = source,
                Rows = [.. Enumerable.Range(0, Math.Min(left, HashBucketLimits.Part)).Select(_ =>
                {
                    var bytes = new byte[32];
                    random.NextBytes(bytes);
                    bytes[0] = 17;
                    return new HashListRow { Hash = ContentHash.FromBytes(HashAlgorithm.Sha256, bytes), Classification = Classification.Baseline };
                })],
            });
        }

        foreach (var import in _imports)
        {
            var e = HashBucketRules.Decide(_full, [import]).Event!;
            _events.Add(e);
            _full = HashBucketRules.Apply(_full, e);
        }
    }

    /// <summary>Decide and apply, 200 rows an event.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public int ImportRow()
    {
        var state = HashBucket.New(Bucket);
        foreach (var import in _imports)
        {
            state = HashBucketRules.Apply(state, HashBucketRules.Decide(state, [import]).Event!);
        }

        return state.Count;
    }

    /// <summary>The same list again: everything is known.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public int ImportRowAgain() => _imports.Sum(import => HashBucketRules.Decide(_full, [import]).Outcomes[0].Rows!.Length);

    [Benchmark(OperationsPerInvoke = Rows)]
    public int ReplayRow() => _events.Aggregate(HashBucket.New(Bucket), HashBucketRules.Apply).Count;

    [Benchmark(OperationsPerInvoke = Rows)]
    public int SnapshotRow() => _full.ToSnapshot().Columns[0].Values.Length;

    [Benchmark(OperationsPerInvoke = Rows)]
    public int LoadRow() => HashBucket.From(_full.ToSnapshot()).Count;
}
