using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Api.Tests.Cluster;
using CPort.Api.Tests.EndToEnd;

namespace CPort.Api.Tests.Iccam;

/// <summary>How a hotline's system connects, signs in, and is told no (iccam-v3.md 1 and 2).</summary>
[Collection(IccamCollection.Name)]
public sealed class IccamTransportTests(IccamNode iccam)
{
    [Fact]
    public async Task A_name_and_a_password_of_digits_come_in_as_the_numbers_that_PHP_makes_of_them()
    {
        var client = iccam.Stranger(iccam.Certificate);
        var signedIn = (await client.SignInAsync("42", IccamNode.PasswordOfNl)).Ok;

        // PHP's numeric check makes a number of nothing in a token, and a run has hours.
        Assert.True(signedIn.GetProperty("bearerTokenExpiresIn").GetInt64() >= 3600);
        Assert.All([client.Token, signedIn.GetProperty("refreshToken").GetString()!], t => Assert.StartsWith("\"iccam", PhpJson.Of(t), StringComparison.Ordinal));
        Assert.Empty(await client.NewAsync());

        var refreshed = (await client.With("an ended one").PostAsync("Authentication/refresh", new (string, object?)[]
        {
            ("bearerToken", client.Token), ("refreshToken", signedIn.GetProperty("refreshToken").GetString()),
        })).Ok;
        Assert.Empty(await client.With(refreshed.GetProperty("bearerToken").GetString()!).NewAsync());
        Assert.True((await client.GetAsync("Authentication/userinfo")).Ok.GetProperty("isAuthenticated").GetBoolean());
        Assert.Equal(200, (await client.SendAsync("POST", "authentication/LOGOUT", "")).Status);
    }

    [Fact]
    public async Task Who_is_not_a_hotlines_system_is_told_so_alike_whatever_is_wrong_and_never_that_it_signed_in()
    {
        var refused = new[]
        {
            await iccam.Stranger(iccam.Certificate).SignInAsync("42", "not the password"),
            await iccam.Stranger(iccam.Certificate).SignInAsync("nobody-here", "not the password"),

            // Of the same authority, and another's: Austria's first system is known by its certificate alone.
            await iccam.Stranger(iccam.Certificate).SignInAsync("at-1", "whatever"),
        };
        Assert.All(refused, r => Assert.Equal(["username"], r.Errors(401).Keys));
        Assert.Single(refused.Select(r => r.Body).Distinct());

        // A token goes with the certificate that it was given to, and an empty one is none.
        var client = await iccam.At1Async();
        Assert.Empty(await client.NewAsync());
        _ = (await iccam.Stranger(iccam.Certificate).With(client.Token).GetAsync("rest/Content/no-reference")).Errors(401);
        _ = (await client.With("").GetAsync("rest/Content/no-reference")).Errors(401);
        _ = (await client.With(client.Token[..^2] + "AA").GetAsync("rest/Content/no-reference")).Errors(401);
        _ = (await client.With(iccam.Node.KeyOf("hotline-at1")).GetAsync("rest/Content/no-reference")).Errors(401);
    }

    [Fact]
    public async Task Without_a_certificate_of_the_listeners_authority_nobody_is_heard()
    {
        using var foreign = TestAuthority.New("another authority").Issue("scart.example");
        foreach (var certificate in new[] { foreign, null })
        {
            var fault = await Record.ExceptionAsync(() => iccam.Stranger(certificate).SignInAsync("42", IccamNode.PasswordOfNl));
            Assert.True(fault is IOException or AuthenticationException, fault?.ToString());
        }
    }

    [Fact]
    public async Task Nothing_of_the_facade_is_on_the_APIs_listener_and_nothing_of_the_API_on_the_facades()
    {
        foreach (var path in new[] { "Authentication", "rest/reports", "rest/Content/no-reference", "rest/site-types" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await iccam.Node.GetAsync("nl", path)).Status);
        }

