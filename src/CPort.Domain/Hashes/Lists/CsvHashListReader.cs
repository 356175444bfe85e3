using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using CPort.Domain.Text;
using Codes = CPort.Domain.CodeLists.CodeLists;

namespace CPort.Domain.Hashes.Lists;

/// <summary>
/// CSV with a header, and ICSE's export, which differs in its column names and in its Baseline flag. Fields may be quoted, but a quoted field does not span
/// lines: no list needs that, and so a stray quote costs one row and not the rest of the file.
/// </summary>
internal static class CsvHashListReader
{
    private enum Meaning
    {
        Ignored,
        Hash,
        Classification,
        Country,
        VictimIdentified,
        Series,
        Baseline,
        Quality,
        MediaSize,
        MimeType,
        UpdatedAt,
    }

    /// <summary>The names of columns in lower-case letters and digits. A hash's are its algorithm's with one of the words before or after it.</summary>
    private static readonly FrozenDictionary<string, Column> Columns = new (Meaning Meaning, string[] Names)[]
    {
        (Meaning.Classification, ["classification", "class"]),
        (Meaning.Country, ["country", "countrycode", "countryiso", "isocountry", "jurisdiction"]),
        (Meaning.VictimIdentified, ["victimidentified", "isvictimidentified", "identifiedvictim", "victimknown", "victim"]),
        (Meaning.Series, ["series", "seriesname", "seriesknown"]),
        (Meaning.Baseline, ["baseline", "isbaseline"]),
        (Meaning.Quality, ["quality", "pdqquality", "pdqhashquality"]),
        (Meaning.MediaSize, ["mediasize", "size", "filesize", "bytes"]),
        (Meaning.MimeType, ["mimetype", "mediatype", "contenttype"]),
        (Meaning.UpdatedAt, ["dateupdated", "updatedat", "updated", "lastupdated", "lastmodified"]),
    }
        .SelectMany(c => c.Names, (c, name) => KeyValuePair.Create(name, new Column(c.Meaning)))
        .Concat(from row in HashAlgorithms.All
                from name in row.Aliases.Append(row.Name)
                from named in (string[])[name, $"{name}hash", $"{name}sum", $"{name}value", $"{name}digest", $"{name}hex", $"{name}base32", $"{name}base64",
                    $"hash{name}", $"file{name}", $"media{name}", $"image{name}"]
                select KeyValuePair.Create(named, new Column(Meaning.Hash, row)))
        .ToFrozenDictionary();

    /// <summary>What a column holds; of a hash column, which hash.</summary>
    private readonly record struct Column(Meaning Meaning, HashAlgorithmRow? Algorithm = null)
    {
        public override string ToString() => Algorithm?.Title ?? Meaning.ToString();
    }

    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        Stream file, HashListFormat? expected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new ByteWindow(file);
        while (window.Data.IndexOfAny("\r\n"u8) is var at && (at < 0 || at + 1 == window.Data.Length) && window.Data.Length < HashListReader.MaxLineBytes
            && await window.FillAsync(cancellation))
        {
        }

        var lineEnd = FileHead.LineEnd(window.Data);
        if (lineEnd == '\r' && window.Data.Contains((byte)'\n'))
        {
            throw new HashListFormatException("Line 1 ends with a carriage return alone, and a later one otherwise: write all line ends alike.");
        }

        var lines = LineReader.Of(window.Rest(), HashListReader.MaxLineBytes, lineEnd);
        using var rows = new Rows();
        while (await lines.ReadAsync(cancellation))
        {
            if (lines.TooLong)
            {
                yield return rows.HasHeader
                    ? HashListRowResult.Rejected(lines.Number, $"line longer than {HashListReader.MaxLineBytes} bytes")
                    : throw new HashListFormatException("The first line is too long for a CSV header.");
            }
            else if (lines.Line.Span.IndexOfAnyExcept(" \t\r"u8) < 0)
            {
                continue;
            }
            else if (rows.HasHeader)
            {
                yield return rows.Read(lines.Number, lines.Line.Span);
            }
            else if (rows.TryReadHeader(lines.Line.Span, expected) && rows.Unread is { } unread)
            {
                yield return HashListRowResult.Note(unread);
            }
        }

