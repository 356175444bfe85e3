using System.Numerics;

namespace CPort.Node.Sample;

/// <summary>
/// SplitMix64: a seed gives the same numbers on every machine and .NET version, and any report or media file can be drawn without drawing those before it. Not
/// for secrets.
/// </summary>
internal struct SampleRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own for each (seed, purpose, number).</summary>
    public static SampleRandom For(ulong seed, ulong purpose, ulong number) => new(Mix(Mix(seed ^ (purpose * 0x9E3779B97F4A7C15)) + number));

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>True in so many of a thousand cases.</summary>
    public bool PerMille(int share) => Below(1000) < share;

    /// <summary>0 to <paramref name="limit"/> - 1, small values far more often: what is popular is very popular.</summary>
    public int Skewed(int limit)
    {
        var unit = (Next() >> 11) * (1.0 / (1UL << 53));
        return (int)(limit * unit * unit * unit);
    }

    public T Pick<T>(ReadOnlySpan<(int Weight, T Value)> table)
    {
        var total = 0;
        foreach (var (weight, _) in table)
        {
            total += weight;
        }

        var at = Below(total);
        foreach (var (weight, value) in table)
        {
            if ((at -= weight) < 0)
            {
                return value;
            }
        }

        throw new InvalidOperationException("An empty table has nothing to pick.");
    }

    public void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, Next());
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Next();
        }
    }

    /// <summary>
    /// A PDQ value shaped as real ones are: exactly 128 of 256 bits set (it is a threshold at the median), unevenly spread over the sixteen 16-bit slots, which
    /// is what makes a multi-index slower on real values than on random ones.
    /// </summary>
    public void FillPdq(Span<byte> pdq)
    {
        Span<ulong> words = stackalloc ulong[4];
        var set = 0;
        for (var i = 0; i < 4; i++)
        {
            // A bit of one slot is set with a chance of 1/4, 1/2 or 3/4, by slot.
            ulong a = Next(), b = Next(), shape = Next();
            ulong word = 0;
            for (var slot = 0; slot < 64; slot += 16)
            {
                var bits = (shape >> slot & 3) switch { 0 => a & b, 1 => a | b, _ => a };
                word |= bits & (0xFFFFUL << slot);
            }

            words[i] = word;
            set += BitOperations.PopCount(word);
        }

        while (set != 128)
        {
            var bit = Below(256);
            var mask = 1UL << (bit & 63);
            var isSet = (words[bit >> 6] & mask) != 0;
            if (isSet == set > 128)
            {
                words[bit >> 6] ^= mask;
                set += isSet ? -1 : 1;
            }
        }

        for (var i = 0; i < 4; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(pdq[(8 * i)..], words[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
