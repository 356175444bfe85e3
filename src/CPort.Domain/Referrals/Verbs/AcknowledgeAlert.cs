using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>A person of the agency has seen that something urgent came. Any answer by a person says as much.</summary>
[ProtoContract, Manifest("fc4")]
public sealed record AcknowledgeAlert : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment) =>
        book.Of(Number) is not { } referral || Context.Caller.Kind == AgencyKind.System ? Absent(Key)
        : !Alerts.IsPerson(Context.Caller.Roles)
            ? Rejected(book, this, ReferralRejection.PersonNeeded, "A person acknowledges an alert: an officer or analyst, not a machine's key.", referral)
        : !referral.IsAlerting
            ? Rejected(book, this, ReferralRejection.NothingToAcknowledge, "Nothing urgent waits to be acknowledged.", referral)
        : Accepted(book, this, Number, new AlertAcknowledged { Meta = Context.ToMeta(), Number = Number });
}

/// <summary>A person has seen it.</summary>
[ProtoContract, Manifest("fe4")]
public sealed record AlertAcknowledged : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Referrals[Number - 1];
        return book with
        {
            Referrals = book.Referrals.SetItem(Number - 1, referral with { AcknowledgedAt = Meta.OccurredAt, ChangedAt = Meta.OccurredAt }),
        };
    }
}
