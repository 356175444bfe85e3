using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>What ICSE says of items that are in a referral: it stands beside them there. Of CPort itself; sent again it does nothing.</summary>
[ProtoContract, Manifest("fc60")]
public sealed record NoteIcse : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<ItemWord> Words { get; init; } = [];

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment) =>
        Context.Caller.Kind != AgencyKind.System || book.Of(Number) is not { } referral ? Absent(Key)
        : Accepted(book, this, Number, [.. NewsOf(referral, Words, Context.ToMeta())]);

    /// <summary>Of what the reports say, what the referral does not have, and nothing older than what it has.</summary>
    internal static IEnumerable<IReferralEvent> NewsOf(Referral referral, ImmutableArray<ItemWord> words, EventMeta meta) => words
        .Where(w => referral.Items.Exists(i => i.Item == w.Item && !(i.IcseAt >= w.At)))
        .Select(w => new IcseSaid { Meta = meta, Number = referral.Number, Word = w });
}

/// <summary>ICSE said something of an item, or called it back.</summary>
[ProtoContract, Manifest("fe60")]
public sealed record IcseSaid : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required ItemWord Word { get; init; }

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Referrals[Number - 1];
        return book with
        {
            Referrals = book.Referrals.SetItem(Number - 1, referral with
            {
                ChangedAt = Meta.OccurredAt, Items = [.. referral.Items.Select(i => i.Item == Word.Item ? i with { Icse = Word.Word, IcseAt = Word.At } : i)],
            }),
        };
    }
}
