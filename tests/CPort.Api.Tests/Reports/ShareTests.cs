using System.Globalization;
using CPort.Actors.Intake;
using CPort.Api.Reading;
using CPort.Api.Security;
using CPort.Domain.Identity;

namespace CPort.Api.Tests.Reports;

/// <summary>What agencies have of a node's places, bytes and requests: some alone cannot keep another one out.</summary>
public sealed class ShareTests
{
    [Fact]
    public void Agencies_that_take_all_streams_they_get_leave_places_for_others()
    {
        var streams = new OpenStreams(new IntakeLimits { ConcurrentStreams = 32, StreamsPerAgency = 16 });
        Assert.Equal([16, 8, 1, 1, 1, 1, 1, 1, 1, 1, 0], Enumerable.Range(0, 11).Select(i => Fill(streams, Agency(i))));
    }

    [Fact]
    public void A_share_falls_as_agencies_come_and_rises_as_they_go()
    {
        var streams = new OpenStreams(new IntakeLimits { ConcurrentStreams = 24, StreamsPerAgency = 24 });
        var first = new Stack<IDisposable>(Enumerable.Range(0, 12).Select(_ => streams.Enter(StreamKind.Reports, Agency(0))));
        Assert.Equal(0, Fill(streams, Agency(0)));
        var others = Enumerable.Range(1, 2).Select(i => streams.Enter(StreamKind.Reports, Agency(i))).ToArray();

        // Of three, each has a quarter: what it has beyond that it keeps, and what ends it does not get back.
        first.Pop().Dispose();
        Assert.Equal("too-many-streams", Refused(() => streams.Enter(StreamKind.Reports, Agency(0))).Code);
        Assert.All(others, o => o.Dispose());
        Assert.Equal(1, Fill(streams, Agency(0)));

        // Imports have places of their own.
        streams.Enter(StreamKind.HashLists, Agency(0)).Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Few_places_are_all_of_use(int places)
    {
        var streams = new OpenStreams(new IntakeLimits { ConcurrentStreams = places });
        Assert.All(Enumerable.Range(0, places), i => streams.Enter(StreamKind.Reports, Agency(i)));
        Assert.NotNull(Refused(() => streams.Enter(StreamKind.Reports, Agency(places))).RetryAfter);
    }

    [Fact]
    public void Bodies_under_way_are_bounded_for_an_agency_and_for_the_node_and_the_last_quarter_is_for_who_holds_little()
    {
        var bodies = new BodiesUnderWay(new IntakeLimits { BodyBytesUnderWay = 64_000, BodyBytesUnderWayPerAgency = 32_000 });
        using var first = bodies.Begin(Agency(0));
        using var more = bodies.Begin(Agency(0));
        first.Grow(30_000);
        Told(429, "too-much-under-way", () => more.Grow(2_001));
        more.Grow(2_000);

        using var second = bodies.Begin(Agency(1));
        second.Grow(16_000);
        Told(429, "too-much-under-way", () => second.Grow(16_001));
        var little = Enumerable.Range(2, 4).Select(i => bodies.Begin(Agency(i))).ToArray();
        Assert.All(little, l => l.Grow(4_000));
        using var last = bodies.Begin(Agency(9));
        Told(503, "unavailable", () => last.Grow(1));

        // What was refused holds nothing, and what has ended gives all back.
        little[0].Dispose();
        last.Grow(4_000);
        first.Dispose();
        last.Grow(18_000);
    }

    [Fact]
    public void A_key_has_ten_seconds_of_requests_at_once_and_takes_none_of_another_s()
    {
        using var rates = new RequestRates(new IntakeLimits { RequestsPerSecond = 1 });

        // Some come again while this loop runs, one a second.
        Assert.InRange(Enumerable.Range(0, 1_000).Count(_ => rates.TryTake("a")), 10, 100);
        Assert.True(rates.TryTake("b"));
    }

    private static int Fill(OpenStreams streams, AgencyId agency)
    {
        var taken = 0;
        try
        {
            while (true)
            {
                streams.Enter(StreamKind.Reports, agency);
                taken++;
            }
        }
        catch (ApiProblemException)
        {
            return taken;
        }
    }

    private static void Told(int status, string code, Action take)
    {
        var problem = Refused(take);
        Assert.Equal((status, code, true), (problem.Status, problem.Code, problem.Retry));
        Assert.NotNull(problem.RetryAfter);
    }

    private static ApiProblem Refused(Action take) => Assert.Throws<ApiProblemException>(take).Problem;

    private static AgencyId Agency(int i) => AgencyId.Parse(string.Create(CultureInfo.InvariantCulture, $"agency-{i}"));
}
