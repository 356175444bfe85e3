using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CPort.Api.Tests.Cluster;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Operator;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Node;

/// <summary>Who knows only the authority can check a node's certificate, though another authority stands between them.</summary>
public sealed class CertificateChainTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cport-chain-");
    private readonly TestAuthority _root = TestAuthority.New("root");
    private readonly TestAuthority _between;

    public CertificateChainTests() => _between = _root.Below("between");

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        TestFolders.Remove(_folder.FullName);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task API_and_operator_port_send_the_chain_of_PEM_and_of_PFX(bool pem)
    {
        var options = new NodeOptions
        {
            Data = Path.Combine(_folder.FullName, "data"), Http = { Url = "https://127.0.0.1:0" }, Operator = { Port = 0, Tls = true },
        };
        using var own = _between.Issue();
        (options.Http.CertificatePath, options.Http.CertificateKeyPath) = pem ? (Pem(own), Key(own)) : (Pfx(own), null);
        await using var app = NodeHost.Build(options);
        await app.StartAsync();
        await AssertTrustedAsync(new Uri(app.Urls.First()));
        await AssertTrustedAsync(new Uri(app.Services.GetRequiredService<OperatorHost>().Url!));
        await app.StopAsync();
    }

    [Fact]
    public void Nodes_know_what_stands_between_by_their_own_file_and_refuse_what_is_out_of_date_or_of_another_authority()
    {
        using var own = _between.Issue();
        var setup = ClusterTls.Setup(Cluster(own));
        Assert.True(Takes(_between.Issue()));
        Assert.True(Takes(_root.Issue()));
        Assert.False(Takes(_between.Issue(until: DateTimeOffset.UtcNow.AddDays(-1))));
        Assert.False(Takes(TestAuthority.New("root").Issue()));
        Assert.False(Takes(TestAuthority.New("root").Below("between").Issue()));

        // A called node must have the name it is called by; one that calls has none to be checked.
        Assert.False(Takes(_between.Issue("other.example"), SslPolicyErrors.RemoteCertificateNameMismatch));

        // A node's own that is out of date: said at the start.
        var error = Assert.Throws<NodeConfigurationException>(() => ClusterTls.Setup(Cluster(_between.Issue(until: DateTimeOffset.UtcNow.AddDays(-1)))));
        Assert.Contains("not valid now", Assert.Single(error.Problems), StringComparison.Ordinal);

        bool Takes(X509Certificate2 peer, SslPolicyErrors errors = SslPolicyErrors.None) =>
            setup.CustomValidator!(peer, null, "192.0.2.1", errors, Akka.Event.NoLogger.Instance);
    }

    private ClusterOptions Cluster(X509Certificate2 own)
    {
        var authority = Path.Combine(_folder.FullName, "ca.crt");
        File.WriteAllText(authority, _root.Pem);
        return new ClusterOptions { Tls = { CertificatePath = Pem(own), KeyPath = Key(own), CaPath = authority } };
    }

    private string Pem(X509Certificate2 own) => Written("fullchain.pem", $"{own.ExportCertificatePem()}\n{_between.Pem}\n");

    private string Key(X509Certificate2 own)
    {
        using var key = own.GetECDsaPrivateKey()!;
        return Written("node.key", key.ExportPkcs8PrivateKeyPem());
    }

    private string Pfx(X509Certificate2 own)
    {
        var path = Path.Combine(_folder.FullName, "node.pfx");
        var all = new X509Certificate2Collection { X509Certificate2.CreateFromPem(_between.Pem), own };
        File.WriteAllBytes(path, all.Export(X509ContentType.Pfx)!);
        return path;
    }

    private string Written(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private async Task AssertTrustedAsync(Uri url)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(url.DnsSafeHost, url.Port);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { X509Certificate2.CreateFromPem(_root.Pem) }, DisableCertificateDownloads = true,
            },
        });
        Assert.True(tls.IsAuthenticated);
    }
}
