using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The second half of a move: the items become the job of the country they are now hosted in (ICCAM rule 11).</summary>
[ProtoContract, Manifest("rc14")]
public sealed record MoveToCountry : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required Country Country { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        return ForItems(report, this, Items, ItemWrite.MoveToCountry,
            item => ClosedOrLeased(item, Context.Caller, environment)
                ?? (item.Hosting?.Country != Country
                    ? new Refusal(RejectionCode.HostingFirst, "Update the hosting country first, then move (ICCAM rule 11).")
                : item.Assignment!.Country == Country
                    || (item.Assignment is { Orphan: true, Country: null } && environment.Members.HotlinesOf(Country).IsEmpty)
                    ? new Refusal(RejectionCode.AlreadyAssignedThere, "The item is that country's job already.")
                : null),
            items => Assigning.Events(Context, items.Select(i =>
                Assigning.Route(i, Country, i.Assignment!.Episode + 1, Context.OccurredAt, environment))));
    }
}
