using System.Net;
using CPort.Domain.CodeLists;
using CPort.Domain.Routing;

namespace CPort.Actors.Routing;

/// <summary>What a trace question is about.</summary>
public enum TraceSubject
{
    /// <summary>The site by its name: <see cref="TraceQuestion.Host"/>.</summary>
    Host = 1,

    /// <summary>An address the site answers at: <see cref="TraceQuestion.Address"/>.</summary>
    Address = 2,

    /// <summary>The address of the server behind a CDN: <see cref="TraceQuestion.Address"/>.</summary>
    Origin = 3,
}

/// <summary>One question to one provider. Text of it shows nothing of the host.</summary>
public sealed record TraceQuestion
{
    public required TraceSubject Subject { get; init; }

    /// <summary>Normal form; null when the URL's host is an IP address.</summary>
    public string? Host { get; init; }

    /// <summary>For <see cref="TraceSubject.Host"/> an address that is known already, or null.</summary>
    public IPAddress? Address { get; init; }

    public override string ToString() => $"TraceQuestion({Subject})";
}

/// <summary>A provider's answer: a closed set.</summary>
public abstract record TraceAnswer
{
    private TraceAnswer()
    {
    }

    /// <summary>Asked and answered: nothing is known. Asking again is no use.</summary>
    public sealed record NotKnown : TraceAnswer
    {
        public static readonly NotKnown Instance = new();
    }

    /// <summary>Could not answer now (network, quota): worth asking again. <paramref name="Why"/> is a fixed word or code and never holds a host.</summary>
    public sealed record Unavailable(string Why) : TraceAnswer;

    /// <summary>What the provider knows about the question's subject; null means it does not know.</summary>
    public sealed record Found : TraceAnswer
    {
        public required HostingSource Source { get; init; }

        /// <summary>0 to 100, of <see cref="Country"/>.</summary>
        public int Confidence { get; init; }

        /// <summary>Addresses of the host, in the order of preference (only for <see cref="TraceSubject.Host"/>).</summary>
        public ImmutableArray<IPAddress> Addresses { get; init; } = [];
        public Country? Country { get; init; }
        public string? Isp { get; init; }
        public uint? AutonomousSystemNumber { get; init; }
        public string? OrganizationName { get; init; }

        /// <summary>False says "certainly none", null "does not know".</summary>
        public bool? IsContentDeliveryNetwork { get; init; }
        public Country? OriginCountry { get; init; }
        public IPAddress? OriginAddress { get; init; }
        public string? OriginOrganization { get; init; }

        public override string ToString() => $"Found({Source})";
    }
}

/// <summary>Knows something about where hosts and addresses are. Thread-safe. Failures may be thrown; the chain notes and skips them.</summary>
public interface ITraceProvider
{
    /// <summary>For notes and metrics, for example <c>static-table</c>.</summary>
    string Name { get; }

    ValueTask<TraceAnswer> TraceAsync(TraceQuestion question, CancellationToken cancellationToken);
}

/// <summary>Why a provider added nothing to a trace.</summary>
public enum TraceTrouble
{
    TimedOut = 1,
    Failed = 2,
    Unavailable = 3,
}

/// <summary>A provider that was skipped. <paramref name="Detail"/> is an exception's type name or a fixed word: never data.</summary>
public sealed record TraceNote(string Provider, TraceTrouble Trouble, string? Detail);

/// <summary>What a trace found out.</summary>
public sealed record TraceResult(HostingFacts Facts, ImmutableArray<TraceNote> Notes)
{
    /// <summary>The hosting country is known.</summary>
    public bool IsKnown => Facts.Country is not null;

    /// <summary>The country is unknown and a provider was in trouble: trace again later. False with an unknown country means that nobody knows it.</summary>
    public bool ShouldRetry => !IsKnown && !Notes.IsEmpty;
}

/// <summary>Limits and policy of tracing.</summary>
public sealed record TraceOptions
{
    /// <summary>How long one provider may take for one question. After a time-out it is not asked again in the same trace.</summary>
    public TimeSpan ProviderTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time-outs in a row after which a provider rests, so that a dead resolver does not cost every item <see cref="ProviderTimeout"/>.</summary>
    public int TimeoutsBeforeRest { get; init; } = 3;

