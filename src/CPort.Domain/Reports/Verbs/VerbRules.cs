using System.Collections.Concurrent;
using System.Reflection;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the verbs share: who may, the answers, and checks over several items with an outcome each.</summary>
internal static class VerbRules
{
    /// <summary>
    /// Who may (docs/access.md): null, or why the caller may not do this to the item. Whom the table shows nothing is told that there is none.
    /// </summary>
    public static Refusal? Guard(Report report, ContentItem item, Caller caller, ItemWrite write)
    {
        var facts = ReportViews.RelationFacts(report, item);
        return AccessTable.MayWrite(caller, facts, write) ? null
            : AccessTable.RelationsOf(caller, facts) == ItemRelations.None ? NotFound
            : write == ItemWrite.Assign && facts.AssignedCountry is null
                ? new Refusal(RejectionCode.NotAssigned, "The item is not assigned to a country yet.")
            : NotYours;
    }

    /// <summary>
    /// The same for the report as a whole: whoever may for one of its items. <see cref="ReportRules.Decide"/> has told strangers that there is none.
    /// </summary>
    public static Refusal? Guard(Report report, Caller caller, ItemWrite write) =>
        report.Items.Any(item => AccessTable.MayWrite(caller, ReportViews.RelationFacts(report, item), write)) ? null : NotYours;

    /// <summary>A mandated hotline takes an orphan where another gives or claims an item of its country.</summary>
    public static ItemWrite OrTakeOrphan(this ItemWrite write, Report report, ContentItem item, Caller caller) =>
        Guard(report, item, caller, ItemWrite.TakeOrphan) is null ? ItemWrite.TakeOrphan : write;

    public static ReportDecision Rejected(Report report, IReportVerb verb, Refusal refusal) =>
        Rejected(report, verb, refusal.Code, refusal.Detail);

    public static ReportDecision Rejected(Report report, IReportVerb verb, RejectionCode code, string detail) =>
        new([], new CommandReply
        {
            ReportId = verb.ReportId, Outcome = CommandOutcome.Rejected, Code = code, Detail = detail,

            // Absent and denied look alike, so "not found" has neither version nor number.
            Version = code == RejectionCode.NotFound ? 0 : report.Version,
            ReportNumber = code == RejectionCode.NotFound ? 0 : report.Number,
        });

    /// <summary>It may be done, and comes again with numbers for what it makes.</summary>
    public static ReportDecision NumberWanted(Report report, IReportVerb verb) =>
        Rejected(report, verb, RejectionCode.NumberWanted, "The command comes again with numbers.");

    private static readonly ConcurrentDictionary<Type, string?> Names = new();

    /// <summary>What a command is called in receipts: its manifest. CPort's own work has none.</summary>
    public static string? NameOf(IReportVerb verb) =>
        Names.GetOrAdd(verb.GetType(), type => type.GetCustomAttribute<ManifestAttribute>()?.Manifest);

    public static Sealed? SealText(ConfidentialSeam seam, Report report, SecretText? text, SealedField field, int ordinal = 0) =>
        text is null ? null : seam.Seal(new SealedPlace(report.Id, field, ordinal), text);

    public static ReportDecision Accepted(Report report, IReportVerb verb, params IReportEvent[] events) =>
        Accepted(report, verb, [], events);

