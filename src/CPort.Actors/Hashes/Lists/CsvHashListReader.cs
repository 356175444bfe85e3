using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CPort.Actors.CodeLists;

namespace CPort.Actors.Hashes.Lists;

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
        Column[]? columns = null;
        var delimiter = ',';
        var fields = new List<string>();
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
            var line = !tooLong && end <= HashListReader.MaxLineBytes ? Encoding.UTF8.GetString(window.Data[..end]).TrimEnd('\r') : null;
            window.Consume(Math.Min(end + 1, window.Data.Length));
            tooLong = false;
            if (line is null)
            {
                yield return columns is null
                    ? throw new HashListFormatException("The first line is too long for a CSV header.")
                    : HashListRowResult.Rejected(number, $"line longer than {HashListReader.MaxLineBytes} bytes");
            }
            else if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }
            else if (columns is null)
            {
                columns = Header(line, expected, out delimiter);
            }
            else
            {
                yield return Row(number, line, delimiter, columns, fields);
            }
        }

        if (columns is null)
        {
            throw new HashListFormatException("The file is empty.");
        }
    }

    private static Column[] Header(string line, HashListFormat? expected, out char delimiter)
    {
        if (expected is HashListFormat.Vics1 or HashListFormat.Vics2)
        {
            throw new HashListFormatException($"Expected {expected}, which is JSON, but the file does not start with '{{'.");
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

    private static HashListRowResult Row(long number, string line, char delimiter, Column[] columns, List<string> fields)
    {
        if (!Split(line, delimiter, fields))
        {
            return HashListRowResult.Rejected(number, "unclosed or misplaced quote");
        }

        if (fields.Count < columns.Length || fields.Skip(columns.Length).Any(f => f.Length > 0))
        {
            return HashListRowResult.Rejected(number, $"{fields.Count} fields, the header has {columns.Length}");
        }

        var hashes = ImmutableArray.CreateBuilder<ContentHash>(5);
        var row = new ListedMedia { Hashes = [] };
        for (var i = 0; i < columns.Length; i++)
        {
            var text = fields[i].Trim();
            if (text.Length == 0)
            {
                continue;
            }

            switch (columns[i])
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
                    if (!ContentHash.TryParse(algorithm, text, out var hash))
                    {
                        return HashListRowResult.Rejected(number, HashListValues.HashReason(algorithm));
                    }

                    hashes.Add(hash);
                    break;
                case Column.Classification:
                    if (!CodeLists.CodeLists.Classifications.TryParse(text, CodeGeneration.V3, out var classification))
                    {
                        return HashListRowResult.Rejected(number, $"classification is none of {CodeLists.CodeLists.Classifications.Allowed}");
                    }

                    row = row with { Classification = classification };
                    break;
                case Column.Country:
                    if (!Country.TryParse(text, out var country))
                    {
                        return HashListRowResult.Rejected(number, "country is no ISO 3166-1 code of two letters");
                    }

                    row = row with { Country = country };
                    break;
                case Column.VictimIdentified or Column.Baseline:
                    if (!HashListValues.TryFlag(text, out var flag))
                    {
                        return HashListRowResult.Rejected(number, $"{columns[i]} is neither yes nor no");
                    }

                    row = columns[i] == Column.VictimIdentified
                        ? row with { VictimIdentified = flag }
                        : row with { Classification = flag ? Classification.Baseline : row.Classification };
                    break;
                case Column.Series:
                    // A name, or a flag from lists that keep names to themselves.
                    row = row with { SeriesKnown = !HashListValues.TryFlag(text, out var isSeries) || isSeries };
                    break;
                case Column.MediaSize:
                    if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
                    {
                        return HashListRowResult.Rejected(number, "media size is no whole number of bytes");
                    }

                    row = row with { MediaSize = size };
                    break;
                case Column.MimeType when text.Contains('/') && text.Length <= 100:
                    row = row with { MimeType = text };
                    break;
                case Column.UpdatedAt:
                    row = row with { UpdatedAt = HashListValues.Date(text) };
                    break;
            }
        }

        return hashes.Count == 0
            ? HashListRowResult.Rejected(number, "no hash")
            : HashListRowResult.Of(number, row with { Hashes = hashes.ToImmutable() });
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
