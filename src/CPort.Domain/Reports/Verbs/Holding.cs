using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>A verb about a hold that is there.</summary>
internal interface IAboutHold
{
    /// <summary>The hold's number in the report.</summary>
    int Number { get; }
}

/// <summary>What the verbs about holds share.</summary>
internal static class Holding
{
    public static readonly Refusal Ended = new(RejectionCode.HoldHasEnded, "The hold has ended.");

    private static readonly Refusal None = new(RejectionCode.NoSuchHold, "There is no such hold.");

    private static readonly Refusal NotOwn = new(RejectionCode.SetByAnother, "Another agency asked for the hold, and only who asked lifts or extends it.");

    /// <summary>Why the host may not be told.</summary>
    public static Refusal Stopped(Report report, PoliceHold hold) => new(RejectionCode.OnHold,
        $"Hold {new HoldRef(report.Id, hold.Number)} of {hold.Agency} runs until {Moment(hold.Until)} ({hold.Reason}): "
        + "the host is not told before. Assessing and reporting to police go on; a hotline may object.");

    /// <summary>A verb about one hold that is there and that the caller is part of; else to the caller there is none.</summary>
    public static ReportDecision Of(
        Report report, IReportVerb verb, int number, ItemWrite write, Func<PoliceHold, Refusal?> check, Func<PoliceHold, IReportEvent> make)
    {
        var caller = verb.Context.Caller;
        if (Guard(report, caller, write) is { } refused)
        {
            return Rejected(report, verb, refused);
        }

        if (report.Hold(number) is not { } hold || !report.IsPartyTo(caller, hold))
        {
            return Rejected(report, verb, None);
        }

        // Of one of the hold's own items.
        var guards = hold.Ordinals.Select(report.Item).OfType<ContentItem>().Select(i => Guard(report, i, caller, write)).ToArray();
        return ((guards.All(g => g is not null) ? guards.FirstOrDefault() : null) ?? check(hold)) is { } no
            ? Rejected(report, verb, no)
            : Accepted(report, verb, make(hold)).Naming(number);
    }

    /// <summary>For who asked for it, while it runs.</summary>
    public static Refusal? OwnAndRunning(PoliceHold hold, IReportVerb verb, ReportEnvironment environment) =>
        hold.Agency != verb.Context.Caller.Agency ? NotOwn : Running(hold, environment);

    public static Refusal? Running(PoliceHold hold, ReportEnvironment environment) =>
        hold.StateAt(environment.Now) == HoldState.Running ? null : Ended;

    /// <summary>A hold ends after now, and no later than the policy lets it.</summary>
    public static Refusal? CheckEnd(DateTimeOffset since, DateTimeOffset until, ReportEnvironment environment) =>
        until > environment.Now && until <= since + environment.LongestHold ? null
            : new Refusal(RejectionCode.HoldEndDoesNotFit,
                $"A hold ends in the future, and at most {(int)environment.LongestHold.TotalHours} hours after it was asked for.");

    public static Report Change(Report report, IReportEvent e, int number, ImmutableArray<int> ordinals, Func<PoliceHold, PoliceHold> change) =>
        Said(report with { Holds = [.. report.Holds.Select(h => h.Number == number ? change(h) : h)] }, e, ordinals, i => i);

    /// <summary>With the report all that runs ends.</summary>
    public static ImmutableArray<PoliceHold> Withdrawn(ImmutableArray<PoliceHold> holds, DateTimeOffset at) =>
        holds.IsEmpty ? holds : [.. holds.Select(h => h.Ended is null ? h with { Ended = HoldState.Withdrawn, EndedAt = at } : h)];

    public static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public static bool IsShown(Report report, Caller caller, int number) => report.Hold(number) is { } hold && report.IsPartyTo(caller, hold);
}
