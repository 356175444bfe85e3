namespace CPort.Domain.CodeLists;

/// <summary>Why police asks that a host is not told yet: the reasons for "police first" (domain.md 1.7), and an investigation that goes on.</summary>
public enum HoldReason
{
    BadHoster = 1,
    NewHosterWithAttention = 2,
    CountryRelated = 3,
    PossibleNewVictim = 4,
    NoInhopeCountry = 5,
    TorNotTraceable = 6,
    HosterUnreachable = 7,
    OngoingInvestigation = 8,
}
