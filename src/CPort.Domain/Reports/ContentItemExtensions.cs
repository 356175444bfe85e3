using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;

namespace CPort.Domain.Reports;

/// <summary>What follows from an item's history. Every list, queue and answer derives from these functions, so a fact is defined once.</summary>
public static class ContentItemExtensions
{
    /// <summary>The classification that counts for the item (verdicts.md 2); null: nobody's opinion counts, and somebody has to look.</summary>
    public static Classification? Effective(this ContentItem item) => item.Judgement().Classification;

    /// <summary>
    /// The classification that counts and whose opinion of the item made it (null: its hashes did). First a Baseline by who has the job, or a believed one;
    /// against a local NotIllegal that one does not win by itself: an open item waits for another look, a closed one stays as it was closed. Nor does one that
    /// believed words dispute. Else the last opinion by who has or had the job in this episode; else what was inherited; else what the reporter said when it
    /// sent the report, if believed here and not disputed.
    /// </summary>
    public static (Classification? Classification, Assessment? By) Judgement(this ContentItem item)
    {
        Assessment? local = null, baseline = null, intake = null;
        foreach (var a in item.Assessments)
        {
            if (a.Counts && a.Classification.HasEffect())
            {
                local = item.IsOfTheJob(a) ? a : local;
                baseline = item.IsOfTheJob(a) && a.Classification == Classification.Baseline ? a : baseline;
                intake = item.IsBelievedAtIntake(a) ? a : intake;
            }
        }

        if (baseline is not null)
        {
            return (Classification.Baseline, baseline);
        }

        if (item.IsBaselineBelieved(out var believed))
        {
            if (item.IsNotIllegalHere(local))
            {
                return item.IsClosed() || local?.DespiteBaseline == true ? (Classification.NotIllegal, local) : (null, null);
            }

            return !item.IsBaselineDisputed() ? (Classification.Baseline, believed) : (local?.Classification, local);
        }

        return local is not null ? (local.Classification, local)
            : item.Inherited() is { } inherited ? (inherited, null)
            : item.Inheritance is { Kind: InheritanceKind.Disputed, Row: > 0 } ? (null, null)
            : (intake?.Classification, intake);
    }

    /// <summary>
    /// By who has or had the job in this episode: a hotline of the assigned country, whom an orphan went to, or the reporter when the job came to itself.
    /// </summary>
    public static bool IsOfTheJob(this ContentItem item, Assessment a) => item.Assignment is { } job
        && (a.Episode > 0 ? a.Episode == job.Episode
            : job is { Episode: 1, Country: { } country } && a.Country == country && (a.Carried || a.Agency == job.Hotline));

    /// <summary>
    /// What the reporter said with the report counts where it speaks for the country that has the item; what an untrusted one says is shown, and binds nobody.
    /// </summary>
    private static bool IsBelievedAtIntake(this ContentItem item, Assessment a) =>
        a is { Episode: 0, Speaks: true, Country: { } law } && a.Trust != TrustLevel.Untrusted && law == item.Assignment?.Country;

    /// <summary>A believed Baseline stands, disputed or not.</summary>
    public static bool IsBaselineBelieved(this ContentItem item) => item.IsBaselineBelieved(out _);

    /// <summary>
    /// Baseline by a believed word: of the item's hashes, or of the item itself (which may have none) by one trusted or two independent standard agencies.
    /// </summary>
    private static bool IsBaselineBelieved(this ContentItem item, out Assessment? by)
    {
        by = null;

        // Inherited by row 5 it is one voice of the country, which its own opinion of the item goes before.
        if (item.Inheritance is { Kind: InheritanceKind.Inherited, Classification: Classification.Baseline, Row: not 5 } || item.IsBaselineDisputedByHash())
        {
            return true;
        }

        by = item.Believed(a => a is { Counts: true, Classification: Classification.Baseline });
        return by is not null;
    }

    /// <summary>The opinion of the item by which such ones are believed: a trusted agency's, or the second of two standard ones'.</summary>
    private static Assessment? Believed(this ContentItem item, Func<Assessment, bool> which)
    {
        Assessment? one = null;
        foreach (var a in item.Assessments)
        {
            if (a.Trust != TrustLevel.Untrusted && which(a))
            {
                if (a.Trust == TrustLevel.Trusted || (one is not null && one.Agency != a.Agency))
                {
                    return a;
                }

                one = a;
            }
        }

        return null;
    }

    private static bool IsNotIllegalHere(this ContentItem item, Assessment? local) =>
        local is { Classification: Classification.NotIllegal } || item.FinalAction() is { Type: ActionType.NotIllegal };

    /// <summary>The last opinion by who has or had the job in this episode.</summary>
    public static Assessment? LocalOpinion(this ContentItem item) =>
        item.Assessments.LastOrDefault(a => a.Counts && a.Classification.HasEffect() && item.IsOfTheJob(a));

