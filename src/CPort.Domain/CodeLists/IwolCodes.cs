namespace CPort.Domain.CodeLists;

/// <summary>Where a domain stands on its way to and from INTERPOL's "worst of" list.</summary>
public enum IwolState
{
    Candidate = 1,
    Listed,

    /// <summary>Not taken into the list.</summary>
    Declined,

    /// <summary>It was on the list.</summary>
    Removed,
}

/// <summary>What a resolver is told to answer for a listed domain (portal.md 4.4).</summary>
public enum IwolAnswer
{
    /// <summary>There is no such name.</summary>
    NoSuchName = 1,

    /// <summary>The name has nothing.</summary>
    NoData,

    /// <summary>The addresses of the stop page.</summary>
    StopAddress,

    /// <summary>The name of the stop page.</summary>
    StopName,
}
