using System.Net;
using System.Text.Json;
using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Sessions;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Node.Commands;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Options;
using CPort.Node.Sample;
using CPort.Portal.SignIn;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CPort.Portal.Tests;

/// <summary>
/// A node in this process on embedded SQLite with the example agencies and a synthetic day, once for all tests of pages. Who looks is told by the cookie
/// <c>as</c>, an agency's id or an example person's sign-in name, who has shown a proof unless <c>proof</c> is <c>none</c>: the tests' own
/// <see cref="IPortalSessions"/>.
/// </summary>
public class PortalNode : IAsyncLifetime
{
    /// <summary>Of the synthetic day.</summary>
    protected virtual int Reports => 250;

    /// <summary>People of the tests stand in for people who sign in.</summary>
    protected virtual bool StandsIn => true;

    /// <summary>Where the node listens.</summary>
    protected virtual string Listens => "http://127.0.0.1:0";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"cport-portal-{Guid.NewGuid():N}");
    private WebApplication? _app;

    /// <summary>What a test's own node is told.</summary>
    protected virtual void Set(NodeOptions options)
    {
    }

    /// <summary>What a test's own node has instead.</summary>
    protected virtual void Add(IServiceCollection services)
    {
    }

    /// <summary>The node's data folder.</summary>
    public string Folder => _folder;

    public Uri Url { get; private set; } = null!;

    public IServiceProvider Services => _app!.Services;

    /// <summary>How the person of the tests wants pages, beside who it is.</summary>
    private static PortalSession Settings(PortalSession session, HttpContext http) => session with
    {
        Language = http.Request.Cookies["language"], Theme = Enum.TryParse<Theme>(http.Request.Cookies["theme"], out var theme) ? theme : Theme.System,
        Keys = http.Request.Cookies["keys"] != "off",
    };

    public async Task InitializeAsync()
    {
        // A witness that never answers.
        var witness = new Cosigner("witness.example/w1", new byte[NoteSigner.SeedLength]).Verifier;
        var options = new NodeOptions
        {
            Data = _folder, Http = { Url = Listens }, Cluster = { Port = 0 }, Portal = { Breaks = ["hotline-ca=60/3"] },
            Audit = { Witnesses = [$"{witness} http://127.0.0.1:9"], WitnessEverySeconds = 5 },
        };
        Set(options);
        _app = NodeHost.Build(options, b =>
        {
            b.Logging.SetMinimumLevel(LogLevel.Error);
            Add(b.Services);
            if (StandsIn)
            {
                b.Services.RemoveAll<IPortalSessions>();
                b.Services.AddSingleton<IPortalSessions>(s => new Sessions(_folder, s, TimeProvider.System));
            }
        });
        await _app.StartAsync();
        await _app.WaitUntilRunningAsync(TimeSpan.FromMinutes(2));
        Url = new Uri(_app.Urls.First());
        await DemoCommand.RunAsync(_app, options, Reports, 20260104, default);
    }

    public async Task DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        TestFolders.Remove(_folder);
    }

    /// <summary>A browser without redirects, of that agency's person; null: of nobody.</summary>
    public HttpClient ClientOf(string? agency, bool proved = true)
    {
        var cookies = new CookieContainer();
        if (!proved)
        {
            cookies.Add(Url, new Cookie("proof", "none"));
        }

        if (agency is not null)
        {
            cookies.Add(Url, new Cookie("as", agency));
        }

        return With(cookies);
    }

    /// <summary>A browser without redirects that has these cookies.</summary>
    public HttpClient With(CookieContainer cookies) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies, UseProxy = false }) { BaseAddress = Url };

    /// <summary>The API with a key of that agency.</summary>
    public HttpClient ApiOf(string agency)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Url };
        client.DefaultRequestHeaders.Add("X-Api-Key", agency == "operator"
            ? File.ReadAllText(Path.Combine(_folder, OperatorBootstrap.FileName)).Trim() : Keys(_folder)[agency]);
        client.DefaultRequestHeaders.Add("X-Purpose", "NL-2026-0144");
        return client;
    }

    /// <summary>Makes one more person, who has come in.</summary>
    public Task JoinAsync(SamplePerson person) =>
        SamplePeople.RegisterAsync(Services.GetRequiredService<IPeopleGateway>(), Services.GetRequiredService<TimeProvider>(), [person], default);

    /// <summary>What an operator may ask.</summary>
    public HttpClient ApiOfOperator()
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Url };
        client.DefaultRequestHeaders.Add("X-Api-Key", File.ReadAllText(Path.Combine(_folder, "operator.key")).Trim());
        return client;
    }

    private static Dictionary<string, string> Keys(string folder) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(folder, DemoCommand.KeysFile)))!;

    private sealed class Sessions(string folder, IServiceProvider services, TimeProvider time) : IPortalSessions
    {
        private readonly Lazy<Dictionary<string, string>> _keys = new(() => Keys(folder));

        private AgencyDirectory Agencies => services.GetRequiredService<AgencyDirectoryFeed>().Current;

        public ValueTask<PortalSession?> OfAsync(HttpContext http) => ValueTask.FromResult(
            http.Request.Cookies["as"] is not { } who ? null
            : SignInName.TryParse(who, out var name, out var of) ? OfPerson(http, name, of)
            : (who == "operator" ? File.ReadAllText(Path.Combine(folder, "operator.key")).Trim() : _keys.Value.GetValueOrDefault(who)) is { } key
                && Agencies.Authenticate(key, time.GetUtcNow(), "NL-2026-0144") is Authentication.Accepted accepted
                ? Settings(new PortalSession { Caller = accepted.Caller, PersonName = "A. Example", AgencyName = $"Example {who}" }, http) : null);

        private PortalSession? OfPerson(HttpContext http, string name, AgencyId agency)
        {
            var now = time.GetUtcNow();
            if (services.GetRequiredService<PeopleDirectoryFeed>().Current.FindByName(
                    PersonMarks.OfName(services.GetRequiredService<ConfidentialSeam>(), agency, name)) is not { } person)
            {
                return null;
            }

            var ticket = new SessionTicket
            {
                Person = person.Id, Generation = person.Generation, Roles = person.Roles, Purpose = "NL-2026-0144", PurposeAt = now, CreatedAt = now,
                ExpiresAt = now + TimeSpan.FromHours(1), ProvedAt = http.Request.Cookies["proof"] == "none" ? null : now,
            };
            var session = new Session(new string('0', 64), now, ticket);
            if (PeopleAccess.CallerOf(person, session.Rights, Agencies, now) is not { Caller: { } caller, Standing: var standing })
            {
                return null;
            }

            http.Features.Set(new SignedIn(session, person, standing));
            return Settings(new PortalSession { Caller = caller, Standing = standing, PersonName = name, AgencyName = $"Example {agency}" }, http);
        }
    }
}

[CollectionDefinition(nameof(PortalNode))]
public sealed class PortalNodeCollection : ICollectionFixture<PortalNode>;

/// <summary>The same with people who sign in themselves, at an address that passkeys know as a domain.</summary>
public class SignedInNode : PortalNode
{
    private readonly int _port = FreePort();

    protected override int Reports => 60;

    protected override bool StandsIn => false;

    protected override string Listens => $"http://localhost:{_port}";

    /// <summary>Signs in as the example person of that first name; gives where that leads.</summary>
    public static async Task<Uri> SignInAsync(HttpClient client, string name, string? returns = null)
    {
        var page = PageTests.Parse(await client.GetStringAsync(new Uri(returns ?? "signin", UriKind.Relative)));
        var form = (AngleSharp.Html.Dom.IHtmlFormElement)page.QuerySelectorAll("form[action='/signin/as']")
            .Single(f => f.TextContent.Contains($" {name} ", StringComparison.Ordinal));
        return await PageTests.FollowAsync(client, form);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
