using System.Numerics;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Tests.Hashes;

/// <summary>The principle that exactness stands on, and the parts that it is made of.</summary>
public class PdqThresholdsTests
{
    [Fact]
    public void Whatever_errors_make_up_the_radius_some_chunk_shows_them()
    {
        // All ways to spread up to 7 errors over up to 5 chunks, against all thresholds of −1 to 3 with the sum of the formula.
        for (var chunks = 2; chunks <= 5; chunks++)
        {
            for (var radius = 0; radius <= 7; radius++)
            {
                var errors = Tuples(chunks, 0, radius).Where(d => d.Sum() <= radius).ToList();
                foreach (var limits in Tuples(chunks, -1, 3).Where(t => t.Sum() == radius - chunks + 1))
                {
                    Assert.All(errors, d => Assert.True(Shown(d, limits)));
                }
            }
        }
    }

    [Fact]
    public void One_less_in_any_threshold_would_miss_values()
    {
        for (var radius = 0; radius <= 7; radius++)
        {
            foreach (var limits in Tuples(4, -1, 3).Where(t => t.Sum() == radius - 4))
            {
                Assert.Contains(Tuples(4, 0, radius).Where(d => d.Sum() <= radius), d => !Shown(d, limits));
            }
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(20)]
    [InlineData(22)]
    public void Thresholds_have_the_sum_of_the_formula_and_grow_with_the_radius(int chunks)
    {
        var random = new Random(chunks);
        var widths = PdqChunks.InOrder(chunks).Widths;
        var loads = widths.Select(_ => 1 + (1_000 * random.NextDouble())).ToArray();
        var thresholds = new PdqThresholds(widths, loads, 48);
        for (var radius = 0; radius <= PdqLimits.MaxRadius; radius++)
        {
            var now = thresholds.Of(radius).ToArray();
            Assert.Equal(radius - chunks + 1, now.Sum(t => (int)t));
            Assert.All(now.Zip(widths), p => Assert.InRange(p.Item1, -1, p.Item2));
            if (radius > 0)
            {
                Assert.All(now.Zip(thresholds.Of(radius - 1).ToArray()), p => Assert.True(p.Item1 >= p.Item2));
                Assert.True(thresholds.Costs[radius] > thresholds.Costs[radius - 1]);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(16)]
    public void Masks_are_all_patterns_of_so_many_bits(int width)
    {
        var seen = new HashSet<ushort>();
        for (var ones = 0; ones <= width; ones++)
        {
            foreach (var mask in PdqMasks.With(width, ones))
            {
                Assert.Equal(ones, BitOperations.PopCount(mask));
                Assert.True(seen.Add(mask));
            }
        }

        Assert.Equal(1 << width, seen.Count);
        Assert.True(PdqMasks.With(width, width + 1).IsEmpty);
    }

    [Theory]
    [InlineData("uniform", false)]
    [InlineData("uniform", true)]
    [InlineData("skewed", true)]
    [InlineData("near", true)]
    public void Chunks_hold_every_bit_once_so_that_their_distances_add_up(string kind, bool learn)
    {
        var values = PdqSamples.Of(kind, 1_000, 1);
        foreach (var count in new[] { 16, 17, 20, 22 })
        {
            var chunks = learn ? PdqChunks.Learn(values, count) : PdqChunks.InOrder(count);
            Assert.Equal(256, chunks.Widths.Sum());
            Assert.InRange(chunks.Widths.Max() - chunks.Widths.Min(), 0, 1);
            for (var i = 1; i < values.Length; i++)
            {
                var sum = Enumerable.Range(0, count).Sum(c => BitOperations.PopCount((uint)(chunks.Extract(values[i], c) ^ chunks.Extract(values[0], c))));
                Assert.Equal(values[i].DistanceTo(values[0]), sum);
            }
        }
    }

    [Fact]
    public void Learned_chunks_spread_dependent_bits()
    {
        var values = PdqSamples.Of("skewed", 20_000, 1);
        var plain = PdqSegment.Build([.. values], values.Length, new PdqTuning { Chunks = 16, Learn = false }).SlotLengths.Sum();
        var learned = PdqSegment.Build([.. values], values.Length, new PdqTuning { Chunks = 16 }).SlotLengths.Sum();
        Assert.True(learned < plain / 4, $"{learned} postings in the slots asked, {plain} in plain order");
    }

    [Fact]
    public void Bits_are_gathered_without_the_instruction_as_with_it()
    {
        var random = new Random(1);
        for (var i = 0; i < 1_000; i++)
        {
            var (value, mask) = ((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64() & (ulong)random.NextInt64());
            ulong expected = 0;
            for (int bit = 0, to = 0; bit < 64; bit++)
            {
                if ((mask >> bit & 1) != 0)
                {
                    expected |= (value >> bit & 1) << to++;
                }
            }

            Assert.Equal(expected, PdqChunks.Gather(value, mask));
        }
    }

    private static bool Shown(int[] distances, int[] limits)
    {
        for (var i = 0; i < distances.Length; i++)
        {
            var next = (i + 1) % distances.Length;
            if (distances[i] <= limits[i] && distances[i] + distances[next] <= limits[i] + limits[next] + 1)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<int[]> Tuples(int length, int least, int most) => length == 0
        ? [[]]
        : Tuples(length - 1, least, most).SelectMany(rest => Enumerable.Range(least, most - least + 1).Select(first => (int[])[first, .. rest]));
}
