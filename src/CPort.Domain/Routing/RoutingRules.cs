namespace CPort.Domain.Routing;

/// <summary>Where an item goes next: a closed set.</summary>
public abstract record RouteDecision
{
    private RouteDecision()
    {
    }

    /// <summary>The hosting country is unknown: a queue of its own, never a guess.</summary>
    public sealed record UnknownHosting : RouteDecision
    {
        public static readonly UnknownHosting Instance = new();
    }

    /// <summary>To a member country; <paramref name="Hotline"/> is null when several serve it and the first to claim has it.</summary>
    public sealed record Assigned(Country Country, AgencyId? Hotline) : RouteDecision;

    /// <summary>
    /// Hosted where no hotline is. An orphan has a hosting country and no assigned one until a mandated hotline takes it, so that the two are never the same
    /// (ICCAM rule 5).
    /// </summary>
    public sealed record Orphan(Country HostingCountry) : RouteDecision;
}

/// <summary>Routing as pure rules: hosting country → member country → hotline, or orphan (design.md, "Assignment").</summary>
public static class RoutingRules
{
    /// <summary>Decides from the hosting facts; only <see cref="HostingFacts.Country"/> counts, so a CDN edge routes nothing.</summary>
    public static RouteDecision Route(HostingFacts? hosting, IMembership membership) => Route(hosting?.Country, membership);

    /// <summary>Decides from a hosting country, or null for unknown.</summary>
    public static RouteDecision Route(Country? hosting, IMembership membership)
    {
        if (hosting is not { Code.Length: > 0 } country)
        {
            return RouteDecision.UnknownHosting.Instance;
        }

        var hotlines = membership.HotlinesOf(country);
        return hotlines.Length switch
        {
            0 => new RouteDecision.Orphan(country),
            1 => new RouteDecision.Assigned(country, hotlines[0]),
            _ => new RouteDecision.Assigned(country, null),
        };
    }
}
