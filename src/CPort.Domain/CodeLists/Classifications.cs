namespace CPort.Domain.CodeLists;

/// <summary>An opinion's classification (ICCAM v3). <see cref="Doubtful"/> exists in v2 only: it is kept as an opinion and has no effect.</summary>
public enum Classification
{
    /// <summary>Illegal everywhere by INTERPOL's Baseline criteria; final (ICCAM rule 1).</summary>
    Baseline = 1,

    /// <summary>Illegal by the law of the assessing country.</summary>
    National = 2,

    /// <summary>v2's "Doubtful": recorded, decides nothing.</summary>
    Doubtful = 3,

    /// <summary>Not illegal (ICCAM's "Ignore").</summary>
    NotIllegal = 4,
}

/// <summary>A classification: how it may be written beside its own name, and what it does.</summary>
/// <param name="Value">The classification.</param>
/// <param name="Names">Other names.</param>
/// <param name="IsIllegal">The material is illegal, everywhere or by the assessing country's law.</param>
/// <param name="HasEffect">It counts; one without effect is recorded and exists in v2 only.</param>
public sealed record ClassificationRow(Classification Value, ImmutableArray<string> Names, bool IsIllegal = false, bool HasEffect = true);

/// <summary>The classifications, one row each.</summary>
public static class Classifications
{
    public static ImmutableArray<ClassificationRow> All { get; } =
    [
        new(Classification.Baseline, ["BA", "Baseline CSAM"], IsIllegal: true),
        new(Classification.National, ["NA", "National CSAM"], IsIllegal: true),
        new(Classification.Doubtful, ["DO"], HasEffect: false),
        new(Classification.NotIllegal, ["IG", "Ignore"]),
    ];

    public static bool IsIllegal(this Classification classification) => Row(classification).IsIllegal;

    public static bool HasEffect(this Classification classification) => Row(classification).HasEffect;

    private static ClassificationRow Row(Classification classification) => All[(int)classification - 1];
}
