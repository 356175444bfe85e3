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
        MediaSize,
        MimeType,
        UpdatedAt,
    }

    /// <summary>What a column holds; of a hash column, which hash.</summary>
    private readonly record struct Column(Meaning Meaning, HashAlgorithmRow? Algorithm = null)
    {
        public override string ToString() => Algorithm?.Title ?? Meaning.ToString();
    }

    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        Stream file, HashListFormat? expected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var lines = LineReader.Of(file, HashListReader.MaxLineBytes);
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
            else
            {
                rows.ReadHeader(lines.Line.Span, expected);
            }
        }

        if (!rows.HasHeader)
        {
            throw new HashListFormatException("The file is empty.");
        }
    }

    private static Column ColumnOf(ReadOnlySpan<char> name)
    {
        if (HashAlgorithms.TryFind(name, out var algorithm))
        {
            return new Column(Meaning.Hash, algorithm);
        }

        return new Column(string.Concat(name.ToString().Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant() switch
        {
            "classification" => Meaning.Classification,
            "country" or "countrycode" => Meaning.Country,
            "victimidentified" => Meaning.VictimIdentified,
            "series" or "seriesname" or "seriesknown" => Meaning.Series,
            "baseline" => Meaning.Baseline,
            "mediasize" or "size" => Meaning.MediaSize,
            "mimetype" or "mediatype" => Meaning.MimeType,
            "dateupdated" or "updatedat" or "updated" => Meaning.UpdatedAt,
            _ => Meaning.Ignored,
        });
    }

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
        private long? _size;
        private string? _mime;
        private DateTimeOffset? _updated;

        public bool HasHeader => _columns.Length > 0;

        public void ReadHeader(ReadOnlySpan<byte> line, HashListFormat? expected)
        {
            foreach (var delimiter in ";,\t")
            {
                var split = new CsvLine(delimiter);
                Column[] columns = split.TrySplit(line) ? [.. Enumerable.Range(0, split.Count).Select(i => ColumnOf(split[i]))] : [];
                var (better, worse) = columns.Count(IsKnown) > _columns.Count(IsKnown) ? (split, _line) : (_line, split);
                _columns = better == split ? columns : _columns;
                _line = better;
                worse.Dispose();
            }

            if (!_columns.Any(c => c.Meaning == Meaning.Hash))
            {
                throw new HashListFormatException($"The first line is no header with a hash column: any of {HashAlgorithms.Names}, separated by ',' or ';'.");
            }

            if (_columns.Where(IsKnown).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw new HashListFormatException($"The header names the column {twice.Key} twice.");
            }

            (_columns.Any(c => c.Meaning == Meaning.Baseline) ? HashListFormat.Icse : HashListFormat.Csv).MustBe(expected);
            _repeated = [.. _columns.Select(_ => new Repeated())];

            static bool IsKnown(Column column) => column.Meaning != Meaning.Ignored;
        }

        public HashListRowResult Read(long number, ReadOnlySpan<byte> line)
        {
            (_hashCount, _classification, _country, _victim, _series, _size, _mime, _updated) = (0, null, null, false, false, null, null, null);
            var problem = Problem(line);
            return problem is not null ? HashListRowResult.Rejected(number, problem)
                : _hashCount == 0 ? HashListRowResult.Rejected(number, "no hash")
                : HashListRowResult.Of(number, new ListedMedia
                {
                    Hashes = [.. _hashes.AsSpan(0, _hashCount)], Classification = _classification, Country = _country, VictimIdentified = _victim,
                    SeriesKnown = _series, MediaSize = _size, MimeType = _mime, UpdatedAt = _updated,
                });
        }

        public void Dispose() => _line.Dispose();

        /// <summary>Why the row cannot be taken.</summary>
        private string? Problem(ReadOnlySpan<byte> line)
        {
            if (!_line.TrySplit(line))
            {
                return "unclosed or misplaced quote";
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

        /// <summary>Takes a field that is not empty; returns why it cannot.</summary>
        private string? Take(int index, ReadOnlySpan<char> text)
        {
            var column = _columns[index];
            switch (column.Meaning)
            {
                case Meaning.Hash:
                    return ContentHash.TryParse(column.Algorithm!.Algorithm, text, out _hashes[_hashCount++]) ? null : HashListValues.Reason(column.Algorithm);
                case Meaning.Classification:
                    _classification = _repeated[index].Of(text, static t =>
                        Codes.Classifications.TryParse(t, CodeGeneration.V3, out var c) ? c : null)
                        as Classification?;
                    return _classification is null ? $"classification is none of {Codes.Classifications.Allowed}" : null;
                case Meaning.Country:
                    _country = _repeated[index].Of(text, static t => Country.TryParse(t, out var c) ? c : null) as Country?;
                    return _country is null ? "country is no ISO 3166-1 code of two letters" : null;
                case Meaning.VictimIdentified or Meaning.Baseline:
                    if (_repeated[index].Of(text, static t => HashListValues.TryFlag(t, out var f) ? f : null) is not bool flag)
                    {
                        return $"{column} is neither yes nor no";
                    }

                    _victim |= flag && column.Meaning == Meaning.VictimIdentified;
                    _classification = flag && column.Meaning == Meaning.Baseline ? Classification.Baseline : _classification;
                    return null;
                case Meaning.Series:
                    // A name, or a flag from lists that keep names to themselves.
                    _series = _repeated[index].Of(text, static t =>
                        !HashListValues.TryFlag(t, out var isSeries) || isSeries) is true;
                    return null;
                case Meaning.MediaSize:
                    _size = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;
                    return _size is null ? "media size is no whole number of bytes" : null;
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
