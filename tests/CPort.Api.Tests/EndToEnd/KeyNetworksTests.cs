using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>The networks that a key may come from, over HTTP. The rules themselves: <c>KeyNetworksTests</c> of the actors' tests.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class KeyNetworksTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task A_key_is_refused_outside_its_networks_with_a_code_and_a_mark_in_its_agencys_audit_log()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var keys = await KeysAsync(node, "hotline-sm", "SM");

        // What is none is told by its place, and nothing is made of the rest.
        var bad = (await node.PostAsync("operator", keys, Body("roles", ["Machine"], "networks", ["127.0.0.0/8", "127.0.0.1/8"])))
            .Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("networks[1]", bad.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        var many = new JsonArray([.. Enumerable.Range(1, 21).Select(i => (JsonNode)$"192.0.2.{i}")]);
        bad = (await node.PostAsync("operator", keys, new JsonObject { ["roles"] = new JsonArray("Machine"), ["networks"] = many }))
            .Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("networks", bad.Json.GetProperty("errors")[0].GetProperty("field").GetString());

        var (elsewhere, elsewhereId) = await IssueAsync(node, keys, "elsewhere", "192.0.2.0/24", "2001:db8::/32");
        var (here, hereId) = await IssueAsync(node, keys, "here", "127.0.0.0/8", "::1");
        (await node.GetAsync(here, "v1/queues")).Is(HttpStatusCode.OK);
        var refused = 0L;
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "cport.signins.refused")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            Interlocked.Add(ref refused, tags.ToArray().Any(t => t.Value is "outsideNetworks") ? count : 0));
        meters.Start();
        Assert.Equal("network-not-allowed", (await node.GetAsync(elsewhere, "v1/queues")).Is(HttpStatusCode.Forbidden).Code);
        Assert.InRange(Interlocked.Read(ref refused), 1, long.MaxValue);
        var auditor = await node.AuditorKeyAsync("hotline-sm");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = $"key:{elsewhereId}" }),
            r => r.Is(HttpStatusCode.OK).Text.Contains("outsideNetworks", StringComparison.Ordinal));

        // Fewer count at once.
        var narrow = (await node.SendAsync("operator", HttpMethod.Put, $"{keys}/{hereId}/networks", """{"networks":["127.0.0.1"]}""")).Is(HttpStatusCode.OK);
        Assert.Equal(["127.0.0.1/32"], NetworksOf(narrow, hereId, "networks"));
        (await node.GetAsync(here, "v1/queues")).Is(HttpStatusCode.OK);
        (await node.SendAsync("operator", HttpMethod.Put, $"{keys}/{hereId}/networks", "{}")).Is(HttpStatusCode.UnprocessableEntity);
        bad = (await node.SendAsync("operator", HttpMethod.Put, $"{keys}/{hereId}/networks", """{"networks":["10.0.0.0"," ","x"]}"""))
            .Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal(
            ["networks[1]", "networks[2]"], bad.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()));

        // More wait for another hand.
        var waits = (await node.SendAsync("operator", HttpMethod.Put, $"{keys}/{elsewhereId}/networks", """{"networks":[]}""")).Is(HttpStatusCode.OK);
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32"], NetworksOf(waits, elsewhereId, "networks"));
        var number = KeyOf(waits, elsewhereId).GetProperty("networksWaiting").GetProperty("number").GetInt64();
        (await node.GetAsync(elsewhere, "v1/queues")).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("operator", $"{keys}/{elsewhereId}/networks/{number}:approve", null)).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("operator-2", $"{keys}/{elsewhereId}/networks/none:approve", null)).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("operator-2", $"{keys}/{elsewhereId}/networks/{number}:approve", null)).Is(HttpStatusCode.OK);
        (await node.GetAsync(elsewhere, "v1/queues")).Is(HttpStatusCode.OK);

        // A replaced key hands its networks on.
        var rotated = (await node.PostAsync("operator", $"{keys}/{hereId}:rotate", new JsonObject())).Is(HttpStatusCode.Created).Json;
        var next = rotated.GetProperty("keyId").GetString()!;
        Assert.Equal(["127.0.0.1/32"], NetworksOf(await node.GetAsync("operator", "v1/agencies/hotline-sm"), next, "networks"));
    }

    [Fact]
    public async Task An_operators_key_does_not_shut_itself_out_and_outside_its_networks_it_is_refused()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var who = await node.OperatorKeyAsync("operator-networks");
        var id = node.KeyOf(who).Split('_')[1];
        var agency = (await node.GetAsync(who, "v1/agency")).Is(HttpStatusCode.OK).Json.GetProperty("id").GetString();
        var path = $"v1/agencies/{agency}/keys/{id}/networks";
        var refused = (await node.SendAsync(who, HttpMethod.Put, path, """{"networks":["192.0.2.0/24"]}""")).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("networks", refused.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        (await node.SendAsync(who, HttpMethod.Put, path, """{"networks":["127.0.0.0/8"]}""")).Is(HttpStatusCode.OK);
        (await node.GetAsync(who, "v1/agency")).Is(HttpStatusCode.OK);
        (await node.SendAsync("operator", HttpMethod.Put, path, """{"networks":["192.0.2.0/24"]}""")).Is(HttpStatusCode.OK);
        Assert.Equal("network-not-allowed", (await node.GetAsync(who, "v1/agency")).Is(HttpStatusCode.Forbidden).Code);
    }

    private static async Task<string> KeysAsync(EndToEndNode node, string agency, string country)
    {
        await node.RegisterAsync(agency, "Hotline", "Standard", "Machine", country);
        return $"v1/agencies/{agency}/keys";
    }

    private static async Task<(string Who, string KeyId)> IssueAsync(EndToEndNode node, string keys, string who, params string[] networks)
    {
        var made = (await node.PostAsync("operator", keys, Body("roles", ["Analyst"], "networks", networks))).Is(HttpStatusCode.Created).Json;
        var id = made.GetProperty("keyId").GetString()!;
        (await node.PostAsync("operator-2", $"{keys}/{id}:approve", null)).Is(HttpStatusCode.OK);
        node.Keep($"{who}-networks", made.GetProperty("apiKey").GetString()!);
        return ($"{who}-networks", id);
    }

    private static JsonObject Body(string one, string[] ones, string other, string[] others) => new()
    {
        [one] = new JsonArray([.. ones.Select(v => (JsonNode)v)]), [other] = new JsonArray([.. others.Select(v => (JsonNode)v)]),
    };

    private static System.Text.Json.JsonElement KeyOf(Reply agency, string keyId) =>
        agency.Json.GetProperty("keys").EnumerateArray().Single(k => k.GetProperty("keyId").GetString() == keyId);

    private static IEnumerable<string?> NetworksOf(Reply agency, string keyId, string field) =>
        KeyOf(agency, keyId).GetProperty(field).EnumerateArray().Select(n => n.GetString());
}
