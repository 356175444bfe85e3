namespace CPort.Domain.CodeLists;

/// <summary>Where a referral stands, by the last answer of police.</summary>
public enum ReferralState
{
    Open = 1,
    Received,
    InUse,
    Closed,
    Declined,

    /// <summary>Police knows the material already.</summary>
    Known,

    /// <summary>Handed on to another agency, which has a referral of its own now.</summary>
    Forwarded,
}

/// <summary>What holds the items of a referral together.</summary>
public enum ReferralWhy
{
    Host = 1,
    Series,

    /// <summary>A group of look-alikes.</summary>
    Group,
    Report,
}

/// <summary>Why police does not take a referral up (portal.md 4.3).</summary>
public enum DeclineReason
{
    NoJurisdiction = 1,
    TooLittleData,
    AlreadyHandled,
    TechnicallyImpossible,
    ThresholdOfOurLaw,
    Other,
}

/// <summary>What came of a referral.</summary>
public enum ReferralOutcome
{
    Investigated = 1,
    VictimIdentified,
    OffenderIdentified,
    VictimAndOffenderIdentified,
    NoResult,
}

/// <summary>As what police knows the material.</summary>
public enum KnownAs
{
    Identified = 1,
    Series,
}
