namespace CPort.Domain.Agencies;

/// <summary>What a change gives an agency that it did not have, as far as others are there whom that concerns.</summary>
/// <param name="Countries">Countries that others serve: their agencies may agree, each for its own.</param>
/// <param name="Everybody">It concerns every agency, so that no single one can agree for all: a second operator does.</param>
public sealed record Widening(ImmutableArray<Country> Countries, bool Everybody)
{
    /// <summary>What there is to widen; a change that does none of this is made at once.</summary>
    private static readonly ImmutableArray<WideningRow> Rows =
    [
        new("sight of a country, and a word by its law", SeesByCountry, Countries: Gained),
        new("sight of what is illegal everywhere", kind => kind == AgencyKind.Interpol, Everybody: (before, _) => before is null),
        new("sight of orphans", kind => kind == AgencyKind.Hotline,
            Everybody: (before, after) => after.HoldsOrphanMandate && before?.HoldsOrphanMandate != true),
        new("a word that is believed further", _ => true,
            Everybody: (before, after) => Weight(after.Trust) > Weight(before?.Trust ?? TrustLevel.Standard)),
    ];

    public bool IsNone => Countries.IsEmpty && !Everybody;

    /// <summary>Such agencies see items by the countries that they work for.</summary>
    public static bool SeesByCountry(AgencyKind kind) => kind is AgencyKind.Hotline or AgencyKind.Police or AgencyKind.SupervisoryAuthority;

    /// <summary>What becomes wider. Where nobody else is (a fresh installation, a country that nobody has ever served) there is nobody to ask.</summary>
    public static Widening Of(AgencyRegistry state, Agency? before, Agency after)
    {
        var rows = Rows.Where(row => row.Of(after.Kind)).ToList();
        return new Widening(
            [
                .. rows.SelectMany(row => row.Countries?.Invoke(before, after) ?? []).Distinct().Order()
                    .Where(country => state.Served.Any(s => s.Country == country && s.Agency != after.Id)),
            ],
            rows.Any(row => row.Everybody?.Invoke(before, after) == true)
                && state.Agencies.Values.Any(a => a.CameIn && a.Id != after.Id && a.Kind != AgencyKind.Operator));
    }

    /// <summary>Countries with a day that it works for them now and did not before.</summary>
    private static IEnumerable<Country> Gained(Agency? before, Agency after) =>
        after.Memberships.Where(m => before?.Memberships.Any(had => Covers(had, m)) != true).Select(m => m.Country);

    private static bool Covers(Membership had, Membership m) => had.Country == m.Country && had.From <= m.From && (had.To is null || m.To <= had.To);

    private static int Weight(TrustLevel trust) => trust switch { TrustLevel.Untrusted => 0, TrustLevel.Trusted => 2, _ => 1 };

    private sealed record WideningRow(
        string What, Func<AgencyKind, bool> Of, Func<Agency?, Agency, IEnumerable<Country>>? Countries = null, Func<Agency?, Agency, bool>? Everybody = null);
}
