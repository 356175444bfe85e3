using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Somebody else than who had it set agrees to how a hotline's system comes in, as to a key (<see cref="ApproveKey"/>); from then on it does.
/// </summary>
[ProtoContract, Manifest("ac31")]
public sealed record ApproveIccamAccess : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary><see cref="IccamAccess.Credentials"/> of what was looked at: what came after that is not agreed to.</summary>
    [ProtoMember(3)] public required long Credentials { get; init; }

    Type IAgencyCommand.Makes => typeof(IccamAccessApproved);

    Deed IAgencyCommand.Deed => Deed.ApproveKeys;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var agency = state.Agencies[Agency];
        if (agency.Iccam?.Credentials == Credentials)
        {
            return Unchanged;
        }

        if (agency.IccamWaiting is not { } waiting || waiting.Credentials != Credentials)
        {
            return Reject(AgencyRejection.UnknownIccamAccess, $"Nothing of that number waits at agency '{Agency}'.");
        }

        // As the key it speaks by, had by who set it.
        return KeyOf(state, this, waiting.KeyId) is not { } key || !key.IsValidAt(meta.RecordedAt)
            ? Reject(AgencyRejection.KeyRevoked, "The key that it is to speak by does not work any more.")
            : NotAnotherHand(state, Context.Caller, key with { IssuedBy = waiting.SetBy })
                ?? Accept(new IccamAccessApproved { Meta = meta, Agency = Agency, Credentials = Credentials });
    }
}

[ProtoContract, Manifest("ae31")]
public sealed record IccamAccessApproved : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Credentials { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) =>
        state.With(state.Agencies[Agency] with { Iccam = state.Agencies[Agency].IccamWaiting, IccamWaiting = null });
}
