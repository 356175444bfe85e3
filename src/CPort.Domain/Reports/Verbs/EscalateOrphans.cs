using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Orphans that no mandated hotline took before the deadline go to national police, else to INTERPOL.</summary>
[ProtoContract, Manifest("rc19")]
public sealed record EscalateOrphans : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        var assignments = Ordinals.Distinct()
            .Select(report.Item)
            .Where(i => i is { Assignment: { Orphan: true, Country: null, EscalatedTo: null } } && !i.IsClosed())
            .Select(i => (Item: i!, To: PoliceOf(i!.Hosting?.Country, environment.Members) ?? environment.Members.Interpol))
            .Where(p => p.To is not null)
            .Select(p => new ItemAssignment
            {
                Ordinal = p.Item.Ordinal, Inheritance = p.Item.Inheritance,
                Assignment = p.Item.Assignment! with { EscalatedTo = p.To, EscalatedAt = environment.Now },
            });
        return Accepted(report, this, [.. Assigning.Events(Context, assignments)]);
    }

    private static AgencyId? PoliceOf(Country? host, IMembership members) =>
        host is { } country ? members.PoliceOf(country) : null;
}