        if (!rows.HasHeader)
        {
            throw new HashListFormatException("The file has no header: it is empty, or holds comments alone.");
        }
    }

    private static Column ColumnOf(ReadOnlySpan<char> name) =>
        Columns.GetValueOrDefault(string.Concat(name.ToString().Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant());

    /// <summary>Reads rows. What a column says over and over (classification, country, type) is parsed once.</summary>
    private sealed class Rows : IDisposable
    {
        private readonly ContentHash[] _hashes = new ContentHash[HashAlgorithms.All.Length];
        private Column[] _columns = [];
        private Repeated[] _repeated = [];
        private CsvLine _line = new(',');
        private int _hashCount;
        private Classification? _classification;
        private Country? _country;
        private bool _victim;
        private bool _series;
        private int? _quality;

        /// <summary>Nobody can say whether the row's PDQ value is worth anything.</summary>
        private bool _noPdq;
        private long? _size;
        private string? _mime;
        private DateTimeOffset? _updated;
        private string? _leftOut;

        public bool HasHeader => _columns.Length > 0;

        /// <summary>The columns that are not read, for people; null: all are.</summary>
        public string? Unread { get; private set; }

        /// <summary>Reads the header; false of what may stand before it: a comment, Excel's <c>sep=;</c>.</summary>
        public bool TryReadHeader(ReadOnlySpan<byte> line, HashListFormat? expected)
        {
            var isComment = line.StartsWith("#"u8);
            if (line.StartsWith("sep="u8) && line.Length <= 6)
            {
                return false;
            }

            ImmutableArray<string> names = [];
            line = line.TrimStart("# "u8);
            foreach (var delimiter in ";,\t")
            {
                var split = new CsvLine(delimiter);
                string[] texts = split.Split(line) is null ? [.. Enumerable.Range(0, split.Count).Select(i => split[i].ToString())] : [];
                Column[] columns = [.. texts.Select(t => ColumnOf(t))];
                var (better, worse) = columns.Count(IsKnown) > _columns.Count(IsKnown) ? (split, _line) : (_line, split);
                (_columns, names) = better == split ? (columns, [.. texts]) : (_columns, names);
                _line = better;
                worse.Dispose();
            }

            if (!_columns.Any(c => c.Meaning == Meaning.Hash))
            {
                _columns = [];
                return isComment
                    ? false
                    : throw new HashListFormatException(
                        $"The first line is no header with a hash column: any of {HashAlgorithms.Names}, separated by ',' or ';'.");
            }

            if (_columns.Where(IsKnown).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw new HashListFormatException($"The header names the column {twice.Key} twice.");
            }

            (_columns.Any(c => c.Meaning == Meaning.Baseline) ? HashListFormat.Icse : HashListFormat.Csv).MustBe(expected);
            _repeated = [.. _columns.Select(_ => new Repeated())];
            Unread = string.Join(", ", names.Where((_, i) => !IsKnown(_columns[i])).Select(n => n.Length is > 0 and <= 30 ? n : "one without a name"))
                is { Length: > 0 } unread ? $"Columns that are not read: {unread}." : null;
            return true;

            static bool IsKnown(Column column) => column.Meaning != Meaning.Ignored;
        }

        public HashListRowResult Read(long number, ReadOnlySpan<byte> line)
        {
            (_hashCount, _classification, _country, _victim, _series, _quality, _size, _mime, _updated) = (0, null, null, false, false, null, null, null, null);
            (_leftOut, _noPdq) = (null, false);
            var problem = Problem(line);
            ImmutableArray<ContentHash> hashes = [.. _hashes.AsSpan(0, _hashCount)];
            hashes = _noPdq ? hashes.RemoveAll(h => h.Algorithm == HashAlgorithm.Pdq) : hashes;
            return problem is not null ? HashListRowResult.Rejected(number, problem)
                : hashes.IsEmpty ? HashListRowResult.Rejected(number, _leftOut ?? "no hash")
                : HashListRowResult.Of(number, new ListedMedia
                {
                    Hashes = hashes, Classification = _classification, Country = _country, VictimIdentified = _victim,
                    SeriesKnown = _series, PdqQuality = _quality, MediaSize = _size, MimeType = _mime, UpdatedAt = _updated,
                }, _leftOut);
        }

        public void Dispose() => _line.Dispose();

        /// <summary>Why the row cannot be taken.</summary>
        private string? Problem(ReadOnlySpan<byte> line)
        {
            if (_line.Split(line) is { } fault)
            {
                return fault;
            }

            var extra = Math.Min(_columns.Length, _line.Count);
            while (extra < _line.Count && _line[extra].IsEmpty)
            {
                extra++;
            }

            if (_line.Count < _columns.Length || extra < _line.Count)
            {
                return $"{_line.Count} fields, the header has {_columns.Length}";
            }

            string? problem = null;
            for (var i = 0; i < _columns.Length && problem is null; i++)
            {
                problem = _line[i] is { IsEmpty: false } text ? Take(i, text) : null;
            }

            return problem;
        }

        /// <summary>Takes a field that is not empty; returns why the row cannot be taken. What others can do without is left out.</summary>
        private string? Take(int index, ReadOnlySpan<char> text)
        {
            var column = _columns[index];
            switch (column.Meaning)
            {
                case Meaning.Hash:
                    if (ContentHash.TryParse(column.Algorithm!.Algorithm, text, out _hashes[_hashCount]))
                    {
                        _hashCount++;
                    }
                    else
                    {
                        _leftOut ??= HashListValues.Reason(column.Algorithm);
                    }

                    return null;
                case Meaning.Classification:
                    _classification = _repeated[index].Of(text, static t =>
                        Codes.Classifications.TryParse(t, CodeGeneration.V3, out var c) ? c : null)
                        as Classification?;
                    return _classification is null ? $"classification is none of {Codes.Classifications.Allowed}" : null;
                case Meaning.Country:
                    _country = _repeated[index].Of(text, static t => Country.TryParse(t, out var c) ? c : null) as Country?;
                    return _country is null ? "country is no ISO 3166-1 code of two letters" : null;
                case Meaning.VictimIdentified:
                    _victim = Flag(index, text) is true;
                    return null;
                case Meaning.Baseline:
                    if (Flag(index, text) is not { } baseline)
                    {
                        return $"{column} is neither yes nor no";
                    }

                    _classification = baseline ? Classification.Baseline : _classification;
                    return null;
                case Meaning.Quality:
                    var isQuality = HashListValues.TryNumber(text, out var quality) && quality <= PdqLimits.MaxQuality;
                    _quality = isQuality ? (int)quality : null;
                    _noPdq = !isQuality;
                    _leftOut ??= isQuality ? null : $"quality is none of 0 to {PdqLimits.MaxQuality}";
                    return null;
                case Meaning.Series:
                    // A name, or a flag from lists that keep names to themselves.
                    _series = _repeated[index].Of(text, static t =>
                        !HashListValues.TryFlag(t, out var isSeries) || isSeries) is true;
                    return null;
                case Meaning.MediaSize:
                    _size = HashListValues.TryNumber(text, out var size) ? size : null;
                    return null;
                case Meaning.MimeType:
                    _mime = _repeated[index].Of(text, static t => t.Contains('/') && t.Length <= 100 ? t : null) as string;
                    return null;
                case Meaning.UpdatedAt:
                    _updated = HashListValues.Date(text.ToString());
                    return null;
                default:
                    return null;
            }
        }

        private bool? Flag(int index, ReadOnlySpan<char> text)
        {
            var known = _repeated[index].Of(text, static t => HashListValues.TryFlag(t, out var f) ? f : null) as bool?;
            _leftOut ??= known is null ? $"{_columns[index]} is neither yes nor no" : null;
            return known;
        }
    }

    /// <summary>Remembers the last text of a column and what it means.</summary>
    private sealed class Repeated
    {
        private string _text = "";
        private object? _value;

        public object? Of(ReadOnlySpan<char> text, Func<string, object?> parse)
        {
            if (!text.SequenceEqual(_text))
            {
                _text = text.ToString();
                _value = parse(_text);
            }

            return _value;
        }
    }
}
