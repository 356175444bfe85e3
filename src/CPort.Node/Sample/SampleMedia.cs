using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;

namespace CPort.Node.Sample;

/// <summary>One row of the list of known hashes that belongs to a synthetic day. All hashes are of one made-up media file.</summary>
public sealed record KnownHash(ImmutableArray<ContentHash> Hashes, Classification Classification, Country? Country, bool VictimIdentified, string? Series)
{
    /// <summary>The header that <c>cport hashes import</c> reads; <see cref="ToCsv"/> writes its columns.</summary>
    public static string CsvHeader { get; } = string.Join(',', SampleMedia.Listed.Select(a => a.Name)) + ",classification,country,victim_identified,series";

    public ContentHash this[HashAlgorithm algorithm] => Hashes.First(h => h.Algorithm == algorithm);

    public string ToCsv() => string.Join(',', Hashes.Select(h => h.ToHex()))
        + $",{Classification},{Country?.Code},{(VictimIdentified ? "true" : "false")},{Series}";
}

/// <summary>The hashes and facts of one made-up media file, filled in place: a day of millions of lines must not allocate for each.</summary>
internal sealed class SampleMedia
{
    /// <summary>Purposes of the random streams; changing one changes every sample.</summary>
    private const ulong KnownStream = 11;
    private const ulong NewStream = 12;

    private readonly byte[][] _values = new byte[HashAlgorithms.Slots][];
    private readonly bool[] _has = new bool[HashAlgorithms.Slots];

    public SampleMedia()
    {
        foreach (var row in HashAlgorithms.All)
        {
            _values[(int)row.Algorithm] = new byte[row.Bytes];
        }
    }

    /// <summary>What the list of known hashes has; opaque hashes are not exchanged.</summary>
    public static ImmutableArray<HashAlgorithmRow> Listed
        { get; } = [.. HashAlgorithms.All.Where(a => a.Strength != HashStrength.Opaque)];

    private static ImmutableArray<HashAlgorithmRow> Opaque { get; } = [.. HashAlgorithms.All.Except(Listed)];

    public int PdqQuality { get; private set; }
    public int Size { get; private set; }
    public string MimeType { get; private set; } = "";
    public Classification Classification { get; private set; }

    /// <summary>Names the media's URL, so that the same media file is found at the same URL in several reports.</summary>
    public ulong Token { get; private set; }

    public byte[] this[HashAlgorithm algorithm] => _values[(int)algorithm];

    public bool Has(HashAlgorithm algorithm) => _has[(int)algorithm];

    /// <summary>Known media file <paramref name="number"/> of the day's list.</summary>
    public void FillKnown(ulong seed, int number)
    {
        var random = SampleRandom.For(seed, KnownStream, (ulong)number);
        Fill(ref random, random.PerMille(700) ? Classification.Baseline : Classification.National);
        SetHas(HashStrength.Strong, true);
    }

    /// <summary>A media file on no list.</summary>
    public void FillNew(ulong seed, ulong number)
    {
        var random = SampleRandom.For(seed, NewStream, number);
        Fill(ref random, random.Below(100) switch
            { < 15 => Classification.Baseline, < 45 => Classification.National, _ => Classification.NotIllegal });
    }

    /// <summary>A re-encoded copy of known media <paramref name="known"/>: other exact hashes, a PDQ value some 2 to 24 bits away.</summary>
    public void FillNear(ulong seed, int known, ulong number)
    {
        var random = SampleRandom.For(seed, NewStream, number);
        FillKnown(seed, known);
        foreach (var row in Listed)
        {
            if (row.Digest is not null)
            {
                random.Fill(this[row.Algorithm]);
            }
        }

        SetHas(HashStrength.Opaque, false);
        SetHas(HashStrength.Perceptual, true);
        PdqQuality = Math.Max(PdqQuality, 60);
        Token = random.Next();
        for (var flips = 1 + random.Below(12); flips > 0; flips--)
        {
            // Pairs, one bit cleared for one set, because a real value keeps its 128 bits.
            Flip(ref random, set: true);
            Flip(ref random, set: false);
        }
    }

    public KnownHash ToKnown(ulong seed, int number, ReadOnlySpan<Country> countries)
    {
        FillKnown(seed, number);
        var random = SampleRandom.For(seed, KnownStream + 2, (ulong)number);
        return new KnownHash(
            [.. Listed.Select(a => ContentHash.FromBytes(a.Algorithm, this[a.Algorithm]))], Classification,
            Classification == Classification.National ? countries[random.Skewed(countries.Length)] : null,
            random.PerMille(120), random.PerMille(200) ? $"series-{random.Below(400):000}" : null);
    }

    private void Fill(ref SampleRandom random, Classification classification)
    {
        Classification = classification;
        foreach (var row in Listed)
        {
            FillValue(ref random, row.Algorithm);
        }

        foreach (var row in Opaque)
        {
            _has[(int)row.Algorithm] = random.PerMille(150);
            if (Has(row.Algorithm))
            {
                FillValue(ref random, row.Algorithm);
            }
        }

        // Everybody has the old cryptographic ones.
        foreach (var row in Listed)
        {
            _has[(int)row.Algorithm] = row.Strength == HashStrength.Weak || random.PerMille(row.Strength == HashStrength.Strong ? 800 : 850);
        }

        PdqQuality = random.PerMille(50) ? random.Below(50) : 50 + random.Below(51);
        Size = 4_000 + random.Skewed(8_000_000);
        MimeType = random.Below(100) switch { < 78 => "image/jpeg", < 88 => "image/png", < 92 => "image/webp", < 94 =>
            "image/gif", _ => "video/mp4" };
        Token = random.Next();
    }

    private void FillValue(ref SampleRandom random, HashAlgorithm algorithm)
    {
        if (algorithm == HashAlgorithm.Pdq)
        {
            random.FillPdq(this[algorithm]);
        }
        else
        {
            random.Fill(this[algorithm]);
        }
    }

    private void SetHas(HashStrength strength, bool has)
    {
        foreach (var row in HashAlgorithms.All)
        {
            _has[(int)row.Algorithm] = row.Strength == strength ? has : _has[(int)row.Algorithm];
        }
    }

    private void Flip(ref SampleRandom random, bool set)
    {
        var pdq = this[HashAlgorithm.Pdq];
        while (true)
        {
            var bit = random.Below(8 * pdq.Length);
            if ((pdq[bit >> 3] >> (bit & 7) & 1) == (set ? 1 : 0))
            {
                pdq[bit >> 3] ^= (byte)(1 << (bit & 7));
                return;
            }
        }
    }
}
