using CPort.Domain.Hashes;

namespace CPort.Actors.Tests.Matching.Groups;

/// <summary>Made-up PDQ values at chosen distances from one another, and what a search over those seen so far would find.</summary>
internal sealed class PdqValues
{
    private readonly List<(ContentHash Value, int Items)> _seen = [];

    public static ContentHash Random(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }

    /// <summary>The value with <paramref name="count"/> bits from <paramref name="first"/> on the other way round.</summary>
    public static ContentHash Flip(ContentHash value, int count, int first = 0)
    {
        var bytes = value.Bytes.ToArray();
        for (var i = 0; i < count; i++)
        {
            var bit = (first + i) % 256;
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }

    /// <summary>The value's item is sighted, then its look-alikes are searched, as the matching does: nearest first, at most 20, no traps.</summary>
    public LookAlike[] Sight(ContentHash value)
    {
        if (TrapValues.IsTrap(value))
        {
            return [];
        }

        var at = _seen.FindIndex(s => s.Value == value);
        if (at < 0)
        {
            _seen.Add((value, 1));
        }
        else
        {
            _seen[at] = (value, _seen[at].Items + 1);
        }

        return [.. _seen.Select(s => new LookAlike { Hash = s.Value, Distance = Distance(s.Value, value), Items = s.Items })
            .Where(l => l.Distance <= 31).OrderBy(l => l.Distance).Take(20)];
    }

    public static int Distance(ContentHash a, ContentHash b)
    {
        var bits = 0;
        for (var i = 0; i < 32; i++)
        {
            bits += int.PopCount(a.Bytes[i] ^ b.Bytes[i]);
        }

        return bits;
    }
}
