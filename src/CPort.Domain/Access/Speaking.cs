namespace CPort.Domain.Access;

/// <summary>Whose word on a hash or item is a country's own (verdicts.md, "Speaks for C").</summary>
public static class Speaking
{
    /// <summary>Hotlines and national police speak for the countries that they are members of; nobody else speaks for any.</summary>
    public static bool May(AgencyKind kind) => kind is AgencyKind.Hotline or AgencyKind.Police;
}
