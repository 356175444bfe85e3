using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>People of an agency with an identity provider sign in there: a real one, over HTTP.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ProviderSignInTests
{
    [Fact]
    public async Task Whom_the_provider_names_is_somebody_registered_and_linked_or_nobody()
    {
        await using var provider = await IdentityProvider.StartAsync(NodeProcess.FreePort());
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new[]
        {
            new { agency = "oidc-lv", issuer = provider.Issuer.AbsoluteUri, clientId = IdentityProvider.ClientId,
                clientSecret = IdentityProvider.ClientSecret },
        }));
        await using var server = await PostgreSqlServer.StartNewAsync(fsync: false);
        await using var node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, server, o => o.Portal.ProvidersFile = file);
        await node.RegisterAsync("oidc-lv", "Hotline", "Standard", "Administrator", "LV");
        await node.RegisterAsync("oidc-ee", "Hotline", "Standard", "Administrator", "EE");
        var here = await InvitedAsync(node, "oidc-lv");
        var elsewhere = await InvitedAsync(node, "oidc-ee");
        async Task LinkAsync(string agency, string person, string subject) => (await node.PostAsync(agency, $"v1/people/{person}:link", new JsonObject
        {
            ["issuer"] = provider.Issuer.AbsoluteUri, ["subject"] = subject,
        })).Is(HttpStatusCode.OK);

        // A stranger: registered nowhere, and not made by coming.
        provider.Subject = "stranger";
        Assert.Equal("/signin?wrong=1", await ThroughAsync(node, "oidc-lv"));
        Assert.Equal(1, (await node.GetAsync("oidc-lv", "v1/people")).Json.GetProperty("people").GetArrayLength());

        // Linked, but has not taken the invitation up; then, by another way, has.
        await LinkAsync("oidc-lv", here.Person, "u-1");
        provider.Subject = "u-1";
        Assert.Equal("/signin?wrong=1", await ThroughAsync(node, "oidc-lv"));
        using var device = new SoftAuthenticator();
        using (var enrolling = new SignInBrowser(node.Url))
        {
            await enrolling.EnrolAsync(here.Link, device);
        }

        Assert.Equal("/app", await ThroughAsync(node, "oidc-lv"));
        Assert.True(provider.ProofsSeen >= 3);

        // Somebody of another agency does not come in by this one's provider.
        await LinkAsync("oidc-ee", elsewhere.Person, "u-2");
        using var other = new SoftAuthenticator();
        using (var enrolling = new SignInBrowser(node.Url))
        {
            await enrolling.EnrolAsync(elsewhere.Link, other);
        }

        provider.Subject = "u-2";
        Assert.Equal("/signin?wrong=1", await ThroughAsync(node, "oidc-lv"));

        // Stopped, the provider's word is worth nothing.
        (await node.PostAsync("oidc-lv", $"v1/people/{here.Person}:stop", null)).Is(HttpStatusCode.OK);
        provider.Subject = "u-1";
        Assert.Equal("/signin?wrong=1", await ThroughAsync(node, "oidc-lv"));
        File.Delete(file);
    }

    /// <summary>There and back; where it ends. One that ends on the first page sees it.</summary>
    private static async Task<string> ThroughAsync(EndToEndNode node, string agency)
    {
        using var browser = new SignInBrowser(node.Url);
        var there = (await browser.GetAsync($"/signin/oidc/{agency}?return=/app")).Location!;
        Assert.Contains("/connect/authorize", there, StringComparison.Ordinal);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var answer = await http.GetAsync(new Uri(there));
        var back = answer.Headers.Location;
        Assert.True(back is not null, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        var end = await browser.GetAsync(back!.PathAndQuery);
        Assert.True(end.Location is not null, $"{end.Status} {end.Text}");
        Assert.Equal(end.Location == "/app" ? HttpStatusCode.OK : HttpStatusCode.SeeOther, (await browser.GetAsync("/app")).Status);
        return end.Location!;
    }

    private static async Task<(string Person, string Link)> InvitedAsync(EndToEndNode node, string agency)
    {
        var made = (await node.PostAsync(agency, "v1/people", new JsonObject
        {
            ["signInName"] = "anna", ["name"] = "Anna Example", ["roles"] = new JsonArray("Analyst"),
        })).Is(HttpStatusCode.Created).Json;
        return (made.GetProperty("person").GetProperty("id").GetString()!, made.GetProperty("link").GetString()!);
    }
}
