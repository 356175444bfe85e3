using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.CodeLists;

/// <summary>
/// A country or territory by its ISO 3166-1 alpha-2 code, with ICCAM's aliases folded in (<c>UK</c> is <c>GB</c>, <c>EL</c> is <c>GR</c>). "Unknown" is not a
/// country: it is the absence of one (<c>Country?</c>).
/// </summary>
public readonly record struct Country : IComparable<Country>
{
    private readonly string? _code;

    private Country(string code) => _code = code;

    /// <summary>Two upper-case letters; empty only for <c>default(Country)</c>, which no rule produces.</summary>
    public string Code => _code ?? "";

    /// <summary>Reads an ISO code or one of ICCAM's aliases, in either case. Codes outside ISO 3166-1 are refused, also CyberTipline's A1, A2 and O1.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Country country)
    {
        country = default;
        if (text is not { Length: 2 })
        {
            return false;
        }

        var upper = text.ToUpperInvariant();
        if (!IsoCodes.TryGetValue(Aliases.GetValueOrDefault(upper, upper), out var known))
        {
            return false;
        }

        country = new Country(known);
        return true;
    }

    /// <summary>As <see cref="TryParse"/>; throws <see cref="FormatException"/> on anything else.</summary>
    /// <summary>All of them, by code.</summary>
    public static IEnumerable<Country> All => IsoCodes.Keys.Order(StringComparer.Ordinal).Select(Parse);

    public static Country Parse(string text) =>
        TryParse(text, out var country) ? country : throw new FormatException($"'{text}' is not an ISO 3166-1 alpha-2 country code.");

    public int CompareTo(Country other) => string.CompareOrdinal(Code, other.Code);

    public override string ToString() => Code;

    /// <summary>What ICCAM's senders write for a country's own code.</summary>
    private static readonly FrozenDictionary<string, string> Aliases = new Dictionary<string, string> { ["UK"] = "GB", ["EL"] = "GR" }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> IsoCodes = (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM " +
        "CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY " +
        "HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF " +
        "MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE " +
        "RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ " +
        "VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW").Split(' ').ToFrozenDictionary(code => code, string.Intern);
}