    /// <summary>How long a provider rests; meanwhile it counts as unavailable.</summary>
    public TimeSpan ProviderRest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Take the country of a CDN edge for the hosting country when no origin is known. Off: it is usually wrong.</summary>
    public bool TrustCdnCountry { get; init; }

    /// <summary>Believe the country a hotline reports also when it says that the host is a CDN: its analyst has looked.</summary>
    public bool TrustReportedCountryBehindCdn { get; init; } = true;

    /// <summary>How far a reported country is believed, 0 to 100.</summary>
    public int ReportedConfidence { get; init; } = HostingFacts.ReportedConfidence;

    /// <summary>Addresses of one host that are looked up; more are ignored.</summary>
    public int MaxAddresses { get; init; } = 4;

    /// <summary>
    /// Autonomous systems that belong to content delivery networks or shielding proxies alone, so that any address in them is an edge. Networks that also rent
    /// out servers (cloud companies) do not belong here.
    /// </summary>
    public ImmutableHashSet<uint> CdnNetworks { get; init; } =
        [13335 /* Cloudflare */, 54113 /* Fastly */, 20940 /* Akamai */, 16625 /* Akamai */, 19551 /* Imperva */, 30148 /* Sucuri */, 57724 /* DDoS-Guard */];
}

/// <summary>
/// Asks the providers in order, each about the host, then about its addresses, then about a CDN's origin, and puts the answers together: the first to know a
/// fact is believed. The country of a CDN edge never becomes the hosting country (but for <see cref="TraceOptions.TrustCdnCountry"/>); a host whose addresses
/// are in different countries has no known one. Thread-safe; between traces it remembers only which providers rest.
/// </summary>
public sealed class TraceChain(IEnumerable<ITraceProvider> providers, TraceOptions options, TimeProvider time)
{
    private readonly ImmutableArray<Asked> _providers = [.. providers.Select(p => new Asked(p))];

    /// <summary>
    /// Traces one URL. <paramref name="reported"/> is what the report said: a country in it stands and nobody is asked; an address in it is looked up. Throws
    /// only <see cref="OperationCanceledException"/>, when <paramref name="cancellationToken"/> is cancelled.
    /// </summary>
    public async ValueTask<TraceResult> TraceAsync(WebAddress address, HostingFacts? reported, CancellationToken cancellationToken)
    {
        if (reported?.Country is not null && (!reported.IsContentDeliveryNetwork || options.TrustReportedCountryBehindCdn))
        {
            return new TraceResult(reported with
            {
                Confidence = reported.Confidence == 0 ? options.ReportedConfidence : reported.Confidence,
                TracedAt = time.GetUtcNow(),
            }, []);
        }

        var run = new Run(this, address.IpLiteral is null ? address.Host : null, cancellationToken);
        ImmutableArray<IPAddress> addresses = address.IpLiteral is { } literal ? [IpText.Plain(literal)]
            : IpText.TryParse(reported?.IpAddress, out var known) ? [known] : [];

        var aboutHost = run.Host is null ? [] : await run.AskAsync(TraceSubject.Host, addresses.FirstOrDefault());
        if (addresses.IsEmpty)
        {
            addresses = [.. aboutHost.SelectMany(f => f.Addresses).Select(IpText.Plain).Distinct().Take(options.MaxAddresses)];
        }

        var aboutAddresses = ImmutableArray.CreateBuilder<ImmutableArray<TraceAnswer.Found>>();
        foreach (var ip in addresses)
        {
            aboutAddresses.Add(await run.AskAsync(TraceSubject.Address, ip));
        }

        var all = aboutHost.AddRange(aboutAddresses.SelectMany(a => a));
        var originAddress = all.Select(f => f.OriginAddress).FirstOrDefault(a => a is not null)
            ?? (IpText.TryParse(reported?.OriginIpAddress, out var reportedOrigin) ? reportedOrigin : null);
        var aboutOrigin = originAddress is null ? [] : await run.AskAsync(TraceSubject.Origin, IpText.Plain(originAddress));

        var facts = Merge(reported, addresses, aboutHost, aboutAddresses.ToImmutable(), originAddress, aboutOrigin);
        return new TraceResult(facts, [.. run.Notes]);
    }