    /// <summary>A believed Baseline stands against what the assigned country found not illegal; shown everywhere, and never silently chosen.</summary>
    public static bool IsContradicted(this ContentItem item) =>
        item.IsNotIllegalHere(item.LocalOpinion()) && item.IsBaselineBelieved()
        && !item.Assessments.Any(a => a is { Counts: true, Classification: Classification.Baseline } && item.IsOfTheJob(a));

    /// <summary>Contradicted, and nobody has looked at it since: an open item waits for that, a closed one is listed for reopening.</summary>
    public static bool AwaitsSecondLook(this ContentItem item) => item.IsContradicted() && item.LocalOpinion()?.DespiteBaseline != true;

    /// <summary>The classification that the item's hashes bring by themselves; null when they decide nothing.</summary>
    public static Classification? Inherited(this ContentItem item) =>
        item.Inheritance is { Kind: InheritanceKind.Inherited } inheritance ? inheritance.Classification : null;

    /// <summary>Known without a human look: the inherited verdict is what counts, and nobody said the same of the item itself.</summary>
    public static bool IsKnownWithoutLook(this ContentItem item) =>
        item.Inherited() is { } inherited && item.Judgement() is (var effective, null) && effective == inherited
        && !item.Assessments.Any(a => a.Counts && a.Classification == inherited && (inherited == Classification.Baseline || a.Speaks));

    /// <summary>Believed words on the item or its hashes contradict one another (verdicts.md 3, rows 3 and 7).</summary>
    public static bool IsDisputed(this ContentItem item) => item.Inheritance?.Kind == InheritanceKind.Disputed || item.IsBaselineDisputed();

    /// <summary>
    /// A believed Baseline and a believed NotIllegal stand against each other (row 3), by words on its hashes or by what is said of the item itself, which may
    /// have no hash: there objections are the words against.
    /// </summary>
    private static bool IsBaselineDisputed(this ContentItem item) => item.IsBaselineDisputedByHash()
        || (item.Believed(a => a is { Counts: true, Classification: Classification.Baseline }) is not null
            && item.Believed(a => a is { Stands: true, Classification: Classification.NotIllegal }) is not null);

    private static bool IsBaselineDisputedByHash(this ContentItem item) => item.Inheritance is { Kind: InheritanceKind.Disputed, Row: 3 };

    /// <summary>Illegal by what counts, or by believed words that others contradict: what INTERPOL keeps sight of.</summary>
    public static bool IsSaidIllegal(this ContentItem item) => item.Effective()?.IsIllegal() == true || item.IsDisputed() || item.IsContradicted();

    /// <summary>It counts as Baseline and somebody objects to that, on the item or by a word on its hashes, believed or not.</summary>
    public static bool IsObjectedTo(this ContentItem item) =>
        item.Effective() == Classification.Baseline
        && (item.Inheritance?.Objected == true || item.IsBaselineDisputed()
            || item.Assessments.Any(a => a is { Stands: true, Objection: true, Classification: Classification.NotIllegal }));

    /// <summary>Whose Baseline the item carries: those who said so of the item, and those whose word its hashes brought.</summary>
    public static IEnumerable<AgencyId> BaselineBy(this ContentItem item) =>
    [
        .. item.Assessments.Where(a => a is { Counts: true, Classification: Classification.Baseline }).Select(a => a.Agency),
        .. item.Inherited() == Classification.Baseline || item.IsBaselineDisputedByHash()
            ? item.Inheritance!.WordsOf(item.Known, item.Near).Where(w => w.Classification == Classification.Baseline).Select(w => w.Agency) : [],
    ];

    /// <summary>Who had the item before, or gave an opinion or did something about it.</summary>
    public static ImmutableArray<AgencyId> FormerAgencies(this ContentItem item) =>
        item is { EarlierAssignments.IsEmpty: true, Assessments.IsEmpty: true, Actions.IsEmpty: true, Look: null } ? [] :
    [
        .. item.EarlierAssignments.SelectMany(a => (IEnumerable<AgencyId?>)[a.Hotline, a.EscalatedTo]).OfType<AgencyId>(),
        .. item.Assessments.Where(a => !a.Carried).Select(a => a.Agency), .. item.Actions.Select(a => a.Agency),
        .. item.Look is { SettledAt: not null } look ? look.Asked : [],
    ];

    public static bool IsAssessed(this ContentItem item) => item.Effective() is not null;

    /// <summary>The final action of this episode, if any (ICCAM rule 7). One that came with the report closes the item as well.</summary>
    public static CaseAction? FinalAction(this ContentItem item)
    {
        var episode = item.Assignment?.Episode ?? 0;
        CaseAction? intake = null;
        foreach (var action in item.Actions)
        {
            if (action.Type.IsFinal() && item.InThisEpisode(action, episode))
            {
                // What closed it stays what closed it, though its reporter be believed later.
                if (action.Episode > 0)
                {
                    return action;
                }

                intake ??= action;
            }
        }

        return intake;
    }

    /// <summary>What would close the item as its agency says who is believed (<see cref="ClosesFromIntake"/>).</summary>
    public static bool IsOnTrust(this CaseAction action) => action.Episode == 0 && action.Type.IsFinal();

