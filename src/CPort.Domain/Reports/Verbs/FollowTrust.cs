using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// The report's opinions, and what its reporter says became of the content, take the trust that their agencies have now (verdicts.md 1): what was believed on
/// the day it was said may be so no more, and the other way round. What its hashes bring follows by the buckets.
/// </summary>
[ProtoContract, Manifest("rc33")]
public sealed record FollowTrust : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>By the directory of the report's own node: where that is behind, the sweeper finds the report again.</summary>
    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused
            ? Rejected(report, this, refused)
            : Accepted(report, this,
            [
                .. from item in report.Items
                   from believed in item.Trusts().Distinct()
                   where environment.Members.TrustOf(believed.Agency) is { } trust && believed.Trust != trust
                   group item.Ordinal by believed.Agency into changed
                   from part in changed.Distinct().Chunk(ReportRules.ItemsPerPart)
                   select new TrustFollowed
                   {
                       Meta = Context.ToMeta(), Agency = changed.Key, Trust = environment.Members.TrustOf(changed.Key)!.Value, Ordinals = [.. part],
                   },
            ]);
}

/// <summary>An agency is believed otherwise now; so is what it said of these items. At most 200 items an event.</summary>
[ProtoContract, Manifest("re33")]
public sealed record TrustFollowed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required TrustLevel Trust { get; init; }
    [ProtoMember(5)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Ordinals, i =>
    {
        var after = i with
        {
            Assessments = [.. i.Assessments.Select(a => a.Stands && a.Agency == Agency ? a with { Trust = Trust } : a)],
            Actions = [.. i.Actions.Select(a => a.IsOnTrust() && a.Agency == Agency ? a with { Trust = Trust } : a)],
        };
        return after.IsClosed() ? after with { Lease = null } : after;
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        access.Sees(FieldGroup.Classification) ? [$"The trust in opinions by {Agency} has changed."] : [];
}
