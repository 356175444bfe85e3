using BenchmarkDotNet.Attributes;
using CPort.Actors.Hashes;

namespace CPort.Bench.Micro;

/// <summary>Near search in one index of 100,000 values of 128 set bits each (a node spreads its values over 32 such indexes).</summary>
public class PdqBenchmarks
{
    private const int Values = 100_000;
    private readonly PdqIndex _index = new();
    private readonly ContentHash[] _queries = new ContentHash[256];
    private int _next;

    [Params(0, 31)]
    public int Radius { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(20_260_104);
        for (var i = 0; i < Values; i++)
        {
            var hash = Value(random);
            _index.Add(hash);
            if (i < _queries.Length)
            {
                // Half are in the index, half are strangers.
                _queries[i] = i % 2 == 0 ? hash : Value(random);
            }
        }
    }

    [Benchmark(Description = "PDQ search among 100,000")]
    public int Search() => _index.Search(_queries[_next++ & 255], Radius, 20).Hits.Length;

    private static ContentHash Value(Random random)
    {
        var bytes = new byte[32];
        var bits = Enumerable.Range(0, 256).ToArray();
        random.Shuffle(bits);
        foreach (var bit in bits.AsSpan(0, 128))
        {
            bytes[bit >> 3] |= (byte)(1 << (bit & 7));
        }

        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }
}
