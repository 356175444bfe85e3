using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using CPort.Domain.CodeLists;

namespace CPort.Domain.Hashes.Lists;

/// <summary>
/// VICS 1.x and 2.0 (domain.md 5.4). The file is first cut into media records by following brackets and quotes only, each record is then read
/// by <see cref="Utf8JsonReader"/>: so a record may be broken in itself without harm to the others, and only one record is in memory. When
/// the brackets themselves are broken, reading goes on at the next object that begins as the records before it did.
/// </summary>
internal static class VicsReader
{
    public static async IAsyncEnumerable<HashListRowResult> ReadAsync(
        Stream file, HashListFormat? expected, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var window = new ByteWindow(file);
        var framer = new Framer();
        VicsContext? context = null;
        long number = 0;
        while (true)
        {
            var step = framer.Next(window.Data, window.Ended, out var length);
            switch (step)
            {
                case Framer.Step.More:
                    window.Consume(length);
                    await window.FillAsync(cancellation);
                    break;
                case Framer.Step.Again:
                    window.Consume(length);
                    break;
                case Framer.Step.Context:
                    window.Consume(length);
                    context = VicsContext.Parse(framer.Context, expected);
                    framer.HasCases = context.IsCases;
                    break;
                case Framer.Step.Record:
                    number++;
                    yield return VicsRecord.Read(number, window.Data[..length], context!);
                    window.Consume(length);
                    break;
                case Framer.Step.Broken:
                    number++;
                    yield return HashListRowResult.Rejected(number, framer.Reason);
                    window.Consume(length);
                    break;
                default:
                    if (context is null)
                    {
                        throw new HashListFormatException("The JSON is no VICS file: no \"@odata.context\" or \"odata.metadata\" stands before its records.");
                    }

                    yield break;
            }
        }
    }

    /// <summary>Follows brackets, quotes and the few names that matter, over windows of any size.</summary>
    private sealed class Framer
    {
        private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]:,"u8);
        private static readonly SearchValues<byte> InString = SearchValues.Create("\"\\\n"u8);

        public enum Step
        {
            /// <summary>Consume so many bytes, bring more.</summary>
            More,

            /// <summary>Consume so many bytes, call again.</summary>
            Again,

            /// <summary><see cref="Context"/> was read.</summary>
            Context,

            /// <summary>The first so many bytes are one record.</summary>
            Record,

            /// <summary>The first so many bytes are a record that cannot be framed.</summary>
            Broken,
            End,
        }

        // Brackets open around the position; names as last read in the root object (level 1) and in a case (level 3).
        private readonly Stack<byte> _open = new();
        private string? _lastString;
        private string? _rootName;
        private string? _caseName;
        private byte[]? _firstName;
        private bool _seeking;

        public string Context { get; private set; } = "";

        public string Reason { get; private set; } = "";

        public bool? HasCases { get; set; }

        public Step Next(ReadOnlySpan<byte> data, bool ended, out int length)
        {
            length = 0;
            while (true)
            {
                var rest = data[length..];
                if (_seeking)
                {
                    var at = NextStart(rest);
                    if (at < 0)
                    {
                        // Keep a tail in which a start could be cut in two.
                        length += ended ? rest.Length : Math.Max(0, rest.Length - 128);
                        return ended ? Step.End : Step.More;
                    }

                    length += at;
                    _seeking = false;
                    return Step.Again;
                }

                var found = rest.IndexOfAny(Structure);
                if (found < 0)
                {
                    length = data.Length;
                    return ended ? Step.End : Step.More;
                }

                switch (rest[found])
                {
                    case (byte)'"':
                        var close = CloseOfString(rest, found + 1, out var broken);
                        if (broken || (close < 0 && (ended || rest.Length - found > HashListReader.MaxRecordBytes)))
                        {
                            _seeking = true;
                            length += found + 1;
                            continue;
                        }

                        if (close < 0)
                        {
                            length += found;
                            return Step.More;
                        }

                        var text = rest[(found + 1)..close];
                        _lastString = text.Length <= 512 ? Encoding.UTF8.GetString(text) : null;
                        length += close + 1;
                        if (_open.Count == 1 && _lastString is not null && _rootName is "@odata.context" or "odata.metadata" or "odata.context")
                        {
                            Context = _lastString!;
                            _rootName = null;
                            return Step.Context;
                        }

                        break;
                    case (byte)':':
                        if (_open.Count == 1)
                        {
                            _rootName = _lastString;
                        }
                        else if (_open.Count == 3)
                        {
                            _caseName = _lastString;
                        }

                        length += found + 1;
                        break;
                    case (byte)',':
                        if (_open.Count == 1)
                        {
                            _rootName = null;
                        }

                        length += found + 1;
                        break;
                    case (byte)'{' when IsRecordStart():
                        length += found;
                        if (length > 0)
                        {
                            // The caller drops what precedes, then the record starts at 0.
                            return Step.Again;
                        }

                        return Record(data, ended, out length);
                    case (byte)'{' or (byte)'[':
                        if (HasCases is null && _open.Count == 1)
                        {
                            // Records before the context: their numbers would have no meaning.
                            length = data.Length;
                            return Step.End;
                        }

                        if (_open.Count < 64)
                        {
                            _open.Push(rest[found]);
                        }

                        length += found + 1;
                        break;
                    default:
                        _open.TryPop(out _);
                        length += found + 1;
                        break;
                }
            }
        }

