using System.Text.Json;

namespace CPort.Domain.Hashes.Lists;

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
        string? problem = null, leftOut = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!.ToUpperInvariant();
            reader.Read();
            switch (name)
            {
                case var _ when HashAlgorithms.TryFind(name, out var algorithm):
                    leftOut ??= Hash(algorithm, Text(ref reader), hashes, ref problem);
                    break;
                case "ALTERNATIVEHASHES" when reader.TokenType == JsonTokenType.StartArray:
                    leftOut ??= Alternatives(ref reader, hashes, ref problem);
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
                        leftOut ??= "VictimIdentified is neither true nor false";
                    }

                    break;
                case "SERIES":
                    var series = Text(ref reader);
                    row = row with { SeriesKnown = !string.IsNullOrWhiteSpace(series) && (!HashListValues.TryFlag(series, out var flag) || flag) };
                    break;
                case "MEDIASIZE":
                    // Sizes are a courtesy of the exporter: one that cannot be read is left out.
                    row = row with { MediaSize = HashListValues.TryNumber(Text(ref reader), out var size) ? size : null };
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
            return HashListRowResult.Rejected(number, leftOut ?? "no hash");
        }

        var meaning = new VicsCategory(context.Generation, context.Context, code);
        return meaning.IsSkipped
            ? HashListRowResult.Skipped(number, $"category {meaning.Meaning} does not speak of abuse material")
            : HashListRowResult.Of(number, row with
            {
                Hashes = found, Category = meaning, Classification = meaning.Classification, Country = meaning.Classification is null ? null : meaning.Country,
            }, leftOut);
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

    /// <summary>Takes a hash; returns why it is left out. Two that differ are a problem of the record: one is another file's.</summary>
    private static string? Hash(HashAlgorithmRow row, string? text, ContentHash?[] hashes, ref string? problem)
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
            problem ??= $"two different {row.Algorithm} hashes";
            return null;
        }

        hashes[(int)row.Algorithm] = hash;
        return null;
    }

    /// <summary>1.x keeps PhotoDNA here; names that are no algorithm of ours are passed over.</summary>
    private static string? Alternatives(ref Utf8JsonReader reader, ContentHash?[] hashes, ref string? problem)
    {
        string? leftOut = null;
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

            leftOut ??= HashAlgorithms.TryFind(name, out var algorithm) ? Hash(algorithm, value, hashes, ref problem) : null;
        }

        return leftOut;
    }
}
