using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Who agrees to what an operator wants for an agency, over HTTP. The rules themselves: <c>ConsentTests</c> of the actors' tests.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ConsentTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task A_new_agency_of_a_served_country_comes_in_with_that_countrys_consent_and_is_shown_there()
    {
        var node = await NodeAsync();
        var proposed = await node.PostAsync("operator", "v1/agencies", Agency("supervisor-new", "SupervisoryAuthority", "NL"));
        var change = proposed.Is(HttpStatusCode.Accepted).Json;
        Assert.Equal(("Registration", "Open", "NL", false), (Text(change, "of"), Text(change, "state"), change.GetProperty("concerns")[0].GetString(),
            change.GetProperty("concernsEverybody").GetBoolean()));
        var number = change.GetProperty("number").GetInt64();
        var path = $"v1/agencies/supervisor-new/changes/{number}";
        (await node.GetAsync("operator", "v1/agencies/supervisor-new")).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("operator", "v1/agencies/supervisor-new/keys", Role("Auditor"))).Is(HttpStatusCode.NotFound);

        // Shown to whom it concerns and to operators; to nobody else is there such a change.
        Assert.Contains(number, await NumbersAsync("nl", "v1/agency"));
        Assert.Contains(number, await NumbersAsync("operator-2", "v1/agencies"));
        Assert.DoesNotContain(number, await NumbersAsync("de", "v1/agency"));
        var foreign = (await node.PostAsync("de", $"{path}:approve", null)).Is(HttpStatusCode.NotFound);
        Assert.Equal(foreign.Text, (await node.PostAsync("de", "v1/agencies/supervisor-new/changes/999999:approve", null)).Is(HttpStatusCode.NotFound).Text);
        (await node.PostAsync("nl", "v1/agencies/supervisor-new/changes/none:refuse", null)).Is(HttpStatusCode.NotFound);

        // Not by the hand that wants it, nor by a key that it has made.
        Assert.Equal("second-person-needed", (await node.PostAsync("operator", $"{path}:approve", null)).Is(HttpStatusCode.Forbidden).Code);
        var made = await node.OperatorKeyAsync("operator-made");
        Assert.Equal("second-person-needed", (await node.PostAsync(made, $"{path}:approve", null)).Is(HttpStatusCode.Forbidden).Code);

        Assert.Equal("Made", Text((await node.PostAsync("nl", $"{path}:approve", null)).Is(HttpStatusCode.OK).Json, "state"));
        (await node.PostAsync("nl", $"{path}:approve", null)).Is(HttpStatusCode.OK);
        Assert.Equal("change-decided", (await node.PostAsync("nl", $"{path}:refuse", null)).Is(HttpStatusCode.Conflict).Code);
        (await node.PostAsync("operator", "v1/agencies/supervisor-new/keys", Role("Auditor"))).Is(HttpStatusCode.Created);
        var beside = (await node.GetAsync("nl", "v1/agency")).Is(HttpStatusCode.OK).Json.GetProperty("beside").EnumerateArray().ToList();
        Assert.Contains(beside, a => Text(a, "id") == "supervisor-new" && a.GetProperty("cameIn").GetBoolean());
        Assert.DoesNotContain(beside, a => Text(a, "id") is "hotline-nl" or "hotline-de");
        (await node.SendAsync("operator", HttpMethod.Patch, "v1/agencies/supervisor-new", """{"active":false}""")).Is(HttpStatusCode.OK);

        async Task<long[]> NumbersAsync(string who, string from) => [.. (await node.GetAsync(who, from)).Is(HttpStatusCode.OK).Json.GetProperty("changes")
            .EnumerateArray().Select(c => c.GetProperty("number").GetInt64())];
    }

    [Fact]
    public async Task More_trust_and_further_countries_of_an_agency_wait_and_can_be_refused()
    {
        var node = await NodeAsync();
        await node.RegisterAsync("supervisor-fo", "SupervisoryAuthority", "Standard", "Auditor", "FO");
        var wanted = """{"countries":["FO","FI"],"trust":"Trusted"}""";
        var patched = (await node.SendAsync("operator", HttpMethod.Patch, "v1/agencies/supervisor-fo", wanted)).Is(HttpStatusCode.Accepted).Json;
        Assert.Equal(("Standard", "FO"), (Text(patched, "trust"), patched.GetProperty("countries").EnumerateArray().Single().GetString()));
        var changes = patched.GetProperty("changes").EnumerateArray().ToDictionary(c => Text(c, "of"), c => c.GetProperty("number").GetInt64());
        Assert.Equal("Refused", Text(await DecideAsync("fi", changes["Memberships"], "refuse"), "state"));
        Assert.Equal("second-person-needed", (await node.PostAsync("fi", Path(changes["Trust"], "approve"), null)).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("Made", Text(await DecideAsync("operator-2", changes["Trust"], "approve"), "state"));
        var now = (await node.GetAsync("supervisor-fo", "v1/agency")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("Trusted", "FO"), (Text(now, "trust"), now.GetProperty("countries").EnumerateArray().Single().GetString()));

        // What takes away is done at once.
        (await node.SendAsync("operator", HttpMethod.Patch, "v1/agencies/supervisor-fo", """{"countries":[],"trust":"Untrusted"}""")).Is(HttpStatusCode.OK);

        static string Path(long number, string verb) => $"v1/agencies/supervisor-fo/changes/{number}:{verb}";

        async Task<JsonElement> DecideAsync(string who, long number, string verb) =>
            (await node.PostAsync(who, Path(number, verb), null)).Is(HttpStatusCode.OK).Json;
    }

    /// <summary>Agencies, keys, nodes and the journal are of live and training alike: an operator's key for exercises has no part in them.</summary>
    [Fact]
    public async Task An_operators_key_for_training_is_refused_wherever_the_live_installation_is_watched_or_changed()
    {
        var node = await NodeAsync();
        var training = await node.TrainingKeyAsync("operator", "Operator");
        var paths = (await node.GetAsync(null, "openapi/v1.json")).Is(HttpStatusCode.OK).Json.GetProperty("paths");
        string[] live = ["/v1/agencies", "/v1/stuck", "/v1/projections", "/v1/training", "/metrics"];
        var asked = 0;
        foreach (var path in paths.EnumerateObject().Where(p => live.Any(l => p.Name.StartsWith(l, StringComparison.Ordinal))))
        {
            foreach (var operation in path.Value.EnumerateObject().Where(o => o.Name is "get" or "post" or "patch" or "put" or "delete"))
            {
                var at = System.Text.RegularExpressions.Regex.Replace(path.Name.TrimStart('/'), @"\{\w+\}", "operator");
                var answer = await node.SendAsync(training, new HttpMethod(operation.Name.ToUpperInvariant()), at, operation.Name == "get" ? null : "{}");
                Assert.True(answer.Status == HttpStatusCode.Forbidden, $"{operation.Name} {path.Name}: {(int)answer.Status}");
                asked++;
            }
        }

        Assert.True(asked >= 15, $"{asked} operations");
        (await node.GetAsync(training, "metrics")).Is(HttpStatusCode.Forbidden);
        Assert.DoesNotContain("\"ok\":", (await node.GetAsync(training, "health/ready")).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);

        // Its own quarantine is the training's, and the live one none of its business.
        (await node.GetAsync(training, "v1/hashes/quarantine")).Is(HttpStatusCode.OK);
        (await node.GetAsync(training, "v1/hashes/quarantine?tenant=live")).Is(HttpStatusCode.UnprocessableEntity);
        (await node.GetAsync(training, "v1/statistics")).Is(HttpStatusCode.OK);
    }

    private Task<EndToEndNode> NodeAsync() => nodes.OnAsync(DatabaseProvider.Sqlite);

    private static JsonObject Agency(string id, string kind, string country) => new()
    {
        ["id"] = id, ["name"] = $"Example {id}", ["kind"] = kind, ["countries"] = new JsonArray(country),
    };

    private static JsonObject Role(string role) => new() { ["roles"] = new JsonArray(role) };

    private static string Text(JsonElement json, string property) => json.GetProperty(property).GetString()!;
}
