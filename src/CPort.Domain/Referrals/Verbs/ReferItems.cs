using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>
/// Items that are the agency's to know of: they open a referral, or join the one that is open. Of CPort itself, by its rule or because somebody asked for it at
/// the report, which has decided whether they may; sent again it does nothing.
/// </summary>
[ProtoContract, Manifest("fc1")]
public sealed record ReferItems : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required ReferralWhy Why { get; init; }

    /// <summary>What it is about: a keyed hash, or an id of ours.</summary>
    [ProtoMember(5)] public required string About { get; init; }
    [ProtoMember(6)] public ImmutableArray<ReferredItem> Items { get; init; } = [];

    /// <summary>Who referred them by hand; null: the rule.</summary>
    [ProtoMember(7)] public AgencyId? By { get; init; }

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment)
    {
        if (Context.Caller.Kind != AgencyKind.System)
        {
            return Absent(Key);
        }

        if (Items.IsEmpty || Items.Length > ReferralLimits.ItemsAtOnce)
        {
            return Rejected(book, this, ReferralRejection.TooManyItems, $"1 to {ReferralLimits.ItemsAtOnce} items at a time.");
        }

        var last = book.Referrals is [.., var newest] ? newest : null;

        // What an earlier one has stays there; that it is urgent now is news, that another country has it to do with, and, where somebody hands it on or
        // refers it by hand, that the one which has it is over.
        var held = book.Referrals.Where(r => By is null || r.Works).SelectMany(r => r.Items).ToLookup(i => i.Item);
        var news = Items.DistinctBy(i => i.Item).Where(i => !held.Contains(i.Item) || (i.Urgent && !held[i.Item].Any(h => h.Urgent))
            || i.Countries.Any(c => !held[i.Item].Any(h => h.Countries.Contains(c)))).ToImmutableArray();
        if (news.IsEmpty)
        {
            return Accepted(book, this, book.Referrals.FindLast(r => r.Items.Any(i => i.Item == Items[0].Item))?.Number ?? 0);
        }

        var joins = last?.Takes(environment.Now) == true && last.Items.Count + news.Length <= ReferralLimits.ItemsInAll;
        var number = joins ? last!.Number : book.Referrals.Count + 1;
        return Accepted(book, this, number, new ItemsReferred
        {
            Meta = Context.ToMeta(), Key = Key, Agency = Agency, Why = Why, About = About, Number = number, By = By ?? Context.Caller.Agency,
            Items = [.. news.Select(i => i with { JoinedAt = environment.Now })],
        });
    }
}

/// <summary>A referral was opened, or items joined it.</summary>
[ProtoContract, Manifest("fe1")]
public sealed record ItemsReferred : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required ReferralKey Key { get; init; }
    [ProtoMember(4)] public required AgencyId Agency { get; init; }
    [ProtoMember(5)] public required ReferralWhy Why { get; init; }
    [ProtoMember(6)] public required string About { get; init; }
    [ProtoMember(7)] public required int Number { get; init; }
    [ProtoMember(8)] public required AgencyId By { get; init; }
    [ProtoMember(9)] public ImmutableArray<ReferredItem> Items { get; init; } = [];

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Of(Number) ?? new Referral { Number = Number, OpenedAt = Meta.OccurredAt, OpenedBy = By };
        referral = referral with { Items = Items.Aggregate(referral.Items, With), ChangedAt = Meta.OccurredAt };
        if (Items.Any(i => i.Urgent) && (!referral.IsAlerting || referral.EscalatedAt is not null))
        {
            // Of one that waits already the clock goes on; after one that nobody saw in time it begins anew.
            referral = referral with { UrgentSince = Meta.OccurredAt, AcknowledgedAt = null, EscalatedAt = null };
        }

        return book with
        {
            Key = Key, Tenant = Meta.Tenant, Agency = Agency, Why = Why, About = About,
            Referrals = Number > book.Referrals.Count ? book.Referrals.Add(referral) : book.Referrals.SetItem(Number - 1, referral),
        };
    }

    /// <summary>One that is there already has become urgent, or another country's as well, and its report is told so.</summary>
    private static ImmutableList<ReferredItem> With(ImmutableList<ReferredItem> items, ReferredItem item)
    {
        var at = items.FindIndex(i => i.Item == item.Item);
        if (at < 0)
        {
            return items.Add(item);
        }

        ImmutableArray<Country> countries = [.. items[at].Countries.Union(item.Countries)];
        return items.SetItem(at, items[at] with
        {
            Urgent = items[at].Urgent || item.Urgent, Country = countries is [var first, ..] ? first : null, AlsoFor = [.. countries.Skip(1)], Told = null,
        });
    }
}
