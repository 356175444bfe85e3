using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CPort.Actors.Agencies;
using CPort.Node;
using CPort.Node.Client;
using CPort.Node.Commands;
using CPort.Node.Commands.Pbm;
using CPort.Node.Hosting;
using CPort.Node.Operator;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CPort.Api.Tests.Operator;

/// <summary>The operator endpoint's listener and the client's way to it, without a cluster.</summary>
public sealed class OperatorHostTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cport-operator-");

    public void Dispose() => TestFolders.Remove(_folder.FullName);

    [Fact]
    public async Task Over_TLS_the_client_wants_the_right_authority_and_the_node_the_right_certificate()
    {
        var (authority, node, person, stranger) = Certificates();
        using var host = Host(new NodeOptions
        {
            Http = { CertificatePath = node }, Operator = { Port = 0, Tls = true, ClientCaPath = authority },
        });
        await host.StartAsync(default);
        Assert.StartsWith("https://127.0.0.1:", host.Url, StringComparison.Ordinal);
        var target = PbmTarget.Parse(host.Url!)!;

        // The node knows no keys yet and says so: the way to it is open.
        var answered = await Assert.ThrowsAsync<CPortApiException>(() => AskAsync(target.Connect("cport_key", authority, person)));
        Assert.Equal(((int?)ExitCodes.Failed, true),
            (CommandException.CodeOf(answered), answered.Message.Contains("the node is starting", StringComparison.Ordinal)));

        foreach (var wrong in new[] { target.Connect("cport_key", authority), target.Connect("cport_key", authority, stranger),
            target.Connect("cport_key", null, person) })
        {
            Assert.Equal(ExitCodes.NoConnection, CommandException.CodeOf(await Assert.ThrowsAsync<CPortUnreachableException>(() => AskAsync(wrong))));
        }

        await host.StopAsync(default);
    }

    [Fact]
    public async Task A_port_that_is_taken_leaves_the_node_without_an_endpoint_and_alive()
    {
        using var first = Host(new NodeOptions { Operator = { Port = 0 } });
        await first.StartAsync(default);
        using var second = Host(new NodeOptions { Operator = { Port = new Uri(first.Url!).Port } });
        await second.StartAsync(default);
        Assert.Null(second.Url);
        await second.StopAsync(default);
        await first.StopAsync(default);
    }

    [Theory]
    [InlineData("0.0.0.0", null, false)]
    [InlineData("*", null, false)]
    [InlineData("0.0.0.0", false, true)]
    [InlineData("127.0.0.1", null, true)]
    [InlineData("::1", null, true)]
    [InlineData("127.0.0.1", true, false)]
    [InlineData("node.example", null, false)]
    public void Plain_HTTP_is_for_loopback_or_has_to_be_allowed(string host, bool? tls, bool good) =>
        Assert.Equal(good, !new NodeOptions { Operator = { Host = host, Tls = tls } }.Validate().Any());

    [Fact]
    public void The_settings_come_from_the_environment()
    {
        var options = NodeConfiguration.From(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["Operator:Host"] = "192.0.2.1", ["Operator:Port"] = "9210", ["Operator:Tls"] = "false" }).Build());
        Assert.Equal(("192.0.2.1", 9210, (bool?)false), (options.Operator.Host, options.Operator.Port, options.Operator.Tls));
    }

    [Theory]
    [InlineData("127.0.0.1:9110", "http://127.0.0.1:9110/")]
    [InlineData("localhost", "http://localhost:9110/")]
    [InlineData("node.example:9111", "https://node.example:9111/")]
    [InlineData("node.example", "https://node.example:9110/")]
    [InlineData("http://node.example", "http://node.example:9110/")]
    [InlineData("https://127.0.0.1:443", "https://127.0.0.1/")]
    [InlineData("[::1]:9110", "http://[::1]:9110/")]
    [InlineData("clster", null)]
    [InlineData("node.example/path", null)]
    public void A_key_travels_in_the_clear_to_loopback_only_unless_the_address_says_so(string text, string? url) =>
        Assert.Equal(url, PbmTarget.Parse(text)?.Url.ToString());

    [Theory]
    [InlineData("cl", "uster")]
    [InlineData("cluster d", "own")]
    [InlineData("cluster-sharding r", "egion-stats ")]
    [InlineData("log ", "")]
    [InlineData("nothing", "")]
    public void Tab_completes_as_far_as_the_words_agree(string typed, string added) =>
        Assert.Equal(added, PbmPrompt.Rest(typed, PbmPrompt.Complete(PbmCommand.Create(), typed)));

    [Fact]
    public async Task The_log_remembers_its_last_lines_and_followers_get_what_comes()
    {
        using var ring = new LogRing(TimeProvider.System);
        var log = ring.CreateLogger("Example");
        for (var n = 0; n < LogRing.Lines + 10; n++)
        {
            log.LogInformation("line {N}", n);
        }

        Assert.Equal(LogRing.Lines, ring.Last(10_000).Length);
        Assert.Equal(["line 2008", "line 2009"], ring.Last(2).Select(l => l.Text));
        await using var follower = ring.FollowAsync(1, default).GetAsyncEnumerator();
        Assert.True(await follower.MoveNextAsync());
        Assert.Equal("line 2009", follower.Current.Text);
        log.LogWarning("later");
        Assert.True(await follower.MoveNextAsync());
        Assert.Equal(("later", LogLevel.Warning), (follower.Current.Text, follower.Current.Level));
    }

    private static async Task AskAsync(CPortClient client)
    {
        using (client)
        {
            await client.GetAsync("cluster/members", default);
        }
    }

    private static OperatorHost Host(NodeOptions options) => new(
        options, new NodeState(), new AgencyDirectoryFeed("none", seal: null), new ServiceCollection().AddSingleton(new LogRing(TimeProvider.System))
            .BuildServiceProvider(), TimeProvider.System,
        NullLoggerFactory.Instance);

    /// <summary>PEM files: an authority, what it gave the node and a person, and a stranger's own.</summary>
    private (string Authority, string Node, string Person, string Stranger) Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=example authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authority = request.CreateSelfSigned(from, to);
        return (Write("authority", authority.ExportCertificatePem()), Issue("node", authority), Issue("person", authority), Issue("stranger", null));

        string Issue(string name, X509Certificate2? issuer)
        {
            using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var wanted = new CertificateRequest($"CN={name}", own, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(System.Net.IPAddress.Loopback);
            wanted.CertificateExtensions.Add(names.Build());
            using var made = issuer is null ? wanted.CreateSelfSigned(from, to) : wanted.Create(issuer, from, to, RandomNumberGenerator.GetBytes(8));
            return Write(name, made.ExportCertificatePem() + "\n" + own.ExportPkcs8PrivateKeyPem());
        }
    }

    private string Write(string name, string pem)
    {
        var file = Path.Combine(_folder.FullName, name + ".pem");
        File.WriteAllText(file, pem);
        return file;
    }
}
