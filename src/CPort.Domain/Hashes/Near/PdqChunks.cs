using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// How the 256 bits are dealt to m chunks of at most 16 bits: each chunk is a set of bits, every bit is in exactly one. Which bits go where makes no difference
/// to correctness (the Hamming distance is the sum of the chunks' distances whatever the partition), but a lot to speed: bits of real values depend on each
/// other, and a chunk of dependent bits has a few full slots and many empty ones.
/// </summary>
internal sealed class PdqChunks
{
    public const int Bits = 256;
    private const int SampleSize = 4096;

    // Four words a chunk: the bits that belong to it.
    private readonly ulong[] _masks;
    private readonly byte[] _shifts;

    private PdqChunks(int[] chunkOf, int count)
    {
        Count = count;
        Widths = new int[count];
        _masks = new ulong[4 * count];
        _shifts = new byte[4 * count];
        for (var bit = 0; bit < Bits; bit++)
        {
            _masks[(4 * chunkOf[bit]) + (bit >> 6)] |= 1UL << (bit & 63);
            Widths[chunkOf[bit]]++;
        }

        Offsets = new int[count + 1];
        for (var chunk = 0; chunk < count; chunk++)
        {
            var shift = 0;
            for (var word = 0; word < 4; word++)
            {
                _shifts[(4 * chunk) + word] = (byte)shift;
                shift += BitOperations.PopCount(_masks[(4 * chunk) + word]);
            }

            // One more than slots, so that a slot's end is the next one's start in the last slot too.
            Offsets[chunk + 1] = Offsets[chunk] + (1 << Widths[chunk]) + 1;
        }
    }

    public int Count { get; }

    public int[] Widths { get; }

    /// <summary>Where a chunk's slots begin in the array of all chunks' slots; the last entry is that array's length.</summary>
    public int[] Offsets { get; }

    /// <summary>The bits of one chunk, gathered into the low bits of the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ushort Extract(in PdqValue value, int chunk)
    {
        var at = 4 * chunk;
        if (Bmi2.X64.IsSupported)
        {
            return (ushort)(Bmi2.X64.ParallelBitExtract(value.W0, _masks[at])
                | (Bmi2.X64.ParallelBitExtract(value.W1, _masks[at + 1]) << _shifts[at + 1])
                | (Bmi2.X64.ParallelBitExtract(value.W2, _masks[at + 2]) << _shifts[at + 2])
                | (Bmi2.X64.ParallelBitExtract(value.W3, _masks[at + 3]) << _shifts[at + 3]));
        }

        return (ushort)(Gather(value.W0, _masks[at])
            | (Gather(value.W1, _masks[at + 1]) << _shifts[at + 1])
            | (Gather(value.W2, _masks[at + 2]) << _shifts[at + 2])
            | (Gather(value.W3, _masks[at + 3]) << _shifts[at + 3]));
    }

    /// <summary>What <see cref="Bmi2.X64.ParallelBitExtract(ulong, ulong)"/> does, bit by bit.</summary>
    internal static ulong Gather(ulong value, ulong mask)
    {
        ulong result = 0;
        for (var to = 0; mask != 0; mask &= mask - 1, to++)
        {
            result |= ((value >> BitOperations.TrailingZeroCount(mask)) & 1) << to;
        }

        return result;
    }

    /// <summary>Neighbouring bits together, as plain multi-index hashing does it.</summary>
    public static PdqChunks InOrder(int count)
    {
        var room = Rooms(count);
        var chunkOf = new int[Bits];
        for (int bit = 0, chunk = 0; bit < Bits; bit++)
        {
            while (room[chunk] == 0)
            {
                chunk++;
            }

            chunkOf[bit] = chunk;
            room[chunk]--;
        }

        return new PdqChunks(chunkOf, count);
    }

