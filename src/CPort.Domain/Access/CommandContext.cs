namespace CPort.Domain.Access;

/// <summary>Names one command for ever: given by the caller (1 to 64 printable ASCII characters) or made by the API. Repeating it is safe.</summary>
public readonly record struct CommandId
{
    private readonly string? _value;

    private CommandId(string value) => _value = value;

    public string Value => _value ?? "";

    public static bool TryParse(string? text, out CommandId id)
    {
        id = default;
        if (text is not { Length: >= 1 and <= 64 } || text.Any(c => c is <= ' ' or > '~'))
        {
            return false;
        }

        id = new CommandId(text);
        return true;
    }

    public static CommandId Parse(string text) =>
        TryParse(text, out var id)
            ? id
            : throw new FormatException("A command id is 1 to 64 printable ASCII characters without spaces.");

    public static CommandId New() => new(Guid.CreateVersion7().ToString("N"));

    public override string ToString() => Value;
}

/// <summary>What every command carries besides its own fields.</summary>
[ProtoContract]
public sealed record CommandContext
{
    [ProtoMember(1)] public required CommandId CommandId { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>When the API received the command, UTC.</summary>
    [ProtoMember(3)] public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>W3C trace parent, so that one report can be followed over actors and nodes.</summary>
    [ProtoMember(4)] public string? TraceParent { get; init; }

    /// <summary>Keyed digest of the request as it came (path and body); 0: none was made. The same command id with another one is another command.</summary>
    [ProtoMember(5, DataFormat = DataFormat.FixedSize)] public ulong Digest { get; init; }

    /// <summary>Versions of the report of which one must be the present one; empty: any will do.</summary>
    [ProtoMember(6)] public ImmutableArray<int> IfVersions { get; init; } = [];

    /// <summary>The same request as one with this digest, as far as both have told theirs.</summary>
    public bool IsSameRequest(ulong digest) => digest == 0 || Digest == 0 || digest == Digest;

    /// <summary>CPort's own, of work that nobody asked for.</summary>
    public static CommandContext OfSystem(Tenant tenant, DateTimeOffset now) =>
        new() { CommandId = CommandId.New(), Caller = Caller.System with { Tenant = tenant }, OccurredAt = now };

    /// <summary>The metadata of an event that this command causes; the shell stamps the event's own id and the recording time.</summary>
    public EventMeta ToMeta() => new()
    {
        CommandId = CommandId, Agency = Caller.Agency, Kind = Caller.Kind, Roles = Caller.Roles, KeyId = Caller.KeyId,
        Purpose = Caller.Purpose, OccurredAt = OccurredAt, TraceParent = TraceParent, Tenant = Caller.Tenant,
        RulesVersion = EventMeta.CurrentRulesVersion, CodeListsVersion = CodeList<Classification>.Version,
    };
}

/// <summary>Who, when, by which rules: stored with every event. <c>Apply</c> reads times from here and never from a clock.</summary>
[ProtoContract]
public sealed record EventMeta
{
    /// <summary>Raised when a rule changes meaning, so that an old event says by which rules it was made.</summary>
    public const int CurrentRulesVersion = 1;

    /// <summary>Stamped by the shell just before persisting.</summary>
    [ProtoMember(1)] public Guid EventId { get; init; }
    [ProtoMember(2)] public required CommandId CommandId { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required AgencyKind Kind { get; init; }
    [ProtoMember(5)] public required Roles Roles { get; init; }
    [ProtoMember(6)] public required string KeyId { get; init; }
    [ProtoMember(7)] public string? Purpose { get; init; }
    [ProtoMember(8)] public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>Stamped by the shell just before persisting.</summary>
    [ProtoMember(9)] public DateTimeOffset RecordedAt { get; init; }
    [ProtoMember(10)] public int RulesVersion { get; init; }
    [ProtoMember(11)] public int CodeListsVersion { get; init; }
    [ProtoMember(12)] public string? TraceParent { get; init; }
    [ProtoMember(13)] public Tenant Tenant { get; init; }

    /// <summary><see cref="CommandContext.Digest"/>, of events that remember their command themselves; 0: none, or the event's receipt has it.</summary>
    [ProtoMember(14, DataFormat = DataFormat.FixedSize)] public ulong RequestDigest { get; init; }
}
