using System.Net;
using CPort.Actors.Routing;
using CPort.Actors.Tests.Reports;
using CPort.Actors.Serialization;
using CPort.Domain.CodeLists;
using CPort.Domain.Routing;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Routing;

public sealed class TraceChainTests
{
    private static readonly Country NL = Country.Parse("NL");
    private static readonly Country DE = Country.Parse("DE");
    private static readonly Country US = Country.Parse("US");
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    private static readonly IPAddress Edge = IPAddress.Parse("198.51.100.7");
    private static readonly IPAddress Server = IPAddress.Parse("192.0.2.10");

    private static readonly StaticTableProvider Table = StaticTableProvider.Parse(new StringReader("""
        # network or domain, country, AS, organisation, CDN
        192.0.2.0/24 , NL , AS64496 , "Example Host, BV" , no
        192.0.2.128/25, DE, 64497, Example Süd, no
        198.51.100.0/24, US, 64498, Example Edge, yes
        2001:db8::/32, NL
        own.example, DE, , Own Host, no
        """), "table");

    [Fact]
    public async Task An_address_in_the_table_gives_country_network_and_organisation()
    {
        var result = await Trace("http://192.0.2.10/x", null, Table);
        Assert.True(result.IsKnown);
        Assert.Equal(
            new HostingFacts
            {
                Country = NL, IpAddress = "192.0.2.10", AutonomousSystemNumber = 64496, OrganizationName = "Example Host, BV",
                Source = HostingSource.StaticTable, Confidence = 85, TracedAt = Now,
            },
            result.Facts);
        Assert.Equal(DE, (await Trace("http://192.0.2.200/x", null, Table)).Facts.Country);
        Assert.Equal(NL, (await Trace("http://[2001:db8::5]/x", null, Table)).Facts.Country);
        Assert.Equal(NL, (await Trace("http://[::ffff:192.0.2.1]/x", null, Table)).Facts.Country);
    }

    [Fact]
    public async Task A_host_that_nobody_knows_stays_unknown_and_is_not_asked_about_again()
    {
        var result = await Trace("http://nowhere.example/x", null, Table);
        Assert.False(result.IsKnown);
        Assert.False(result.ShouldRetry);
        Assert.Equal(new HostingFacts { Source = HostingSource.NotFound, TracedAt = Now }, result.Facts);
    }

    [Fact]
    public async Task A_name_resolved_by_one_provider_is_located_by_another_also_when_that_one_comes_first()
    {
        var result = await Trace("http://host.example/x", null, Table, Resolving(Server));
        Assert.Equal(NL, result.Facts.Country);
        Assert.Equal("192.0.2.10", result.Facts.IpAddress);
        Assert.Equal(HostingSource.Dns, result.Facts.Source);
    }

    [Fact]
    public async Task Addresses_in_different_countries_are_no_known_country()
    {
        var torn = await Trace("http://host.example/x", null, Table, Resolving(Server, IPAddress.Parse("192.0.2.200")));
        Assert.Null(torn.Facts.Country);
        Assert.Equal(0, torn.Facts.Confidence);
        var halfKnown = await Trace("http://host.example/x", null, Table, Resolving(IPAddress.Parse("203.0.113.1"), Server));
        Assert.Equal(NL, halfKnown.Facts.Country);
    }

    [Fact]
    public async Task An_edges_country_is_never_the_hosting_country()
    {
        // the geography database comes first and knows nothing of CDNs
        var geo = new Scripted("geo", q => q.Subject == TraceSubject.Address
            ? new TraceAnswer.Found { Source = HostingSource.MaxMind, Country = US, Confidence = 75 } : TraceAnswer.NotKnown.Instance);
        var result = await Trace("http://host.example/x", null, geo, Table, Resolving(Edge));
        Assert.Null(result.Facts.Country);
        Assert.True(result.Facts.IsContentDeliveryNetwork);
        Assert.Equal(US, result.Facts.EdgeCountry);
        Assert.False(result.ShouldRetry);

        var trusting = await Trace("http://host.example/x", null, new TraceOptions { TrustCdnCountry = true }, geo, Table, Resolving(Edge));
        Assert.Equal(US, trusting.Facts.Country);
    }

