using static CPort.Domain.Referrals.ReferralRules;

namespace CPort.Domain.Referrals.Verbs;

/// <summary>How far one report, or the agency that a referral was handed on to, has taken what was said.</summary>
[ProtoContract]
public sealed record ToldReport
{
    /// <summary>Null: the agency that it was handed on to.</summary>
    [ProtoMember(1)] public ReportId? Report { get; init; }
    [ProtoMember(2)] public int Line { get; init; }

    /// <summary>The report's items that it was about.</summary>
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    /// <summary>What ICSE said of those items, perhaps before they joined.</summary>
    [ProtoMember(4)] public ImmutableArray<ItemWord> Icse { get; init; } = [];
}

/// <summary>What was owed has arrived. Of CPort itself; never travels between nodes.</summary>
[ProtoContract, Manifest("fc3")]
public sealed record NoteTold : IReferralCommand
{
    [ProtoMember(1)] public required ReferralKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<ToldReport> Told { get; init; } = [];

    public ReferralDecision Decide(ReferralBook book, ReferralEnvironment environment) =>
        Context.Caller.Kind != AgencyKind.System || book.Of(Number) is not { } referral ? Absent(Key)
        : Told.IsEmpty ? Accepted(book, this, Number)
        : Accepted(
            book, this, Number,
            [
                new ReportsTold { Meta = Context.ToMeta(), Number = Number, Told = [.. Told.Select(t => t with { Icse = [] })] },
                .. NoteIcse.NewsOf(referral, [.. Told.SelectMany(t => t.Icse)], Context.ToMeta()),
            ]);
}

/// <summary>Reports have taken what police said.</summary>
[ProtoContract, Manifest("fe3")]
public sealed record ReportsTold : IReferralEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public ReferralReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<ToldReport> Told { get; init; } = [];

    public IReferralEvent Stamped(EventMeta meta, ReferralReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public ReferralBook Apply(ReferralBook book)
    {
        var referral = book.Referrals[Number - 1];
        var lines = Told.SelectMany(t => t.Ordinals.Select(o => (Item: new ItemRef(t.Report!.Value, o), t.Line)))
            .GroupBy(t => t.Item).ToDictionary(g => g.Key, g => g.Max(t => t.Line));
        return book with
        {
            Referrals = book.Referrals.SetItem(Number - 1, referral with
            {
                Forwarded = Told.Where(t => t.Report is null).Select(t => t.Line).Append(referral.Forwarded).Max(),
                Items = [.. referral.Items.Select(i => lines.TryGetValue(i.Item, out var line) && !(i.Told >= line) ? i with { Told = line } : i)],
            }),
        };
    }
}
