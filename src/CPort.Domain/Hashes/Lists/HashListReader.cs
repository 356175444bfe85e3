using System.Runtime.CompilerServices;
using CPort.Domain.Text;

namespace CPort.Domain.Hashes.Lists;

/// <summary>
/// Reads hash list files (<see cref="HashListFormat.All"/>) row by row in constant memory. The format is found by content. A broken row is a result of its own
/// and never ends the file.
/// </summary>
public static class HashListReader
{
    /// <summary>Longest CSV line in bytes; a longer one is a rejected row.</summary>
    public const int MaxLineBytes = 64 * 1024;

    /// <summary>Longest VICS media record in bytes; a longer one is a rejected row.</summary>
    public const int MaxRecordBytes = 4 * 1024 * 1024;

    /// <summary>
    /// The rows of a file; the stream is read forwards only and left open. Throws <see cref="HashListFormatException"/> when the file is no hash list, or not
    /// of the <paramref name="expected"/> format.
    /// </summary>
    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        Stream stream, HashListFormat? expected = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var window = new ByteWindow(stream);
        while (window.Data.Length < 4 && await window.FillAsync(cancellation))
        {
        }

        if (FileHead.Packed(window.Data) is { } packed)
        {
            throw new HashListFormatException(packed);
        }

        if (FileHead.Wide(window.Data) is { } encoding)
        {
            // Some exporters write UTF-16; everything below reads UTF-8.
            window = new ByteWindow(Encoding.CreateTranscodingStream(window.Rest(), encoding, Encoding.UTF8, leaveOpen: true));
            await window.FillAsync(cancellation);
        }

        if (window.Data.StartsWith("\uFEFF"u8))
        {
            window.Consume(3);
        }

        var found = HashListFormat.Of(await FirstAsync(window, cancellation));
        found.MustBeKindOf(expected);
        await foreach (var row in (expected ?? found).ReadAsync(window.Rest(), expected, cancellation))
        {
            yield return row;
        }
    }

    /// <summary>
    /// The rows of NCMEC pages saved as <c>*.xml</c> in one folder: all pages are one list, so that an entry's deletion on one page takes back the hashes that
    /// another page gave. Pages are read in the order of their names, next-page links between them are followed. Nothing is fetched: a link to a page that is
    /// not in the folder is reported as a rejected row.
    /// </summary>
    public static IAsyncEnumerable<HashListRowResult> ReadFolderAsync(string folder, HashListFormat? expected = null, CancellationToken cancellation = default)
    {
        HashListFormat.Ncmec.MustBe(expected);
        NcmecPage[] pages = [.. Directory.EnumerateFiles(folder, HashListFormat.Ncmec.Pages!).Order(StringComparer.Ordinal)
            .Select(path => new NcmecPage(Path.GetFileName(path), () => File.OpenRead(path)))];
        return pages.Length == 0
            ? throw new HashListFormatException("The folder holds no page: no file ends in .xml.")
            : NcmecReader.ReadAsync(pages, cancellation);
    }

    private static async ValueTask<byte> FirstAsync(ByteWindow window, CancellationToken cancellation)
    {
        while (true)
        {
            var at = window.Data.IndexOfAnyExcept(" \t\r\n"u8);
            if (at >= 0)
            {
                return window.Data[at];
            }

            if (window.Data.Length > MaxLineBytes || !await window.FillAsync(cancellation))
            {
                throw new HashListFormatException("The file is empty.");
            }
        }
    }
}

/// <summary>A sliding window over a stream: grows to what one row needs, never beyond what its reader asks for.</summary>
internal sealed class ByteWindow(Stream stream)
{
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;

    public ReadOnlySpan<byte> Data => _buffer.AsSpan(_start, _end - _start);

    public bool Ended { get; private set; }

    public void Consume(int count) => _start += count;

    /// <summary>What has not been consumed, and what follows it.</summary>
    public Stream Rest() => new PrefixedStream(Data.ToArray(), stream);

    /// <summary>Reads more behind the data at hand; false at the end of the stream.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (Ended)
        {
            return false;
        }

        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += read;
        Ended = read == 0;
        return !Ended;
    }
}

/// <summary>Reads what lists write for yes and no, dates and hashes. Reasons name columns and forms, never values.</summary>
internal static class HashListValues
{
    public static bool TryFlag(string text, out bool value)
    {
        switch (text.Trim().ToLowerInvariant())
        {
            case "" or "0" or "false" or "no" or "n" or "f" or "-" or "null":
                value = false;
                return true;
            case "1" or "true" or "yes" or "y" or "t" or "x":
                value = true;
                return true;
            default:
                value = false;
                return false;
        }
    }

    /// <summary>ISO 8601, .NET's <c>/Date(ms)/</c>, and the US form with or without AM/PM; null when none fits.</summary>
    public static DateTimeOffset? Date(string text)
    {
        if (text.StartsWith("/Date(", StringComparison.Ordinal))
        {
            var end = text.AsSpan(6).IndexOfAny(")+") + 6;
            return end > 6 && long.TryParse(text.AsSpan(6, end - 6), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out var ms)
                && ms is > -62_135_596_800_000 and < 253_402_300_800_000
                ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
                : null;
        }

        // The invariant culture reads ISO and month/day/year.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date) ? date : null;
    }

    public static string Reason(HashAlgorithmRow algorithm) => $"{algorithm.Title} is not {algorithm.Form}";

    /// <summary>A whole number, also as pandas and PHP write it: <c>98.0</c>, <c>1e3</c>.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        var read = decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)
            && value == decimal.Truncate(value) && value <= long.MaxValue;
        number = read ? (long)value : 0;
        return read;
    }
}
