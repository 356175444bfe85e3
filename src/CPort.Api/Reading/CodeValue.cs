using System.Text.Json;
using System.Text.Json.Serialization;

namespace CPort.Api.Reading;

/// <summary>A code of an ICCAM list as a sender writes it: its number or its name. Which list and generation decides who reads it.</summary>
[JsonConverter(typeof(CodeValueConverter))]
public readonly record struct CodeValue(int? Number, string? Text);

/// <summary>One of ICCAM's flags: <c>true</c>, <c>false</c>, 1 or 0.</summary>
[JsonConverter(typeof(FlagValueConverter))]
public readonly record struct FlagValue(bool IsSet);

/// <summary>
/// A date and time as a sender writes it, ISO 8601 with Z or an offset; read by <see cref="FieldReader"/>, so that several errors can be told.
/// </summary>
[JsonConverter(typeof(DateValueConverter))]
public readonly record struct DateValue(string Text);

/// <summary>A text that can be taken away: absent leaves it, null or an empty one removes it.</summary>
[JsonConverter(typeof(ClearableTextConverter))]
public sealed record ClearableText(string? Text);

internal sealed class ClearableTextConverter : JsonConverter<ClearableText>
{
    /// <summary>Null is a word of its own here, not "not given".</summary>
    public override bool HandleNull => true;

    public override ClearableText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Null => new ClearableText(null),
        JsonTokenType.String => new ClearableText(reader.GetString()),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, ClearableText value, JsonSerializerOptions options) => writer.WriteStringValue(value?.Text);
}

internal sealed class CodeValueConverter : JsonConverter<CodeValue>
{
    public override CodeValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        // A number that is no small whole one is a code nobody knows, not a wrong type.
        JsonTokenType.Number => new CodeValue(reader.TryGetInt32(out var number) ? number : int.MinValue, null),
        JsonTokenType.String => new CodeValue(null, reader.GetString()),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, CodeValue value, JsonSerializerOptions options)
    {
        if (value.Number is { } number)
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value.Text);
        }
    }
}

internal sealed class FlagValueConverter : JsonConverter<FlagValue>
{
    public override FlagValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.True => new FlagValue(true),
        JsonTokenType.False => new FlagValue(false),
        JsonTokenType.Number when reader.TryGetInt32(out var number) && number is 0 or 1 => new FlagValue(number == 1),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, FlagValue value, JsonSerializerOptions options) => writer.WriteBooleanValue(value.IsSet);
}

internal sealed class DateValueConverter : JsonConverter<DateValue>
{
    public override DateValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? new DateValue(reader.GetString()!) : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, DateValue value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
