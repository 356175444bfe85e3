using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>
/// The agency works for the country no more, or is closed: what it had not come to an end with goes to the country's police of today. Of CPort itself; sent
/// again it does nothing.
/// </summary>
[ProtoContract, Manifest("fc6")]
public sealed record HandOver : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required AgencyId To { get; init; }

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment)
    {
        var (before, after) = (environment.Members.CountriesOf(book.Agency), environment.Members.CountriesOf(To));
        return Context.Caller.Kind != AgencyKind.System || book.Of(Number) is not { } referral ? Absent(Key)
            : !referral.Works || To == book.Agency || referral.Lines.Length >= ReferralLimits.Lines
                || referral.Items.Any(i => i.Countries.Any(before.Contains))
                || !Alerts.ConcernsAll(referral.Items, To, after, environment.Members) ? Accepted(book, this, Number)
            : Accepted(book, this, Number, new ReferralAnswered
            {
                Meta = Context.ToMeta(), Number = Number,
                Line = new FeedbackLine
                {
                    Line = referral.Lines.Length + 1, State = ReferralState.Forwarded, At = environment.Now, KeyId = Context.Caller.KeyId, To = To,
                },
            });
    }
}
