using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>What alerts have in common.</summary>
public static class Alerts
{
    public static bool IsPerson(Roles roles) => (roles & (Roles.Officer | Roles.Analyst)) != 0;

    /// <summary>
    /// Who hears of it when the agency does not answer: the national bureau of the one country that all its urgent items concern, else INTERPOL; null: nobody
    /// is left. Another country's bureau has nothing to do with it, also where the agency works for both.
    /// </summary>
    public static AgencyId? Next(AgencyId agency, Referral referral, IMembership members)
    {
        if (agency == members.Interpol)
        {
            return null;
        }

        var own = members.CountriesOf(agency);
        var countries = UrgentOf(referral).SelectMany(i => i.Countries.DefaultIfEmpty(own is [var only] ? only : default)).Distinct().ToArray();
        var bureau = countries is [var country] && country != default ? members.BureauOf(country) : null;
        return bureau is not null && bureau != agency ? bureau : members.Interpol;
    }

    /// <summary>What goes further when nobody answers.</summary>
    public static IEnumerable<ReferredItem> UrgentOf(Referral referral) => referral.Items.Where(i => i.Urgent);

    /// <summary>The agency works for a country of each item; of one that concerns none, for one of these.</summary>
    public static bool ConcernsAll(
        IEnumerable<ReferredItem> items, AgencyId agency, ImmutableArray<Country> otherwise, IMembership members)
    {
        var of = members.CountriesOf(agency);
        return items.All(i => (i.Countries.Any() ? i.Countries : otherwise).Any(of.Contains));
    }
}

/// <summary>
/// Nobody has acknowledged something urgent in time: it goes to the national bureau as well, else to INTERPOL. Of CPort itself, by the clock, and once for each
/// alert; the referral stays its agency's.
/// </summary>
[ProtoContract, Manifest("fc5")]
public sealed record EscalateAlert : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment) =>
        Context.Caller.Kind != AgencyKind.System || book.Of(Number) is not { } referral ? Absent(Key)
        : referral.AlertDue is not { } due || due > environment.Now ? Accepted(book, this, Number)
        : Accepted(book, this, Number, new AlertEscalated
        {
            Meta = Context.ToMeta(), Number = Number,
            Line = new FeedbackLine
            {
                Line = referral.Lines.Length + 1, State = referral.State, At = environment.Now, KeyId = Context.Caller.KeyId, Escalated = true,
                To = Alerts.Next(book.Agency, referral, environment.Members),
            },
        });
}

/// <summary>An alert was not acknowledged in time.</summary>
[ProtoContract, Manifest("fe5")]
public sealed record AlertEscalated : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required FeedbackLine Line { get; init; }

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Referrals[Number - 1];
        return book with
        {
            Referrals = book.Referrals.SetItem(Number - 1, referral with
            {
                Lines = referral.Lines.Add(Line), ChangedAt = Meta.OccurredAt, EscalatedAt = Line.At,
            }),
        };
    }
}
