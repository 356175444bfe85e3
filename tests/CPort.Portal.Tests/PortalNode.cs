using System.Net;
using System.Text.Json;
using CPort.Actors.Agencies;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Node.Commands;
using CPort.Node.Composition;
using CPort.Node.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CPort.Portal.Tests;

/// <summary>
/// A node in this process on embedded SQLite with the example agencies and a synthetic day, once for all tests of pages. Who looks is told by the cookie
/// <c>as</c>, an agency's id: the tests' own <see cref="IPortalSessions"/>.
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
        var options = new NodeOptions { Data = _folder, Http = { Url = Listens }, Cluster = { Port = 0 } };
        _app = NodeHost.Build(options, b =>
        {
            b.Logging.SetMinimumLevel(LogLevel.Error);
            if (StandsIn)
            {
                b.Services.RemoveAll<IPortalSessions>();
                b.Services.AddSingleton<IPortalSessions>(s => new Sessions(_folder, s.GetRequiredService<AgencyDirectoryFeed>(), TimeProvider.System));
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

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A browser without redirects, of that agency's person; null: of nobody.</summary>
    public HttpClient ClientOf(string? agency)
    {
        var cookies = new CookieContainer();
        if (agency is not null)
        {
            cookies.Add(Url, new Cookie("as", agency));
        }

        return new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies, UseProxy = false }) { BaseAddress = Url };
    }

    /// <summary>The API with a key of that agency.</summary>
    public HttpClient ApiOf(string agency)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Url };
        client.DefaultRequestHeaders.Add("X-Api-Key", Keys(_folder)[agency]);
        client.DefaultRequestHeaders.Add("X-Purpose", "NL-2026-0144");
        return client;
    }

    private static Dictionary<string, string> Keys(string folder) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(folder, DemoCommand.KeysFile)))!;

    private sealed class Sessions(string folder, AgencyDirectoryFeed directory, TimeProvider time) : IPortalSessions
    {
        private readonly Lazy<Dictionary<string, string>> _keys = new(() => Keys(folder));

        public ValueTask<PortalSession?> OfAsync(HttpContext http) => ValueTask.FromResult(
            http.Request.Cookies["as"] is { } agency && _keys.Value.TryGetValue(agency, out var key)
            && directory.Authenticate(key, time.GetUtcNow(), "NL-2026-0144") is Authentication.Accepted accepted
                ? Settings(new PortalSession { Caller = accepted.Caller, PersonName = "A. Example", AgencyName = $"Example {agency}" }, http) : null);
    }
}

[CollectionDefinition(nameof(PortalNode))]
public sealed class PortalNodeCollection : ICollectionFixture<PortalNode>;

/// <summary>The same with people who sign in themselves, at an address that passkeys know as a domain.</summary>
public sealed class SignedInNode : PortalNode
{
    private readonly int _port = FreePort();

    protected override int Reports => 60;

    protected override bool StandsIn => false;

    protected override string Listens => $"http://localhost:{_port}";

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
