using CPort.Domain.Inheritance;

namespace CPort.Domain.Reports;

/// <summary>Where ICCAM rule 9's gate stands.</summary>
public enum AssessmentGate
{
    /// <summary>An item can be acted on once it is assessed itself (default; design.md, "Meanings settled").</summary>
    PerItem,

    /// <summary>Only once the whole report is classified, as ICCAM does it.</summary>
    WholeReport,

    /// <summary>No gate.</summary>
    Off,
}

/// <summary>
/// ICCAM's rules as switches (domain.md 1.4: the rules are one client's account of them, so each can be turned off). Rules 4 to 7, 11 and 12 have none:
/// identity, dates, finality, the order of a move and leaving running work alone are what CPort stands on.
/// </summary>
public sealed record IccamRules
{
    /// <summary>Rule 1: a Baseline item is never re-classified.</summary>
    public bool BaselineIsFinal { get; init; } = true;

    /// <summary>Rule 2: of its own country's assessments only National may be overruled; "not illegal" is left alone.</summary>
    public bool OnlyNationalIsOverruled { get; init; } = true;

    /// <summary>Rule 3: no assessment after an action of the same episode.</summary>
    public bool NoAssessmentAfterAction { get; init; } = true;

    /// <summary>Rule 8: each action type once per item and episode.</summary>
    public bool ActionOnce { get; init; } = true;

    /// <summary>Rule 9: assess before acting. Unavailable may come before.</summary>
    public AssessmentGate Gate { get; init; } = AssessmentGate.PerItem;

    /// <summary>Rule 10: a not-illegal item is closed by NotIllegal or Unavailable only, and NotIllegal needs a not-illegal item.</summary>
    public bool NotIllegalFollowsAssessment { get; init; } = true;
}

/// <summary>
/// What the rules of a report look at besides the report: today's members, the clock and the policy. Read by <c>Decide</c>, never by <c>Apply</c>.
/// </summary>
public sealed record ReportEnvironment
{
    public required DateTimeOffset Now { get; init; }
    public required IMembership Members { get; init; }
    public IccamRules Rules { get; init; } = new();
    public InheritanceOptions Inheritance { get; init; } = new();

    /// <summary>How far a sender's clock may be ahead of ours before a date counts as being in the future.</summary>
    public TimeSpan ClockTolerance { get; init; } = ReportLimits.ClockTolerance;

    /// <summary>The longest that a hold lasts, with all its extensions.</summary>
    public TimeSpan LongestHold { get; init; } = TimeSpan.FromHours(ReportLimits.MaxHoldHours);

    /// <summary>What everybody has looked at twice.</summary>
    public SecondLookPolicy NetworkLooks { get; init; } = SecondLookPolicy.Off;

    /// <summary>What is looked at twice of what the agency says.</summary>
    internal SecondLookPolicy LooksOf(AgencyId agency) => Members.SecondLooksOf(agency).And(NetworkLooks);

    /// <summary>Most items a report may have.</summary>
    public int MaxItems { get; init; } = ReportLimits.ItemsPerReport;
}
