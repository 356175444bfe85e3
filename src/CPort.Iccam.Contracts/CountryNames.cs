using System.Collections.Frozen;

namespace CPort.Iccam.Contracts;

/// <summary>
/// English names of countries (ISO 3166 as the time zone database lists them, and what else is written for some): hotlines' whois sends them where a code is
/// meant. The first name of a country is the one that is shown.
/// </summary>
public static class CountryNames
{
    private static readonly ImmutableArray<(Country Country, string Name)> Rows =
    [
        .. (
            "AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua and Barbuda;AI Anguilla;AL Albania;AM Armenia;AO Angola;AQ Antarctica;" +
            "AR Argentina;AS American Samoa;AT Austria;AU Australia;AW Aruba;AX Åland Islands;AZ Azerbaijan;BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;" +
            "BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;BJ Benin;BL Saint Barthelemy;BM Bermuda;BN Brunei;BO Bolivia;" +
            "BQ Bonaire, Sint Eustatius and Saba;BR Brazil;BS Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;" +
            "CC Cocos (Keeling) Islands;CD Congo, Democratic Republic of the;CF Central African Rep.;CG Congo;CH Switzerland;CI Côte d'Ivoire;" +
            "CK Cook Islands;CL Chile;CM Cameroon;CN China;CO Colombia;CR Costa Rica;CU Cuba;CV Cape Verde;CW Curaçao;CX Christmas Island;CY Cyprus;" +
            "CZ Czech Republic;DE Germany;DJ Djibouti;DK Denmark;DM Dominica;DO Dominican Republic;DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;" +
            "EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;FJ Fiji;FK Falkland Islands;FM Micronesia;FO Faroe Islands;FR France;GA Gabon;" +
            "GB United Kingdom;GD Grenada;GE Georgia;GF French Guiana;GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia;GN Guinea;GP Guadeloupe;" +
            "GQ Equatorial Guinea;GR Greece;GS South Georgia and the South Sandwich Islands;GT Guatemala;GU Guam;GW Guinea-Bissau;GY Guyana;HK Hong Kong;" +
            "HM Heard Island and McDonald Islands;HN Honduras;HR Croatia;HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;IM Isle of Man;IN India;" +
            "IO British Indian Ocean Territory;IQ Iraq;IR Iran;IS Iceland;IT Italy;JE Jersey;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;" +
            "KH Cambodia;KI Kiribati;KM Comoros;KN Saint Kitts and Nevis;KP Korea, Democratic People's Republic of;KR Korea;KW Kuwait;KY Cayman Islands;" +
            "KZ Kazakhstan;LA Laos;LB Lebanon;LC Saint Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;" +
            "LY Libya;MA Morocco;MC Monaco;MD Moldova;ME Montenegro;MF Saint Martin;MG Madagascar;MH Marshall Islands;MK North Macedonia;ML Mali;" +
            "MM Myanmar;MN Mongolia;MO Macau;MP Northern Mariana Islands;MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;" +
            "MW Malawi;MX Mexico;MY Malaysia;MZ Mozambique;NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands;" +
            "NO Norway;NP Nepal;NR Nauru;NU Niue;NZ New Zealand;OM Oman;PA Panama;PE Peru;PF French Polynesia;PG Papua New Guinea;PH Philippines;" +
            "PK Pakistan;PL Poland;PM Saint Pierre and Miquelon;PN Pitcairn;PR Puerto Rico;PS Palestine;PT Portugal;PW Palau;PY Paraguay;QA Qatar;" +
            "RE Réunion;RO Romania;RS Serbia;RU Russia;RW Rwanda;SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;" +
            "SH Saint Helena;SI Slovenia;SJ Svalbard and Jan Mayen;SK Slovakia;SL Sierra Leone;SM San Marino;SN Senegal;SO Somalia;SR Suriname;" +
            "SS South Sudan;ST Sao Tome and Principe;SV El Salvador;SX Sint Maarten;SY Syria;SZ Eswatini;TC Turks and Caicos Islands;TD Chad;" +
            "TF French S. Terr.;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;TL East Timor;TM Turkmenistan;TN Tunisia;TO Tonga;TR Turkey;" +
            "TT Trinidad and Tobago;TV Tuvalu;TW Taiwan;TZ Tanzania;UA Ukraine;UG Uganda;UM US minor outlying islands;US United States;UY Uruguay;" +
            "UZ Uzbekistan;VA Holy See;VC Saint Vincent and the Grenadines;VE Venezuela;VG Virgin Islands, British;VI Virgin Islands, U.S.;VN Vietnam;" +
            "VU Vanuatu;WF Wallis and Futuna;WS Samoa;YE Yemen;YT Mayotte;ZA South Africa;ZM Zambia;ZW Zimbabwe;GB Great Britain;GB England;" +
            "US United States of America;US USA;RU Russian Federation;KR South Korea;KR Republic of Korea;KP North Korea;CZ Czechia;CZ Czech Republic;" +
            "NL The Netherlands;NL Holland;VN Viet Nam;MD Moldova, Republic of;IR Iran, Islamic Republic of;TW Taiwan, Province of China;TR Türkiye;" +
            "CI Ivory Coast;VA Vatican City;XK Kosovo;HK Hong Kong SAR;MK Macedonia;SY Syrian Arab Republic;TZ Tanzania, United Republic of;" +
            "VE Venezuela, Bolivarian Republic of;BO Bolivia, Plurinational State of;LA Lao People's Democratic Republic;BN Brunei Darussalam;" +
            "CV Cabo Verde;SK Slovak Republic").Split(';').Select(row => (Country.Parse(row[..2]), row[3..])),
    ];

    private static readonly FrozenDictionary<string, Country> ByName =
        Rows.GroupBy(r => r.Name.ToUpperInvariant()).ToFrozenDictionary(g => g.Key, g => g.First().Country, StringComparer.Ordinal);

    private static readonly FrozenDictionary<Country, string> ByCountry =
        Rows.GroupBy(r => r.Country).ToFrozenDictionary(g => g.Key, g => g.First().Name);

    public static bool TryFind(string name, out Country country) => ByName.TryGetValue(name.ToUpperInvariant(), out country);

    public static string Of(Country country) => ByCountry.GetValueOrDefault(country, country.Code);
}
