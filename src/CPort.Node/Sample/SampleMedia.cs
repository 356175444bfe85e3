using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;

namespace CPort.Node.Sample;

/// <summary>One row of the list of known hashes that belongs to a synthetic day. All hashes are of one made-up media file.</summary>
public sealed record KnownHash(
    ContentHash Md5, ContentHash Sha1, ContentHash Sha256, ContentHash Pdq, Classification Classification, Country? Country, bool VictimIdentified, string? Series)
{
    /// <summary>The header that <c>cport hashes import</c> reads; <see cref="ToCsv"/> writes its columns.</summary>
    public const string CsvHeader = "md5,sha1,sha256,pdq,classification,country,victim_identified,series";

    public string ToCsv() =>
        $"{Md5.ToHex()},{Sha1.ToHex()},{Sha256.ToHex()},{Pdq.ToHex()},{Classification},{Country?.Code},{(VictimIdentified ? "true" : "false")},{Series}";
}

/// <summary>The hashes and facts of one made-up media file, filled in place: a day of millions of lines must not allocate for each.</summary>
internal sealed class SampleMedia
{
    /// <summary>Purposes of the random streams; changing one changes every sample.</summary>
    private const ulong KnownStream = 11;
    private const ulong NewStream = 12;

    public byte[] Md5 { get; } = new byte[16];
    public byte[] Sha1 { get; } = new byte[20];
    public byte[] Sha256 { get; } = new byte[32];
    public byte[] Pdq { get; } = new byte[32];
    public byte[] PhotoDna { get; } = new byte[144];
    public int PdqQuality { get; private set; }
    public int Size { get; private set; }
    public string MimeType { get; private set; } = "";
    public Classification Classification { get; private set; }
    public bool HasPhotoDna { get; private set; }
    public bool HasSha256 { get; private set; }
    public bool HasPdq { get; private set; }

    /// <summary>Names the media's URL, so that the same media file is found at the same URL in several reports.</summary>
    public ulong Token { get; private set; }

    /// <summary>Known media file <paramref name="number"/> of the day's list.</summary>
    public void FillKnown(ulong seed, int number)
    {
        var random = SampleRandom.For(seed, KnownStream, (ulong)number);
        Fill(ref random, random.PerMille(700) ? Classification.Baseline : Classification.National);
        HasSha256 = true;
    }

    /// <summary>A media file on no list.</summary>
    public void FillNew(ulong seed, ulong number)
    {
        var random = SampleRandom.For(seed, NewStream, number);
        Fill(ref random, random.Below(100) switch { < 15 => Classification.Baseline, < 45 => Classification.National, _ => Classification.NotIllegal });
    }

    /// <summary>A re-encoded copy of known media <paramref name="known"/>: other exact hashes, a PDQ value some 2 to 24 bits away.</summary>
    public void FillNear(ulong seed, int known, ulong number)
    {
        var random = SampleRandom.For(seed, NewStream, number);
        FillKnown(seed, known);
        random.Fill(Md5);
        random.Fill(Sha1);
        random.Fill(Sha256);
        HasPhotoDna = false;
        HasPdq = true;
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
            ContentHash.FromBytes(HashAlgorithm.Md5, Md5), ContentHash.FromBytes(HashAlgorithm.Sha1, Sha1),
            ContentHash.FromBytes(HashAlgorithm.Sha256, Sha256), ContentHash.FromBytes(HashAlgorithm.Pdq, Pdq), Classification,
            Classification == Classification.National ? countries[random.Skewed(countries.Length)] : null,
            random.PerMille(120), random.PerMille(200) ? $"series-{random.Below(400):000}" : null);
    }

    private void Fill(ref SampleRandom random, Classification classification)
    {
        Classification = classification;
        random.Fill(Md5);
        random.Fill(Sha1);
        random.Fill(Sha256);
        random.FillPdq(Pdq);
        HasPhotoDna = random.PerMille(150);
        if (HasPhotoDna)
        {
            random.Fill(PhotoDna);
        }

        HasSha256 = random.PerMille(800);
        HasPdq = random.PerMille(850);
        PdqQuality = random.PerMille(50) ? random.Below(50) : 50 + random.Below(51);
        Size = 4_000 + random.Skewed(8_000_000);
        MimeType = random.Below(100) switch { < 78 => "image/jpeg", < 88 => "image/png", < 92 => "image/webp", < 94 => "image/gif", _ => "video/mp4" };
        Token = random.Next();
    }

    private void Flip(ref SampleRandom random, bool set)
    {
        while (true)
        {
            var bit = random.Below(256);
            if ((Pdq[bit >> 3] >> (bit & 7) & 1) == (set ? 1 : 0))
            {
                Pdq[bit >> 3] ^= (byte)(1 << (bit & 7));
                return;
            }
        }
    }
}
