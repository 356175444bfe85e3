using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Cluster;

/// <summary>Sessions in a cluster: made on one node good on the others, ended on one ended on all; one ring of protection keys, made once.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class SessionClusterTests(PostgreSqlServer server, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_session_made_on_one_node_is_good_on_the_other_and_a_stop_on_one_ends_it_on_both()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 2);
        await cluster.StartAsync();
        var (one, two) = (cluster.Nodes[0], cluster.Nodes[1]);
        await using (var connection = await cluster.Database.Database.OpenAsync())
        {
            await using var count = connection.Statement("SELECT COUNT(*) FROM cport_protection_keys");
            Assert.Equal(1L, Convert.ToInt64(await count.ExecuteScalarAsync()));
        }

        // Whichever node made it.
        var key = File.Exists(one.OperatorKeyFile) ? await one.OperatorKeyAsync() : await two.OperatorKeyAsync();
        await PostAsync(one, key, "v1/agencies", """{"id":"hotline-nl","name":"Example","kind":"Hotline","countries":["NL"]}""");
        var made = await PostAsync(one, key, "v1/people",
            """{"signInName":"anna","name":"Anna Example","agency":"hotline-nl","roles":["Administrator"]}""");
        var (person, link) = (made.GetProperty("person").GetProperty("id").GetString()!, made.GetProperty("link").GetString()!);

        using var device = new SoftAuthenticator();
        using var onOne = new SignInBrowser(one.Url);
        await onOne.EnrolAsync(link, device);
        using var onTwo = new SignInBrowser(two.Url, onOne.Cookies);
        await UntilAsync(async () => (await onTwo.GetAsync("/app")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(30));

        // A form that one node made is good on the other: its token too.
        var token = await onOne.TokenAsync("/app");
        Assert.Equal(HttpStatusCode.SeeOther, (await onTwo.PostAsync("/signin/session", new() { ["return"] = "/app" }, token: token)).Status);

        var clock = Stopwatch.StartNew();
        await PostAsync(two, key, $"v1/people/{person}:stop", null);
        await UntilAsync(async () => (await onOne.GetAsync("/app")).Status == HttpStatusCode.SeeOther
            && (await onTwo.GetAsync("/app")).Status == HttpStatusCode.SeeOther, TimeSpan.FromSeconds(20));
        output.WriteLine($"Stopped on both {clock.ElapsedMilliseconds} ms after it was asked for (2,000 wanted).");
    }

    private static async Task<JsonElement> PostAsync(TestNode node, string key, string path, string? body)
    {
        using var http = new HttpClient { BaseAddress = node.Url, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode} {text}");
        return JsonElement.Parse(text);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, TimeSpan patience)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(20))
        {
            Assert.True(clock.Elapsed < patience, "It did not come about in time.");
        }
    }
}
