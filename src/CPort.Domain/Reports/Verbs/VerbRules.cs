using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the verbs share: who may, the answers, and checks over several items with an outcome each.</summary>
internal static class VerbRules
{
    public static bool IsReporter(Report report, Caller caller) => caller.Agency == report.ReportingHotline && Works(caller);

    /// <summary>An auditor's key of the same agency looks and changes nothing.</summary>
    public static bool Works(Caller caller) => caller.Is(Roles.Analyst | Roles.Machine);

    public static bool IsAutomatic(Caller caller) => caller.Kind == AgencyKind.System;

    /// <summary>The hotline whose job the item is: the assigned one, or any of the assigned country while none has taken it.</summary>
    public static bool HasTheJob(ContentItem item, Caller caller, ReportEnvironment environment) =>
        caller.Kind == AgencyKind.Hotline && Works(caller)
        && item.Assignment is { Country: { } country } assignment
        && caller.WorksFor(country)
        && (assignment.Hotline is { } hotline
            ? hotline == caller.Agency
            : environment.Members.HotlinesOf(country).Contains(caller.Agency));

    public static bool MayTakeOrphan(ContentItem item, Caller caller) =>
        caller is { Kind: AgencyKind.Hotline, HoldsOrphanMandate: true } && Works(caller) && item.Assignment is { Orphan: true, Country: null };

    /// <summary>Whether the access table shows the item to the caller at all; if not, it is answered as if it were absent.</summary>
    public static bool Sees(Report report, ContentItem item, Caller caller) => AccessTable.For(caller, ReportViews.RelationFacts(report, item)).Exists;

    public static bool IsConcerned(Report report, ContentItem item, Caller caller, ReportEnvironment environment) =>
        IsReporter(report, caller) || HasTheJob(item, caller, environment) || MayTakeOrphan(item, caller);

    /// <summary>Said only to those who see the report; <see cref="ReportRules.Decide"/> has told the others that there is none.</summary>
    public static ReportDecision NotYours(Report report, IReportVerb verb) =>
        Rejected(report, verb, RejectionCode.NotAuthorised, "Your agency's part in this report does not allow this (see docs/access.md).");

    public static ReportDecision Rejected(Report report, IReportVerb verb, RejectionCode code, string detail) =>
        new([], new CommandReply
        {
            ReportId = verb.ReportId, Outcome = CommandOutcome.Rejected, Code = code, Detail = detail,

            // Absent and denied look alike, so "not found" has neither version nor number.
            Version = code == RejectionCode.NotFound ? 0 : report.Version,
            ReportNumber = code == RejectionCode.NotFound ? 0 : report.Number,
        });

    public static Sealed? SealText(ConfidentialSeam seam, Report report, SecretText? text) =>
        text is null ? null : seam.Seal(report.DataKey!, text);

    public static ReportDecision Accepted(Report report, IReportVerb verb, params IReportEvent[] events) =>
        Accepted(report, verb, [], events);

    public static ReportDecision Accepted(Report report, IReportVerb verb, ImmutableArray<ItemOutcome> items, params IReportEvent[] events)
    {
        var reply = new CommandReply
        {
            ReportId = verb.ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = report.Number,
            Version = report.Version + events.Length, Items = items,
        };

        // The answer is remembered with the last event, except for CPort's own commands, which nobody replays by id.
        if (events.Length > 0 && !IsAutomatic(verb.Context.Caller))
        {
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new ReportDecision([.. events], reply);
    }

    /// <summary>
    /// Runs a check over a batch of items, each with an outcome of its own: one refused item never harms its neighbours. The command is rejected
    /// as a whole only when it names no items or too many.
    /// </summary>
    public static ReportDecision ForItems(
        Report report,
        IReportVerb verb,
        ImmutableArray<ItemTarget> targets,
        Func<ContentItem, Refusal?> check,
        Func<ImmutableArray<ContentItem>, IEnumerable<IReportEvent>> events)
    {
        if (targets.IsEmpty || targets.Length > ReportRules.ItemsPerPart)
        {
            return Rejected(report, verb, RejectionCode.TooManyItems, $"A command names 1 to {ReportRules.ItemsPerPart} items.");
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
            var reply = Rejected(report, verb, outcomes[0].Code, outcomes[0].Detail ?? "").Reply;
            return new ReportDecision([], reply with { Items = outcomes.ToImmutable() });
        }

        var made = events(taken.ToImmutable()).ToArray();
        var after = made.Aggregate(report, ReportRules.Apply);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (outcomes[i].Accepted)
            {
                outcomes[i] = outcomes[i] with { Version = after.Items[outcomes[i].Ordinal - 1].Version };
            }
        }

        return Accepted(report, verb, outcomes.ToImmutable(), made);
    }

    public sealed record Refusal(RejectionCode Code, string Detail);

    public static Refusal NotFound => new(RejectionCode.NotFound, "There is no such item.");

    /// <summary>What every change of an item by its assigned country must pass: rule 4, open, not leased to somebody else.</summary>
    public static Refusal? CheckJob(Report report, ContentItem item, Caller caller, ReportEnvironment environment)
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

    public static Report Each(Report report, IReportEvent e, IEnumerable<int> ordinals, Func<ContentItem, ContentItem> change) =>
        Each(report, e, ordinals, o => o, (item, _) => change(item));

    public static Report Each<T>(Report report, IReportEvent e, IEnumerable<T> changes, Func<T, int> ordinalOf, Func<ContentItem, T, ContentItem> change)
    {
        var items = report.Items.ToBuilder();
        foreach (var one in changes)
        {
            var at = ordinalOf(one) - 1;
            items[at] = change(items[at], one) with { Version = items[at].Version + 1, LastChangedAt = e.Meta.OccurredAt };
        }

        return report with { Items = items.ToImmutable() };
    }

    public static ReportDecision? OwnReport(Report report, IReportVerb c) =>
        IsReporter(report, c.Context.Caller) ? null
        : NotYours(report, c);

    public static bool IsAssigned(Report report, Caller caller) => report.Items.Any(i => IsAssigned(i, caller));

    public static bool IsAssigned(ContentItem item, Caller caller) =>
        caller.Kind == AgencyKind.Hotline && Works(caller) && item.Assignment is { Country: { } country } a
        && caller.WorksFor(country) && (a.Hotline is null || a.Hotline == caller.Agency);

    public static readonly Refusal Closed = new(RejectionCode.ItemIsClosed, "The item has a final action; nothing more is accepted (ICCAM rule 7).");

    public static Refusal NotAuthorisedOrNotFound(Report report, ContentItem item, Caller caller) =>
        Sees(report, item, caller)
            ? new Refusal(RejectionCode.NotAuthorised, "Only the assigned country's hotlines may do this (ICCAM rule 4).")
            : NotFound;

    public static Refusal NotFoundOrNotAssigned(Report report, ContentItem item, Caller caller) =>
        Sees(report, item, caller)
            ? new Refusal(RejectionCode.NotAssigned, "The item is not assigned to a country yet.")
            : NotFound;
}