    /// <summary>Whose opinions and actions count for as much as they are believed, and how far that is.</summary>
    public static IEnumerable<(AgencyId Agency, TrustLevel Trust)> Trusts(this ContentItem item) => item.Withdrawn ? [] :
    [
        .. item.Assessments.Where(a => a.Stands).Select(a => (a.Agency, a.Trust)), .. item.Actions.Where(IsOnTrust).Select(a => (a.Agency, a.Trust)),
    ];

    /// <summary>
    /// What came with the report (episode 0) counts until the item is moved for the first time: a notice, for the country it was given for; what would close
    /// the item, by <see cref="ClosesFromIntake"/>. Otherwise a reporting hotline that told its own police would leave the assigned country unable to assess
    /// (rule 3), and so to act (rule 9), and whoever reports could close another country's items. What counts for nothing here is shown all the same.
    /// </summary>
    public static bool InThisEpisode(this ContentItem item, CaseAction action) => item.InThisEpisode(action, item.Assignment?.Episode ?? 0);

    private static bool InThisEpisode(this ContentItem item, CaseAction action, int episode) =>
        action.IsOnTrust() ? episode <= 1 && item.ClosesFromIntake(action)
        : action.Episode == episode
            || (action.Episode == 0 && episode <= 1 && action.Country is { } country && country == item.Assignment?.Country);

    /// <summary>
    /// By who speaks for the country that has the item and is believed (the hotline that has it always is); that content is gone, also by who is trusted, of an
    /// orphan by who is not untrusted, and by anybody of what no tracer finds. What was taken up again as a later occurrence stays closed.
    /// </summary>
    private static bool ClosesFromIntake(this ContentItem item, CaseAction action) =>
        item.NextOccurrence is not null
        || (item.Assignment?.Country is not { } job ? action.Type.Row().Gone && (item.Assignment is null || action.Trust != TrustLevel.Untrusted)
        : (action.Speaks && action.Country == job && (action.Trust != TrustLevel.Untrusted || action.Agency == item.Assignment.Hotline))
            || (action.Type.Row().Gone && action.Trust == TrustLevel.Trusted));

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
            { Assignment: null } when item.IsUntraced() => ItemState.Untraced,
            { Assignment: null } => ItemState.Received,
            { Assignment: { Orphan: true, Country: null } } => ItemState.Orphaned,
            _ when item.Assignment.Hotline is null => ItemState.AssignedToCountry,
            _ when !item.IsAssessed() => item.OpenLook() is null ? ItemState.Unassessed : ItemState.AwaitsSecondLook,
            _ when !item.HasAction() => ItemState.Unactioned,
            _ => ItemState.Monitoring,
        };
    }

    /// <summary>No tracer found where it is, and it is nobody's job.</summary>
    public static bool IsUntraced(this ContentItem item) => item is { Traced: true, Hosting.Country: null, Assignment: null };

    public static bool IsLeasedToAnother(this ContentItem item, Caller caller, DateTimeOffset now) =>
        item.Lease is { } lease && lease.Until > now && (lease.Agency != caller.Agency || lease.KeyId != caller.KeyId);

    /// <summary>Automatic work still owed to the item; a withdrawn item is owed none.</summary>
    public static bool NeedsTrace(this ContentItem item) => !item.Traced && !item.Withdrawn;

    public static bool NeedsMatch(this ContentItem item) => !item.Matched && !item.Withdrawn;

    /// <summary>The hosting country is known and nobody has been given the job.</summary>
    public static bool NeedsRoute(this ContentItem item) => item is { Traced: true, Hosting.Country: not null, Assignment: null, Withdrawn: false };

    /// <summary>
    /// Words that the hash buckets have not heard as they are now: said, or taken back (<see cref="Assessment.WithdrawnAt"/>). A corrected one is never sent:
    /// late, it would undo its correction. One whose law may still follow the hosting country (<see cref="Assessment.Laws"/>) waits for the tracers.
    /// </summary>
    public static IEnumerable<Assessment> Unpropagated(this ContentItem item) =>
        item.Hashes.IsEmpty || item.Assessments.IsEmpty ? []
        : item.Assessments.Where(a => a.CorrectedBy is null && !a.Pending && !a.Propagated && (a.Laws.IsEmpty || !item.NeedsTrace()));

    /// <summary>
    /// An opinion as a word on the hashes of its item. A corrected one needs no retraction of its own: what a source says later in a report replaces what it
    /// said earlier. One whose report was withdrawn does.
    /// </summary>
    public static OpinionOnItem ToWord(this Assessment word, ItemRef item) => new()
    {
        Retract = word.WithdrawnAt is not null,
        Opinion = new HashOpinion
        {
            Agency = word.Agency, Basis = OpinionBasis.Human, Classification = word.Classification, Country = word.Country, Trust = word.Trust,
            Speaks = word.Speaks, At = word.WithdrawnAt ?? word.At, Item = item, Sequence = word.Sequence,
        },
    };

    public static bool HasUnfinishedWork(this ContentItem item) => item.NeedsTrace() || item.NeedsMatch() || item.NeedsRoute() || item.Unpropagated().Any();
}
