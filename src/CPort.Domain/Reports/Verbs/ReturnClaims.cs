using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// What one person (or key) of an agency holds is free again, though they do not say so themselves: they were stopped. Of CPort itself; harmless when they hold
/// nothing.
/// </summary>
[ProtoContract, Manifest("rc34")]
public sealed record ReturnClaims : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }

    /// <summary>Whose claims: a key's or a person's id, as <see cref="Lease.KeyId"/>.</summary>
    [ProtoMember(4)] public required string KeyId { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused
            ? Rejected(report, this, refused)
            : Accepted(report, this,
            [
                .. report.Items.Where(i => i.Lease is { } lease && lease.Agency == Agency && lease.KeyId == KeyId && lease.Until > environment.Now)
                    .Select(i => i.Ordinal).Chunk(ReportRules.ItemsPerPart)
                    .Select(part => new ItemsReleased { Meta = Context.ToMeta(), Ordinals = [.. part] }),
            ]);
}
