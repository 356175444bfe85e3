using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CPort.Api.Tests.Survival;
using CPort.Node;
using CPort.Node.Options;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Cluster;

/// <summary>
/// Nodes speak TLS with each other, and only those with a certificate of the cluster's authority are let in. Certificates by <c>docker/dev-ca.sh</c>.
/// </summary>
[Collection(SurvivalCollection.Name)]
public sealed class TlsTests(PostgreSqlServer server) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-tls-").FullName;

    public void Dispose() => TestFolders.Remove(_folder);

    [SkippableFact]
    public async Task Nodes_with_certificates_form_a_cluster_and_one_of_another_authority_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "dev-ca.sh needs a shell and openssl.");
        await MakeAsync("good", "node=127.0.0.1,localhost", "elsewhere=192.0.2.1");
        await MakeAsync("bad", "node=127.0.0.1");
        await using var cluster = await NodeCluster.CreateAsync(server, 3, (i, settings) =>
        {
            Use(settings, i < 2 ? "good" : "bad", "node");
            settings["Cluster__HeartbeatPauseSeconds"] = "10";
            settings["Cluster__JoinSeconds"] = i < 2 ? "60" : "12";
            if (i == 0)
            {
                // The API over TLS too, with the same kind of certificate.
                settings["Http__CertificatePath"] = Path.Combine(_folder, "good", "node.crt");
                settings["Http__CertificateKeyPath"] = Path.Combine(_folder, "good", "node.key");
            }
        });
        var (a, b, stranger) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        a.Start();
        b.Start();
        await cluster.WaitAllAsync(a, b);

        stranger.Start();
        Assert.Equal(ExitCodes.NotJoined, await stranger.EndedAsync(TestNode.Patience));
        await cluster.WaitMembersAsync(2, a, b);
        Assert.Contains("its certificate is not of this cluster's authority", stranger.Log + a.Log + b.Log, StringComparison.Ordinal);

        // Of the right authority, for another name: it says so itself, before it costs others anything.
        Use(stranger.Settings, "good", "elsewhere");
        stranger.Start();
        Assert.Equal(ExitCodes.Usage, await stranger.EndedAsync(TestNode.Patience));
        Assert.Contains("the certificate is for another name than CPORT__Cluster__Host (127.0.0.1)", stranger.Log, StringComparison.Ordinal);

        // Without TLS: not even an answer.
        foreach (var key in stranger.Settings.Keys.Where(k => k.Contains("Tls", StringComparison.Ordinal)).ToArray())
        {
            stranger.Settings.Remove(key);
        }

        stranger.Start();
        Assert.Equal(ExitCodes.NotJoined, await stranger.EndedAsync(TestNode.Patience));
        Assert.Contains("one side speaks TLS and the other does not", stranger.Log, StringComparison.Ordinal);
        await cluster.WaitMembersAsync(2, a, b);

        // Any program: without a certificate, with one of another authority, one that is out of date, and one of the right authority for another name. TLS lets
        // the last one in, because who calls has no name to be checked; it has not the nodes' key, and is not heard either.
        var port = int.Parse(a.Settings["Cluster__Port"], CultureInfo.InvariantCulture);
        var authority = TestAuthority.In(Path.Combine(_folder, "good"));
        await TryAsync(port, null);
        await TryAsync(port, TestAuthority.In(Path.Combine(_folder, "bad")).Issue());
        await TryAsync(port, authority.Issue(until: DateTimeOffset.UtcNow.AddDays(-1)));
        Assert.DoesNotContain("cport_cluster_frames_refused_total{", await a.MetricsAsync(), StringComparison.Ordinal);
        await TryAsync(port, authority.Issue("other.example"));

        // Figures are kept for a moment between two looks.
        await a.UntilAsync(async () => (await a.MetricsAsync()).Contains("cport_cluster_frames_refused_total{", StringComparison.Ordinal),
            TestNode.Patience, "the refused frame was not counted");
        Assert.Contains("is refused and the connection closed: it is none of a node's", a.Log, StringComparison.Ordinal);
        await cluster.WaitMembersAsync(2, a, b);
    }

    /// <summary>Speaks TLS with the port and sends what is no frame of a node's; ends when the other side ended the connection.</summary>
    private static async Task TryAsync(int port, X509Certificate2? certificate)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1", ClientCertificates = certificate is null ? [] : [certificate],
            });

            // A frame: its length, and 80 bytes that nobody sealed. In TLS 1.3 the refusal of a certificate comes with the first read.
            await tls.WriteAsync((byte[])[80, 0, 0, 0, .. new byte[80]]);
            Assert.Equal(0, await tls.ReadAsync(new byte[1]));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Ended in the midst.
        }
    }

    [Fact]
    public void Plain_TCP_is_refused_on_addresses_that_others_reach_unless_allowed()
    {
        IEnumerable<string> Problems(Action<ClusterOptions> change)
        {
            var options = new NodeOptions();
            change(options.Cluster);
            return options.Validate();
        }

        Assert.Empty(Problems(_ => { }));
        Assert.Contains("speak TLS", Assert.Single(Problems(c => c.Host = "192.0.2.1")), StringComparison.Ordinal);
        Assert.Contains("speak TLS", Assert.Single(Problems(c => c.BindHost = "0.0.0.0")), StringComparison.Ordinal);
        Assert.Contains("speak TLS", Assert.Single(Problems(c => c.Host = "cport-0.example")), StringComparison.Ordinal);
        Assert.Empty(Problems(c => (c.Host, c.AllowPlainTcp) = ("192.0.2.1", true)));
        Assert.Contains("CaPath", Assert.Single(Problems(c => (c.Host, c.Tls.CertificatePath) = ("192.0.2.1", typeof(TlsTests).Assembly.Location))),
            StringComparison.Ordinal);
    }

    private void Use(IDictionary<string, string> settings, string authority, string node)
    {
        settings["Cluster__Tls__CertificatePath"] = Path.Combine(_folder, authority, $"{node}.crt");
        settings["Cluster__Tls__KeyPath"] = Path.Combine(_folder, authority, $"{node}.key");
        settings["Cluster__Tls__CaPath"] = Path.Combine(_folder, authority, "ca.crt");
    }

    private async Task MakeAsync(string authority, params string[] nodes)
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Script(), Path.Combine(_folder, authority), .. nodes])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }

    private static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "docker", "dev-ca.sh")))
            {
                return Path.Combine(folder.FullName, "docker", "dev-ca.sh");
            }
        }

        throw new InvalidOperationException("docker/dev-ca.sh is not above the tests' folder.");
    }
}
