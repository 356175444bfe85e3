namespace CPort.Domain.Hashes.Lists;

/// <summary>What a VICS category says, apart from its number.</summary>
public enum VicsMeaning
{
    /// <summary>The number has no settled meaning in this generation and country.</summary>
    Unknown,
    ChildAbuse,

    /// <summary>Exploitive, age difficult: not illegal as such in the scheme's own country.</summary>
    AgeDifficult,

    /// <summary>Computer-made or drawn.</summary>
    Virtual,

    /// <summary>Comparison or exemplar images.</summary>
    Comparison,
    Uncategorized,
    NonPertinent,
}

/// <summary>
/// A VICS category: (generation, context, code), because 0 and 5 swapped meaning between the generations and each country
/// re-defines the numbers (domain.md 4).
/// <list type="table">
/// <listheader><term>generation, context</term><description>meanings; those marked * become National of that
/// country</description></listheader>
/// <item><term>2.0 US</term><description>0 non-pertinent, 1 child abuse*, 2 age difficult, 3 virtual, 4 comparison, 5
/// uncategorized</description></item>
/// <item><term>2.0 UK</term><description>1, 2, 3 are A, B, C of the Sentencing Council: child abuse* each; others
/// unknown</description></item>
/// <item><term>2.0 Default, CUSTOM, other</term><description>0 non-pertinent (so NIST's known good files), 1 child abuse without a
/// country (so no classification); others unknown</description></item>
/// <item><term>1.x</term><description>0 uncategorized, 1 child abuse* (US), 2 age difficult, 3 virtual, 4 comparison, 5
/// non-pertinent</description></item>
/// </list>
/// No category ever becomes Baseline: VICS has no such statement. Comparison and non-pertinent rows are skipped, so that no
/// default can turn them into abuse material; the others come without classification and take the operator's, if one is given.
/// </summary>
public sealed record VicsCategory(int Generation, string Context, int? Code)
{
    public VicsMeaning Meaning => (Generation, Context, Code) switch
    {
        (_, _, null) => VicsMeaning.Uncategorized,
        (1, _, 0) or (2, "US", 5) => VicsMeaning.Uncategorized,
        (1, _, 5) or (2, not "UK", 0) => VicsMeaning.NonPertinent,
        (2, "UK", 1 or 2 or 3) => VicsMeaning.ChildAbuse,
        (2, "UK", _) => VicsMeaning.Unknown,
        (_, _, 1) => VicsMeaning.ChildAbuse,
        (1, _, 2) or (2, "US", 2) => VicsMeaning.AgeDifficult,
        (1, _, 3) or (2, "US", 3) => VicsMeaning.Virtual,
        (1, _, 4) or (2, "US", 4) => VicsMeaning.Comparison,
        _ => VicsMeaning.Unknown,
    };

    /// <summary>The country whose law the scheme follows; null for Default and CUSTOM.</summary>
    public Country? Country => (Generation, Context) switch
    {
        (1, _) or (2, "US") => Domain.CodeLists.Country.Parse("US"),
        (2, var context) when Domain.CodeLists.Country.TryParse(context, out var country) => country,
        _ => null,
    };

    public Classification? Classification => Meaning == VicsMeaning.ChildAbuse && Country is not null ? Domain.CodeLists.Classification.National : null;

    public bool IsSkipped => Meaning is VicsMeaning.Comparison or VicsMeaning.NonPertinent;
}
