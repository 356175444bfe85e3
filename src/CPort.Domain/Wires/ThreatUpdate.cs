using System.Text.Json.Serialization;
using CPort.Domain.Hashes;

namespace CPort.Domain.Wires;

/// <summary>
/// A hash of a list as ThreatExchange's <c>threat_updates</c> tells it: what the list says now, or that the reader's copy is to go. Field names and values as
/// ThreatExchange's clients read them (facebook/ThreatExchange, July 2026); what ThreatExchange numbers and CPort names is a text.
/// </summary>
public sealed record ThreatUpdate
{
    /// <summary>Of the hash in its tenant, for ever: HMA's number of the content.</summary>
    [JsonPropertyName("id")] public required string Id { get; init; }

    /// <summary>Lower-case hexadecimal.</summary>
    [JsonPropertyName("indicator")] public required string Indicator { get; init; }

    /// <summary><c>HASH_MD5</c>, <c>HASH_PDQ</c> and their like.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }

    /// <summary>When the list said so, seconds since 1970; not the order in which updates come.</summary>
    [JsonPropertyName("last_updated")] public required long LastUpdated { get; init; }

    /// <summary>The list has taken it back.</summary>
    [JsonPropertyName("should_delete")] public required bool ShouldDelete { get; init; }

    /// <summary>Absent of what is to be deleted.</summary>
    [JsonPropertyName("descriptors"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ThreatDescriptors? Descriptors { get; init; }

    /// <summary>ThreatExchange's name of an algorithm.</summary>
    public static string TypeOf(HashAlgorithm algorithm) => $"HASH_{HashAlgorithms.Of(algorithm).Name.ToUpperInvariant()}";

    /// <summary>The hash at a place, with the list's words that stand.</summary>
    public static ThreatUpdate Of(int bucket, ListedHash listed)
    {
        var id = HmaNames.ContentId(bucket, listed.Row).ToString(CultureInfo.InvariantCulture);
        return new ThreatUpdate
        {
            Id = id, Indicator = listed.Hash.ToHex(), Type = TypeOf(listed.Hash.Algorithm), LastUpdated = listed.ChangedAt.ToUnixTimeSeconds(),
            ShouldDelete = !listed.Stands, Descriptors = listed.Stands ? new ThreatDescriptors(
                [.. listed.Words.Where(w => !w.Retracted).Select((w, i) => ThreatDescriptor.Of($"{id}-{i}", w))]) : null,
        };
    }
}

/// <summary>What is said of a hash.</summary>
public sealed record ThreatDescriptors([property: JsonPropertyName("data")] ImmutableArray<ThreatDescriptor> Data);

/// <summary>A list's word on a hash, by one law.</summary>
public sealed record ThreatDescriptor
{
    [JsonPropertyName("id")] public required string Id { get; init; }
    [JsonPropertyName("owner")] public required ThreatOwner Owner { get; init; }

    /// <summary><c>MALICIOUS</c> of what is illegal, <c>NON_MALICIOUS</c> of what is not, else <c>UNKNOWN</c>.</summary>
    [JsonPropertyName("status")] public required string Status { get; init; }

    /// <summary>The classification, the law, and marks, as words.</summary>
    [JsonPropertyName("tags")] public required ThreatTags Tags { get; init; }

    /// <summary>When it was said, as ThreatExchange writes times.</summary>
    [JsonPropertyName("added_on")] public required string AddedOn { get; init; }

    /// <summary>The word under its number.</summary>
    public static ThreatDescriptor Of(string id, SourceOpinion word)
    {
        var opinion = word.Opinion;
        ImmutableArray<string> tags =
        [
            $"cport:{opinion.Classification.ToString().ToLowerInvariant()}",
            .. opinion.Country is { } law ? [$"law:{law.Code}"] : (IEnumerable<string>)[],
            .. opinion.Origin is { } origin ? [$"origin:{origin}"] : (IEnumerable<string>)[],
            .. word.Flags.HasFlag(HashFlags.VictimIdentified) ? ["victim-identified"] : (IEnumerable<string>)[],
            .. word.Flags.HasFlag(HashFlags.SeriesKnown) ? ["series-known"] : (IEnumerable<string>)[],
        ];
        return new ThreatDescriptor
        {
            Id = id, Owner = new ThreatOwner(opinion.Agency.Value),
            Status = opinion.Classification.IsIllegal() ? "MALICIOUS" : opinion.Classification == Classification.NotIllegal ? "NON_MALICIOUS" : "UNKNOWN",
            Tags = new ThreatTags([.. tags.Select(t => new ThreatTag(t, t))]),
            AddedOn = opinion.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture),
        };
    }
}

/// <summary>Whose word it is: an agency's id.</summary>
public sealed record ThreatOwner([property: JsonPropertyName("id")] string Id);

/// <summary>Words on a descriptor.</summary>
public sealed record ThreatTags([property: JsonPropertyName("data")] ImmutableArray<ThreatTag> Data);

/// <summary>A word on a descriptor.</summary>
public sealed record ThreatTag([property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("text")] string Text);
