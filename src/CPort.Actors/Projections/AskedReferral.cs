using CPort.Domain.CodeLists;

namespace CPort.Actors.Projections;

/// <summary>A referral that somebody asked for by hand and that is to be opened: as text in a row, of ids and keyed hashes only.</summary>
public sealed record AskedReferral(AgencyId Agency, ReferralWhy Why, string About, AgencyId? By)
{
    public static AskedReferral Of(ItemReferral asked) => new(asked.Agency, asked.Why, asked.About, asked.By);

    public static AskedReferral Parse(string text) => text.Split('|') is [var agency, var why, var about, var by]
        ? new AskedReferral(AgencyId.Parse(agency), Enum.Parse<ReferralWhy>(why), about, by.Length > 0 ? AgencyId.Parse(by) : null)
        : throw new FormatException("A referral that was asked for has four parts.");

    public override string ToString() => $"{Agency}|{Why}|{About}|{By?.Value}";
}
