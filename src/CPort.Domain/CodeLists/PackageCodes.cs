namespace CPort.Domain.CodeLists;

/// <summary>Where a package for ICSE stands.</summary>
public enum PackageState
{
    Draft = 1,

    /// <summary>Another person has looked at it.</summary>
    Reviewed,

    /// <summary>It may be taken away.</summary>
    Released,

    /// <summary>ICSE's answer has come.</summary>
    Answered,

    /// <summary>None of its media counts any more.</summary>
    Recalled,
}

/// <summary>Why a file is called back from who has it.</summary>
public enum RecallReason
{
    /// <summary>It is not taken for illegal any more.</summary>
    NotIllegal = 1,

    /// <summary>Its report was withdrawn.</summary>
    Withdrawn,

    /// <summary>INTERPOL says so.</summary>
    ByHand,
}
