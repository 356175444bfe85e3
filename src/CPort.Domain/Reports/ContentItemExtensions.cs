using CPort.Domain.Inheritance;

namespace CPort.Domain.Reports;

/// <summary>What follows from an item's history. Every list, queue and answer derives from these functions, so a fact is defined once.</summary>
public static class ContentItemExtensions
{
    /// <summary>
    /// The classification that counts for the item, by policy from the opinions (design.md, "Meanings settled"): Baseline from anyone is sticky (ICCAM rule 1);
    /// else the last opinion by the assigned country's own agency in this episode or with the report; else what was inherited for that country; a Doubtful
    /// opinion has no effect. Null: nobody's opinion counts yet.
    /// </summary>
    public static Classification? Effective(this ContentItem item)
    {
        Classification? own = null;
        foreach (var assessment in item.Assessments)
        {
            if (!assessment.Counts || !assessment.Classification.HasEffect())
            {
                continue;
            }

            if (assessment.Classification == Classification.Baseline)
            {
                return Classification.Baseline;
            }

            if (item.CountsHere(assessment))
            {
                own = assessment.Classification;
            }
        }

        return own ?? item.Inherited();
    }

    /// <summary>The classification that the item's hashes bring by themselves; null when they decide nothing.</summary>
    public static Classification? Inherited(this ContentItem item) =>
        item.Inheritance is { Kind: InheritanceKind.Inherited } inheritance ? inheritance.Classification : null;

    /// <summary>Known without a human look: the inherited verdict is what counts.</summary>
    public static bool IsKnownWithoutLook(this ContentItem item) =>
        item.Inherited() is { } inherited && item.Effective() == inherited
        && !item.Assessments.Any(a => a.Counts && a.Classification == inherited && (inherited == Classification.Baseline || item.CountsHere(a)));

    /// <summary>An opinion counts in the country it was formed for; an opinion of an earlier episode of the same country goes on counting.</summary>
    public static bool CountsHere(this ContentItem item, Assessment assessment) => item.Assignment?.Country is { } country && assessment.Country == country;

    /// <summary>Opinions that differ in kind from one another (illegal against not illegal), or contradicting hash verdicts.</summary>
    public static bool IsDisputed(this ContentItem item) => item.Inheritance?.Kind == InheritanceKind.Disputed;

    public static bool IsAssessed(this ContentItem item) => item.Effective() is not null;

    /// <summary>The final action of this episode, if any (ICCAM rule 7). One that came with the report closes the item as well.</summary>
    public static CaseAction? FinalAction(this ContentItem item)
    {
        var episode = item.Assignment?.Episode ?? 0;
        foreach (var action in item.Actions)
        {
            if (action.Type.IsFinal() && item.InThisEpisode(action, episode))
            {
                return action;
            }
        }

        return null;
    }

    /// <summary>
    /// What came with the report (episode 0) counts until the item is moved for the first time: that the content is gone, for everyone; a notice or a legal
    /// view, only for the country it was given for. Otherwise a reporting hotline that told its own police would leave the assigned country unable to assess
    /// (rule 3), and so to act (rule 9).
    /// </summary>
    public static bool InThisEpisode(this ContentItem item, CaseAction action) => item.InThisEpisode(action, item.Assignment?.Episode ?? 0);

    private static bool InThisEpisode(this ContentItem item, CaseAction action, int episode) =>
        action.Episode == episode
        || (action.Episode == 0 && episode <= 1 && (action.Type.Row().Gone || (action.Country is { } country && country == item.Assignment?.Country)));

    public static bool IsClosed(this ContentItem item) => item.Withdrawn || item.FinalAction() is not null;

    /// <summary>Offline: the content is gone by its final action.</summary>
    public static bool IsGone(this ContentItem item) => !item.Withdrawn && item.FinalAction() is { } final && final.Type.Row().Gone;

    public static bool HasAction(this ContentItem item) => item.Actions.Any(item.InThisEpisode);

    public static ItemState State(this ContentItem item)
    {
        if (item.Withdrawn)
        {
            return ItemState.Withdrawn;
        }

        if (item.FinalAction() is { } final)
        {
            return final.Type.Row().Closes!.Value;
        }

        return item switch
        {
            { Assignment: null, Traced: true, Hosting.Country: null } => ItemState.Untraced,
            { Assignment: null } => ItemState.Received,
            { Assignment: { Orphan: true, Country: null } } => ItemState.Orphaned,
            _ when item.Assignment.Hotline is null => ItemState.AssignedToCountry,
            _ when !item.IsAssessed() => ItemState.Unassessed,
            _ when !item.HasAction() => ItemState.Unactioned,
            _ => ItemState.Monitoring,
        };
    }

    public static bool IsLeasedToAnother(this ContentItem item, Caller caller, DateTimeOffset now) =>
        item.Lease is { } lease && lease.Until > now && (lease.Agency != caller.Agency || lease.KeyId != caller.KeyId);

    /// <summary>Automatic work still owed to the item; a withdrawn item is owed none.</summary>
    public static bool NeedsTrace(this ContentItem item) => !item.Traced && !item.Withdrawn;

    public static bool NeedsMatch(this ContentItem item) => !item.Matched && !item.Withdrawn;

    /// <summary>The hosting country is known and nobody has been given the job.</summary>
    public static bool NeedsRoute(this ContentItem item) => item is { Traced: true, Hosting.Country: not null, Assignment: null, Withdrawn: false };

    /// <summary>
    /// Assessments that count and that the hash buckets have not heard of yet. A corrected one is never sent: late, it would undo its correction.
    /// </summary>
    public static IEnumerable<Assessment> Unpropagated(this ContentItem item) =>
        item.Hashes.IsEmpty ? [] : item.Assessments.Where(a => a.Counts && !a.Propagated);

    public static bool HasUnfinishedWork(this ContentItem item) => item.NeedsTrace() || item.NeedsMatch() || item.NeedsRoute() || item.Unpropagated().Any();
}
