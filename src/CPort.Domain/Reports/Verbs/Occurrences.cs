using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>How a closed item comes up again: as a new item linked to the old one, by whatever verb.</summary>
internal static class Occurrences
{
    public static ReportDecision Begin(
        Report report, IReportVerb verb, ItemTarget item, ItemWrite write, ReportEnvironment environment, Func<ContentItem, Refusal?> check,
        Func<ContentItem, int, IReportEvent> make, long number)
    {
        if (report.Items.Count >= environment.MaxItems)
        {
            return Rejected(report, verb, RejectionCode.TooManyItems, $"A report holds at most {environment.MaxItems} items.");
        }

        var ordinal = report.Items.Count + 1;
        var decision = ForItems(report, verb, [item], write, check, items => [.. items.Select(earlier => make(earlier, ordinal))]);
        if (decision.Events is not [var begun])
        {
            return decision;
        }

        if (number == 0)
        {
            return NumberWanted(report, verb);
        }

        // The remembered answer names the new occurrence as well.
        var made = new ItemOutcome { Ordinal = ordinal, Number = number, Version = 1 };
        var reply = decision.Reply with { Items = decision.Reply.Items.Add(made) };
        return new ReportDecision([begun.Stamped(begun.Meta, reply)], reply);
    }

    public static ContentItem Of(ContentItem earlier, int ordinal, long number, CommandContext context) => earlier with
    {
        Ordinal = ordinal, Number = number, Version = 1, Digest = [],
        PreviousOccurrence = earlier.Ordinal, NextOccurrence = null, SealedFor = earlier.SealedFor ?? earlier.Ordinal,
        AddedAt = context.OccurredAt, LastChangedAt = context.OccurredAt,

        // Where it is, what its hashes say and whose job it is are found out anew.
        Traced = false, Matched = earlier.Hashes.IsEmpty, Hosting = null, Known = [], Near = [],
        Inheritance = null, Assignment = null, EarlierAssignments = [], Lease = null, Look = null, Referrals = [], AssignedReference = null, Actions = [],

        // The old hosting may be out of date: the host is traced anew, and kept only when it cannot be.
        EarlierHosting = earlier.Hosting is { } hosting ? [hosting] : [],

        // What people said of the media still holds; it is the occurrence that is new.
        Assessments = CopiesOf(earlier, _ => true),
    };

    /// <summary>The opinions of the earlier occurrence that go along, each naming the one that it is a copy of.</summary>
    public static ImmutableArray<Assessment> CopiesOf(ContentItem earlier, Func<Assessment, bool> which) =>
    [
        .. earlier.Assessments.Where(a => a.Stands && which(a)).Select((a, i) => a with
        {
            Id = i + 1, Episode = 0, Propagated = true, Carried = a.Carried || (a.Counts && earlier.IsOfTheJob(a)), CopyOf = FirstOf(earlier, a),
        }),
    ];

    /// <summary>Which opinion it is, however many occurrences have carried it along.</summary>
    public static OpinionPlace FirstOf(ContentItem item, Assessment a) => a.CopyOf ?? new OpinionPlace { Ordinal = item.Ordinal, AssessmentId = a.Id };

    public static Report Add(Report report, IReportEvent e, int earlier, ContentItem occurrence)
    {
        var linked = Each(report, e, [earlier], i => i with { NextOccurrence = occurrence.Ordinal });

        // Said when the first was, also as read back from the journal, which does not say it.
        long SequenceOf(OpinionPlace first) => report.Item(first.Ordinal)!.Assessments.First(a => a.Id == first.AssessmentId).Sequence;
        return linked with
        {
            Items = linked.Items.Add(occurrence with
            {
                Assessments = [.. occurrence.Assessments.Select(a => a with { Sequence = SequenceOf(a.CopyOf!) })],
            }),
        };
    }
}
