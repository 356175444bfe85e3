using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Holds items for one analyst; the first hotline of the country to claim an unassigned item has it, and whom an orphan went to takes it by holding it.
/// </summary>
[ProtoContract, Manifest("rc8")]
public sealed record ClaimItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];

    /// <summary>1 to <see cref="ReportLimits.MaxClaimMinutes"/>.</summary>
    [ProtoMember(4)] public int Minutes { get; init; } = ReportLimits.ClaimMinutes;

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        if (Minutes is < 1 or > ReportLimits.MaxClaimMinutes)
        {
            return Rejected(report, this, RejectionCode.NothingToChange, $"A claim lasts 1 to {ReportLimits.MaxClaimMinutes:N0} minutes.");
        }

        return ForItems(report, this, Items,
            item => item.OpenLook() is not null ? ItemWrite.Look : ItemWrite.Claim.OrTakeOrphan(report, item, caller),
            item => (item.OpenLook() is null ? item.IsClosed() ? Closed : null : Looking.Check(item, caller)) ?? Leased(item, caller, environment)
                ?? (item.Assignment!.Country is null && item.Assignment.EscalatedTo != caller.Agency ? Assigning.CannotTake(caller.Agency, caller) : null),
            items =>
            [
                // The first to claim an item that several hotlines could take has it (design.md, "Assignment").
                .. Assigning.TakeUnassigned(items, Context, environment),
                new ItemsClaimed
                {
                    Meta = Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)],
                    Lease = new Lease
                    {
                        Agency = caller.Agency, KeyId = caller.KeyId, Until = environment.Now.AddMinutes(Minutes),
                    },
                },
            ]);
    }
}

/// <summary>An analyst holds items.</summary>
[ProtoContract, Manifest("re9")]
public sealed record ItemsClaimed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public required Lease Lease { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Ordinals, i => i with { Lease = Lease });

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Held by {Lease.Agency} until {Lease.Until.UtcDateTime.ToString("u", CultureInfo.InvariantCulture)}."];
}