    /// <summary>
    /// Deals the bits so that those which depend on each other land in different chunks. Bits come in the order of how much they depend on others; each goes to
    /// the chunk with room where the sum of squared correlations with the bits already there is least. A bit that is mostly set or mostly cleared counts as
    /// dependent on every other such bit: both carry little information, and a chunk should not get many of them.
    /// </summary>
    public static PdqChunks Learn(ReadOnlySpan<PdqValue> values, int count)
    {
        if (values.Length < 256)
        {
            return InOrder(count);
        }

        var samples = Math.Min(values.Length, SampleSize) & ~63;
        var step = values.Length / samples;
        var words = samples / 64;
        var columns = new ulong[Bits * words];
        for (var i = 0; i < samples; i++)
        {
            ref readonly var value = ref values[i * step];
            for (var word = 0; word < 4; word++)
            {
                var rest = word switch { 0 => value.W0, 1 => value.W1, 2 => value.W2, _ => value.W3 };
                for (; rest != 0; rest &= rest - 1)
                {
                    columns[(((64 * word) + BitOperations.TrailingZeroCount(rest)) * words) + (i >> 6)] |= 1UL << (i & 63);
                }
            }
        }

        var share = new double[Bits];
        for (var bit = 0; bit < Bits; bit++)
        {
            share[bit] = Ones(columns.AsSpan(bit * words, words)) / (double)samples;
        }

        var cost = new float[Bits * Bits];
        var total = new float[Bits];
        for (var a = 0; a < Bits; a++)
        {
            var left = columns.AsSpan(a * words, words);
            for (var b = a + 1; b < Bits; b++)
            {
                var right = columns.AsSpan(b * words, words);
                var both = 0;
                for (var i = 0; i < words; i++)
                {
                    both += BitOperations.PopCount(left[i] & right[i]);
                }

                // Correlation between two signs, plus what both lose by being uneven; both between 0 and 1.
                var variance = Math.Sqrt(share[a] * (1 - share[a]) * share[b] * (1 - share[b]));
                var r = variance < 1e-6 ? 1 : ((both / (double)samples) - (share[a] * share[b])) / variance;
                var (ua, ub) = ((2 * share[a]) - 1, (2 * share[b]) - 1);
                var c = (float)((r * r) + (ua * ua * ub * ub));
                cost[(a * Bits) + b] = cost[(b * Bits) + a] = c;
                total[a] += c;
                total[b] += c;
            }
        }

        var order = Enumerable.Range(0, Bits).OrderByDescending(bit => total[bit]).ThenBy(bit => bit).ToArray();
        var room = Rooms(count);
        var size = Rooms(count);
        var load = new float[count * Bits];
        var chunkOf = new int[Bits];
        foreach (var bit in order)
        {
            var best = -1;
            for (var chunk = 0; chunk < count; chunk++)
            {
                if (room[chunk] == 0)
                {
                    continue;
                }

                if (best < 0 || load[(chunk * Bits) + bit] < load[(best * Bits) + bit]
                    || (load[(chunk * Bits) + bit] == load[(best * Bits) + bit]
                        && room[chunk] * size[best] > room[best] * size[chunk]))
                {
                    best = chunk;
                }
            }

            chunkOf[bit] = best;
            room[best]--;
            for (var other = 0; other < Bits; other++)
            {
                load[(best * Bits) + other] += cost[(bit * Bits) + other];
            }
        }

        return new PdqChunks(chunkOf, count);
    }

    /// <summary>Widths that differ by one at most, the wide ones spread among the narrow ones.</summary>
    private static int[] Rooms(int count)
    {
        var rooms = new int[count];
        for (var chunk = 0; chunk < count; chunk++)
        {
            rooms[chunk] = ((chunk + 1) * Bits / count) - (chunk * Bits / count);
        }

        return rooms;
    }

    private static int Ones(ReadOnlySpan<ulong> words)
    {
        var ones = 0;
        foreach (var word in words)
        {
            ones += BitOperations.PopCount(word);
        }

        return ones;
    }
}
