using System.Numerics;
using System.Runtime.InteropServices;
using CPort.Domain.Hashes.Near;

namespace CPort.Bench.Matching;

/// <summary>
/// Made-up values and queries, the same for the same seed. <em>Uniform</em>: random bits, which flatter any index over pieces of a value.
/// <em>Like real</em>: signs of 16 × 16 coefficients about their median, so that exactly 128 bits are set; coefficients of a row, of a column and of
/// a diagonal share heavy-tailed factors with fixed patterns, so that bits depend on each other and the 16-bit rows fall into few slots; one value in
/// five is an earlier one with 0 to 40 bits flipped, one in fifty of the values is near one of a few that thus have a large cluster.
/// </summary>
internal static class PdqData
{
    private static readonly float[] Noise = NoiseTable();

    public static PdqValue[] Values(bool likeReal, int count, int seed)
    {
        var random = new Source((ulong)seed);
        var values = new PdqValue[count];
        var centres = Math.Max(1, count / 100_000);
        var coefficients = new float[256];
        var sorted = new float[256];
        for (var i = 0; i < count; i++)
        {
            values[i] = !likeReal ? new PdqValue(random.Next(), random.Next(), random.Next(), random.Next())
                : i >= 2 * centres && random.Below(5) == 0
                    ? Flip(values[random.Below(10) == 0 ? random.Below(centres) : random.Below(i)], random.Below(41), ref random)
                : LikeReal(ref random, coefficients, sorted);
        }

        return values;
    }

    /// <summary>Every other one 0 to 40 bits from a held value, the others of the same kind and not among them.</summary>
    public static PdqValue[] Queries(bool likeReal, PdqValue[] values, int count, int seed)
    {
        var random = new Source((ulong)seed);
        var strangers = Values(likeReal: false, count, seed + 1);
        if (likeReal)
        {
            var (coefficients, sorted) = (new float[256], new float[256]);
            for (var i = 0; i < count; i++)
            {
                strangers[i] = LikeReal(ref random, coefficients, sorted);
            }
        }

        for (var i = 0; i < count; i += 2)
        {
            strangers[i] = Flip(values[random.Below(values.Length)], random.Below(41), ref random);
        }

        return strangers;
    }

    /// <summary>Of the 16 pieces of 16 bits in their order: the share of the values in the fullest slot, the mean entropy in bits (16 is even).</summary>
    public static (double Largest, double Entropy) Unevenness(PdqValue[] values)
    {
        var (largest, entropy) = (0.0, 0.0);
        for (var piece = 0; piece < 16; piece++)
        {
            var slots = new int[65536];
            foreach (ref readonly var value in values.AsSpan())
            {
                var word = (piece >> 2) switch { 0 => value.W0, 1 => value.W1, 2 => value.W2, _ => value.W3 };
                slots[(word >> (16 * (piece & 3))) & 0xFFFF]++;
            }

            largest = Math.Max(largest, slots.Max() / (double)values.Length);
            entropy += slots.Where(s => s > 0).Sum(s => -(s / (double)values.Length) * Math.Log2(s / (double)values.Length)) / 16;
        }

        return (largest, entropy);
    }

    private static PdqValue LikeReal(ref Source random, float[] c, float[] sorted)
    {
        Span<float> rows = stackalloc float[16];
        Span<float> columns = stackalloc float[16];
        Span<float> diagonals = stackalloc float[31];
        for (var factors = 0; factors < 3; factors++)
        {
            var span = factors == 0 ? rows : factors == 1 ? columns : diagonals;
            foreach (ref var factor in span)
            {
                var f = Noise[random.Next() & 0xFFFF];
                factor = f * Math.Abs(f);
            }
        }

        for (var row = 0; row < 16; row++)
        {
            for (var column = 0; column < 16; column += 4)
            {
                var bits = random.Next();
                for (var k = 0; k < 4; k++, bits >>= 16)
                {
                    var j = column + k;
                    c[(16 * row) + j] = (1.5f * Noise[bits & 0xFFFF]) + (rows[row] * Pattern(row, j)) + (0.5f * columns[j] * Pattern(j + 16, row))
                        + (0.5f * diagonals[row + j] * Pattern(row + j + 32, j));
                }
            }
        }

        c.CopyTo(sorted, 0);
        Array.Sort(sorted);
        var median = sorted[128];
        Span<ulong> words = stackalloc ulong[4];
        for (var i = 0; i < 256; i++)
        {
            if (c[i] >= median)
            {
                words[i >> 6] |= 1UL << (i & 63);
            }
        }

        return new PdqValue(words[0], words[1], words[2], words[3]);
    }

    // A fixed sign for each place of each factor.
    private static float Pattern(int factor, int place) =>
        BitOperations.PopCount((uint)((factor * 0x9E3779B1) >> 7) & (uint)(place * 0x85EBCA6B)) % 2 == 0 ? 1 : -1;

    private static PdqValue Flip(PdqValue value, int bits, ref Source random)
    {
        Span<ulong> words = [value.W0, value.W1, value.W2, value.W3];
        Span<ulong> flips = stackalloc ulong[4];
        for (var flipped = 0; flipped < bits;)
        {
            var place = random.Below(256);
            if ((flips[place >> 6] >> place & 1) == 0)
            {
                flips[place >> 6] |= 1UL << place;
                flipped++;
            }
        }

        return new PdqValue(words[0] ^ flips[0], words[1] ^ flips[1], words[2] ^ flips[2], words[3] ^ flips[3]);
    }

    private static float[] NoiseTable()
    {
        // Laplace, as coefficients of pictures are about.
        var table = new float[65536];
        for (var i = 0; i < table.Length; i++)
        {
            var u = ((i + 0.5) / table.Length) - 0.5;
            table[i] = (float)(-Math.Sign(u) * Math.Log(1 - (2 * Math.Abs(u))));
        }

        return table;
    }

    /// <summary>SplitMix64: the same numbers on every runtime.</summary>
    private struct Source(ulong state)
    {
        public ulong Next()
        {
            state += 0x9E3779B97F4A7C15;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }

        public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);
    }
}
