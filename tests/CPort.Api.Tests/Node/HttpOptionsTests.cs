using System.Net;
using System.Security.Cryptography;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.Extensions.Configuration;

namespace CPort.Api.Tests.Node;

/// <summary>Off loopback a node speaks HTTPS or says why it does not start.</summary>
public sealed class HttpOptionsTests
{
    [Theory]
    [InlineData("Http:Url", "http://0.0.0.0:5080", null, "CPORT__Http__Url")]
    [InlineData("Http:Url", "http://node.example:5080", null, "CPORT__Http__Url")]
    [InlineData("Http:Http2Url", "http://192.0.2.1:5081", null, "CPORT__Http__Http2Url")]
    [InlineData("Telemetry:Url", "http://[2001:db8::1]:9464", null, "CPORT__Telemetry__Url")]
    [InlineData("Http:Url", "https://0.0.0.0:5080", null, "CPORT__Http__CertificatePath")]
    [InlineData("Http:Url", "http://0.0.0.0:5080", "AllowPlainHttp", null)]
    [InlineData("Http:Url", "https://0.0.0.0:5080", "MakeCertificate", null)]
    [InlineData("Http:Url", "http://localhost:5080", null, null)]
    [InlineData("Http:Url", "http://[::1]:5080", null, null)]
    public void Plain_HTTP_that_others_can_reach_is_a_choice_and_no_default(string key, string url, string? choice, string? named)
    {
        var options = new NodeOptions();
        new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { [key] = url, [$"Http:{choice ?? "CertificatePassword"}"] = choice is null ? "" : "true" }).Build().Bind(options);
        var problems = options.Validate().ToArray();
        Assert.Equal(named is null ? 0 : 1, problems.Length);
        Assert.All(problems, p => Assert.StartsWith(named + ":", p, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_without_a_certificate_makes_one_says_its_fingerprint_and_keeps_it()
    {
        await using var none = new PostgreSqlServer();
        var url = $"https://127.0.0.1:{NodeProcess.FreePort()}";
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, none),
            new Dictionary<string, string> { ["Http__Url"] = url, ["Http__MakeCertificate"] = "true" });
        var first = await FingerprintAsync(node);
        await node.StopAsync();
        Assert.Equal(first, await FingerprintAsync(node));
        var file = Path.Combine(node.Settings["Data"], "http.pem");
        Assert.True(File.Exists(file));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    private static async Task<string> FingerprintAsync(TestNode node)
    {
        await node.StartReadyAsync();
        var shown = "";
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => (shown = certificate!.GetCertHashString(HashAlgorithmName.SHA256)).Length > 0,
        };
        using var http = new HttpClient(handler) { BaseAddress = node.Url };
        using var answer = await http.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.Contains("Strict-Transport-Security"));
        Assert.Contains(shown, node.Log, StringComparison.Ordinal);
        return shown;
    }
}
