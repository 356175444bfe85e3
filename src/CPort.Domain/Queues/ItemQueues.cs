using System.Collections.Immutable;
using CPort.Domain.CodeLists;
using CPort.Domain.Reports;

namespace CPort.Domain.Queues;

/// <summary>The work queues (ICCAM's, domain.md 1.3, and <see cref="Untraced"/>). The number is stored in cursors; never renumber.</summary>
public enum WorkQueue
{
    /// <summary>A country's job, and none of its hotlines has taken it yet.</summary>
    UnassignedToHotline = 1,

    /// <summary>Hosted where no hotline is, and no mandated hotline has taken it.</summary>
    Orphaned = 2,

    /// <summary>A hotline's job that nobody's opinion counts for yet.</summary>
    Unassessed = 3,

    /// <summary>A hotline's job, looked at, without a final action.</summary>
    Unactioned = 4,

    /// <summary>Gone: removed or unavailable.</summary>
    Offline = 5,

    /// <summary>A hotline's job that carries no reference of that hotline; how a hotline sees what is new for it.</summary>
    NoReference = 6,

    /// <summary>Every tracer was asked and the hosting country is still unknown: a person must look.</summary>
    Untraced = 7,
}

/// <summary>
/// Each queue, written down once: a predicate over an item's state together with its age key (design.md, "Queues are predicates"). The projection
/// stores the age key in a column of the queue's own; a null column means "not in this queue".
/// <para>
/// Every open item that is traced and routed stands in exactly one of <see cref="WorkQueue.UnassignedToHotline"/>, <see cref="WorkQueue.Orphaned"/>,
/// <see cref="WorkQueue.Unassessed"/>, <see cref="WorkQueue.Unactioned"/> and <see cref="WorkQueue.Untraced"/>, so that nothing open is on no list.
/// </para>
/// </summary>
public static class ItemQueues
{
    /// <summary>The queues in the order they are listed, by the name they have in URLs.</summary>
    public static ImmutableArray<(WorkQueue Queue, string Name, string Meaning, string AgeKey)> All { get; } =
    [
        (WorkQueue.UnassignedToHotline, "unassigned-to-hotline", "assigned to a country, not yet to a hotline, open", "countryAssignmentDate"),
        (WorkQueue.Orphaned, "orphaned", "hosted where there is no hotline, taken by none, open", "countryAssignmentDate"),
        (WorkQueue.Unassessed, "unassessed", "assigned to a hotline, neither assessed nor acted on, open", "countryAssignmentDate"),
        (WorkQueue.Unactioned, "unactioned", "assigned to a hotline, assessed or acted on, no final action yet (ICCAM rule 7)", "countryAssignmentDate"),
        (WorkQueue.Offline, "offline", "the final action is Removed or Unavailable", "hotlineAssignmentStartDate"),
        (WorkQueue.NoReference, "no-reference", "assigned to a hotline that has given it no reference of its own, open", "countryAssignmentDate"),
        (WorkQueue.Untraced, "untraced", "traced without finding the hosting country, assigned to nobody, open", "addedAt"),
    ];

    public static string NameOf(WorkQueue queue) => All.First(q => q.Queue == queue).Name;

    public static bool TryParse(string? name, out WorkQueue queue)
    {
        queue = All.FirstOrDefault(q => q.Name == name).Queue;
        return queue != 0;
    }

    /// <summary>The moment from which the item's age in the queue counts, or null when the item is not in it.</summary>
    public static DateTimeOffset? AgeIn(this ContentItem item, WorkQueue queue) => item.Belongs(queue)
        ? queue switch
        {
            WorkQueue.Offline => item.Assignment?.HotlineSince ?? item.Assignment?.CountrySince ?? item.AddedAt,
            WorkQueue.Untraced => item.AddedAt,
            _ => item.Assignment!.CountrySince,
        }
        : null;

    /// <summary>The predicates. An item of a withdrawn report is withdrawn itself, hence closed.</summary>
    public static bool Belongs(this ContentItem item, WorkQueue queue) => queue switch
    {
        WorkQueue.UnassignedToHotline => item.Assignment is { Country: not null, Hotline: null } && !item.IsClosed(),
        WorkQueue.Orphaned => item.Assignment is { Orphan: true, Country: null } && !item.IsClosed(),
        WorkQueue.Unassessed => item.Assignment?.Hotline is not null && !item.IsClosed() && !item.IsAssessed() && !item.HasAction(),

        // An item acted on at intake before anybody assessed it cannot be assessed any more (ICCAM rule 3): what it lacks is the final action.
        WorkQueue.Unactioned => item.Assignment?.Hotline is not null && !item.IsClosed() && (item.IsAssessed() || item.HasAction()),
        WorkQueue.Offline => !item.Withdrawn && item.FinalAction() is { Type: ActionType.Removed or ActionType.Unavailable },
        WorkQueue.NoReference => item is { Assignment.Hotline: not null, AssignedReference: null } && !item.IsClosed(),
        WorkQueue.Untraced => item is { Traced: true, Hosting.Country: null, Assignment: null } && !item.IsClosed(),
        _ => throw new ArgumentOutOfRangeException(nameof(queue), queue, "No such queue."),
    };
}
