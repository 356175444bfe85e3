namespace CPort.Domain.Reports;

/// <summary>
/// That an item waits, or waited, for others to look at it who do not know what was said. The first word is an opinion of the item that does not count yet
/// (<see cref="Assessment.Pending"/>).
/// </summary>
[ProtoContract]
public sealed record SecondLook
{
    /// <summary>The first word.</summary>
    [ProtoMember(1)] public required int AssessmentId { get; init; }

    /// <summary>The episode it was said in; with the next one it is over.</summary>
    [ProtoMember(2)] public required int Episode { get; init; }
    [ProtoMember(3)] public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>How many equal answers it takes.</summary>
    [ProtoMember(4)] public required int Agreeing { get; init; }

    /// <summary>Of the agency's policy by which it was opened; 0: the network's alone.</summary>
    [ProtoMember(5)] public int Policy { get; init; }

    /// <summary>What others said, oldest first; shown to nobody while it is open.</summary>
    [ProtoMember(6)] public ImmutableArray<Assessment> Answers { get; init; } = [];

    /// <summary>Who has looked: people, where a key is nobody's the key. None of them looks again.</summary>
    [ProtoMember(7)] public ImmutableArray<string> By { get; init; } = [];

    /// <summary>Other agencies that may look.</summary>
    [ProtoMember(8)] public ImmutableArray<AgencyId> Asked { get; init; } = [];

    /// <summary>When enough had come to the same.</summary>
    [ProtoMember(9)] public DateTimeOffset? SettledAt { get; init; }

    /// <summary>To what.</summary>
    [ProtoMember(10)] public Classification? Agreed { get; init; }

    public bool IsBy(Caller caller) => By.Contains(caller.Hand);

    /// <summary>To who may look at it: that it waits, and whether they have looked.</summary>
    internal SecondLook Blind(Caller caller) => this with { AssessmentId = 0, Answers = [], By = IsBy(caller) ? [caller.Hand] : [], Asked = [], Policy = 0 };
}

/// <summary>What follows for an item.</summary>
public static class SecondLooks
{
    /// <summary>Whether somebody else has to look before the item counts as this.</summary>
    public static bool Asks(this SecondLookPolicy policy, Report report, ContentItem item, Classification said)
    {
        var isNew = item.ContentType == ContentType.Media && !item.Known.Any(k => k.IsKnown);
        bool On(LookFor what) => (policy.For & what) != 0;
        return (On(LookFor.NewBaseline) && isNew && said == Classification.Baseline)
            || (On(LookFor.Icse) && isNew && said.IsIllegal() && item.Hashes.Any(h => h.Algorithm == Hashes.HashAlgorithm.Md5))
            || (On(LookFor.Iwol) && said == Classification.Baseline)
            || (policy.Sample > 0 && said.HasEffect() && Lot(report.Id, item.Ordinal) < policy.Sample);
    }

    /// <summary>0 to 99. By the report's id, which nobody can choose, so that a repeated command draws the same lot.</summary>
    private static int Lot(ReportId report, int ordinal)
    {
        var lot = 2_166_136_261u;
        foreach (var c in $"{report}-{ordinal}")
        {
            lot = (lot ^ c) * 16_777_619u;
        }

        return (int)(lot % 100);
    }

    /// <summary>It waits for somebody else's look: its first word stands in this episode, and nothing else came to count meanwhile.</summary>
    public static SecondLook? OpenLook(this ContentItem item) =>
        item is { Withdrawn: false, NextOccurrence: null, Look: { SettledAt: null } look } && look.Episode == item.Assignment?.Episode
            && item.FirstWord() is not null && !item.IsAssessed() ? look : null;

    /// <summary>What waits to count; null: it was corrected since, or there is none.</summary>
    public static Assessment? FirstWord(this ContentItem item) =>
        item.Look is { } look ? item.Assessments.FirstOrDefault(a => a.Id == look.AssessmentId && a is { Pending: true, CorrectedBy: null }) : null;

    /// <summary>
    /// Whether the caller is not to know what was said, because they may look themselves: of those who have the item, and of those who were asked, everybody
    /// who has not looked.
    /// </summary>
    public static bool IsBlind(ItemRelations relations, bool hasLooked) =>
        (relations & (ItemRelations.AssignedHotline | ItemRelations.AskedToLook)) != 0 && !hasLooked;
}
