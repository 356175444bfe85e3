using System.Collections.Immutable;
using CPort.Actors.Agencies;
using CPort.Actors.CodeLists;

namespace CPort.Actors.Routing;

/// <summary>Who serves which country today. Answered from the agencies' directory; a snapshot, so that one decision sees one state.</summary>
public interface IMembership
{
    /// <summary>The hotlines that serve a country today, in the order of their ids; empty for a country without a member.</summary>
    ImmutableArray<AgencyId> HotlinesOf(Country country);

    /// <summary>The countries that have at least one hotline today.</summary>
    ImmutableHashSet<Country> MemberCountries { get; }

    /// <summary>The hotlines that may take orphans (domain.md 1.3).</summary>
    ImmutableArray<AgencyId> MandatedHotlines { get; }

    /// <summary>The police agencies of a country: where an orphan goes that nobody takes; empty means INTERPOL.</summary>
    ImmutableArray<AgencyId> PoliceOf(Country country);
}

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
    /// Hosted where no hotline is. An orphan has a hosting country and no assigned one until a mandated hotline takes it, so that the two are never
    /// the same (ICCAM rule 5).
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

    /// <summary>
    /// The assigned country when <paramref name="taker"/> takes an orphan: the first of its countries that is not where the item is hosted. Null when it
    /// holds no mandate, or works for no other country.
    /// </summary>
    public static Country? TakeOrphan(Country hosting, AgencyId taker, IEnumerable<Country> takersCountries, IMembership membership)
    {
        if (!membership.MandatedHotlines.Contains(taker))
        {
            return null;
        }

        foreach (var country in takersCountries.Order())
        {
            if (country != hosting)
            {
                return country;
            }
        }

        return null;
    }

    /// <summary>To whom an orphan falls that nobody took in time: the police of the hosting country; empty means INTERPOL.</summary>
    public static ImmutableArray<AgencyId> OrphanFallback(Country hosting, IMembership membership) => membership.PoliceOf(hosting);
}
