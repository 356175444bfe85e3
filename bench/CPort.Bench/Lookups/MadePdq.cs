using System.Buffers.Binary;
using System.Numerics;

namespace CPort.Bench.Lookups;

/// <summary>Made-up PDQ values like real ones in one respect: 128 of their 256 bits are set. The same seed and number give the same value.</summary>
internal static class MadePdq
{
    public static byte[] Value(int seed, int number)
    {
        // 64 bits of state, so that a million values and as many strangers do not meet by chance (32 bits would).
        var state = ((ulong)(uint)seed << 32) | (uint)number;
        var bytes = new byte[32];
        var set = 0;
        for (var word = 0; word < 4; word++)
        {
            var bits = Next(ref state);
            set += BitOperations.PopCount(bits);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8 * word), bits);
        }

        while (set != 128)
        {
            var bit = (int)(Next(ref state) & 255);
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

    // SplitMix64, started far from its neighbours by a first mix of the whole state.
    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
