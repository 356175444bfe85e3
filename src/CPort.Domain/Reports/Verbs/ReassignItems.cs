using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// What the agencies' comings and goings change: open items of a hotline that is closed or serves the country no more go back to the country, or become orphans
/// when it has no other; orphans hosted in a country that has a hotline now become its job.
/// </summary>
[ProtoContract, Manifest("rc32")]
public sealed record ReassignItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        GiveAnew(report, this, Ordinals, item => Reassigned(item, environment));

    private static ItemAssignment? Reassigned(ContentItem item, ReportEnvironment environment)
    {
        var members = environment.Members;
        if (item.Assignment is not { } job)
        {
            return null;
        }

        if (job.Country is not { } country)
        {
            return item.Hosting?.Country is { } host && !members.HotlinesOf(host).IsEmpty
                ? Assigning.Route(item, host, job.Episode + 1, environment.Now, environment)
                : null;
        }

        var hotlines = members.HotlinesOf(country);
        if (job.Hotline is { } hotline ? hotlines.Contains(hotline) : !hotlines.IsEmpty)
        {
            return null;
        }

        // Of a country that is left without a hotline the item is an orphan; in another, a new episode of it.
        return hotlines.IsEmpty
            ? Assigning.Route(item, item.Hosting?.Country ?? country, job.Episode + 1, environment.Now, environment)
            : new ItemAssignment
            {
                Ordinal = item.Ordinal, Inheritance = item.Inheritance,
                Assignment = job with
                {
                    Hotline = hotlines.Length == 1 ? hotlines[0] : null, HotlineSince = hotlines.Length == 1 ? environment.Now : null,
                },
            };
    }
}
