namespace CPort.Domain.Agencies;

/// <summary>Minutes after which an agency's own managers are told of an alert that nobody there has acknowledged.</summary>
public static class EscalationLimits
{
    /// <summary>Where the agency says nothing.</summary>
    public const int UsualManagersAfter = 10;

    /// <summary>Before the alert goes to others, after a quarter of an hour (<c>ReferralLimits.AlertMinutes</c>).</summary>
    public const int MostManagersAfter = 14;
}
