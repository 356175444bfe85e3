using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// What nobody has had for too long. Items that no tracer finds become orphans, for a mandated hotline to take; orphans that none took go to national police
/// (of the hosting country, else of the reporting one), else to INTERPOL.
/// </summary>
[ProtoContract, Manifest("rc19")]
public sealed record EscalateOrphans : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        GiveAnew(report, this, Ordinals, item => item.IsUntraced() ? Orphaned(item, environment) : Escalated(report, item, environment));

    private static ItemAssignment Orphaned(ContentItem item, ReportEnvironment environment) => new()
    {
        Ordinal = item.Ordinal, Inheritance = item.Inheritance,
        Assignment = new Assignment { Episode = 1, CountrySince = environment.Now, Orphan = true },
    };

    private static ItemAssignment? Escalated(Report report, ContentItem item, ReportEnvironment environment)
    {
        if (item.Assignment is not { Orphan: true, Country: null, EscalatedTo: null } orphan)
        {
            return null;
        }

        var country = item.Hosting?.Country ?? report.ReportingCountry;
        var to = (country is { } c ? environment.Members.PoliceOf(c) : null) ?? environment.Members.Interpol;
        return to is null ? null : new ItemAssignment
        {
            Ordinal = item.Ordinal, Inheritance = item.Inheritance, Assignment = orphan with { EscalatedTo = to, EscalatedAt = environment.Now },
        };
    }
}