    private HostingFacts Merge(
        HostingFacts? reported, ImmutableArray<IPAddress> addresses, ImmutableArray<TraceAnswer.Found> aboutHost,
        ImmutableArray<ImmutableArray<TraceAnswer.Found>> aboutAddresses, IPAddress? originAddress, ImmutableArray<TraceAnswer.Found> aboutOrigin)
    {
        var all = aboutHost.AddRange(aboutAddresses.SelectMany(a => a));

        // What was said about the site by name goes before what is known of its addresses; one address at a CDN makes the site a CDN's customer.
        var isCdn = reported?.IsContentDeliveryNetwork == true
            || (First(aboutHost, f => f.IsContentDeliveryNetwork)
                ?? (IsCdn(aboutHost, reported?.AutonomousSystemNumber) || aboutAddresses.Any(a => IsCdn(a, null))));

        var site = CountryOf(aboutHost);
        if (site.Country is null)
        {
            // Addresses nobody knows do not count against those that are known; addresses that contradict each other do.
            var known = aboutAddresses.Select(CountryOf).Where(c => c.Country is not null).ToArray();
            if (known.Length > 0 && known.All(c => c.Country == known[0].Country))
            {
                site = known.MinBy(c => c.Confidence);
                if (aboutHost.Any(f => f.Source == HostingSource.Dns && !f.Addresses.IsEmpty))
                {
                    site = site with { Source = HostingSource.Dns };
                }
            }
        }

        // A reported country comes this far only when it is a CDN's and not believed: it is where the edge stands.
        if (reported?.Country is not null)
        {
            site = new Claim(reported.Country, options.ReportedConfidence, reported.Source);
        }

        Claim origin = default;
        if (reported?.OriginCountry is not null)
        {
            origin = new Claim(reported.OriginCountry, options.ReportedConfidence, reported.Source);
        }
        else if (all.FirstOrDefault(f => f.OriginCountry is not null) is { } teller)
        {
            origin = new Claim(teller.OriginCountry, teller.Confidence, teller.Source);
        }
        else if (!IsCdn(aboutOrigin, null)) // one CDN behind another is no origin
        {
            origin = CountryOf(aboutOrigin);
            if (origin.Country is not null && all.FirstOrDefault(f => f.OriginAddress is not null) is { } guide)
            {
                origin = origin with { Source = guide.Source };
            }
        }

        // An origin that is known says where the content is, whether or not anybody recognised the CDN in front of it.
        isCdn |= origin.Country is not null || originAddress is not null;
        var claim = !isCdn ? site : origin.Country is not null ? origin : options.TrustCdnCountry ? site : default;

        return new HostingFacts
        {
            Country = claim.Country,
            Confidence = Math.Clamp(claim.Confidence, 0, 100),
            Source = claim.Country is not null ? claim.Source
                : reported is not null ? reported.Source
                : all.IsEmpty ? HostingSource.NotFound : all[0].Source,
            TracedAt = time.GetUtcNow(),
            IpAddress = addresses.IsEmpty ? reported?.IpAddress : IpText.Of(addresses[0]),
            Isp = reported?.Isp ?? all.Select(f => f.Isp).FirstOrDefault(t => t is not null),
            AutonomousSystemNumber = reported?.AutonomousSystemNumber ?? First(all, f => f.AutonomousSystemNumber),
            OrganizationName = reported?.OrganizationName ?? all.Select(f => f.OrganizationName).FirstOrDefault(t => t is not null),
            IsContentDeliveryNetwork = isCdn,
            EdgeCountry = isCdn ? site.Country : null,
            OriginCountry = origin.Country,
            OriginIpAddress = originAddress is null ? reported?.OriginIpAddress : IpText.Of(originAddress),
            OriginOrganization = reported?.OriginOrganization ?? all.Select(f => f.OriginOrganization).FirstOrDefault(t => t is not null)
                ?? aboutOrigin.Select(f => f.OrganizationName).FirstOrDefault(t => t is not null),
        };
    }

