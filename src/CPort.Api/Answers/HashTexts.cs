using System.Text.Json.Serialization.Metadata;

namespace CPort.Api.Answers;

/// <summary>A JSON object with hashes of one media file: a field for each algorithm of <see cref="HashAlgorithms.All"/>, besides its own.</summary>
public abstract record HashTexts
{
    private readonly string?[] _texts = new string?[HashAlgorithms.Slots];

    /// <summary>0 to 100; a PDQ value below the installation's floor (50 unless configured) never matches.</summary>
    public int? PdqQuality { get; init; }

    public string? this[HashAlgorithm algorithm] => _texts[(int)algorithm];

    /// <summary>Adds the algorithms' fields to what is known of a type for reading, writing and describing JSON.</summary>
    public static void AddFields(JsonTypeInfo type)
    {
        if (!type.Type.IsAssignableTo(typeof(HashTexts)))
        {
            return;
        }

        foreach (var row in HashAlgorithms.All)
        {
            var field = type.CreateJsonPropertyInfo(typeof(string), row.JsonName);
            field.Get = texts => ((HashTexts)texts)._texts[(int)row.Algorithm];
            field.Set = (texts, text) => ((HashTexts)texts)._texts[(int)row.Algorithm] = (string?)text;
            field.ShouldSerialize = (_, text) => text is not null;
            field.IsGetNullable = field.IsSetNullable = true;
            field.Order = -1;
            type.Properties.Add(field);
        }
    }

    protected internal void Put(ContentHash hash) => _texts[(int)hash.Algorithm] = hash.ToHex();
}
