using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Cluster;
using CPort.Api.Tests.EndToEnd;
using CPort.Node.Hosting;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Iccam;

/// <summary>
/// A node with the façade, over TLS with an authority of its own, and five hotlines' systems: of the Netherlands with a clock in Amsterdam and a password of
/// digits, of Britain that writes UK, of Germany, and two of Austria, of which one is known by its certificate alone. One for all tests.
/// </summary>
public sealed class IccamNode : IAsyncLifetime
{
    /// <summary>Which PHP sends as a number.</summary>
    public const string PasswordOfNl = "000420042420042";

    private readonly string _folder = Directory.CreateTempSubdirectory("cport-iccam-").FullName;
    /// <summary>The hotline whose queue no other test fills: the client beside ICCAM empties it.</summary>
    internal const string Pt = "hotline-pt";

    internal const string PasswordOfPt = "uma boa senha";

    private readonly TestAuthority _authority = TestAuthority.New("ICCAM test authority");
    private readonly X509Certificate2Collection _trusted = [];

    internal EndToEndNode Node { get; private set; } = null!;

    internal Uri Url { get; private set; } = null!;

    /// <summary>The certificate of a hotline's system, of the listener's authority.</summary>
    public X509Certificate2 Certificate { get; private set; } = null!;

    /// <summary>The one by which Austria's first system is known.</summary>
    public X509Certificate2 CertificateOfAt { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Certificate = _authority.Issue("scart.example");
        CertificateOfAt = _authority.Issue("at1.example");
        _trusted.ImportFromPem(_authority.Pem);
        var (own, ca) = (Path.Combine(_folder, "own.pem"), Path.Combine(_folder, "ca.pem"));
        using (var server = _authority.Issue())
        using (var key = server.GetECDsaPrivateKey()!)
        {
            await File.WriteAllTextAsync(own, server.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        await File.WriteAllTextAsync(ca, _authority.Pem);
        Node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!, o =>
        {
            o.Iccam.Urls = ["https://127.0.0.1:0"];
            (o.Iccam.CertificatePath, o.Iccam.ClientCaPath, o.Iccam.PatienceSeconds) = (own, ca, 60);
        });
        Url = new Uri(Node.Services.GetRequiredService<IccamHost>().Url!);
        await Node.RegisterAsync("hotline-at1", "Hotline", "Standard", "Machine", "AT");
        await Node.RegisterAsync("hotline-at2", "Hotline", "Standard", "Machine", "AT");
        await SetAsync("hotline-nl", "42", PasswordOfNl, b => b["timeZone"] = "Europe/Amsterdam");
        await SetAsync("hotline-gb", "uk-system", "a good password", b => b["countrySpelling"] = "UK");
        await SetAsync("hotline-de", "de-system", "ein gutes Kennwort");
        await SetAsync("hotline-at1", "at-1", null, b => b["certificate"] = CertificateOfAt.GetCertHashString(HashAlgorithmName.SHA256));
        await SetAsync("hotline-at2", "at-2", "ein anderes Kennwort");
        await Node.RegisterAsync(Pt, "Hotline", "Standard", "Machine", "PT");
        await SetAsync(Pt, "pt-system", PasswordOfPt);
    }

    public async Task DisposeAsync()
    {
        await Node.DisposeAsync();
        TestFolders.Remove(_folder);
    }

    /// <summary>Sets how a hotline's system comes in; a second operator agrees, as to a further key.</summary>
    internal async Task SetAsync(string agency, string user, string? password, Action<JsonObject>? change = null)
    {
        var key = (await Node.GetAsync("operator", $"v1/agencies/{agency}")).Is(HttpStatusCode.OK).Json.GetProperty("keys")[0].GetProperty("keyId").GetString();
        var body = new JsonObject { ["userName"] = user, ["keyId"] = key, ["analystName"] = $"Analyst of {agency}" };
        if (password is not null)
        {
            body["password"] = password;
        }

        change?.Invoke(body);
        var set = (await Node.SendAsync("operator", HttpMethod.Put, $"v1/agencies/{agency}/iccam", body.ToJsonString())).Is(HttpStatusCode.OK).Json;
        var number = set.GetProperty("iccamWaiting").GetProperty("number").GetInt64();
        (await Node.PostAsync("operator-2", $"v1/agencies/{agency}/iccam/{number}:approve", null)).Is(HttpStatusCode.OK);
    }

    /// <summary>A client with a certificate of the listener's authority, not signed in.</summary>
    internal IccamClient Stranger(X509Certificate2? certificate) => new(Url, _trusted, certificate);

    /// <summary>How .NET's own client connects, with the hotline system's certificate.</summary>
    internal SocketsHttpHandler Handler() => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", ClientCertificates = [Certificate],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { _trusted[0] },
            },
        },
    };

    internal async Task<IccamClient> SignedInAsync(string user, string password, X509Certificate2? certificate = null)
    {
        var client = Stranger(certificate ?? Certificate);
        _ = (await client.SignInAsync(user, password)).Ok;
        return client;
    }

    internal Task<IccamClient> NlAsync() => SignedInAsync("42", PasswordOfNl);

    internal Task<IccamClient> UkAsync() => SignedInAsync("uk-system", "a good password");

    internal Task<IccamClient> DeAsync() => SignedInAsync("de-system", "ein gutes Kennwort");

    internal Task<IccamClient> PtAsync() => SignedInAsync("pt-system", PasswordOfPt);

    internal Task<IccamClient> At1Async() => SignedInAsync("at-1", "whatever", CertificateOfAt);

    internal Task<IccamClient> At2Async() => SignedInAsync("at-2", "ein anderes Kennwort");
}

[CollectionDefinition(Name)]
public sealed class IccamCollection : ICollectionFixture<IccamNode>
{
    public const string Name = "ICCAM façade";
}
