using CPort.Domain.Inheritance;
using CPort.Domain.Routing;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Gives items to a hotline of their assigned country; for an orphan, a mandated hotline takes it for its own country.</summary>
[ProtoContract, Manifest("rc7")]
public sealed record AssignItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AgencyId Hotline { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        return ForItems(report, this, Items,
            item => ItemWrite.Assign.OrTakeOrphan(report, item, caller),
            item => ClosedOrLeased(item, caller, environment)
                ?? (item.Assignment is not { Country: { } country } assignment ? Assigning.CannotTake(Hotline, caller)
                : !environment.Members.HotlinesOf(country).Contains(Hotline)
                    ? new Refusal(RejectionCode.WrongHotline, "That hotline does not serve the assigned country.")
                : assignment.Hotline == Hotline
                    ? new Refusal(RejectionCode.AlreadyAssignedThere, "The hotline has the item already.")
                : null),
            items => Assigning.Events(Context, items.Select(i => Assigning.Given(i, Hotline, Context, environment))));
    }
}

/// <summary>How an item comes to a country or hotline, by whatever verb.</summary>
internal static class Assigning
{
    /// <summary>The item with a hotline; a mandated hotline's own country becomes an orphan's assigned country.</summary>
    public static ItemAssignment Given(ContentItem item, AgencyId hotline, CommandContext context, ReportEnvironment environment)
    {
        var at = context.OccurredAt;
        var taken = item.Assignment is { Orphan: true, Country: null };
        Country? country = taken ? context.Caller.PrimaryCountry : item.Assignment!.Country;
        return new ItemAssignment
        {
            Ordinal = item.Ordinal, CountryChanged = taken,
            Inheritance = taken ? Inheriting.Of(item, country, environment) : item.Inheritance, LookUpAgain = taken,
            Assignment = item.Assignment! with
            {
                Country = country, Hotline = hotline, HotlineSince = at, CountrySince = taken ? at : item.Assignment.CountrySince,
                Orphan = item.Assignment.Orphan && item.Hosting?.Country != country,
            },
        };
    }

    /// <summary>Why the hotline cannot have the orphan, if so; a taker's own country becomes the assigned one.</summary>
    public static Refusal? CannotTake(AgencyId hotline, Caller caller) =>
        hotline == caller.Agency && !caller.Countries.IsEmpty
            ? null
            : new Refusal(RejectionCode.WrongHotline, "A mandated hotline takes an orphan for itself and its country.");

    /// <summary>Whoever works on an item that several hotlines of the country could take has it from then on.</summary>
    public static IEnumerable<IReportEvent> TakeUnassigned(
        ImmutableArray<ContentItem> items, CommandContext context, ReportEnvironment environment) =>
        Events(context, items.Where(i => i.Assignment is { Hotline: null } job && !(job.Country is null && job.EscalatedTo == context.Caller.Agency))
            .Select(i => Given(i, context.Caller.Agency, context, environment)));

    /// <summary>None when nothing is assigned.</summary>
    public static IEnumerable<IReportEvent> Events(CommandContext context, IEnumerable<ItemAssignment> assignments) =>
        assignments.Chunk(ReportRules.ItemsPerPart)
            .Select(part => new ItemsAssigned { Meta = context.ToMeta(), Assignments = [.. part] });

    /// <summary>
    /// Hosting country, then member country, then hotline: one hotline has it at once, several leave it open, none makes an orphan. An orphan has no assigned
    /// country, so hosting and assigned country are never the same for one.
    /// </summary>
    public static ItemAssignment Route(
        ContentItem item, Country country, int episode, DateTimeOffset at, ReportEnvironment environment)
    {
        var (assigned, hotline) = RoutingRules.Route(country, environment.Members) switch
        {
            RouteDecision.Assigned to => ((Country?)to.Country, to.Hotline),
            _ => (null, null),
        };
        return new ItemAssignment
        {
            Ordinal = item.Ordinal, CountryChanged = true,
            Inheritance = Inheriting.Of(item, assigned, environment), LookUpAgain = item.Matched,
            Assignment = new Assignment
            {
                Episode = episode, Country = assigned, CountrySince = at, Orphan = assigned is null, Hotline = hotline,
                HotlineSince = hotline is null ? null : at,
            },
        };
    }
}

/// <summary>What an item inherits by what it holds of its hashes.</summary>
internal static class Inheriting
{
    public static InheritanceDecision? Of(ContentItem item, Country? country, ReportEnvironment environment) =>
        DecisionTable.Decide(country, item.Hashes, item.Known, item.Near, environment.Inheritance);
}

/// <summary>The new assignment of one item.</summary>
[ProtoContract]
public sealed record ItemAssignment
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required Assignment Assignment { get; init; }

    /// <summary>What the item's hashes say in its new country; set when the country changed.</summary>
    [ProtoMember(3)] public InheritanceDecision? Inheritance { get; init; }
    [ProtoMember(4)] public bool CountryChanged { get; init; }

    /// <summary>
    /// The hashes are looked up again: what changed nothing in the country before, and so was not taken in, may do so in this one. Until then the inheritance
    /// follows from what is held.
    /// </summary>
    [ProtoMember(5)] public bool LookUpAgain { get; init; }
}

/// <summary>Items were given to a country or hotline, became orphans, or were moved.</summary>
[ProtoContract, Manifest("re8")]
public sealed record ItemsAssigned : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssignment> Assignments { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Assignments, a => a.Ordinal, (i, a) => i with
    {
        Assignment = a.Assignment,
        EarlierAssignments = IsLeft(i.Assignment, a.Assignment) ? i.EarlierAssignments.Add(i.Assignment!) : i.EarlierAssignments,
        Inheritance = a.CountryChanged ? a.Inheritance : i.Inheritance,
        Matched = i.Matched && !(a.LookUpAgain && !i.Hashes.IsEmpty),

        // A lease belongs to the hotline that had the job; handed on, it would lock the new one out.
        Lease = a.CountryChanged || a.Assignment.Hotline != i.Assignment?.Hotline ? null : i.Lease,

        // The new hotline has no reference of its own for it yet.
        AssignedReference = a.Assignment.Hotline == i.Assignment?.Hotline ? i.AssignedReference : null,
    });

    /// <summary>Somebody had it who has it no more.</summary>
    private static bool IsLeft(Assignment? before, Assignment now) =>
        before is { Hotline: not null } or { Country: not null } or { EscalatedTo: not null }
        && (before.Episode != now.Episode || before.Country != now.Country || (before.Hotline is not null && before.Hotline != now.Hotline));

    public ImmutableArray<int> Touches() => [.. Assignments.Select(a => a.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. Assignments.Where(a => seen.Contains(a.Ordinal)).Select(a => $"Item {a.Ordinal}: {a.Assignment.InWords()}.")];
}
