using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Domain.Reports;

/// <summary>What a command leads to: events to persist (none when nothing changes) and the answer to give once they are durable.</summary>
public sealed record ReportDecision(ImmutableArray<IReportEvent> Events, CommandReply Reply);

/// <summary>
/// The rules of a report: ICCAM rules 1 to 12 (domain.md 1.4) and the invariants of domain.md 8. Pure: no clock, no randomness, no I/O.
/// <c>ReportRules.Submission.cs</c> has what the reporting hotline does, <c>ReportRules.Work.cs</c> what the assigned one does,
/// <c>ReportRules.Automatic.cs</c> tracing, matching and routing, <c>ReportRules.Apply.cs</c> how events change the state.
/// </summary>
public static partial class ReportRules
{
    /// <summary>Most items one event, command or answer carries.</summary>
    public const int ItemsPerPart = 200;

    /// <summary>Most look-alikes of one item that its event keeps: the nearest ones, enough to find its group.</summary>
    public const int MaxLookAlikes = 20;

    /// <summary>Decides a command whose confidential parts are sealed already.</summary>
    public static ReportDecision Decide(Report report, IReportCommand command, ReportEnvironment environment)
    {
        // A replayed command id gets the answer it got the first time; rejections were never stored and are simply decided again.
        if (report.ReceiptOf(command.Context.Caller.Agency, command.Context.CommandId) is { } receipt)
        {
            return new ReportDecision([], receipt with { Replayed = true });
        }

        if (command is SubmitReport submit)
        {
            return Submit(report, submit, environment);
        }

        var caller = command.Context.Caller;
        if (!report.Exists || !(IsAutomatic(caller) || report.Items.Any(i => Sees(report, i, caller))))
        {
            // Before any other check: whoever may not see the report learns nothing from which rule said no first.
            return Rejected(report, command, RejectionCode.NotFound, "There is no such report.");
        }

        if (report.Withdrawn && command is not CompleteAutomaticWork)
        {
            return Rejected(report, command, RejectionCode.Withdrawn, "The report was withdrawn by its hotline.");
        }

        return command switch
        {
            AddItems c => Add(report, c, environment),
            AmendReport c => Amend(report, c, environment),
            WithdrawReport c => Withdraw(report, c),
            MarkUrgent c => MarkUrgent(report, c),
            SetSiteFacts c => SetSiteFacts(report, c),
            AddMemo c => AddMemo(report, c),
            AssignItems c => Assign(report, c, environment),
            ClaimItems c => Claim(report, c, environment),
            ReleaseItems c => Release(report, c, environment),
            AssessItems c => Assess(report, c, environment),
            CorrectAssessment c => Correct(report, c, environment),
            RecordActions c => Act(report, c, environment),
            UpdateHosting c => UpdateHosting(report, c, environment),
            MoveToCountry c => Move(report, c, environment),
            SeenOnlineAgain c => SeenAgain(report, c, environment),
            SetHotlineReference c => SetReference(report, c, environment),
            CompleteAutomaticWork c => CompleteWork(report, c, environment),
            EscalateOrphans c => Escalate(report, c, environment),
            _ => throw new ArgumentException($"No rule for {command.GetType().Name}.", nameof(command)),
        };
    }

    // ---- who may (ICCAM rule 4 and docs/access.md) ----

    private static bool IsReporter(Report report, Caller caller) => caller.Agency == report.ReportingHotline && Works(caller);

    /// <summary>An auditor's key of the same agency looks and changes nothing.</summary>
    private static bool Works(Caller caller) => caller.Is(Roles.Analyst | Roles.Machine);

    private static bool IsAutomatic(Caller caller) => caller.Kind == AgencyKind.System;

    /// <summary>The hotline whose job the item is: the assigned one, or any of the assigned country while none has taken it.</summary>
    private static bool HasTheJob(ContentItem item, Caller caller, ReportEnvironment environment) =>
        caller.Kind == AgencyKind.Hotline && Works(caller)
        && item.Assignment is { Country: { } country } assignment
        && caller.WorksFor(country)
        && (assignment.Hotline is { } hotline
            ? hotline == caller.Agency
            : environment.Members.HotlinesOf(country).Contains(caller.Agency));

    private static bool MayTakeOrphan(ContentItem item, Caller caller) =>
        caller is { Kind: AgencyKind.Hotline, HoldsOrphanMandate: true } && Works(caller) && item.Assignment is { Orphan: true, Country: null };

    /// <summary>Whether the access table shows the item to the caller at all; if not, it is answered as if it were absent.</summary>
    private static bool Sees(Report report, ContentItem item, Caller caller) => AccessTable.For(caller, ReportViews.RelationFacts(report, item)).Exists;

    private static bool IsConcerned(Report report, ContentItem item, Caller caller, ReportEnvironment environment) =>
        IsReporter(report, caller) || HasTheJob(item, caller, environment) || MayTakeOrphan(item, caller);