    [Fact]
    public async Task A_network_of_a_known_cdn_is_an_edge_without_being_told()
    {
        var geo = new Scripted("geo", q => q.Subject == TraceSubject.Address
            ? new TraceAnswer.Found { Source = HostingSource.MaxMind, Country = US, AutonomousSystemNumber = 13335 } : TraceAnswer.NotKnown.Instance);
        var result = await Trace("http://203.0.113.9/", null, geo);
        Assert.True(result.Facts.IsContentDeliveryNetwork);
        Assert.Null(result.Facts.Country);
    }

    [Fact]
    public async Task The_origin_behind_an_edge_is_located_and_noted_apart()
    {
        var cdn = new Scripted("cdn", q => q.Subject == TraceSubject.Host
            ? new TraceAnswer.Found { Source = HostingSource.CdnLookup, OriginAddress = Server } : TraceAnswer.NotKnown.Instance);
        var result = await Trace("http://host.example/x", null, Table, Resolving(Edge), cdn);
        Assert.Equal(NL, result.Facts.Country);
        Assert.Equal(NL, result.Facts.OriginCountry);
        Assert.Equal("192.0.2.10", result.Facts.OriginIpAddress);
        Assert.Equal((HostingSource.CdnLookup, 85), (result.Facts.Source, result.Facts.Confidence));
        Assert.Equal("Example Host, BV", result.Facts.OriginOrganization);
        Assert.Equal("198.51.100.7", result.Facts.IpAddress);
        Assert.Equal("Example Edge", result.Facts.OrganizationName);
        Assert.Equal(US, result.Facts.EdgeCountry);
        Assert.True(result.Facts.IsContentDeliveryNetwork);
    }

    [Fact]
    public async Task What_the_operator_says_of_a_site_goes_before_its_address() =>
        Assert.Equal(DE, (await Trace("http://www.own.example/", null, Table, Resolving(Edge))).Facts.Country);

    [Fact]
    public async Task A_reported_country_stands_and_nobody_is_asked()
    {
        var asked = new Scripted("asked", _ => throw new InvalidOperationException());
        var result = await Trace("http://host.example/", new HostingFacts
            { Source = HostingSource.Reported, TracedAt = Now, Country = DE, IpAddress = "192.0.2.10" }, asked);
        Assert.Empty(result.Notes);
        Assert.Equal((DE, HostingSource.Reported, 70), (result.Facts.Country, result.Facts.Source, result.Facts.Confidence));

        var behindCdn = new HostingFacts { Source = HostingSource.Reported, TracedAt = Now, Country = US, IpAddress = "198.51.100.7",
            IsContentDeliveryNetwork = true };
        Assert.Equal(US, (await Trace("http://host.example/", behindCdn, Table)).Facts.Country);
        var doubted = await Trace("http://host.example/", behindCdn, new TraceOptions { TrustReportedCountryBehindCdn = false }, Table);
        Assert.Null(doubted.Facts.Country);
        Assert.Equal(US, doubted.Facts.EdgeCountry);
    }

    [Fact]
    public async Task A_reported_address_without_a_country_is_looked_up()
    {
        var result = await Trace("http://host.example/", new HostingFacts
            { Source = HostingSource.Reported, TracedAt = Now, IpAddress = "192.0.2.10", Isp = "Said Isp" }, Table);
        Assert.Equal(NL, result.Facts.Country);
        Assert.Equal("Said Isp", result.Facts.Isp);
        Assert.Equal(HostingSource.StaticTable, result.Facts.Source);
    }

    [Fact]
    public async Task Trouble_of_one_provider_is_noted_and_the_others_still_answer()
    {
        var failing = new Scripted("failing", _ => throw new InvalidOperationException("host.example"));
        var down = new Scripted("down", _ => new TraceAnswer.Unavailable("TryAgain"));
        var good = await Trace("http://192.0.2.10/", null, failing, down, Table);
        Assert.Equal(NL, good.Facts.Country);
        Assert.False(good.ShouldRetry);
        Assert.Equal(
            [new TraceNote("failing", TraceTrouble.Failed, "InvalidOperationException"), new TraceNote("down", TraceTrouble.Unavailable, "TryAgain")],
            good.Notes.AsEnumerable());

        var unknown = await Trace("http://host.example/", null, down, Table);
        Assert.True(unknown.ShouldRetry);
    }

