using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Api.Agencies;
using CPort.Api.Tests.Cluster;
using CPort.Api.Tests.Survival;
using CPort.Node.Client;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Iccam;

/// <summary>kill -9 of a real node between the steps of an export.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class IccamKilledNodeTests(PostgreSqlServer server)
{
    [Fact]
    public async Task A_report_sent_to_a_node_that_dies_is_one_report_and_the_token_and_the_number_outlive_the_node()
    {
        var authority = TestAuthority.New("ICCAM test authority");
        var database = await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server);
        var (own, ca) = (Path.Combine(database.Folder, "own.pem"), Path.Combine(database.Folder, "ca.pem"));
        using (var certificate = authority.Issue())
        using (var key = certificate.GetECDsaPrivateKey()!)
        {
            await File.WriteAllTextAsync(own, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        await File.WriteAllTextAsync(ca, authority.Pem);
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{NodeProcess.FreePort()}"));
        await using var node = new TestNode(database, new Dictionary<string, string>
        {
            ["Iccam__Urls"] = url.OriginalString, ["Iccam__CertificatePath"] = own, ["Iccam__ClientCaPath"] = ca, ["Operator__Hands"] = "2",
        });
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.All.Where(a => a.Id.Value == "hotline-nl"));
        await SetAccessAsync(node);

        using var shown = authority.Issue("scart.example");
        X509Certificate2Collection trusted = [];
        trusted.ImportFromPem(authority.Pem);
        var client = new IccamClient(url, trusted, shown);
        _ = (await client.SignInAsync("nl-system", "een goed wachtwoord")).Ok;

        // Whether it was durable when the node died is not known to the client, and does not matter to it.
        var report = new IccamReport("I0000000501", new IccamReport.Url("https://killed.example/1.jpg"), new IccamReport.Url("https://killed.example/2.jpg", "DE"));
        await client.SendAndCutAsync("POST", "rest/reports", PhpJson.Of(report.Body));
        await node.Kill9Async();
        await node.StartReadyAsync();
        var number = await client.ReportAsync((report with { Minute = "202603020931" }).Body);

        // Told, and the node dies before the client reads it.
        await node.Kill9Async();
        await node.StartReadyAsync();
        var contents = await client.ContentsAsync(number);
        Assert.Equal(["https://killed.example/1.jpg", "https://killed.example/2.jpg"], contents.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("NL", (await client.ContentAsync(contents["https://killed.example/1.jpg"])).GetProperty("assignedCountryCode").GetString());
        Assert.Equal(number, await client.ReportAsync((report with { Minute = "202603020932" }).Body));
        Assert.Single(await JournalView.ReportsAsync(database.Database));

        // An action whose node dies is asked for again by what the client reads first: it is there, or it is not.
        var content = contents["https://killed.example/1.jpg"];
        await client.SendAndCutAsync("POST", $"rest/Content/{content}/actions", PhpJson.Of(IccamReport.Action(1)));
        await node.Kill9Async();
        await node.StartReadyAsync();
        if ((await client.ContentAsync(content)).GetProperty("actions").GetArrayLength() == 0)
        {
            _ = (await client.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(1))).Ok;
        }

        Assert.Equal(1, Assert.Single((await client.ContentAsync(content)).GetProperty("actions").EnumerateArray()).GetProperty("actionType").GetInt32());
    }

    private static async Task SetAccessAsync(TestNode node)
    {
        using var first = new CPortClient(node.Url, await node.OperatorKeyAsync());
        using var second = new CPortClient(node.Url, (await File.ReadAllTextAsync(Path.Combine(node.Settings["Data"], "operator-2.key"))).Trim());
        var key = (await first.GetAsync<AgencyAnswer>("v1/agencies/hotline-nl")).Keys[0].KeyId;
        var set = (await first.SendAsync(HttpMethod.Put, "v1/agencies/hotline-nl/iccam", new IccamAccessBody
        {
            UserName = "nl-system", Password = "een goed wachtwoord", KeyId = key, AnalystName = "Analyst",
        })).Deserialize<AgencyAnswer>(CPort.Api.Answers.ApiJson.Options)!;
        await second.PostAsync(string.Create(CultureInfo.InvariantCulture, $"v1/agencies/hotline-nl/iccam/{set.IccamWaiting!.Number}:approve"), null);
    }
}
