using System.Text.Json;
using CPort.Domain.Hashes;

namespace CPort.Domain.Icse;

/// <summary>A file as lists of media name it: hashes and facts, never a URL or word.</summary>
[ProtoContract]
public sealed record MediaRecord
{
    /// <summary>The item's number.</summary>
    [ProtoMember(1)] public required long Number { get; init; }
    [ProtoMember(2)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(3)] public long? Size { get; init; }
    [ProtoMember(4)] public string? MimeType { get; init; }
    [ProtoMember(5)] public bool VictimIdentified { get; init; }
    [ProtoMember(6)] public bool OffenderIdentified { get; init; }
    [ProtoMember(7)] public string? Series { get; init; }

    /// <summary>Whether it counts as Baseline; null: not told.</summary>
    [ProtoMember(8)] public bool? Baseline { get; init; }

    /// <summary>By which lists name it; null: it has none, and stands in no list.</summary>
    public ContentHash? Md5 => Of(HashAlgorithm.Md5);

    public ContentHash? Of(HashAlgorithm algorithm) =>
        Hashes.FirstOrDefault(h => h.Algorithm == algorithm) is var hash && hash.Algorithm == algorithm ? hash : null;
}

/// <summary>In which form media are written.</summary>
public enum MediaFormat
{
    /// <summary>Project VIC's data model 2.0, <c>#Media</c>.</summary>
    Vics = 1,

    /// <summary>The columns of ICSE's own list of hashes.</summary>
    Csv,
}

/// <summary>
/// Writes lists of media a part at a time, so that none has to be in memory whole: head, records in their order, foot. UTF-8 without a byte order mark. Records
/// without MD5, by which both forms name a file, are left out.
/// </summary>
public static class MediaFile
{
    private const string Context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media";

    public static byte[] Head(MediaFormat format) => Encoding.UTF8.GetBytes(format == MediaFormat.Vics
        ? $"{{\"@odata.context\":\"{Context}\",\"value\":[\n"
        : "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
            + "Number of submissions;File Available;Media Type;Baseline\r\n");

    public static byte[] Foot(MediaFormat format) => format == MediaFormat.Vics ? "\n]}\n"u8.ToArray() : [];

    /// <summary>A record; <paramref name="first"/>: none stands before it. Empty for one that has no MD5.</summary>
    public static byte[] Line(MediaFormat format, MediaRecord media, bool first) => media.Md5 is not { } md5 ? []
        : format == MediaFormat.Vics ? [.. first ? ""u8 : ",\n"u8, .. Vics(media, md5)] : Encoding.UTF8.GetBytes(Csv(media, md5));

    private static byte[] Vics(MediaRecord media, ContentHash md5) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        MediaID = media.Number,
        Category = (int?)null,
        MD5 = Upper(md5),
        SHA1 = Upper(media.Of(HashAlgorithm.Sha1)),
        PhotoDNA = media.Of(HashAlgorithm.PhotoDna) is { } photo ? Convert.ToBase64String(photo.Bytes) : null,
        MediaSize = media.Size,
        media.MimeType,
        media.VictimIdentified,
        media.OffenderIdentified,
        IsDistributed = true,
        media.Series,
        Tags = string.Create(CultureInfo.InvariantCulture, $"cport:{media.Number}"),
        Comments = "",
        AlternativeHashes = media.Hashes.Where(h => h.Algorithm is HashAlgorithm.Sha256 or HashAlgorithm.Pdq)
            .Select(h => new { HashName = h.Algorithm == HashAlgorithm.Pdq ? "PDQ" : "SHA256", HashValue = h.ToHex(), MD5 = Upper(md5) }),
    });

    private static string Csv(MediaRecord media, ContentHash md5)
    {
        static string Flag(bool flag) => flag ? "1" : "0";
        return string.Join(';',
            Upper(md5), Upper(media.Of(HashAlgorithm.Sha1)), media.Of(HashAlgorithm.PhotoDna)?.ToHex().ToUpperInvariant(),
            media.Number.ToString(CultureInfo.InvariantCulture), "1", Flag(media.VictimIdentified), Flag(media.OffenderIdentified), Quoted(media.Series),
            "1", "0",
            media.MimeType?.StartsWith("video/", StringComparison.OrdinalIgnoreCase) == true ? "Video" : "Image",
            media.Baseline is { } baseline ? Flag(baseline) : "") + "\r\n";
    }

    private static string? Upper(ContentHash? hash) => hash?.ToHex().ToUpperInvariant();

    /// <summary>With quotation marks where it needs them; what a table program would take for a formula is made plain.</summary>
    private static string Quoted(string? text)
    {
        var plain = text is ['=' or '+' or '-' or '@', ..] ? $"'{text}" : text ?? "";
        return plain.AsSpan().IndexOfAny(";\"\r\n") < 0 ? plain : $"\"{plain.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