    [Fact]
    public async Task A_slow_provider_is_given_up_after_its_time_and_cancelled()
    {
        var cancelled = new TaskCompletionSource();
        var slow = new Scripted("slow", async (_, token) =>
        {
            token.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, token);
            return TraceAnswer.NotKnown.Instance;
        });
        var chain = new TraceChain([slow, Table], new TraceOptions { ProviderTimeout = TimeSpan.FromMilliseconds(30) }, TimeProvider.System);
        Assert.True(WebAddress.TryParse("http://192.0.2.10/", out var address, out _));
        var result = await chain.TraceAsync(address, null, CancellationToken.None);
        Assert.Equal(NL, result.Facts.Country);
        Assert.Equal([new TraceNote("slow", TraceTrouble.TimedOut, null)], result.Notes.AsEnumerable());
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_provider_that_keeps_timing_out_rests_and_is_asked_again_afterwards()
    {
        var clock = new Clock();
        var asked = 0;
        var dead = true;
        var provider = new Scripted("dns", async (q, token) =>
        {
            if (q.Subject != TraceSubject.Host)
            {
                return TraceAnswer.NotKnown.Instance;
            }

            asked++;
            if (dead)
            {
                await Task.Delay(Timeout.Infinite, token);
            }

            return new TraceAnswer.Found { Source = HostingSource.Dns, Addresses = [Server] };
        });
        var options = new TraceOptions { ProviderTimeout = TimeSpan.FromMilliseconds(20), TimeoutsBeforeRest = 2 };
        var tracer = new HostingTracer(new TraceChain([Table, provider], options, clock), clock);
        for (var i = 0; i < 5; i++)
        {
            Assert.Null(await TraceAsync(tracer, $"http://host{i}.example/"));
        }

        Assert.Equal(2, asked);
        dead = false;
        clock.Passed = options.ProviderRest;
        Assert.Equal(NL, (await TraceAsync(tracer, "http://host.example/"))!.Country);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task What_was_learned_of_a_host_is_remembered_for_a_while()
    {
        var clock = new Clock();
        var asked = 0;
        var provider = new Scripted("dns", q =>
        {
            asked += q.Subject == TraceSubject.Host ? 1 : 0;
            return q.Subject == TraceSubject.Host ? new TraceAnswer.Found { Source = HostingSource.Dns, Addresses = [Server] } : TraceAnswer.NotKnown.Instance;
        });
        var tracer = new HostingTracer(new TraceChain([Table, provider], new TraceOptions(), clock), clock);
        Assert.Equal(NL, (await TraceAsync(tracer, "http://host.example/1"))!.Country);
        Assert.Equal(NL, (await TraceAsync(tracer, "http://HOST.example/2"))!.Country);
        Assert.Equal(1, asked);
        clock.Passed = tracer.RememberFor;
        Assert.Equal(NL, (await TraceAsync(tracer, "http://host.example/3"))!.Country);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task What_is_no_url_is_not_found_and_never_throws()
    {
        var tracer = new HostingTracer(new TraceChain([Table], new TraceOptions(), new Clock()), new Clock());
        Assert.Equal(HostingSource.NotFound, (await TraceAsync(tracer, "no url"))!.Source);
        Assert.Equal(HostingSource.NotFound, (await TraceAsync(tracer, "http://nowhere.example/"))!.Source);
    }

    [Fact]
    public async Task The_callers_cancellation_ends_the_trace()
    {
        using var gone = new CancellationTokenSource();
        var slow = new Scripted("slow", async (_, token) =>
        {
            await gone.CancelAsync();
            await Task.Delay(Timeout.Infinite, token);
            return TraceAnswer.NotKnown.Instance;
        });
        Assert.True(WebAddress.TryParse("http://host.example/", out var address, out _));
        var chain = new TraceChain([slow], new TraceOptions(), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await chain.TraceAsync(address, null, gone.Token));
    }

    [Theory]
    [InlineData("192.0.2.0", "2 to 5 fields")]
    [InlineData("192.0.2.0/33, NL", "prefix length")]
    [InlineData("192.0.2.1/24, NL", "bits set")]
    [InlineData("192.0.2/24, NL", "not an IP network")]
    [InlineData("192.0.2.0/24, XX", "country code")]
    [InlineData("192.0.2.0/24, NL, ASX", "AS number")]
    [InlineData("192.0.2.0/24, NL, 1, \"Org", "unclosed or misplaced quote")]
    [InlineData("192.0.2.0/24, NL, 1, Org, perhaps", "yes or no")]
    [InlineData("ho st.example, NL", "nor a domain")]
    [InlineData("first.example, NL", "twice")]
    public void A_fault_in_the_table_names_line_and_field(string line, string fault)
    {
        var refusal = Assert.Throws<FormatException>(() => StaticTableProvider.Parse(new StringReader("# head\nfirst.example, NL\n" + line), "t.csv"));
        Assert.Contains("t.csv, line 3", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(fault, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData(" 2001:DB8:0::1 ", "2001:db8::1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.01", null)]
    [InlineData("1", null)]
    [InlineData("3221225985", null)]
    [InlineData("fe80::1%1", null)]
    [InlineData("[2001:db8::1]", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Addresses_have_one_written_form(string? text, string? canonical) =>
        Assert.Equal(canonical, IpText.TryParse(text, out var address) ? IpText.Of(address) : null);

    [Fact]
    public void Facts_and_keys_survive_the_wire()
    {
        var facts = new HostingFacts
        {
            Country = NL, IpAddress = "192.0.2.1", Isp = "i", AutonomousSystemNumber = uint.MaxValue, OrganizationName = "o", IsContentDeliveryNetwork = true,
            OriginCountry = NL, OriginIpAddress = "192.0.2.2", OriginOrganization = "oo", Source = HostingSource.CdnLookup,
            Confidence = 50, TracedAt = Now, EdgeCountry = US,
        };
        Assert.Equal(facts, RoundTrip(facts));
        Assert.Equal(new HostingFacts { Source = HostingSource.NotFound, TracedAt = Now, AutonomousSystemNumber = 0 },
            RoundTrip(new HostingFacts { Source = HostingSource.NotFound, TracedAt = Now, AutonomousSystemNumber = 0 }));
        var keys = new UrlKeys { Url = [1, 2, 3, 4], Host = [2], Domain = [3], NormaliserVersion = 1, SuffixList = "" };
        Assert.Equal(keys, RoundTrip(keys));

        static T RoundTrip<T>(T value)
        {
            using var stream = new MemoryStream();
            WireModel.Instance.Serialize(stream, value);
            return WireModel.Instance.Deserialize<T>(stream.GetBuffer().AsMemory(0, (int)stream.Length));
        }
    }

    private static Scripted Resolving(params IPAddress[] addresses) => new("dns", q => q is { Subject: TraceSubject.Host, Address: null }
        ? new TraceAnswer.Found { Source = HostingSource.Dns, Addresses = [.. addresses] } : TraceAnswer.NotKnown.Instance);

    private static Task<TraceResult> Trace(string url, HostingFacts? reported, params ITraceProvider[] providers) =>
        Trace(url, reported, new TraceOptions(), providers);

    private static Task<HostingFacts?> TraceAsync(HostingTracer tracer, string url) => tracer.TraceAsync(
        WebAddress.TryParse(url, out var address, out _) ? new UrlKeyMaker(new HmacOnlySeam(), Suffixes.Shipped).Of(address) : null, () => url, null);

    private static async Task<TraceResult> Trace(string url, HostingFacts? reported, TraceOptions options, params ITraceProvider[] providers)
    {
        Assert.True(WebAddress.TryParse(url, out var address, out _));
        return await new TraceChain(providers, options, new Clock()).TraceAsync(address, reported, CancellationToken.None);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override DateTimeOffset GetUtcNow() => Now + Passed;
    }

    private sealed class Scripted(string name, Func<TraceQuestion, CancellationToken, Task<TraceAnswer>> answer) : ITraceProvider
    {
        public Scripted(string name, Func<TraceQuestion, TraceAnswer> answer)
            : this(name, (q, _) => Task.FromResult(answer(q)))
        {
        }

        public string Name => name;

        public async ValueTask<TraceAnswer> TraceAsync(TraceQuestion question, CancellationToken cancellationToken) =>
            await answer(question, cancellationToken);
    }
}