        private bool IsRecordStart() =>
            HasCases switch
            {
                false => _open.Count == 2 && _rootName == "value" && _open.Peek() == (byte)'[',
                true => _open.Count == 4 && _rootName == "value" && _caseName == "Media" && _open.Peek() == (byte)'[',
                null => false,
            };

        /// <summary>The record that starts at 0: its length when it ends in the window.</summary>
        private Step Record(ReadOnlySpan<byte> data, bool ended, out int length)
        {
            Span<byte> open = stackalloc byte[64];
            var depth = 0;
            var at = 0;
            length = 0;
            while (true)
            {
                var found = at < data.Length ? data[at..].IndexOfAny("\"{}[]"u8) : -1;
                if (found < 0)
                {
                    break;
                }

                at += found;
                var c = data[at];
                if (c == '"')
                {
                    var close = CloseOfString(data, at + 1, out var broken);
                    if (broken)
                    {
                        return Fail("a text is not closed", out length);
                    }

                    if (close < 0)
                    {
                        break;
                    }

                    at = close + 1;
                    continue;
                }

                at++;
                if (c is (byte)'{' or (byte)'[')
                {
                    if (depth == open.Length)
                    {
                        return Fail("nested too deeply", out length);
                    }

                    open[depth++] = c;
                    continue;
                }

                if (open[depth - 1] != (c == '}' ? (byte)'{' : (byte)'['))
                {
                    return Fail("brackets do not match", out length);
                }

                if (--depth == 0)
                {
                    _firstName ??= FirstName(data[..at]);
                    length = at;
                    return at > HashListReader.MaxRecordBytes ? Fail("record too large", out length) : Step.Record;
                }
            }

            if (data.Length > HashListReader.MaxRecordBytes)
            {
                return Fail($"not closed within {HashListReader.MaxRecordBytes} bytes", out length);
            }

            return ended ? Fail("the file ends within the record", out length) : Step.More;
        }

        private Step Fail(string reason, out int length)
        {
            Reason = $"record cannot be read: {reason}";
            _seeking = true;
            length = 1;
            return Step.Broken;
        }

        /// <summary>Where the next object begins whose first name is that of the records so far.</summary>
        private int NextStart(ReadOnlySpan<byte> data)
        {
            var name = _firstName ?? "\"MediaID\""u8;
            var from = 0;
            while (true)
            {
                var at = data[from..].IndexOf(name);
                if (at < 0)
                {
                    return -1;
                }

                at += from;
                var before = data[..at].LastIndexOfAnyExcept(" \t\r\n"u8);
                if (before >= 0 && data[before] == '{')
                {
                    return before;
                }

                from = at + name.Length;
            }
        }

        private static byte[]? FirstName(ReadOnlySpan<byte> record)
        {
            var start = record.IndexOf((byte)'"');
            var end = start < 0 ? -1 : record[(start + 1)..].IndexOf((byte)'"');
            return end is > 0 and < 60 ? record.Slice(start, end + 2).ToArray() : null;
        }

        private static int CloseOfString(ReadOnlySpan<byte> data, int from, out bool broken)
        {
            broken = false;
            while (from < data.Length)
            {
                var found = data[from..].IndexOfAny(InString);
                if (found < 0)
                {
                    return -1;
                }

                from += found;
                if (data[from] == '"')
                {
                    return from;
                }

                if (data[from] == '\n')
                {
                    // JSON texts hold no line ends: a quote is missing.
                    broken = true;
                    return -1;
                }

                from += 2;
            }

            return -1;
        }
    }
}

