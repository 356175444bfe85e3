using System.Text;
using System.Text.Json;

namespace CPort.Api.Reading;

/// <summary>
/// Goes over a JSON document without making anything of it: whether it is one, and whether an array of it has more entries than it may. A body of millions of
/// empty entries is refused at the limit, before any of them takes memory.
/// </summary>
internal static class JsonScan
{
    /// <summary>What is wrong, or null. Throws <see cref="InvalidOperationException"/> on a name whose escapes stand for half a character.</summary>
    public static FieldError? Fault(ReadOnlySpan<byte> utf8, IntakeLimits limits)
    {
        var place = new Place();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = StrictJson.MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (!place.Take(ref reader, limits))
                {
                    return new FieldError(place.Path(utf8), ProblemCodes.TooMany, $"There are more than {place.Most} entries.");
                }
            }

            return null;
        }
        catch (JsonException e)
        {
            var at = $" at byte {e.BytePositionInLine + 1}{(e.LineNumber > 0 ? $" of line {e.LineNumber + 1}" : "")}";

            // The reader has one message for each fault; these are pinned by tests.
            return e.Message.Contains("maximum configured depth", StringComparison.Ordinal)
                ? new FieldError(place.Path(utf8), ProblemCodes.TooDeep, $"The JSON is nested deeper than {StrictJson.MaxDepth} levels{at}.")
                : e.Message.Contains("after a single JSON value", StringComparison.Ordinal)
                    ? new FieldError("", ProblemCodes.MalformedJson, $"Something follows the JSON value{at}: in a stream each stands on a line of its own.")
                    : new FieldError(place.Path(utf8), ProblemCodes.MalformedJson, $"The JSON is broken{at}.");
        }
    }

    /// <summary>An object or array on the way to where the reader is.</summary>
    private struct Level
    {
        public int NameStart;
        public int NameLength;
        public int Entries;
        public int Most;
        public bool IsArray;
    }

    private sealed class Place
    {
        private readonly Level[] _levels = new Level[StrictJson.MaxDepth + 1];
        private int _depth;
        private int _nameStart;
        private int _nameLength;

        // Of the document itself, which no name limits.
        private int _most = BodyLimits.EntriesOfAny;

        public int Most => _levels[_depth].Most;

        /// <summary>Follows the reader to its token; false when that is one entry too many.</summary>
        public bool Take(ref Utf8JsonReader reader, IntakeLimits limits)
        {
            if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            {
                _depth--;
                return true;
            }

            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                (_nameStart, _nameLength) = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                _most = BodyLimits.Entries(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan, limits);
                return true;
            }

            ref var level = ref _levels[_depth];
            if (level.IsArray && ++level.Entries > level.Most)
            {
                return false;
            }

            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                _levels[++_depth] = new Level
                {
                    NameStart = _nameStart, NameLength = level.IsArray ? 0 : _nameLength, IsArray = reader.TokenType == JsonTokenType.StartArray,
                    Most = level.IsArray ? BodyLimits.EntriesOfAny : _most,
                };
                _nameLength = 0;
            }

            return true;
        }

        /// <summary><c>urls[3].actions</c>; a name that could be none of ours as <c>?</c>.</summary>
        public string Path(ReadOnlySpan<byte> utf8)
        {
            var path = new StringBuilder();
            for (var i = 1; i <= _depth; i++)
            {
                Name(path, utf8, _levels[i].NameStart, _levels[i].NameLength);
                if (_levels[i].IsArray && _levels[i].Entries > 0 && _levels[i].Entries <= _levels[i].Most)
                {
                    path.Append('[').Append(_levels[i].Entries - 1).Append(']');
                }
            }

            if (!_levels[_depth].IsArray)
            {
                Name(path, utf8, _nameStart, _nameLength);
            }

            return path.ToString();
        }

        private static void Name(StringBuilder path, ReadOnlySpan<byte> utf8, int start, int length)
        {
            if (length > 0)
            {
                var name = Encoding.UTF8.GetString(utf8.Slice(start, length));
                path.Append(path.Length > 0 ? "." : "").Append(length <= 40 && StrictJson.SafeName().IsMatch(name) ? name : "?");
            }
        }
    }
}
