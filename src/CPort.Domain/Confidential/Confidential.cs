using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Confidential;

/// <summary>
/// A piece of confidential data (URL, referrer, credentials, memo, reporter data) in sealed form: AES-256-GCM under the report's data key. Rules, states and
/// events hold only this form; <see cref="ConfidentialSeam"/> is the one place that seals and opens. Text of it in a log shows its length and nothing else.
/// </summary>
[ProtoContract]
public sealed record Sealed
{
    /// <summary>12 bytes nonce, then cipher text, then 16 bytes tag.</summary>
    [ProtoMember(1)] public required byte[] Bytes { get; init; }

    public bool Equals([NotNullWhen(true)] Sealed? other) => other is not null && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override int GetHashCode() => Bytes.Length;

    public override string ToString() => $"Sealed({Bytes.Length})";
}

/// <summary>A report's data key as stored in its first event: 256 random bits, wrapped (AES-256-GCM) by the named master key.</summary>
[ProtoContract]
public sealed record WrappedKey
{
    /// <summary>First 8 hex digits of SHA-256 over the master key: which key wraps, without telling it.</summary>
    [ProtoMember(1)] public required string MasterKeyId { get; init; }
    [ProtoMember(2)] public required byte[] Bytes { get; init; }
}

/// <summary>What is confidential about a report, in the clear. Lives only between the API and the report's actor, and in answers.</summary>
[ProtoContract]
public sealed record ReportSecrets
{
    [ProtoMember(1)] public string? Referrer { get; init; }
    [ProtoMember(2)] public string? UserName { get; init; }
    [ProtoMember(3)] public string? Password { get; init; }
    [ProtoMember(4)] public string? Memo { get; init; }
    [ProtoMember(5)] public string? ReportingAnalyst { get; init; }

    public override string ToString() => "ReportSecrets(…)";
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

/// <summary>A confidential free text in the clear (a memo, a reason in words).</summary>
[ProtoContract]
public sealed record SecretText
{
    [ProtoMember(1)] public required string Text { get; init; }

    public override string ToString() => "SecretText(…)";
}
