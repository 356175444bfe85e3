using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Asks another agency for a second look, because nobody of one's own is left who could give it, or because it knows better. It sees the item until the look is
/// settled, and neither what was said nor by whom.
/// </summary>
[ProtoContract, Manifest("rc81")]
public sealed record AskForLook : IReportCommand
{
    /// <summary>Of one item.</summary>
    public const int MostAsked = 5;

    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AgencyId Agency { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) => ForItems(
        report, this, Items, ItemWrite.AskForLook,
        item => item.OpenLook() is not { } look ? Looking.None
            : Agency == Context.Caller.Agency || !environment.Members.GivesLooks(Agency)
                ? new Refusal(RejectionCode.NotForLooks, "Another trusted hotline or police, or INTERPOL, can be asked for a second look.")
            : look.Asked.Contains(Agency) ? new Refusal(RejectionCode.NothingToChange, $"{Agency} was asked already.")
            : look.Asked.Length >= MostAsked ? new Refusal(RejectionCode.NotForLooks, $"At most {MostAsked} agencies are asked for a second look at an item.")
            : null,
        items => [new LookAsked { Meta = Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)], Agency = Agency }]);
}

/// <summary>Another agency was asked for a second look.</summary>
[ProtoContract, Manifest("re83")]
public sealed record LookAsked : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public required AgencyId Agency { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Ordinals, i => i with
    {
        Look = i.Look is { } look ? look with { Asked = look.Asked.Add(Agency) } : null,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. seen.Select(o => $"Item {o}: {Agency} is asked for a second look.")];
}
