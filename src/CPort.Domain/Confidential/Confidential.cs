using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Confidential;

/// <summary>
/// A piece of confidential data (URL, referrer, credentials, memo, reporter data) in sealed form: AES-256-GCM under its report's key, bound to its <see
/// cref="SealedPlace"/>. Rules, states and events hold only this form; <see cref="ConfidentialSeam"/> is the one place that seals and opens. Text of it in a
/// log shows its length and nothing else.
/// </summary>
[ProtoContract]
public sealed record Sealed
{
    /// <summary>2 bytes of the data key's generation, 12 bytes nonce, then cipher text, then 16 bytes tag.</summary>
    [ProtoMember(1)] public required byte[] Bytes { get; init; }

    public bool Equals([NotNullWhen(true)] Sealed? other) => other is not null && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override int GetHashCode() => Bytes.Length;

    public override string ToString() => $"Sealed({Bytes.Length})";
}

/// <summary>What a sealed value is, which also says its type. Part of what is authenticated: never change a number.</summary>
public enum SealedField
{
    ReportSecrets = 1,
    ItemSecrets = 2,
    Memo = 3,
    AssessmentAnalyst = 4,
    ActionAnalyst = 5,
    ActionReason = 6,

    /// <summary>Why something was corrected, objected to, reopened or withdrawn.</summary>
    Why = 7,

    /// <summary>What lists show of an item: <see cref="ListedSecrets"/>.</summary>
    Listed = 8,

    /// <summary>What was wrong with a line that was not taken; its place has the line's name instead of a report.</summary>
    Rejection = 9,

    /// <summary>What a person put down in the portal; its place has the thing's id instead of a report.</summary>
    Personal = 10,

    /// <summary>What police or a hotline says about a hold, in words.</summary>
    HoldText = 11,

    /// <summary>What police says of a referral, in words: in the referral (its place has the key instead of a report) and with each item.</summary>
    ReferralText = 12,

    /// <summary>A piece of news in agencies' feeds (<c>FeedFacts</c>).</summary>
    Feed = 13,

    /// <summary>An address to which news are sent; its place has the webhook's id instead of a report.</summary>
    Webhook = 14,

    /// <summary>What police asks and a hotline answers, in words (ordinal 0), and each answer's value (ordinal: the field's number).</summary>
    QuestionText = 15,

    /// <summary>Why somebody proposes an item for ICSE, and the name of a series; of a package its place has the package's key instead of a report.</summary>
    IcseText = 17,

    /// <summary>A domain that is proposed for the "worst of" list, and what is said about it; its place has the candidate's key instead of a report.</summary>
    IwolText = 18,

    /// <summary>Who a person is; from here on the place has a person's, a session's or a key's number instead of a report.</summary>
    PersonSecrets = 20,

    /// <summary>What a session holds.</summary>
    Session = 21,

    /// <summary>A secret of a way to sign in.</summary>
    Credential = 22,

    /// <summary>A key of the cookies' own protection.</summary>
    ProtectionKey = 23,
}

/// <summary>
/// Where a sealed value belongs. Only there it opens: moved to another report, item or field it is as good as changed.
/// </summary>
/// <param name="Report">Its report, from whose id the key is derived.</param>
/// <param name="Field">What it is.</param>
/// <param name="Ordinal">Its item's; 0 for the report, and for a text that one command gives to several items.</param>
public readonly record struct SealedPlace(ReportId Report, SealedField Field, int Ordinal = 0);

/// <summary>What is confidential about a report, in the clear. Lives only between the API and the report's actor, and in answers.</summary>
[ProtoContract]
public sealed record ReportSecrets
{
    [ProtoMember(1)] public string? Referrer { get; init; }
    [ProtoMember(2)] public string? UserName { get; init; }
    [ProtoMember(3)] public string? Password { get; init; }
    [ProtoMember(4)] public string? Memo { get; init; }
    [ProtoMember(5)] public string? ReportingAnalyst { get; init; }

    /// <summary>Of a provider's report: what it says of people.</summary>
    [ProtoMember(6)] public Involved? Involved { get; init; }

