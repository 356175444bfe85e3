using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Near;
using CsCheck;

namespace CPort.Actors.Tests.Hashes;

public class PdqIndexTests
{
    // The code paths that this processor has; its widest is also run with the vectors that the rule would not choose.
    private static readonly (PdqInstructions Instructions, int? VectorBits)[] Paths =
        [.. PdqProcessor.Supported.Select(i => (i, (int?)512)), (PdqProcessor.Best, 256)];

    private static PdqHits BruteForce(IEnumerable<PdqValue> held, PdqQuery query)
    {
        var all = held.Select(v => (Value: v, Distance: v.DistanceTo(query.Value))).Where(h => h.Distance <= query.Radius)
            .OrderBy(h => h.Distance).ThenBy(h => h.Value.ToHash().ToHex(), StringComparer.Ordinal).ToList();
        return new PdqHits([.. all.Take(query.MaxResults).Select(h => new PdqHit(h.Value.ToHash(), h.Distance))], all.Count > query.MaxResults);
    }

    private static void AssertSame(PdqHits expected, PdqHits found)
    {
        Assert.Equal(expected.Hits.ToArray(), found.Hits.ToArray());
        Assert.Equal(expected.Truncated, found.Truncated);
    }

    public static TheoryData<string, int> KindsAndChunks
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var kind in PdqSamples.Kinds)
            {
                foreach (var chunks in new[] { 16, 18, 20, 22 })
                {
                    data.Add(kind, chunks);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KindsAndChunks))]
    public void Every_radius_finds_what_brute_force_finds_on_every_code_path_alone_and_in_a_batch(string kind, int chunks)
    {
        var values = PdqSamples.Of(kind, 3_000, 7 + chunks);
        var queries = PdqSamples.Queries(kind, values, 2 * (PdqLimits.MaxRadius + 1), 11)
            .Select((v, i) => new PdqQuery(v, i / 2, i % 3 == 0 ? 5 : 10_000)).ToArray();
        var expected = queries.Select(q => BruteForce(values, q)).ToArray();
        Assert.Contains(expected, e => e.Hits.Length > 0);
        foreach (var (instructions, vectorBits) in Paths)
        {
            var index = new PdqIndex(instructions, new PdqTuning { VectorBits = vectorBits, Chunks = chunks, Scanned = 256 });
            Assert.Equal(2_800, index.AddMany(values.AsSpan(0, 2_800)));
            Assert.Equal(200, index.AddMany(values.AsSpan(2_800)));
            Assert.NotNull(index.Segment);
            var batch = index.SearchMany(queries);
            for (var i = 0; i < queries.Length; i++)
            {
                AssertSame(expected[i], batch[i]);
                AssertSame(expected[i], index.Search(queries[i]));
            }
        }
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("skewed")]
    [InlineData("near")]
    public void Any_order_of_changes_leaves_the_values_of_a_plain_set(string kind)
    {
        var pool = PdqSamples.Of(kind, 400, 3);
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, pool.Length - 1], Gen.Int[0, pool.Length - 1], Gen.Int[0, PdqLimits.MaxRadius]).Array[1, 600]
            .Sample(steps =>
            {
                var index = new PdqIndex(PdqProcessor.Best, new PdqTuning { Chunks = 16 + (steps.Length % 7), Scanned = 16 });
                var held = new HashSet<PdqValue>();
                foreach (var (step, a, b, radius) in steps)
                {
                    switch (step)
                    {
                        case 0 or 1:
                            Assert.Equal(held.Add(pool[a]), index.Add(pool[a]));
                            break;
                        case 2:
                            Assert.Equal(held.Remove(pool[a]), index.Remove(pool[a]));
                            break;
                        case 3:
                            var was = held.Remove(pool[a]);
                            Assert.Equal(was, index.Replace(pool[a].ToHash(), pool[b].ToHash()));
                            if (was)
                            {
                                held.Add(pool[b]);
                            }

                            break;
                        case 4:
                            var some = pool.AsSpan(Math.Min(a, b), Math.Min(Math.Abs(a - b), 1 + (radius * 2)));
                            var before = held.Count;
                            held.UnionWith(some.ToArray());
                            Assert.Equal(held.Count - before, index.AddMany([.. some, .. some]));
                            break;
                        default:
                            Assert.Equal(held.Contains(pool[b]), index.Contains(pool[b]));
                            var query = new PdqQuery(pool[a], radius, 1 + (b % 20));
                            AssertSame(BruteForce(held, query), index.Search(query));
                            break;
                    }

                    Assert.Equal(held.Count, index.Count);
                }

                Assert.Equal(held.Order(), index.ToArray().Order());
                index.Settle();
                var last = new PdqQuery(pool[0], PdqLimits.MaxRadius, 1_000);
                AssertSame(BruteForce(held, last), index.Search(last));
            }, iter: 40);
    }

    [Fact]
    public void Values_added_one_by_one_and_removed_are_found_and_gone_at_the_next_query_across_merges_and_rebuilds()
    {
        var values = PdqSamples.Of("balanced", 20_000, 5);
        var index = new PdqIndex();
        foreach (var value in values)
        {
            Assert.True(index.Add(value));
            Assert.Equal(0, Assert.Single(index.Search(new PdqQuery(value, 31, 10)).Hits).Distance);
        }

        Assert.NotNull(index.Segment);
        foreach (var value in values.AsSpan(0, 15_000))
        {
            Assert.True(index.Remove(value));
            Assert.Empty(index.Search(new PdqQuery(value, 31, 10)).Hits);
        }

        Assert.Equal(values.AsSpan(15_000).ToArray().Order(), index.ToArray().Order());
    }

    [Fact]
    public void A_million_equal_hashes_are_one()
    {
        var value = PdqSamples.Uniform(new Random(1));
        var index = new PdqIndex();
        Assert.Equal(1, index.AddMany(Enumerable.Repeat(value, 1_000_000).ToArray()));
        Assert.False(index.Add(value));
        Assert.Equal(1, index.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void Amid_near_duplicates_of_one_value_the_nearest_come_and_the_answer_says_that_there_are_more(int most)
    {
        var random = new Random(2);
        var centre = PdqSamples.Uniform(random);
        var values = new HashSet<PdqValue>(PdqSamples.Of("uniform", 20_000, 4)) { centre };
        while (values.Count < 60_000)
        {
            values.Add(PdqSamples.Flip(centre, random.Next(60), random));
        }

        foreach (var (instructions, vectorBits) in Paths)
        {
            var index = new PdqIndex(instructions, new PdqTuning { VectorBits = vectorBits });
            index.AddMany(values.ToArray());
            foreach (var (value, radius) in new[] { (centre, 31), (PdqSamples.Flip(centre, 20, random), 31), (PdqSamples.Flip(centre, 45, random), 40),
                (centre, 64) })
            {
                var query = new PdqQuery(value, radius, most);
                var expected = BruteForce(values, query);
                Assert.True(expected.Truncated);
                AssertSame(expected, index.Search(query));
                AssertSame(expected, index.SearchMany([new PdqQuery(PdqSamples.Uniform(random), 31, 5), query])[1]);
            }
        }
    }

    [Fact]
    public void More_queries_than_a_batch_takes_are_answered_in_their_order()
    {
        var values = PdqSamples.Of("near", 9_000, 6);
        var index = PdqIndex.Build(values);
        var queries = PdqSamples.Queries("near", values, 333, 8).Select((v, i) => new PdqQuery(v, i % 65, 1 + (i % 30))).ToArray();
        var hits = index.SearchMany(queries);
        for (var i = 0; i < queries.Length; i++)
        {
            AssertSame(BruteForce(values, queries[i]), hits[i]);
        }
    }

    [Fact]
    public void Memory_at_rest_stays_under_150_bytes_a_hash()
    {
        var index = PdqIndex.Build(PdqSamples.Of("uniform", 300_000, 9));
        Assert.InRange(index.MemoryBytes / (double)index.Count, 32, 150);
    }

    [Fact]
    public void Only_pdq_values_a_radius_up_to_64_and_at_least_one_result_are_taken()
    {
        var index = new PdqIndex();
        var value = PdqSamples.Uniform(new Random(1));
        Assert.Throws<ArgumentException>(() => index.Add(HashSamples.Sha256(1)));
        Assert.Throws<ArgumentException>(() => index.Remove(HashSamples.Sha256(1)));
        Assert.Throws<ArgumentException>(() => index.Contains(HashSamples.Sha256(1)));
        Assert.Throws<ArgumentException>(() => index.Search(HashSamples.Sha256(1), 31, 1));
        Assert.Throws<ArgumentException>(() => index.AddMany(new byte[33]));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(value.ToHash(), 65, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(value.ToHash(), 300, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(value.ToHash(), -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(value.ToHash(), 31, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.SearchMany([new PdqQuery(value, 31, 1), new PdqQuery(value, 65, 1)]));
    }

    [Fact]
    public void Raw_bytes_and_hashes_are_the_same_values()
    {
        var values = PdqSamples.Of("uniform", 50, 1);
        var raw = values.SelectMany(v => v.ToHash().Bytes.ToArray()).ToArray();
        var index = new PdqIndex();
        Assert.Equal(50, index.AddMany(raw));
        Assert.Equal(0, index.AddMany(values.Select(v => v.ToHash()).ToArray()));
        Assert.All(values, v => Assert.True(index.Contains(v.ToHash())));
        Assert.False(index.Replace(PdqSamples.Uniform(new Random(99)).ToHash(), values[0].ToHash()));
        Assert.DoesNotContain("a", PdqValue.From(values[0].ToHash()).ToString(), StringComparison.Ordinal);
    }
}
