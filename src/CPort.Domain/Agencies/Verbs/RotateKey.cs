using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Makes a new key with the roles, tenant and networks of an old one; the old one works on for the grace time, counted from when the new one works. An answer
/// that is lost takes no agency's key away: there is always time to make another, and to agree to it. What must end at once is revoked. The new key lives as
/// long as the old one was meant to live, counted from now, unless <see cref="ExpiresAt"/> says otherwise.
/// </summary>
[ProtoContract, Manifest("ac7")]
public sealed record RotateKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary><see cref="AgencyRules.LeastGrace"/> to <see cref="AgencyRules.MaxGrace"/>.</summary>
    [ProtoMember(4, IsRequired = true)] public TimeSpan Grace { get; init; } = DefaultGrace;
    [ProtoMember(5)] public DateTimeOffset? ExpiresAt { get; init; }

    Type IAgencyCommand.Makes => typeof(ApiKeyRotated);
    Deed IAgencyCommand.Deed => Deed.RotateKeys;
    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        if (KeyOf(state, this, KeyId) is not { } old)
        {
            return Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.");
        }

        if (old.RevokedAt is not null)
        {
            return Reject(AgencyRejection.KeyRevoked, "A revoked key is not rotated; issue a new one.");
        }

        if (old.ReplacedBy is { } successor && state.Keys[successor].IsKeptAt(meta.RecordedAt))
        {
            return Reject(AgencyRejection.KeyReplaced, $"The key was rotated before; its successor is {successor}.");
        }

        if (Grace < LeastGrace || Grace > MaxGrace)
        {
            return Reject(AgencyRejection.InvalidGrace,
                $"grace is {LeastGrace.TotalHours} hour to {MaxGrace.TotalDays} days; a key that must end at once is revoked.");
        }

        var now = meta.RecordedAt;
        if (ExpiresAt <= now)
        {
            return Reject(AgencyRejection.InvalidExpiry, "expiresAt lies in the future.");
        }

        return KeyIdTaken(state, candidate) ?? Accept(new ApiKeyRotated
        {
            Meta = meta, Agency = Agency, OldKeyId = old.KeyId, Grace = Grace, KeyId = candidate.KeyId, SecretHash = candidate.SecretHash,
            ExpiresAt = ExpiresAt ?? (old.ExpiresAt is { } end ? now + (end - old.CreatedAt) : null),
            AwaitsConsent = NeedsConsent(state, this, old.Tenant),
        });
    }
}

[ProtoContract, Manifest("ae7")]
public sealed record ApiKeyRotated : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string OldKeyId { get; init; }

    /// <summary>How long the old key works on once the new one does.</summary>
    [ProtoMember(4)] public required TimeSpan Grace { get; init; }
    [ProtoMember(5)] public required string KeyId { get; init; }
    [ProtoMember(6)] public required string SecretHash { get; init; }
    [ProtoMember(7)] public DateTimeOffset? ExpiresAt { get; init; }
    [ProtoMember(8)] public bool AwaitsConsent { get; init; }

    public override string ToString() => $"ApiKeyRotated({Agency}, {OldKeyId} -> {KeyId})";

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var old = state.Keys[OldKeyId];
        var next = state.With(old with { ReplacedBy = KeyId }).With(new ApiKeyRecord
        {
            KeyId = KeyId, Agency = Agency, SecretHash = SecretHash, Roles = old.Roles, Tenant = old.Tenant, CreatedAt = Meta.RecordedAt, ExpiresAt = ExpiresAt,
            IssuedBy = Meta.KeyId, AwaitsConsent = AwaitsConsent, Grace = Grace, Owner = old.Owner,
            Networks = old.Networks,
        });
        return AwaitsConsent ? next : Replaced(next, KeyId, Meta.RecordedAt);
    }

    /// <summary>The new key works from now on: those that it replaces, one through another, end with its grace time, or before, as they were to.</summary>
    internal static AgencyRegistry Replaced(AgencyRegistry state, string keyId, DateTimeOffset now)
    {
        var ends = now + (state.Keys[keyId].Grace ?? TimeSpan.Zero);
        for (var old = Predecessor(keyId); old is not null; old = Predecessor(old.KeyId))
        {
            state = state.With(old with { ExpiresAt = old.ExpiresAt < ends ? old.ExpiresAt : ends });
        }

        return state;

        ApiKeyRecord? Predecessor(string of) => state.Keys.Values.FirstOrDefault(k => k.ReplacedBy == of);
    }
}
