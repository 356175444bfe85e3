using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Makes a new key with the roles and tenant of an old one; the old one works on for the grace time. The new key lives as long as the old one was meant to
/// live, counted from now, unless <see cref="ExpiresAt"/> says otherwise.
/// </summary>
[ProtoContract, Manifest("ac7")]
public sealed record RotateKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary>Zero (the default) to <see cref="AgencyRules.MaxGrace"/>; with zero the old key stops at once.</summary>
    [ProtoMember(4)] public TimeSpan Grace { get; init; }
    [ProtoMember(5)] public DateTimeOffset? ExpiresAt { get; init; }

    Type IAgencyCommand.Makes => typeof(ApiKeyRotated);
    Deed IAgencyCommand.Deed => Deed.RotateKeys;

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

        if (old.ReplacedBy is { } successor)
        {
            return Reject(AgencyRejection.KeyReplaced, $"The key was rotated before; its successor is {successor}.");
        }

        if (Grace < TimeSpan.Zero || Grace > MaxGrace)
        {
            return Reject(AgencyRejection.InvalidGrace, $"grace is 0 to {MaxGrace.TotalDays} days.");
        }

        var now = meta.RecordedAt;
        if (ExpiresAt <= now)
        {
            return Reject(AgencyRejection.InvalidExpiry, "expiresAt lies in the future.");
        }

        var oldEnds = now + Grace;
        return KeyIdTaken(state, candidate) ?? Accept(new ApiKeyRotated
        {
            Meta = meta, Agency = Agency, OldKeyId = old.KeyId, OldExpiresAt = old.ExpiresAt < oldEnds ? old.ExpiresAt.Value : oldEnds,
            KeyId = candidate.KeyId, SecretHash = candidate.SecretHash,
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

    /// <summary>First instant the old key no longer works.</summary>
    [ProtoMember(4)] public required DateTimeOffset OldExpiresAt { get; init; }
    [ProtoMember(5)] public required string KeyId { get; init; }
    [ProtoMember(6)] public required string SecretHash { get; init; }
    [ProtoMember(7)] public DateTimeOffset? ExpiresAt { get; init; }
    [ProtoMember(8)] public bool AwaitsConsent { get; init; }

    public override string ToString() => $"ApiKeyRotated({Agency}, {OldKeyId} -> {KeyId})";

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var old = state.Keys[OldKeyId];
        return state.With(old with { ExpiresAt = OldExpiresAt, ReplacedBy = KeyId }).With(new ApiKeyRecord
        {
            KeyId = KeyId, Agency = Agency, SecretHash = SecretHash, Roles = old.Roles, Tenant = old.Tenant, CreatedAt = Meta.RecordedAt, ExpiresAt = ExpiresAt,
            IssuedBy = Meta.KeyId, AwaitsConsent = AwaitsConsent,
        });
    }
}