    public static ReportDecision Accepted(
        Report report, IReportVerb verb, ImmutableArray<ItemOutcome> items, params IReportEvent[] events)
    {
        var reply = new CommandReply
        {
            ReportId = verb.ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = report.Number,
            Version = report.Version + events.Length, Items = items,
        };

        // The answer is remembered with the last event, except for CPort's own commands, which nobody replays by id.
        if (events.Length > 0 && verb.Context.Caller.Kind != AgencyKind.System)
        {
            reply = reply with { Command = NameOf(verb), Digest = verb.Context.Digest, By = verb.Context.Caller.Person };
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new ReportDecision([.. events], reply);
    }

    /// <summary>CPort's own hand gives open items anew: those of the named ones that have a new assignment by this.</summary>
    public static ReportDecision GiveAnew(Report report, IReportVerb verb, ImmutableArray<int> ordinals, Func<ContentItem, ItemAssignment?> anew) =>
        Guard(report, verb.Context.Caller, ItemWrite.Automatic) is { } refused
            ? Rejected(report, verb, refused)
            : Accepted(report, verb, [.. Assigning.Events(verb.Context,
                ordinals.Distinct().Select(report.Item).OfType<ContentItem>().Where(i => !i.IsClosed()).Select(anew).OfType<ItemAssignment>())]);

    /// <summary>The answer, and the one remembered with the last event, name a hold or a question.</summary>
    public static ReportDecision Naming(this ReportDecision decision, int hold = 0, int question = 0)
    {
        var reply = decision.Reply with { Hold = hold, Question = question };
        return decision.Events is [.., var last]
            ? new ReportDecision(decision.Events.SetItem(decision.Events.Length - 1, last.Stamped(last.Meta, last.Receipt is null ? null : reply)), reply)
            : decision;
    }

    public static ReportDecision ForItems(
        Report report,
        IReportVerb verb,
        ImmutableArray<ItemTarget> targets,
        ItemWrite write,
        Func<ContentItem, Refusal?> check,
        Func<ImmutableArray<ContentItem>, IEnumerable<IReportEvent>> events) =>
        ForItems(report, verb, targets, _ => write, check, events);

    /// <summary>
    /// Guards and checks a batch of items, each with an outcome of its own: one refused item never harms its neighbours. The command is rejected as a whole
    /// only when it names no items or too many.
    /// </summary>
    public static ReportDecision ForItems(
        Report report,
        IReportVerb verb,
        ImmutableArray<ItemTarget> targets,
        Func<ContentItem, ItemWrite> write,
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
                : Guard(report, item, verb.Context.Caller, write(item))
                ?? check(item)
                ?? (!target.Allows(item.Version)
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

    private static readonly Refusal NotYours =
        new(RejectionCode.NotAuthorised, "Your agency's part in this does not allow it (ICCAM rule 4; see docs/access.md).");

    public static readonly Refusal NotConfirmed =
        new(RejectionCode.CountChanged, "It would now change another number of items than was confirmed.");

    public static readonly Refusal Closed =
        new(RejectionCode.ItemIsClosed, "The item has a final action; nothing more is accepted (ICCAM rule 7).");

    /// <summary>The law by which the caller judges an item: the assigned country's when it works for it, else its own primary one; INTERPOL has none.</summary>
    public static Country? LawOf(ContentItem item, Caller caller) =>
        item.Assignment?.Country is { } job && caller.WorksFor(job) ? job
        : item.Hosting?.Country is { } host && caller.WorksFor(host) ? host
        : caller.PrimaryCountry;

    /// <summary>Laws of which one may turn out to be meant (<see cref="Assessment.Laws"/>): a hotline's of several countries, while the item is nobody's job.</summary>
    public static ImmutableArray<Country> LawsOf(ContentItem item, Caller caller) =>
        item.Assignment is null && caller.Countries.Length > 1 ? [.. caller.Countries.Where(c => caller.SpeaksFor(c))] : [];

    public static Refusal? Leased(ContentItem item, Caller caller, ReportEnvironment environment) =>
        item.IsLeasedToAnother(caller, environment.Now)
            ? new Refusal(RejectionCode.Leased, "Another analyst holds the item.")
            : null;

    public static Refusal? ClosedOrLeased(ContentItem item, Caller caller, ReportEnvironment environment) =>
        item.IsClosed() ? Closed : Leased(item, caller, environment);

    public static Report Each(Report report, IReportEvent e, IEnumerable<int> ordinals, Func<ContentItem, ContentItem> change) =>
        Each(report, e, ordinals, o => o, (item, _) => change(item));

    /// <summary>
    /// What police and hotlines say to one another of items: told to who is part of it, and to all others it does not exist. So it raises no version: a form of
    /// somebody else's would meet a conflict with what cannot be seen, and a number would tell that something was said.
    /// </summary>
    public static Report Said(Report report, IReportEvent e, IEnumerable<int> ordinals, Func<ContentItem, ContentItem> change)
    {
        var items = report.Items.ToBuilder();
        foreach (var ordinal in ordinals)
        {
            items[ordinal - 1] = change(items[ordinal - 1]) with { LastChangedAt = e.Meta.OccurredAt };
        }

        return report with { Items = items.ToImmutable() };
    }

    public static Report Each<T>(
        Report report, IReportEvent e, IEnumerable<T> changes, Func<T, int> ordinalOf, Func<ContentItem, T, ContentItem> change)
    {
        var items = report.Items.ToBuilder();
        foreach (var one in changes)
        {
            var at = ordinalOf(one) - 1;
            items[at] = change(items[at], one) with { Version = items[at].Version + 1, LastChangedAt = e.Meta.OccurredAt };
        }

        return report with { Items = items.ToImmutable() };
    }
}
