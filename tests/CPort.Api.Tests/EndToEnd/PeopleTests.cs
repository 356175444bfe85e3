using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>People through the API: agencies invite, see and stop their own; others see roles and unit.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class PeopleTests(EndToEndNodes nodes)
{
    /// <summary>By a key of a person's own, for that person: what is left out stays, and what cannot be is said field by field.</summary>
    [Fact]
    public async Task A_person_says_by_a_key_of_their_own_what_they_are_told()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.RegisterAsync("people-rules", "Hotline", "Standard", "Administrator", "MU");
        await node.PersonKeyAsync("rules-anna", "people-rules", "Analyst");
        const string path = "v1/notifications/rules";
        var set = (await node.SendAsync("rules-anna", HttpMethod.Put, path,
            """{"muted":["Looks"],"byMail":["Holds","Keys"],"quietFrom":"22:00","quietTo":"06:30","mails":"Urgent"}""")).Is(HttpStatusCode.OK).Text;
        await EndToEndNode.UntilAsync(() => node.GetAsync("rules-anna", path), r => r.Is(HttpStatusCode.OK).Text == set);
        (await node.SendAsync("rules-anna", HttpMethod.Put, path, """{"byMail":[]}""")).Is(HttpStatusCode.OK);
        var after = (await EndToEndNode.UntilAsync(
            () => node.GetAsync("rules-anna", path), r => r.Is(HttpStatusCode.OK).Json.GetProperty("byMail").GetArrayLength() == 0)).Json;
        Assert.Equal(("Looks", "22:00", "06:30", "Urgent"),
            (after.GetProperty("muted")[0].GetString(), after.GetProperty("quietFrom").GetString(), after.GetProperty("quietTo").GetString(),
                after.GetProperty("mails").GetString()));
        var wrong = (await node.SendAsync("rules-anna", HttpMethod.Put, path,
            """{"byMail":["Urgent"],"quietFrom":"22:00","quietTo":"22:00","mails":"Hourly"}"""))
            .Is(HttpStatusCode.UnprocessableEntity).Text;
        Assert.All(new[] { "byMail[0]", "quietTo", "mails" }, field => Assert.Contains($"\"{field}\"", wrong, StringComparison.Ordinal));

        // A key that is no person's has none to set.
        (await node.SendAsync("people-rules", HttpMethod.Put, path, """{"muted":["Looks"]}""")).Is(HttpStatusCode.Forbidden);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_agency_invites_sees_and_stops_its_people_and_others_see_roles_and_unit(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("people-pt", "Hotline", "Standard", "Administrator", "PT");

        var bad = (await node.PostAsync("people-pt", "v1/people", Body("x", "Zebediah Example", "Officer"))).Is(HttpStatusCode.UnprocessableEntity);
        Assert.Equal("out-of-range", bad.Code);
        (await node.PostAsync("nl", "v1/people", Body("anna", "Zebediah Example", "Analyst"))).Is(HttpStatusCode.Forbidden);

        var id = Guid.NewGuid().ToString("N");
        var invited = (await node.PostAsync("people-pt", "v1/people", Body("anna", "Zebediah Example", "Analyst", "Manager"), ("Command-Id", id)))
            .Is(HttpStatusCode.Created).Json;
        Assert.Matches("/signin/enrol/[A-Za-z0-9_-]{43}$", invited.GetProperty("link").GetString()!);
        var anna = invited.GetProperty("person").GetProperty("id").GetString()!;

        // The link is shown once: a repeat is the same person, without it.
        var again = (await node.PostAsync("people-pt", "v1/people", Body("anna", "Zebediah Example", "Analyst", "Manager"), ("Command-Id", id)))
            .Is(HttpStatusCode.Created).Json;
        Assert.Equal(anna, again.GetProperty("person").GetProperty("id").GetString());
        Assert.False(again.TryGetProperty("link", out _));
        Assert.Equal("name-taken", (await node.PostAsync("people-pt", "v1/people", Body("anna", "Another", "Analyst"))).Is(HttpStatusCode.Conflict).Code);

        var own = (await node.GetAsync("people-pt", $"v1/people/{anna}")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("Zebediah Example", "Invited", "anna"),
            (own.GetProperty("name").GetString(), own.GetProperty("state").GetString(), own.GetProperty("signInName").GetString()));

        // Another agency: role and unit, in the list only.
        var seen = (await node.GetAsync("nl", "v1/people?agency=people-pt")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("Zebediah", seen.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(anna, seen.Text, StringComparison.Ordinal);
        Assert.Equal("Desk 1", seen.Json.GetProperty("people")[0].GetProperty("unit").GetString());
        (await node.GetAsync("nl", $"v1/people/{anna}")).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("nl", $"v1/people/{anna}:stop", null)).Is(HttpStatusCode.Forbidden);

        // Operators: all but who it is.
        var byOperator = (await node.GetAsync("operator", $"v1/people/{anna}")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("Zebediah", byOperator.Text, StringComparison.OrdinalIgnoreCase);
        (await node.PostAsync("operator", $"v1/people/{anna}:reset", null)).Is(HttpStatusCode.Forbidden);

        Assert.Equal("not-come", (await node.PostAsync("people-pt", $"v1/people/{anna}:recertify", null)).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("Stopped", (await node.PostAsync("people-pt", $"v1/people/{anna}:stop",
            null)).Is(HttpStatusCode.OK).Json.GetProperty("state").GetString());
        Assert.Equal("person-stopped",
            (await node.PostAsync("people-pt", $"v1/people/{anna}:reset", null)).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal(0, (await node.GetAsync("people-pt", "v1/people")).Json.GetProperty("people").GetArrayLength());
        Assert.Equal(1, (await node.GetAsync("people-pt", "v1/people?stopped=true")).Json.GetProperty("people").GetArrayLength());
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_list_of_people_is_paged(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("people-gr", "Hotline", "Standard", "Administrator", "GR");
        for (var i = 0; i < 5; i++)
        {
            (await node.PostAsync("people-gr", "v1/people", Body($"person{i}", $"Example {i}", "Analyst"))).Is(HttpStatusCode.Created);
        }

        var (names, cursor) = (new List<string>(), "");
        do
        {
            var page = (await node.GetAsync("people-gr", $"v1/people?maxResults=2{cursor}")).Is(HttpStatusCode.OK).Json;
            names.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? $"&cursor={next.GetString()}" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(["Example 0", "Example 1", "Example 2", "Example 3", "Example 4"], names);
    }

    private static JsonObject Body(string signInName, string name, params string[] roles) => new()
    {
        ["signInName"] = signInName, ["name"] = name, ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]), ["unit"] = "Desk 1",
    };
}
