namespace CPort.Domain.Reports;

/// <summary>That an item's domain came on INTERPOL's "worst of" list, or went off it.</summary>
[ProtoContract]
public sealed record ItemListing
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }

    /// <summary>Which of the domain's changes it was.</summary>
    [ProtoMember(2)] public required int Change { get; init; }
    [ProtoMember(3)] public bool Listed { get; init; }

    /// <summary>The list's version with it.</summary>
    [ProtoMember(4)] public required int ListVersion { get; init; }
    [ProtoMember(5)] public required DateTimeOffset At { get; init; }
}

/// <summary>Which items speak for listing their domain.</summary>
public static class ItemEvidence
{
    /// <summary>A person judged it Baseline, and it counts as that. What its hashes say never counts here (domain.md 3).</summary>
    public static bool IsBaselineByPerson(this ItemView item) => !item.Item.Withdrawn && item.Effective == Classification.Baseline
        && item.Item.Assessments.Any(a => a.Counts && a.Classification == Classification.Baseline);
}
