using CPort.Domain.Reports.Verbs;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports;

/// <summary>What a command leads to: events to persist (none when nothing changes) and the answer to give once they are durable.</summary>
public sealed record ReportDecision(ImmutableArray<IReportEvent> Events, CommandReply Reply);

/// <summary>
/// The rules of a report: ICCAM rules 1 to 12 (domain.md 1.4) and the invariants of domain.md 8. Pure: no clock, no randomness, no I/O. Here is what holds for
/// every verb; each verb has a file of its own in <c>Verbs</c>: command, who may, rule, event, how it changes the state, its sentence.
/// </summary>
public static class ReportRules
{
    /// <summary>Most items one event, command or answer carries.</summary>
    public const int ItemsPerPart = 200;

    /// <summary>Most look-alikes of one item that its event keeps: the nearest ones, enough to find its group.</summary>
    public const int MaxLookAlikes = 20;

    /// <summary>Decides a command whose confidential parts are sealed already, or CPort's own work.</summary>
    public static ReportDecision Decide(Report report, IReportVerb verb, ReportEnvironment environment)
    {
        if (verb is SubmitReport submit)
        {
            return submit.Decide(report, environment);
        }

        var (caller, receipt) = (verb.Context.Caller, Receipt(report, verb));
        if (receipt is not null && IsOf(receipt, verb))
        {
            // Its own answer, also when the command itself was the last it could do here.
            return new ReportDecision([], receipt with { Replayed = true });
        }

        if (report.Items.All(i => AccessTable.RelationsOf(caller, ReportViews.RelationFacts(report, i)) == ItemRelations.None))
        {
            // Before any other check: whoever may not see the report learns nothing from which rule said no first.
            return Rejected(report, verb, RejectionCode.NotFound, NoSuchReport);
        }

        if (receipt is not null || IsSubmissions(report, verb))
        {
            return Rejected(report, verb, RejectionCode.CommandIdInUse, "This command id was used for another command, or with other content.");
        }

        if (report.Withdrawn && verb is IReportCommand && !verb.ComesAfterWithdrawal)
        {
            return Rejected(report, verb, RejectionCode.Withdrawn, "The report was withdrawn by its hotline.");
        }

        // After the verb's own rules: who may not do it learns no version.
        var decision = verb.Decide(report, environment);
        return decision.Events.IsEmpty || verb.Context.IfVersions.IsEmpty || verb.Context.IfVersions.Contains((int)report.Version)
            ? decision
            : Rejected(report, verb, RejectionCode.VersionMismatch, $"The report is at version {report.Version}.");
    }

    private const string NoSuchReport = "There is no such report.";

    /// <summary>What a report that does not exist answers; also one that the caller does not see.</summary>
    public static IWireReply Absent(IReportMessage message) => message switch
    {
        GetReport => new ReportPage { ReportId = message.ReportId },
        GetHistory => new HistoryPage { ReportId = message.ReportId },
        PreviewReportChange { Command: { } command } =>
            new ReportChangePreviewed { ReportId = message.ReportId, Reply = Rejected(Report.None, command, RejectionCode.NotFound, NoSuchReport).Reply },
        IReportCommand command => Rejected(Report.None, command, RejectionCode.NotFound, NoSuchReport).Reply,
        _ => throw new ArgumentOutOfRangeException(nameof(message)),
    };

    /// <summary>
    /// What was answered under the command's id, for who may command this tenant's reports at all; rejections were never stored and are simply decided again.
    /// </summary>
    private static CommandReply? Receipt(Report report, IReportVerb verb) =>
        verb is IReportCommand && MayCommand(report, verb.Context.Caller) ? report.Receipts.Of((verb.Context.Caller.Agency, verb.Context.CommandId)) : null;

    private static bool MayCommand(Report report, Caller caller) =>
        caller.Tenant == report.Tenant && caller.Is(Roles.Analyst | Roles.Officer | Roles.Machine);

    /// <summary>The same command, of the same person where it was a person's, and the same content where both have told theirs.</summary>
    private static bool IsOf(CommandReply receipt, IReportVerb verb) =>
        receipt.Command == NameOf(verb) && (receipt.By is null || receipt.By == verb.Context.Caller.Person) && verb.Context.IsSameRequest(receipt.Digest);

    private static bool IsSubmissions(Report report, IReportVerb verb) =>
        verb is IReportCommand && verb.Context.CommandId == report.SubmissionCommand && verb.Context.Caller.Agency == report.ReportingHotline;

    /// <summary>The state after an event.</summary>
    public static Report Apply(Report report, IReportEvent e)
    {
        var next = e.Apply(report);
        return next with
        {
            Version = report.Version + 1, LastChangedAt = e.Meta.OccurredAt,
            Receipts = e.Receipt is { } receipt
                ? next.Receipts.With((e.Meta.Agency, e.Meta.CommandId), receipt, Report.RememberedCommands)
                : next.Receipts,
        };
    }
}
