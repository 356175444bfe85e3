using System.Numerics;

namespace CPort.Bench.Lookups;

/// <summary>Made-up PDQ values like real ones in one respect: 128 of their 256 bits are set. The same seed and number give the same value.</summary>
internal static class MadePdq
{
    public static byte[] Value(int seed, int number)
    {
        var random = new Random(HashCode.Combine(seed, number * 7919) ^ (number << 3));
        var bytes = new byte[32];
        random.NextBytes(bytes);
        var set = bytes.Sum(b => BitOperations.PopCount(b));
        while (set != 128)
        {
            var bit = random.Next(256);
            var isSet = (bytes[bit >> 3] >> (bit & 7) & 1) == 1;
            if (isSet == set > 128)
            {
                bytes[bit >> 3] ^= (byte)(1 << (bit & 7));
                set += isSet ? -1 : 1;
            }
        }

        return bytes;
    }

    /// <summary>The value with so many bits the other way round.</summary>
    public static byte[] Near(byte[] value, int bits, Random random)
    {
        var near = value.ToArray();
        var flipped = new HashSet<int>();
        while (flipped.Count < bits)
        {
            var bit = random.Next(256);
            if (flipped.Add(bit))
            {
                near[bit >> 3] ^= (byte)(1 << (bit & 7));
            }
        }

        return near;
    }
}
