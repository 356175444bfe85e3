using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using CPort.Domain.CodeLists;

namespace CPort.Domain.Hashes.Lists;

/// <summary>
/// CSV with a header, and ICSE's export, which differs in its column names and in its Baseline flag. Fields may be quoted, but a quoted field
/// does not span lines: no list needs that, and so a stray quote costs one row and not the rest of the file.
/// </summary>
internal static class CsvHashListReader
{
    private enum Column
    {
        Ignored,
        Md5,
        Sha1,
        Sha256,
        Pdq,
        PhotoDna,
        Classification,
        Country,
        VictimIdentified,
        Series,
        Baseline,
        MediaSize,
        MimeType,
        UpdatedAt,
    }

    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        ByteWindow window, HashListFormat? expected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        CsvRowReader? reader = null;
        long number = 0;
        var tooLong = false;
        while (true)
        {
            var end = window.Data.IndexOf((byte)'\n');
            if (end < 0)
            {
                if (window.Data.Length > HashListReader.MaxLineBytes)
                {
                    tooLong = true;
                    window.Consume(window.Data.Length);
                }

                if (await window.FillAsync(cancellation))
                {
                    continue;
                }

                end = window.Data.Length;
                if (end == 0 && !tooLong)
                {
                    break;
                }
            }

            number++;
            tooLong |= end > HashListReader.MaxLineBytes;
            var result = Line(ref reader, number, tooLong ? default : window.Data[..end], tooLong, expected);
            window.Consume(Math.Min(end + 1, window.Data.Length));
            tooLong = false;
            if (result is { } row)
            {
                yield return row;
            }
        }

