using CPort.Domain.Reports;

namespace CPort.Domain.Queues;

/// <summary>
/// A work queue (ICCAM's and some of our own), written down once: a predicate over an item's state together with its age key. Everything else derives from
/// these rows; the read model keeps a column for each queue, which holds the age key of the queue's items.
/// <para>
/// Every open item that is traced and routed stands in exactly one of <see cref="UnassignedToHotline"/>, <see cref="Orphaned"/>, <see cref="Unassessed"/>,
/// <see cref="SecondLooks"/>, <see cref="Unactioned"/> and <see cref="Untraced"/>, so that nothing open is on no list. An item of a withdrawn report is withdrawn itself, hence closed.
/// </para>
/// </summary>
/// <param name="Name">In URLs and cursors, and of its column.</param>
/// <param name="Meaning">What stands in it.</param>
/// <param name="WorkOf">
/// Whose work it is among hotlines: a hotline's own part are the items to which it has this relation; none: the items that carry its Baseline.
/// </param>
/// <param name="Age">From when its items' age counts.</param>
/// <param name="Holds">Whether an item is in it.</param>
public sealed record WorkQueue(string Name, string Meaning, ItemRelations WorkOf, QueueAge Age, Func<ContentItem, bool> Holds)
{
    public static readonly WorkQueue UnassignedToHotline = new(
        "unassigned-to-hotline", "assigned to a country, not yet to a hotline, open", ItemRelations.AssignedCountry, QueueAge.Country,
        i => i.Assignment is { Country: not null, Hotline: null } && !i.IsClosed());

    public static readonly WorkQueue Orphaned = new(
        "orphaned", "hosted where there is no hotline, taken by none, open", ItemRelations.Mandated, QueueAge.Country,
        i => i.Assignment is { Orphan: true, Country: null } && !i.IsClosed());

    public static readonly WorkQueue Unassessed = new(
        "unassessed", "assigned to a hotline, no classification counts (any more), open", ItemRelations.AssignedHotline, QueueAge.Country,
        i => i.Assignment?.Hotline is not null && !i.IsClosed() && !i.IsAssessed() && i.OpenLook() is null);

    /// <summary>Also of what is gone by now: what it was still binds others. Nobody has it in their part who has looked already.</summary>
    public static readonly WorkQueue SecondLooks = new(
        "second-looks", "judged by one person, and somebody else has to look who does not know what was said",
        ItemRelations.AssignedHotline | ItemRelations.AskedToLook, QueueAge.Look, i => i.Assignment?.Hotline is not null && i.OpenLook() is not null);

    public static readonly WorkQueue Unactioned = new(
        "unactioned", "assigned to a hotline, a classification counts, no final action yet (ICCAM rule 7)", ItemRelations.AssignedHotline,
        QueueAge.Country, i => i.Assignment?.Hotline is not null && !i.IsClosed() && i.IsAssessed());

    public static readonly WorkQueue Offline = new(
        "offline", $"the final action is {ActionTypes.NamesOf(a => a.Gone)}", ItemRelations.AssignedHotline, QueueAge.Hotline,
        i => i.IsGone());

    /// <summary>How a hotline sees what is new for it.</summary>
    public static readonly WorkQueue NoReference = new(
        "no-reference", "assigned to a hotline that has given it no reference of its own, open", ItemRelations.AssignedHotline,
        QueueAge.Country, i => i is { Assignment.Hotline: not null, AssignedReference: null } && !i.IsClosed());

    /// <summary>A person must look.</summary>
    public static readonly WorkQueue Untraced = new(
        "untraced", "traced without finding the hosting country, assigned to nobody, open", ItemRelations.Reporting, QueueAge.Added,
        i => i.IsUntraced() && !i.IsClosed());

    /// <summary>Closed as not illegal, and a believed Baseline came since: the assigned country looks whether to reopen it.</summary>
    public static readonly WorkQueue Contradicted = new(
        "contradicted", "closed as not illegal, and a believed Baseline stands against that; not reopened yet", ItemRelations.AssignedCountry, QueueAge.Added,
        i => !i.Withdrawn && i.IsClosed() && i.NextOccurrence is null && i.AwaitsSecondLook());

    /// <summary>Quality control of those whose Baseline others take over.</summary>
    public static readonly WorkQueue Objections = new(
        "objections", "Baseline to which an agency objects; of hotlines those that carry its own Baseline", ItemRelations.None, QueueAge.Added,
        i => !i.Withdrawn && i.IsObjectedTo());

    /// <summary>In the order they are listed.</summary>
    public static ImmutableArray<WorkQueue> All { get; } =
        [UnassignedToHotline, Orphaned, Unassessed, SecondLooks, Unactioned, Offline, NoReference, Untraced, Contradicted, Objections];

    /// <summary>The names, for texts.</summary>
    public static string Names => string.Join(", ", All.Select(q => q.Name));

    /// <summary>The queue of that name; null: there is none.</summary>
    public static WorkQueue? Find(string? name) => All.FirstOrDefault(q => q.Name == name);

    /// <summary>The moment from which the item's age in the queue counts, or null when the item is not in it.</summary>
    public DateTimeOffset? AgeOf(ContentItem item) => Holds(item) ? Age.From(item) : null;

    public override string ToString() => Name;
}

/// <summary>The date from which the age of a queue's items counts, and its name in answers.</summary>
public sealed record QueueAge(string Key, Func<ContentItem, DateTimeOffset> From)
{
    public static readonly QueueAge Country = new("countryAssignmentDate", i => i.Assignment!.CountrySince);

    /// <summary>What was closed before a hotline had it counts from its country's day, else from its own.</summary>
    public static readonly QueueAge Hotline = new("hotlineAssignmentDate", i => i.Assignment?.HotlineSince ?? i.Assignment?.CountrySince ?? i.AddedAt);

    public static readonly QueueAge Look = new("secondLookSince", i => i.Look!.OpenedAt);

    public static readonly QueueAge Added = new("addedAt", i => i.AddedAt);
}
