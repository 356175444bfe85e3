using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace CPort.Domain.Audit;

/// <summary>Who acted, as far as everybody who reads the log may know.</summary>
/// <param name="Agency">The agency's id.</param>
/// <param name="Kind">The agency's kind.</param>
/// <param name="Role">The roles of key or person.</param>
public sealed record AuditActor(string Agency, string Kind, string Role)
{
    public static AuditActor Of(Caller caller) => new(caller.Agency.Value, caller.Kind.ToString(), caller.Roles.ToString());
}

/// <summary>
/// An entry of the audit log: what is hashed into the tree, as RFC 8785 JSON of at most <see cref="MaxBytes"/>. Who exactly, why, and free text stand in
/// <see cref="Sealed"/>; <see cref="Commit"/> binds the entry to them also when their key is gone.
/// </summary>
public sealed record AuditEntry
{
    /// <summary>What the length of an entry in a bundle can say.</summary>
    public const int MaxBytes = 65_535;

    /// <summary>Objects of one entry; who shows more writes more entries.</summary>
    public const int MaxObjects = 1_000;

    /// <summary>The first part of ids of entries that tell of the journal's events; the second is an event's place there.</summary>
    public const string OfJournal = "journal";

    /// <summary>The shape of an entry.</summary>
    public const int Version = 1;

    /// <summary>The writer, a hyphen, its number there from 1 without gaps; unique.</summary>
    public required string Id { get; init; }

    /// <summary>UTC, whole milliseconds.</summary>
    public required DateTimeOffset At { get; init; }

    public required AuditKind Kind { get; init; }

    public required AuditActor Actor { get; init; }

    public required string Tenant { get; init; }

    public required string Action { get; init; }

    public required AuditOutcome Outcome { get; init; }

    public ImmutableArray<AuditObject> Objects { get; init; } = [];

    public ImmutableArray<string> Fields { get; init; } = [];

    public AuditQuery? Query { get; init; }

    public ImmutableArray<string> Recipients { get; init; } = [];

    /// <summary>The node that wrote it.</summary>
    public required string Node { get; init; }

    public string? Request { get; init; }

    /// <summary>Base64 of <see cref="AuditDetails"/>, sealed under the key of <see cref="Period"/>.</summary>
    public string? Sealed { get; init; }

    /// <summary>Base64 of <see cref="AuditDetails.Commitment"/>.</summary>
    public string? Commit { get; init; }

    /// <summary>The month whose key seals it, for example <c>2026-11</c>.</summary>
    public string Period => PeriodOf(At);

    public static string PeriodOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>How a name of ours is written in an entry: in camel case.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>What is hashed. Throws <see cref="InvalidOperationException"/> when it is longer than <see cref="MaxBytes"/>.</summary>
    public byte[] ToBytes()
    {
        var json = new CanonicalJson();
        json.Object(() =>
        {
            json.Name("action").Text(Action);
            json.Name("actor").Object(() => json.Name("agency").Text(Actor.Agency).Name("kind").Text(Actor.Kind).Name("role").Text(Actor.Role));
            json.Name("at").Text(At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.Text("commit", Commit).Texts("fields", Fields).Name("id").Text(Id).Name("kind").Text(Word(Kind)).Name("node").Text(Node);
            if (!Objects.IsEmpty)
            {
                json.Name("objects").Object(() =>
                {
                    foreach (var of in Objects.GroupBy(o => Word(o.Kind)).OrderBy(g => g.Key, StringComparer.Ordinal))
                    {
                        json.Texts(of.Key, [.. of.Select(o => o.Id)]);
                    }
                });
            }

            json.Name("outcome").Text(Word(Outcome));
            if (Query is { } query)
            {
                json.Name("query").Object(() => json.Name("count").Number(query.Count).Name("digest").Text(query.Digest));
            }

            json.Texts("recipients", Recipients).Text("request", Request).Text("sealed", Sealed).Name("tenant").Text(Tenant).Name("v").Number(Version);
        });
        return json.Written.Length <= MaxBytes
            ? json.Written.ToArray() : throw new InvalidOperationException($"An entry of {json.Written.Length} bytes is too long.");
    }

    /// <summary>Reads what <see cref="ToBytes"/> made; false for anything else, also for a shape that is not known here.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out AuditEntry? entry)
    {
        entry = null;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var e = document.RootElement;
            if (e.GetProperty("v").GetInt32() != Version)
            {
                return false;
            }

            var actor = e.GetProperty("actor");
            entry = new AuditEntry
            {
                Id = Text(e, "id")!, At = e.GetProperty("at").GetDateTimeOffset(), Kind = Named<AuditKind>(Text(e, "kind")!),
                Actor = new AuditActor(Text(actor, "agency")!, Text(actor, "kind")!, Text(actor, "role")!), Tenant = Text(e, "tenant")!,
                Action = Text(e, "action")!, Outcome = Named<AuditOutcome>(Text(e, "outcome")!), Fields = Texts(e, "fields"),
                Objects = e.TryGetProperty("objects", out var objects)
                    ? [.. objects.EnumerateObject().SelectMany(o => o.Value.EnumerateArray().Select(
                        id => new AuditObject(Named<AuditObjectKind>(o.Name), id.GetString()!)))]
                    : [],
                Query = e.TryGetProperty("query", out var query) ? new AuditQuery(Text(query, "digest")!, query.GetProperty("count").GetInt32()) : null,
                Recipients = Texts(e, "recipients"), Node = Text(e, "node")!, Request = Text(e, "request"), Sealed = Text(e, "sealed"),
                Commit = Text(e, "commit"),
            };
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return false;
        }

        static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() : null;

        static ImmutableArray<string> Texts(JsonElement of, string name) =>
            of.TryGetProperty(name, out var values) ? [.. values.EnumerateArray().Select(v => v.GetString()!)] : [];

        static T Named<T>(string word)
            where T : struct, Enum => Enum.Parse<T>(word, ignoreCase: true);
    }
}

/// <summary>What an entry keeps sealed.</summary>
/// <param name="Person">The public part of the key, or the person's id.</param>
/// <param name="Purpose">Why, in the caller's words.</param>
/// <param name="Text">Free text.</param>
/// <param name="Salt">16 random bytes, hexadecimal: without them the commitment tells nothing to who guesses.</param>
public sealed record AuditDetails(string? Person, string? Purpose, string? Text, string Salt)
{
    public static AuditDetails Of(AuditRecord record, string salt) => new(record.Caller.KeyId, record.Caller.Purpose, record.Text, salt);

    /// <summary>What is sealed.</summary>
    public byte[] ToBytes()
    {
        var json = new CanonicalJson();
        json.Object(() => json.Text("person", Person).Text("purpose", Purpose).Name("salt").Text(Salt).Text("text", Text));
        return json.Written.ToArray();
    }

    /// <summary>Base64 of SHA-256 over <see cref="ToBytes"/>.</summary>
    public static string Commitment(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(SHA256.HashData(bytes));

    public static AuditDetails Read(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        string? Text(string name) => document.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
        return new AuditDetails(Text("person"), Text("purpose"), Text("text"), Text("salt") ?? "");
    }

    public override string ToString() => "AuditDetails(…)";
}
