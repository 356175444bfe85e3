using System.Numerics;
using CPort.Actors.Hashes;
using CsCheck;

namespace CPort.Actors.Tests.Hashes;

public class PdqIndexTests
{
    private static readonly Gen<byte[]> Uniform = Gen.Byte.Array[32];

    // As real PDQ: exactly 128 bits set.
    private static readonly Gen<byte[]> Balanced = Gen.Int.Select(seed =>
    {
        var order = Enumerable.Range(0, 256).ToArray();
        new Random(seed).Shuffle(order);
        return Set(new byte[32], order.AsSpan(0, 128));
    });

    // A few originals, each with up to 60 bits flipped: many values near and at the radius.
    private static readonly Gen<byte[]> NearDuplicate = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 255].Array[0, 60]).Select((family, flips) =>
    {
        var bytes = new byte[32];
        new Random(family).NextBytes(bytes);
        return Set(bytes, flips);
    });

    private static byte[] Set(byte[] bytes, ReadOnlySpan<int> flips)
    {
        foreach (var bit in flips)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return bytes;
    }

    private static ContentHash Pdq(byte[] bytes) => ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);

    private static int Distance(ContentHash a, ContentHash b)
    {
        var distance = 0;
        for (var i = 0; i < 32; i++)
        {
            distance += BitOperations.PopCount((uint)(a.Bytes[i] ^ b.Bytes[i]));
        }

        return distance;
    }

    public static TheoryData<string> Kinds => ["uniform", "balanced", "near"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Search_equals_brute_force_also_after_removals(string kind)
    {
        var value = kind switch { "uniform" => Uniform, "balanced" => Balanced, _ => NearDuplicate };
        Gen.Select(value.Array[0, 80], Gen.Bool.Array[80], value, Gen.Int[0, PdqIndex.MaxRadius], Gen.Int[1, 40])
            .Sample((values, keep, query, radius, max) =>
            {
                var index = new PdqIndex();
                var held = new HashSet<ContentHash>();
                foreach (var v in values)
                {
                    Assert.Equal(held.Add(Pdq(v)), index.Add(Pdq(v)));
                }

                for (var i = 0; i < values.Length; i++)
                {
                    if (!keep[i])
                    {
                        Assert.Equal(held.Remove(Pdq(values[i])), index.Remove(Pdq(values[i])));
                    }
                }

                var expected = held.Select(h => new PdqHit(h, Distance(h, Pdq(query)))).Where(h => h.Distance <= radius)
                    .OrderBy(h => h.Distance).ThenBy(h => h.Hash.ToHex(), StringComparer.Ordinal).ToList();
                var found = index.Search(Pdq(query), radius, max);
                Assert.Equal(expected.Take(max), found.Hits);
                Assert.Equal(expected.Count > max, found.Truncated);
                Assert.Equal(held.Count, index.Count);
            }, iter: 1_000);
    }

    [Fact]
    public void Only_pdq_values_and_a_radius_up_to_128_are_taken()
    {
        var index = new PdqIndex();
        Assert.Throws<ArgumentException>(() => index.Add(HashSamples.Sha256(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(Pdq(new byte[32]), 129, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Search(Pdq(new byte[32]), -1, 1));
    }
}