        var client = await iccam.NlAsync();
        foreach (var path in new[] { "v1/agency", "v1/reports", "app", "health/ready", "metrics", "openapi/v1.json", "rest/unknown", "" })
        {
            _ = (await client.GetAsync(path)).Errors();
            _ = (await client.With(iccam.Node.KeyOf("nl")).GetAsync(path)).Errors();
        }
    }

    [Fact]
    public async Task Refusals_are_400_with_texts_by_field_and_nothing_is_404_409_or_422()
    {
        var client = await iccam.NlAsync();
        Assert.Equal(["contentId"], (await client.GetAsync("rest/Content/4000000000")).Errors().Keys);
        Assert.Equal(["reportId"], (await client.GetAsync("rest/Reports/4000000000")).Errors().Keys);
        Assert.Equal(["reportId"], (await client.GetAsync("rest/Reports/0")).Errors().Keys);
        Assert.Equal(["contentId"], (await client.GetAsync("rest/Content/unheard-of")).Errors().Keys);
        Assert.Equal(["contentId"], (await client.PutAsync("rest/Content/4000000000/hotline-reference?reference=N1_202603020931")).Errors().Keys);
        Assert.Equal(["urls"], (await client.PostAsync("rest/reports", new IccamReport("I0000000001").Body)).Errors().Keys);

        // A text that is not UTF-8 makes PHP's body empty, and not JSON is not JSON.
        Assert.Equal(["body"], (await client.SendAsync("POST", "rest/reports", "")).Errors().Keys);
        Assert.Equal(["body"], (await client.SendAsync("POST", "rest/reports", "{\"urls\":")).Errors().Keys);
        Assert.Equal(["body"], (await client.SendAsync("POST", "rest/reports", "[1]")).Errors().Keys);
        _ = (await client.SendAsync("DELETE", "rest/reports", "")).Errors();
    }

    [Fact]
    public async Task A_list_of_codes_is_a_plain_array_with_ICCAMs_numbers()
    {
        var client = await iccam.UkAsync();
        Assert.Equal(
            [(1, "Baseline CSAM"), (2, "National CSAM"), (4, "Ignore")], await RowsAsync("rest/classifications"));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18, 20, 22, 24], (await RowsAsync("rest/site-types")).Select(r => r.Id));
        Assert.Equal(13, (await RowsAsync("rest/payment-methods")).Length);
        Assert.Equal([1, 2, 3, 4, 6], (await client.GetAsync("rest/ACTION-types")).Ok.EnumerateArray().Select(r => r.GetProperty("type").GetInt32()));
        Assert.Equal([(3, "Male")], await RowsAsync("rest/gender-categories/3"));
        Assert.Contains(
            (await client.GetAsync("rest/hotlines")).Ok.EnumerateArray(), h => h.GetProperty("countryCodes").EnumerateArray().Any(c => c.GetString() == "UK"));

        async Task<(int Id, string Name)[]> RowsAsync(string path) => [.. (await client.GetAsync(path)).Ok.EnumerateArray()
            .Select(r => (r.GetProperty("id").GetInt32(), r.GetProperty("name").GetString()!))];
    }

    [Fact]
    public async Task A_way_in_that_waits_for_consent_is_none_and_one_that_is_stopped_ends_its_tokens()
    {
        var node = iccam.Node;
        await node.RegisterAsync("hotline-cz", "Hotline", "Standard", "Machine", "CZ");
        var key = (await node.GetAsync("operator", "v1/agencies/hotline-cz")).Json.GetProperty("keys")[0].GetProperty("keyId").GetString();
        var body = new JsonObject { ["userName"] = "cz-system", ["password"] = "dobré heslo pro CZ", ["keyId"] = key, ["analystName"] = "Analyst" };
        var waits = await SetAsync(body);
        Assert.Equal(401, (await iccam.Stranger(iccam.Certificate).SignInAsync("cz-system", "dobré heslo pro CZ")).Status);

        // Who set it does not agree to it, and what was looked at is what is agreed to.
        var number = waits.GetProperty("iccamWaiting").GetProperty("number").GetInt64();
        Assert.Equal(HttpStatusCode.Forbidden, (await node.PostAsync("operator", $"v1/agencies/hotline-cz/iccam/{number}:approve", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await node.PostAsync("operator-2", $"v1/agencies/hotline-cz/iccam/{number - 1}:approve", null)).Status);
        var agreed = (await node.PostAsync("operator-2", $"v1/agencies/hotline-cz/iccam/{number}:approve", null)).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("pbkdf2", agreed.Text, StringComparison.Ordinal);
        var client = await iccam.SignedInAsync("cz-system", "dobré heslo pro CZ");
        Assert.Empty(await client.NewAsync());

        // How it writes needs no consent and ends no token.
        body.Remove("password");
        body["timeZone"] = "Europe/Prague";
        Assert.Equal("Europe/Prague", (await SetAsync(body)).GetProperty("iccam").GetProperty("timeZone").GetString());
        Assert.Empty(await client.NewAsync());

        // It comes from its key's networks, and again once they are wider, to which another hand agrees.
        var networks = $"v1/agencies/hotline-cz/keys/{key}/networks";
        (await node.SendAsync("operator", HttpMethod.Put, networks, "{\"networks\":[\"192.0.2.0/24\"]}")).Is(HttpStatusCode.OK);
        _ = (await client.GetAsync("rest/Content/no-reference")).Errors(401);
        Assert.Equal(401, (await iccam.Stranger(iccam.Certificate).SignInAsync("cz-system", "dobré heslo pro CZ")).Status);
        var wider = (await node.SendAsync("operator", HttpMethod.Put, networks, "{\"networks\":[\"127.0.0.0/8\"]}")).Is(HttpStatusCode.OK);
        var waiting = wider.Json.GetProperty("keys").EnumerateArray().Single(k => k.GetProperty("keyId").GetString() == key).GetProperty("networksWaiting");
        (await node.PostAsync("operator-2", $"{networks}/{waiting.GetProperty("number").GetInt64()}:approve", null)).Is(HttpStatusCode.OK);
        Assert.Empty(await client.NewAsync());

        (await node.PostAsync("operator", "v1/agencies/hotline-cz/iccam:stop", null)).Is(HttpStatusCode.OK);
        _ = (await client.GetAsync("rest/Content/no-reference")).Errors(401);
        Assert.Equal(401, (await iccam.Stranger(iccam.Certificate).SignInAsync("cz-system", "dobré heslo pro CZ")).Status);

        async Task<JsonElement> SetAsync(JsonObject access) =>
            (await node.SendAsync("operator", HttpMethod.Put, "v1/agencies/hotline-cz/iccam", access.ToJsonString())).Is(HttpStatusCode.OK).Json;
    }

    [Fact]
    public async Task Who_guesses_waits_also_with_the_right_password()
    {
        await iccam.Node.RegisterAsync("hotline-sk", "Hotline", "Standard", "Machine", "SK");
        await iccam.SetAsync("hotline-sk", "sk-system", "dobré heslo pre SK");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(401, (await iccam.Stranger(iccam.Certificate).SignInAsync("sk-system", $"a guess, number {i}")).Status);
        }

        Assert.Equal(401, (await iccam.Stranger(iccam.Certificate).SignInAsync("sk-system", "dobré heslo pre SK")).Status);

        // Who guesses keeps nobody else out: the system itself shows a certificate of its own.
        Assert.Equal(200, (await iccam.Stranger(iccam.CertificateOfAt).SignInAsync("sk-system", "dobré heslo pre SK")).Status);
    }

    [Fact]
    public async Task What_is_shown_is_written_down_before_with_the_key_as_which_the_system_speaks()
    {
        var client = await iccam.NlAsync();
        var report = await client.ReportAsync(new IccamReport("I0000000777", new IccamReport.Url("https://audited.example/1.jpg")).Body);
        var content = (await client.ContentsAsync(report)).Values.Single();
        _ = await client.ContentAsync(content);
        var found = await EndToEndNode.UntilAsync(
            () => iccam.Node.PostAsync("supervisor", "v1/audit/entries:search", new JsonObject { ["agency"] = "hotline-nl" }),
            r => r.Text.Contains("IccamGetContent", StringComparison.Ordinal));
        Assert.Contains("IccamGetReport", found.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("audited.example", found.Text, StringComparison.Ordinal);
    }
}