/// <summary>What the odata context says: generation, country context, and whether records stand in cases.</summary>
internal sealed record VicsContext(int Generation, string Context, bool IsCases)
{
    public static VicsContext Parse(string text, HashListFormat? expected)
    {
        // http://github.com/…/DataModels/2.0.xml/US/$metadata#Media, or …/DataModels/1.3.xml#Cases
        var fragment = text[(text.LastIndexOf('#') + 1)..];
        var models = text.IndexOf("DataModels/", StringComparison.OrdinalIgnoreCase);
        var isCases = fragment.StartsWith("Cases", StringComparison.OrdinalIgnoreCase);
        if (models < 0 || (!isCases && !fragment.StartsWith("Media", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HashListFormatException("The odata context is not one of VICS: …/DataModels/{version}.xml… with #Media or #Cases expected.");
        }

        var version = text.AsSpan(models + 11);
        var generation = version.StartsWith("2.") ? 2 : version.StartsWith("1.") ? 1
            : throw new HashListFormatException("The VICS version is neither 1.x nor 2.x.");
        (generation == 1 ? HashListFormat.Vics1 : HashListFormat.Vics2).MustBe(expected);
        var parts = text[models..].Split('/');
        var country = parts.Length > 2 && !parts[2].StartsWith('$') ? parts[2].ToUpperInvariant() : "DEFAULT";
        return new VicsContext(generation, country == "GB" ? "UK" : country, isCases);
    }
}

/// <summary>One media record.</summary>
internal static class VicsRecord
{
    public static HashListRowResult Read(long number, ReadOnlySpan<byte> json, VicsContext context)
    {
        try
        {
            return ReadObject(number, json, context);
        }
        catch (JsonException)
        {
            return HashListRowResult.Rejected(number, "record is not valid JSON");
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader.GetString on invalid UTF-8 or a lone surrogate.
            return HashListRowResult.Rejected(number, "record holds text that is not UTF-8");
        }
    }

    private static HashListRowResult ReadObject(long number, ReadOnlySpan<byte> json, VicsContext context)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        var hashes = new ContentHash?[HashAlgorithms.Slots];
        var row = new ListedMedia { Hashes = [] };
        int? code = null;
        string? problem = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!.ToUpperInvariant();
            reader.Read();
            switch (name)
            {
                case var _ when HashAlgorithms.TryFind(name, out var algorithm):
                    problem ??= Hash(algorithm, Text(ref reader), hashes);
                    break;
                case "ALTERNATIVEHASHES" when reader.TokenType == JsonTokenType.StartArray:
                    problem ??= Alternatives(ref reader, hashes);
                    break;
                case "CATEGORY":
                    var category = Text(ref reader);
                    if (int.TryParse(category, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed))
                    {
                        code = parsed;
                    }
                    else if (!string.IsNullOrWhiteSpace(category))
                    {
                        problem ??= "Category is no whole number";
                    }

                    break;
                case "VICTIMIDENTIFIED":
                    if (HashListValues.TryFlag(Text(ref reader) ?? "", out var victim))
                    {
                        row = row with { VictimIdentified = victim };
                    }
                    else
                    {
                        problem ??= "VictimIdentified is neither true nor false";
                    }

                    break;
                case "SERIES":
                    var series = Text(ref reader);
                    row = row with { SeriesKnown = !string.IsNullOrWhiteSpace(series) && (!HashListValues.TryFlag(series, out var flag) || flag) };
                    break;
                case "MEDIASIZE":
                    // Sizes are a courtesy of the exporter: one that cannot be read is left out.
                    row = row with { MediaSize = long.TryParse(Text(ref reader), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null };
                    break;
                case "MIMETYPE":
                    row = row with { MimeType = Text(ref reader) is { Length: > 0 and <= 100 } mime && mime.Contains('/') ? mime : null };
                    break;
                case "DATEUPDATED":
                    row = row with { UpdatedAt = Text(ref reader) is { } date ? HashListValues.Date(date) : null };
                    break;
                default:
                    reader.Skip();
                    break;
            }

            if (problem is not null)
            {
                return HashListRowResult.Rejected(number, problem);
            }
        }

        ImmutableArray<ContentHash> found = [.. hashes.OfType<ContentHash>()];
        if (found.IsEmpty)
        {
            return HashListRowResult.Rejected(number, "no hash");
        }

        var meaning = new VicsCategory(context.Generation, context.Context, code);
        return meaning.IsSkipped
            ? HashListRowResult.Skipped(number, $"category {meaning.Meaning} does not speak of abuse material")
            : HashListRowResult.Of(number, row with
            {
                Hashes = found, Category = meaning, Classification = meaning.Classification, Country = meaning.Classification is null ? null : meaning.Country,
            });
    }

    /// <summary>A value as text whatever its type; null for null, objects and arrays (which are skipped).</summary>
    private static string? Text(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return reader.GetString();
            case JsonTokenType.Number:
                return Encoding.ASCII.GetString(reader.ValueSpan);
            case JsonTokenType.True:
                return "true";
            case JsonTokenType.False:
                return "false";
            default:
                reader.Skip();
                return null;
        }
    }

    private static string? Hash(HashAlgorithmRow row, string? text, ContentHash?[] hashes)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (!ContentHash.TryParse(row.Algorithm, text.Trim(), out var hash))
        {
            return HashListValues.Reason(row);
        }

        if (hashes[(int)row.Algorithm] is { } earlier && earlier != hash)
        {
            return $"two different {row.Algorithm} hashes";
        }

        hashes[(int)row.Algorithm] = hash;
        return null;
    }

    /// <summary>1.x keeps PhotoDNA here; names that are no algorithm of ours are passed over.</summary>
    private static string? Alternatives(ref Utf8JsonReader reader, ContentHash?[] hashes)
    {
        string? problem = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            string? name = null, value = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var property = reader.GetString()!.ToUpperInvariant();
                reader.Read();
                var text = Text(ref reader);
                name = property == "HASHNAME" ? text : name;
                value = property == "HASHVALUE" ? text : value;
            }

            problem ??= HashAlgorithms.TryFind(name, out var algorithm) ? Hash(algorithm, value, hashes) : null;
        }

        return problem;
    }
}
