namespace CPort.Domain.CodeLists;

/// <summary>Where an item stands; derived from its history (domain.md 8), never set.</summary>
public enum ItemState
{
    /// <summary>Tracing or matching has not finished.</summary>
    Received = 1,

    /// <summary>Traced, and the hosting country is unknown.</summary>
    Untraced = 2,

    /// <summary>Hosted where no hotline is; a mandated hotline may take it.</summary>
    Orphaned = 3,

    /// <summary>A country's job; no hotline of it has taken it yet.</summary>
    AssignedToCountry = 4,
    Unassessed = 5,
    Unactioned = 6,

    /// <summary>Assessed, told to police or host, not gone yet.</summary>
    Monitoring = 7,
    Removed = 8,
    Unavailable = 9,
    NotIllegal = 10,
    Withdrawn = 11,

    /// <summary>Assessed by one person; counts once others, who do not know what was said, have come to the same.</summary>
    AwaitsSecondLook = 12,
}
