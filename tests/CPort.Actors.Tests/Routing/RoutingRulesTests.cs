using System.Collections.Immutable;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Routing;

namespace CPort.Actors.Tests.Routing;

public sealed class RoutingRulesTests
{
    private static readonly Country NL = Country.Parse("NL");
    private static readonly Country US = Country.Parse("US");
    private static readonly Country VU = Country.Parse("VU");
    private static readonly AgencyId Dutch = AgencyId.Parse("hotline-nl");

    private readonly Members _members = new();

    [Fact]
    public void Unknown_hosting_is_routed_nowhere()
    {
        Assert.IsType<RouteDecision.UnknownHosting>(RoutingRules.Route((HostingFacts?)null, _members));
        Assert.IsType<RouteDecision.UnknownHosting>(RoutingRules.Route(default(Country), _members));
        Assert.IsType<RouteDecision.UnknownHosting>(
            RoutingRules.Route(new HostingFacts { Source = HostingSource.StaticTable, TracedAt = default, EdgeCountry = NL, IsContentDeliveryNetwork = true },
                _members));
    }

    [Fact]
    public void One_hotline_gets_the_item_and_several_leave_it_to_the_first_to_claim()
    {
        Assert.Equal(new RouteDecision.Assigned(NL, Dutch),
            RoutingRules.Route(new HostingFacts { Source = HostingSource.Reported, TracedAt = default, Country = NL }, _members));
        Assert.Equal(new RouteDecision.Assigned(US, null), RoutingRules.Route(US, _members));
    }

    [Fact]
    public void A_country_without_a_hotline_makes_an_orphan() => Assert.Equal(new RouteDecision.Orphan(VU), RoutingRules.Route(VU, _members));

    private sealed class Members : IMembership
    {
        public bool IsPoliceOrInterpol(AgencyId agency) => false;

        public AgencyId? Interpol => null;

        public ImmutableArray<AgencyId> HotlinesOf(Country country) => country == NL ? [Dutch]
            : country == US ? [AgencyId.Parse("hotline-us"), AgencyId.Parse("hotline-us-two")] : [];

        public ImmutableArray<Country> CountriesOf(AgencyId agency) => agency == Dutch ? [NL] : [];

        public bool HoldsOrphanMandate(AgencyId agency) => agency == Dutch;

        public AgencyId? PoliceOf(Country country) => null;

        public TrustLevel? TrustOf(AgencyId agency) => null;
    }
}