    /// <summary>Said only to those who see the report; <see cref="Decide"/> has told the others that there is none.</summary>
    private static ReportDecision NotYours(Report report, IReportCommand command) =>
        Rejected(report, command, RejectionCode.NotAuthorised, "Your agency's part in this report does not allow this (see docs/access.md).");

    // ---- answers ----

    private static ReportDecision Rejected(Report report, IReportCommand command, RejectionCode code, string detail) =>
        new([], new CommandReply
        {
            ReportId = command.ReportId, Outcome = CommandOutcome.Rejected, Code = code, Detail = detail,

            // Absent and denied look alike, so "not found" has neither version nor number.
            Version = code == RejectionCode.NotFound ? 0 : report.Version,
            ReportNumber = code == RejectionCode.NotFound ? 0 : report.Number,
        });

    private static ReportDecision Accepted(Report report, IReportCommand command, params IReportEvent[] events) =>
        Accepted(report, command, [], events);

    private static ReportDecision Accepted(Report report, IReportCommand command, ImmutableArray<ItemOutcome> items, params IReportEvent[] events)
    {
        var reply = new CommandReply
        {
            ReportId = command.ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = report.Number,
            Version = report.Version + events.Length, Items = items,
        };

        // The answer is remembered with the last event, except for CPort's own commands, which nobody replays by id.
        if (events.Length > 0 && !IsAutomatic(command.Context.Caller))
        {
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new ReportDecision([.. events], reply);
    }

    /// <summary>
    /// Runs a check over a batch of items, each with an outcome of its own: one refused item never harms its neighbours. The command is rejected
    /// as a whole only when it names no items or too many.
    /// </summary>
    private static ReportDecision ForItems(
        Report report,
        IReportCommand command,
        ImmutableArray<ItemTarget> targets,
        Func<ContentItem, Refusal?> check,
        Func<ImmutableArray<ContentItem>, IEnumerable<IReportEvent>> events)
    {
        if (targets.IsEmpty || targets.Length > ItemsPerPart)
        {
            return Rejected(report, command, RejectionCode.TooManyItems, $"A command names 1 to {ItemsPerPart} items.");
        }

        var outcomes = ImmutableArray.CreateBuilder<ItemOutcome>(targets.Length);
        var taken = ImmutableArray.CreateBuilder<ContentItem>(targets.Length);
        var seen = new HashSet<int>();
        foreach (var target in targets)
        {
            var item = report.Item(target.Ordinal);
            var refusal = !seen.Add(target.Ordinal) ? new Refusal(RejectionCode.NotFound, "The item is named twice.")
                : item is null ? NotFound
                : check(item)
                ?? (target.ExpectedVersion is { } expected && expected != item.Version
                    ? new Refusal(RejectionCode.VersionMismatch, $"The item is at version {item.Version}.")
                    : null);
            if (refusal is null)
            {
                taken.Add(item!);
            }

            // An item the caller may not see is answered without number and version, like one that is not there.
            var shown = refusal?.Code == RejectionCode.NotFound ? null : item;
            outcomes.Add(new ItemOutcome
            {
                Ordinal = target.Ordinal, Number = shown?.Number ?? 0, Version = shown?.Version ?? 0,
                Code = refusal?.Code ?? RejectionCode.None, Detail = refusal?.Detail,
            });
        }

        if (taken.Count == 0)
        {
            var reply = Rejected(report, command, outcomes[0].Code, outcomes[0].Detail ?? "").Reply;
            return new ReportDecision([], reply with { Items = outcomes.ToImmutable() });
        }

        var made = events(taken.ToImmutable()).ToArray();
        var after = made.Aggregate(report, Apply);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i].Accepted)
            {
                outcomes[i] = outcomes[i] with { Version = after.Items[outcomes[i].Ordinal - 1].Version };
            }
        }

        return Accepted(report, command, outcomes.ToImmutable(), made);
    }

    private sealed record Refusal(RejectionCode Code, string Detail);

    private static Refusal NotFound => new(RejectionCode.NotFound, "There is no such item.");

    /// <summary>What every change of an item by its assigned country must pass: rule 4, open, not leased to somebody else.</summary>
    private static Refusal? CheckJob(Report report, ContentItem item, Caller caller, ReportEnvironment environment)
    {
        if (!HasTheJob(item, caller, environment))
        {
            // Who has some other relation to the item is told why; for everyone else the item does not exist.
            return Sees(report, item, caller)
                ? new Refusal(RejectionCode.NotAuthorised, "Only the hotline the item is assigned to may do this (ICCAM rule 4).")
                : NotFound;
        }

        if (item.Withdrawn)
        {
            return new Refusal(RejectionCode.Withdrawn, "The item was withdrawn by its hotline.");
        }

        return item.IsLeasedToAnother(caller, environment.Now)
            ? new Refusal(RejectionCode.Leased, "Another analyst holds the item.")
            : null;
    }
}
