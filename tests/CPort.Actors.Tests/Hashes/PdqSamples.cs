using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Tests.Hashes;

/// <summary>Made-up PDQ values of the kinds that an index must cope with, reproducible from a seed.</summary>
internal static class PdqSamples
{
    public static readonly string[] Kinds = ["uniform", "balanced", "skewed", "near"];

    public static PdqValue[] Of(string kind, int count, int seed)
    {
        var random = new Random(seed);
        var values = new HashSet<PdqValue>();
        PdqValue[] centres = [Uniform(random), Uniform(random), Uniform(random)];
        while (values.Count < count)
        {
            values.Add(kind switch
            {
                "uniform" => Uniform(random),
                "balanced" => Balanced(random),
                "skewed" => Skewed(random),
                _ => random.Next(4) == 0 ? Uniform(random) : Flip(centres[random.Next(centres.Length)], random.Next(80), random),
            });
        }

        return [.. values];
    }

    /// <summary>Half of them near a value, at all distances about a radius up to 64, half of the kind itself.</summary>
    public static PdqValue[] Queries(string kind, PdqValue[] values, int count, int seed)
    {
        var random = new Random(seed);
        var strangers = Of(kind, count, seed + 1);
        return [.. strangers.Select((s, i) => i % 2 == 0 && values.Length > 0 ? Flip(values[random.Next(values.Length)], random.Next(70), random) : s)];
    }

    public static PdqValue Uniform(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return PdqValue.FromBytes(bytes);
    }

    /// <summary>Exactly 128 bits set, as PDQ has by the median.</summary>
    private static PdqValue Balanced(Random random)
    {
        var bits = Enumerable.Range(0, 256).ToArray();
        random.Shuffle(bits);
        return Flip(default, bits.AsSpan(0, 128));
    }

    /// <summary>Rows of equal or opposite bits: a few of each chunk's patterns have nearly all values.</summary>
    private static PdqValue Skewed(Random random)
    {
        var value = default(PdqValue);
        for (var row = 0; row < 16; row++)
        {
            if (random.Next(3) == 0)
            {
                value = Flip(value, Enumerable.Range(16 * row, 16).ToArray());
            }
        }

        return Flip(value, random.Next(30), random);
    }

    public static PdqValue Flip(PdqValue value, int bits, Random random)
    {
        var places = new int[bits];
        for (var i = 0; i < bits; i++)
        {
            places[i] = random.Next(256);
        }

        return Flip(value, places);
    }

    private static PdqValue Flip(PdqValue value, ReadOnlySpan<int> places)
    {
        Span<ulong> words = [value.W0, value.W1, value.W2, value.W3];
        foreach (var place in places)
        {
            words[place >> 6] ^= 1UL << (place & 63);
        }

        return new PdqValue(words[0], words[1], words[2], words[3]);
    }
}
