namespace CPort.Domain.CodeLists;

/// <summary>
/// What an assessor chose, as its own scheme writes it: never a bare number, because generations and countries give the same number other meanings (domain.md
/// 4). What follows from it for the item is a <see cref="Classification"/>, by the mapping of the day.
/// </summary>
[ProtoContract]
public sealed record Category
{
    [ProtoMember(1)] public required string Scheme { get; init; }
    [ProtoMember(2)] public required string Version { get; init; }

    /// <summary>The country whose law the scheme follows; null: no country's.</summary>
    [ProtoMember(3)] public Country? Jurisdiction { get; init; }
    [ProtoMember(4)] public required string Code { get; init; }

    public override string ToString() => $"{Scheme}/{Version}/{Jurisdiction?.Code ?? "-"}/{Code}";
}

/// <summary>One code of a scheme.</summary>
/// <param name="Code">As the scheme writes it.</param>
/// <param name="Title">For people.</param>
/// <param name="Means">What follows for the item.</param>
public sealed record CategoryRow(string Code, string Title, Classification Means);

/// <summary>One scheme: its name, version and the country whose law it follows (null: none), with its codes.</summary>
public sealed record CategoryScheme(string Name, string Version, Country? Jurisdiction, string Title, ImmutableArray<CategoryRow> Codes)
{
    public Category Of(CategoryRow row) => new() { Scheme = Name, Version = Version, Jurisdiction = Jurisdiction, Code = row.Code };
}

/// <summary>The schemes that can be assessed in. Another one is a row here, and no new event.</summary>
public static class CategorySchemes
{
    public static readonly CategoryScheme Iccam = new(
        "iccam", "3", null, "ICCAM v3", [.. Classifications.All.Where(c => c.HasEffect).Select(c => new CategoryRow(c.Names[0], c.Value.ToString(), c.Value))]);

    public static ImmutableArray<CategoryScheme> All { get; } =
    [
        Iccam,
        new("sentencing-council", "2014", Country.Parse("GB"), "Sentencing Council for England and Wales",
        [
            new("A", "penetrative activity, or with an animal, or sadism", Classification.National),
            new("B", "non-penetrative activity", Classification.National),
            new("C", "other indecent image", Classification.National),
        ]),
    ];

    /// <summary>The schemes, for texts.</summary>
    public static string Names => string.Join(", ", All.Select(s => $"{s.Name}/{s.Version}/{s.Jurisdiction?.Code ?? "-"}"));

    /// <summary>ICCAM's own category for a classification.</summary>
    public static Category Of(Classification classification) => Iccam.Of(Iccam.Codes.First(c => c.Means == classification));

    /// <summary>The row of a category, with its scheme; null: no such scheme, version, country or code.</summary>
    public static (CategoryScheme Scheme, CategoryRow Row)? Find(Category category) => All
        .Where(s => s.Name == category.Scheme && s.Version == category.Version && s.Jurisdiction == category.Jurisdiction)
        .SelectMany(s => s.Codes, (scheme, row) => ((CategoryScheme, CategoryRow)?)(scheme, row)).FirstOrDefault(f => f!.Value.Item2.Code == category.Code);
}