    public override string ToString() => "ReportSecrets(…)";
}

/// <summary>What a provider says of the people in a report, in the clear.</summary>
[ProtoContract]
public sealed record Involved
{
    /// <summary>From where somebody was there, in the order of the report.</summary>
    [ProtoMember(1)] public ImmutableArray<IpEvent> IpEvents { get; init; } = [];

    /// <summary>Accounts and names, a line each.</summary>
    [ProtoMember(2)] public string? Accounts { get; init; }

    public bool Equals(Involved? other) => other is not null && Accounts == other.Accounts && IpEvents.AsSpan().SequenceEqual(other.IpEvents.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Accounts, IpEvents.Length);

    public override string ToString() => "Involved(…)";
}

/// <summary>Whose address it was.</summary>
public enum IpEventOf
{
    ReportedUser = 1,
    Recipient = 2,
    Victim = 3,

    /// <summary>Who put a file there.</summary>
    File = 4,

    /// <summary>Of a network without a server in between.</summary>
    PeerToPeer = 5,
}

/// <summary>What somebody did from an address, as NCMEC's <c>ipCaptureType</c> has it.</summary>
public enum IpEventKind
{
    Unknown = 0,
    Login = 1,
    Registration = 2,
    Purchase = 3,
    Upload = 4,
    Other = 5,
}

/// <summary>
/// Somebody was there, from an address. Without the time nobody finds out whose the address was, without the port nobody finds whose it was among all who
/// shared it.
/// </summary>
[ProtoContract]
public sealed record IpEvent
{
    [ProtoMember(1)] public required IpEventOf Of { get; init; }

    /// <summary>IPv4 or IPv6, in its usual form.</summary>
    [ProtoMember(2)] public required string Address { get; init; }
    [ProtoMember(3)] public IpEventKind Kind { get; init; }

    /// <summary>UTC; null: not told.</summary>
    [ProtoMember(4)] public DateTimeOffset? At { get; init; }

    /// <summary>The zone in which the time was told, minutes from UTC.</summary>
    [ProtoMember(5)] public int ZoneMinutes { get; init; }

    /// <summary>1 to 65,535; null: not told.</summary>
    [ProtoMember(6)] public int? Port { get; init; }

    /// <summary>The provider thinks that it stands for somebody else's; null: it does not say.</summary>
    [ProtoMember(7)] public bool? PossibleProxy { get; init; }

    /// <summary>Of a file: the ordinal of its item; 0 of all else.</summary>
    [ProtoMember(8)] public int Item { get; init; }

    public override string ToString() => "IpEvent(…)";
}

/// <summary>What is confidential about an item, in the clear.</summary>
[ProtoContract]
public sealed record ItemSecrets
{
    /// <summary>The URL exactly as received.</summary>
    [ProtoMember(1)] public required string Url { get; init; }
    [ProtoMember(2)] public string? Memo { get; init; }

    public override string ToString() => "ItemSecrets(…)";
}

/// <summary>What the read tables hold of an item for lists only: reporter data, in the clear.</summary>
[ProtoContract]
public sealed record ListedSecrets
{
    /// <summary>The reporting hotline's name for the report.</summary>
    [ProtoMember(1)] public required string Reference { get; init; }

    /// <summary>The reporting hotline's name for the item.</summary>
    [ProtoMember(2)] public string? ItemReference { get; init; }

    /// <summary>The assigned hotline's name for the item.</summary>
    [ProtoMember(3)] public string? AssignedReference { get; init; }

    /// <summary>When the public reported to the hotline (ICCAM rule 6).</summary>
    [ProtoMember(4)] public required DateTimeOffset ReceivedAt { get; init; }

    public override string ToString() => "ListedSecrets(…)";
}

/// <summary>A confidential free text in the clear (a memo, a reason in words).</summary>
[ProtoContract]
public sealed record SecretText
{
    [ProtoMember(1)] public required string Text { get; init; }

    public override string ToString() => "SecretText(…)";
}