        if (reader is null)
        {
            throw new HashListFormatException("The file is empty.");
        }
    }

    /// <summary>One line: null for blank ones and the header.</summary>
    private static HashListRowResult? Line(ref CsvRowReader? reader, long number, ReadOnlySpan<byte> line, bool tooLong, HashListFormat? expected)
    {
        if (tooLong)
        {
            return reader is null
                ? throw new HashListFormatException("The first line is too long for a CSV header.")
                : HashListRowResult.Rejected(number, $"line longer than {HashListReader.MaxLineBytes} bytes");
        }

        if (line.IndexOfAnyExcept(" \t\r"u8) < 0)
        {
            return null;
        }

        line = line.TrimEnd((byte)'\r');
        if (reader is null)
        {
            var columns = Header(Encoding.UTF8.GetString(line), expected, out var delimiter);
            reader = new CsvRowReader(columns, delimiter);
            return null;
        }

        return reader.Read(number, line);
    }
    private static Column[] Header(string line, HashListFormat? expected, out char delimiter)
    {
        if (expected is HashListFormat.Vics1 or HashListFormat.Vics2 or HashListFormat.Vics or HashListFormat.Ncmec)
        {
            throw new HashListFormatException($"Expected {expected}, which is {(expected == HashListFormat.Ncmec ? "XML" : "JSON")}, but the file is text of another kind.");
        }

        var fields = new List<string>();
        var best = (Columns: Array.Empty<Column>(), Known: 0, Delimiter: ',');
        foreach (var candidate in (ReadOnlySpan<char>)[';', ',', '\t'])
        {
            if (!Split(line, candidate, fields))
            {
                continue;
            }

            Column[] columns = [.. fields.Select(Name)];
            var known = columns.Count(c => c != Column.Ignored);
            if (known > best.Known)
            {
                best = (columns, known, candidate);
            }
        }

        if (!best.Columns.Any(c => c is >= Column.Md5 and <= Column.PhotoDna))
        {
            throw new HashListFormatException("The first line is no header with a hash column: md5, sha1, sha256, pdq or photodna, separated by ',' or ';'.");
        }

        var twice = best.Columns.Where(c => c != Column.Ignored).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
        {
            throw new HashListFormatException($"The header names the column {twice.Key} twice.");
        }

        var format = best.Columns.Contains(Column.Baseline) ? HashListFormat.Icse : HashListFormat.Csv;
        if (expected is { } wanted && wanted != format)
        {
            throw new HashListFormatException($"Expected {wanted}, but the header is that of {format}.");
        }

        delimiter = best.Delimiter;
        return best.Columns;
    }

    private static Column Name(string field) => string.Concat(field.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant() switch
    {
        "md5" => Column.Md5,
        "sha1" => Column.Sha1,
        "sha256" => Column.Sha256,
        "pdq" => Column.Pdq,
        "photodna" or "pdna" => Column.PhotoDna,
        "classification" => Column.Classification,
        "country" or "countrycode" => Column.Country,
        "victimidentified" => Column.VictimIdentified,
        "series" or "seriesname" or "seriesknown" => Column.Series,
        "baseline" => Column.Baseline,
        "mediasize" or "size" => Column.MediaSize,
        "mimetype" or "mediatype" => Column.MimeType,
        "dateupdated" or "updatedat" or "updated" => Column.UpdatedAt,
        _ => Column.Ignored,
    };

    /// <summary>
    /// Reads rows as bytes: a row costs the hashes and the record that hold it, no text. What a column says over and over (classification,
    /// country, type) is parsed once.
    /// </summary>
    private sealed class CsvRowReader(Column[] columns, char delimiter)
    {
        private readonly List<string> _fields = [];
        private readonly ContentHash[] _hashes = new ContentHash[5];
        private readonly Repeated[] _repeated = [.. columns.Select(_ => new Repeated())];
        private int _hashCount;
        private Classification? _classification;
        private Country? _country;
        private bool _victim;
        private bool _series;
        private long? _size;
        private string? _mime;
        private DateTimeOffset? _updated;

        public HashListRowResult Read(long number, ReadOnlySpan<byte> line)
        {
            (_hashCount, _classification, _country, _victim, _series, _size, _mime, _updated) = (0, null, null, false, false, null, null, null);
            var problem = line.Contains((byte)'"') ? ReadQuoted(line) : ReadPlain(line);
            return problem is not null ? HashListRowResult.Rejected(number, problem)
                : _hashCount == 0 ? HashListRowResult.Rejected(number, "no hash")
                : HashListRowResult.Of(number, new ListedMedia
                {
                    Hashes = [.. _hashes.AsSpan(0, _hashCount)], Classification = _classification, Country = _country, VictimIdentified = _victim,
                    SeriesKnown = _series, MediaSize = _size, MimeType = _mime, UpdatedAt = _updated,
                });
        }

        private string? ReadPlain(ReadOnlySpan<byte> line)
        {
            var at = 0;
            string? problem = null;
            while (true)
            {
                var end = line.IndexOf((byte)delimiter);
                var field = (end < 0 ? line : line[..end]).Trim(" \t"u8);
                if (at >= columns.Length)
                {
                    if (!field.IsEmpty)
                    {
                        return WrongCount(at + 1 + (end < 0 ? 0 : line[(end + 1)..].Count((byte)delimiter) + 1));
                    }
                }
                else if (problem is null && !field.IsEmpty)
                {
                    problem = Take(at, field);
                }

                at++;
                if (end < 0)
                {
                    return at < columns.Length ? WrongCount(at) : problem;
                }

                line = line[(end + 1)..];
            }
        }

        private string? ReadQuoted(ReadOnlySpan<byte> line)
        {
            if (!Split(Encoding.UTF8.GetString(line), delimiter, _fields))
            {
                return "unclosed or misplaced quote";
            }

            if (_fields.Count < columns.Length || _fields.Skip(columns.Length).Any(f => f.Length > 0))
            {
                return WrongCount(_fields.Count);
            }

            for (var i = 0; i < columns.Length; i++)
            {
                var text = _fields[i].Trim();
                if (text.Length > 0 && Take(i, Encoding.UTF8.GetBytes(text)) is { } problem)
                {
                    return problem;
                }
            }

            return null;
        }

        private string WrongCount(int fields) => $"{fields} fields, the header has {columns.Length}";

        /// <summary>Takes a field that is not empty; returns why it cannot.</summary>
        private string? Take(int index, ReadOnlySpan<byte> text)
        {
            switch (columns[index])
            {
                case >= Column.Md5 and <= Column.PhotoDna and var column:
                    var algorithm = column switch
                    {
                        Column.Md5 => HashAlgorithm.Md5,
                        Column.Sha1 => HashAlgorithm.Sha1,
                        Column.Sha256 => HashAlgorithm.Sha256,
                        Column.Pdq => HashAlgorithm.Pdq,
                        _ => HashAlgorithm.PhotoDna,
                    };
                    if (!HashListValues.TryHash(algorithm, text, out _hashes[_hashCount]))
                    {
                        return HashListValues.HashReason(algorithm);
                    }

                    _hashCount++;
                    return null;
                case Column.Classification:
                    if (_repeated[index].Of(text, static t => Domain.CodeLists.CodeLists.Classifications.TryParse(t, CodeGeneration.V3, out var c) ? c : null) is not Classification classification)
                    {
                        return $"classification is none of {Domain.CodeLists.CodeLists.Classifications.Allowed}";
                    }

                    _classification = classification;
                    return null;
                case Column.Country:
                    if (_repeated[index].Of(text, static t => Country.TryParse(t, out var c) ? c : null) is not Country country)
                    {
                        return "country is no ISO 3166-1 code of two letters";
                    }

                    _country = country;
                    return null;
                case Column.VictimIdentified or Column.Baseline:
                    if (_repeated[index].Of(text, static t => HashListValues.TryFlag(t, out var f) ? f : null) is not bool flag)
                    {
                        return $"{columns[index]} is neither yes nor no";
                    }

                    _victim |= flag && columns[index] == Column.VictimIdentified;
                    _classification = flag && columns[index] == Column.Baseline ? Classification.Baseline : _classification;
                    return null;
                case Column.Series:
                    // A name, or a flag from lists that keep names to themselves.
                    _series = _repeated[index].Of(text, static t => !HashListValues.TryFlag(t, out var isSeries) || isSeries) is true;
                    return null;
                case Column.MediaSize:
                    if (!Utf8Parser.TryParse(text, out long size, out var consumed) || consumed != text.Length || size < 0 || text[0] == '+')
                    {
                        return "media size is no whole number of bytes";
                    }

                    _size = size;
                    return null;
                case Column.MimeType:
                    _mime = _repeated[index].Of(text, static t => t.Contains('/') && t.Length <= 100 ? t : null) as string;
                    return null;
                case Column.UpdatedAt:
                    _updated = HashListValues.Date(Encoding.UTF8.GetString(text));
                    return null;
                default:
                    return null;
            }
        }

        /// <summary>Remembers the last text of a column and what it means.</summary>
        private sealed class Repeated
        {
            private byte[] _text = [];
            private object? _value;

            public object? Of(ReadOnlySpan<byte> text, Func<string, object?> parse)
            {
                if (!text.SequenceEqual(_text))
                {
                    _value = parse(Encoding.UTF8.GetString(text));
                    _text = text.ToArray();
                }

                return _value;
            }
        }
    }

    /// <summary>Splits one line; false when a quote is not closed or text follows a closed one.</summary>
    private static bool Split(string line, char delimiter, List<string> fields)
    {
        fields.Clear();
        if (!line.Contains('"'))
        {
            foreach (var range in line.AsSpan().Split(delimiter))
            {
                fields.Add(line[range]);
            }

            return true;
        }

        var at = 0;
        while (true)
        {
            if (at < line.Length && line[at] == '"')
            {
                var text = new StringBuilder();
                at++;
                while (true)
                {
                    var quote = line.IndexOf('"', at);
                    if (quote < 0)
                    {
                        return false;
                    }

                    text.Append(line, at, quote - at);
                    at = quote + 1;
                    if (at < line.Length && line[at] == '"')
                    {
                        text.Append('"');
                        at++;
                        continue;
                    }

                    break;
                }

                fields.Add(text.ToString());
                if (at < line.Length && line[at] != delimiter)
                {
                    return false;
                }
            }
            else
            {
                var next = line.IndexOf(delimiter, at);
                var field = next < 0 ? line[at..] : line[at..next];
                if (field.Contains('"'))
                {
                    return false;
                }

                fields.Add(field);
                at = next < 0 ? line.Length : next;
            }

            if (at >= line.Length)
            {
                return true;
            }

            at++;
            if (at == line.Length)
            {
                fields.Add("");
                return true;
            }
        }
    }
}
