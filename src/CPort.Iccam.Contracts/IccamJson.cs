using System.Text.Json;
using System.Text.Json.Serialization;

namespace CPort.Iccam.Contracts;

/// <summary>
/// JSON as ICCAM's clients write and read it: numbers where text is meant (PHP's numeric check makes one of whatever looks like it), one value where a list is
/// meant, unknown keys passed over, keys in any case; nothing left out of answers, dates with a zone and whole seconds.
/// </summary>
public static class IccamJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.Never, AllowDuplicateProperties = true, MaxDepth = 16,
        Converters = { new TextConverter(), new NumberConverter(), new FlagConverter(), new NumbersConverter(), new MomentConverter() },
    };

    /// <summary>A text, or whatever was made of it.</summary>
    private sealed class TextConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),

            // The very digits that came: 1.10 stays 1.10.
            JsonTokenType.Number => System.Text.Encoding.ASCII.GetString(reader.ValueSpan),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => throw new JsonException(),
        };

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    /// <summary>A whole number, also as text; "" is none.</summary>
    private sealed class NumberConverter : JsonConverter<int?>
    {
        public override int? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Number(ref reader);

        public override void Write(Utf8JsonWriter writer, int? value, JsonSerializerOptions options)
        {
            if (value is { } number)
            {
                writer.WriteNumberValue(number);
            }
            else
            {
                writer.WriteNullValue();
            }
        }
    }

    /// <summary>True, false, 1, 0, and these as texts.</summary>
    private sealed class FlagConverter : JsonConverter<bool?>
    {
        public override bool? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.String when bool.TryParse(reader.GetString(), out var flag) => flag,
            _ => Number(ref reader) is { } number ? (bool?)(number != 0) : null,
        };

        public override void Write(Utf8JsonWriter writer, bool? value, JsonSerializerOptions options)
        {
            if (value is { } flag)
            {
                writer.WriteBooleanValue(flag);
            }
            else
            {
                writer.WriteNullValue();
            }
        }
    }

    /// <summary>A list of numbers, or one number for a list of one.</summary>
    private sealed class NumbersConverter : JsonConverter<List<int>>
    {
        public override List<int> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var numbers = new List<int>();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                Add(Number(ref reader));
                return numbers;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Add(reader.TokenType == JsonTokenType.Null ? null : Number(ref reader));
            }

            return numbers;

            void Add(int? number)
            {
                if (number is { } given and not 0)
                {
                    numbers.Add(given);
                }
            }
        }

        public override void Write(Utf8JsonWriter writer, List<int> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var number in value)
            {
                writer.WriteNumberValue(number);
            }

            writer.WriteEndArray();
        }
    }

    private sealed class MomentConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDateTimeOffset().ToUniversalTime();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private static int? Number(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        // A number that is no small whole one is a code that nobody knows.
        JsonTokenType.Number => reader.TryGetInt32(out var number) ? number
            : reader.TryGetDouble(out var real) && real == Math.Truncate(real) && Math.Abs(real) < int.MaxValue ? (int)real : int.MinValue,
        JsonTokenType.String when string.IsNullOrWhiteSpace(reader.GetString()) => null,
        JsonTokenType.String => int.TryParse(reader.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : int.MinValue,
        JsonTokenType.True => 1,
        JsonTokenType.False => 0,
        _ => throw new JsonException(),
    };
}