    private bool IsCdn(ImmutableArray<TraceAnswer.Found> answers, uint? reportedNetwork) => First(answers, f => f.IsContentDeliveryNetwork)
        ?? ((reportedNetwork ?? First(answers, f => f.AutonomousSystemNumber)) is { } network && options.CdnNetworks.Contains(network));

    private static Claim CountryOf(ImmutableArray<TraceAnswer.Found> answers) =>
        answers.FirstOrDefault(f => f.Country is not null) is { } teller ? new Claim(teller.Country, teller.Confidence, teller.Source) : default;

    private static T? First<T>(ImmutableArray<TraceAnswer.Found> answers, Func<TraceAnswer.Found, T?> fact)
        where T : struct => answers.Select(fact).FirstOrDefault(v => v is not null);

    /// <summary>A country, who says so and how sure; without a country nothing is claimed.</summary>
    private readonly record struct Claim(Country? Country, int Confidence, HostingSource Source);

    /// <summary>A provider and its recent time-outs. Racing traces may miscount by a few: that only shifts a rest.</summary>
    private sealed class Asked(ITraceProvider provider)
    {
        private int _timeouts;
        private long _restUntil;

        public ITraceProvider Provider { get; } = provider;

        public bool Rests(DateTimeOffset now) => now.UtcTicks < Interlocked.Read(ref _restUntil);

        public void Answered() => Volatile.Write(ref _timeouts, 0);

        public void TimedOut(DateTimeOffset now, TraceOptions options)
        {
            if (Interlocked.Increment(ref _timeouts) >= options.TimeoutsBeforeRest)
            {
                Interlocked.Exchange(ref _restUntil, (now + options.ProviderRest).UtcTicks);
            }
        }
    }

    /// <summary>One trace: who was asked and who is skipped.</summary>
    private sealed class Run(TraceChain chain, string? host, CancellationToken cancellationToken)
    {
        private readonly HashSet<string> _skipped = new(StringComparer.Ordinal);

        public string? Host { get; } = host;

        public List<TraceNote> Notes { get; } = [];

        public async ValueTask<ImmutableArray<TraceAnswer.Found>> AskAsync(TraceSubject subject, IPAddress? address)
        {
            var question = new TraceQuestion { Subject = subject, Host = Host, Address = address };
            var found = ImmutableArray.CreateBuilder<TraceAnswer.Found>();
            foreach (var provider in chain._providers)
            {
                if (!_skipped.Contains(provider.Provider.Name) && await AskAsync(provider, question) is TraceAnswer.Found answer)
                {
                    found.Add(answer);
                }
            }

            return found.ToImmutable();
        }

        private async ValueTask<TraceAnswer?> AskAsync(Asked asked, TraceQuestion question)
        {
            var provider = asked.Provider;
            if (asked.Rests(chain.Time.GetUtcNow()))
            {
                return Skip(provider, TraceTrouble.Unavailable, "Resting");
            }

            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                var asking = provider.TraceAsync(question, patience.Token);
                if (!asking.IsCompletedSuccessfully)
                {
                    var answer = await asking.AsTask().WaitAsync(chain.Options.ProviderTimeout, chain.Time, cancellationToken);
                    asked.Answered();
                    return Heed(provider, answer);
                }

                asked.Answered();
                return Heed(provider, await asking);
            }
            catch (TimeoutException)
            {
                await patience.CancelAsync(); // the provider may stop; what it still does is not waited for
                asked.TimedOut(chain.Time.GetUtcNow(), chain.Options);
                return Skip(provider, TraceTrouble.TimedOut, null);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                return Skip(provider, TraceTrouble.Failed, e.GetType().Name);
            }
        }

        private TraceAnswer? Heed(ITraceProvider provider, TraceAnswer answer) =>
            answer is TraceAnswer.Unavailable unavailable ? Skip(provider, TraceTrouble.Unavailable, unavailable.Why) : answer;

        private TraceAnswer? Skip(ITraceProvider provider, TraceTrouble trouble, string? detail)
        {
            _skipped.Add(provider.Name);
            Notes.Add(new TraceNote(provider.Name, trouble, detail));
            return null;
        }
    }

    private TraceOptions Options => options;

    private TimeProvider Time => time;
}
