namespace CPort.Domain.Text;

/// <summary>What the first bytes of a file of texts say of how it is written.</summary>
public static class FileHead
{
    /// <summary>Bytes to look at: some lines of ordinary length.</summary>
    public const int Length = 64 * 1024;

    private static readonly (byte[] Starts, string Name)[] Packers =
    [
        ([0x1F, 0x8B], "gzip"), ([0x50, 0x4B, 0x03, 0x04], "zip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0x42, 0x5A, 0x68], "bzip2"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"), ([0x37, 0x7A, 0xBC, 0xAF], "7-Zip"),
    ];

    /// <summary>Why nothing can be read of it; null: it is not packed.</summary>
    public static string? Packed(ReadOnlySpan<byte> head)
    {
        foreach (var (starts, name) in Packers)
        {
            if (head.StartsWith(starts))
            {
                return $"The file is compressed ({name}): unpack it first.";
            }
        }

        return null;
    }

    /// <summary>UTF-16, by its mark or because every other byte of the first signs is zero; null: an encoding of single bytes, as UTF-8 begins.</summary>
    public static Encoding? Wide(ReadOnlySpan<byte> head) => head switch
    {
        [0xFF, 0xFE, ..] or [not 0, 0, not 0, 0, ..] => Encoding.Unicode,
        [0xFE, 0xFF, ..] or [0, not 0, 0, not 0, ..] => Encoding.BigEndianUnicode,
        _ => null,
    };

    /// <summary>What ends its lines: CR where the first one is not followed by LF ("CSV (Macintosh)"), else LF.</summary>
    public static byte LineEnd(ReadOnlySpan<byte> head) =>
        head.IndexOfAny("\r\n"u8) is >= 0 and var at && at + 1 < head.Length && head[at] == '\r' && head[at + 1] != '\n' ? (byte)'\r' : (byte)'\n';
}
