using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Actors.Sessions;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>People sign in through the endpoints, with a device in C#; what the pages look like is another matter.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SignInTests(EndToEndNodes nodes)
{
    private static int _people;

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_invited_person_makes_a_passkey_signs_in_and_is_out_at_once_when_stopped(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (admin, person, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);

        // Nobody: to the sign-in.
        Assert.Equal((HttpStatusCode.SeeOther, "/signin?return=%2Fapp"), (await browser.GetAsync("/app")) is var first ? (first.Status, first.Location!)
            : default);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(new Uri(link).AbsolutePath)).Status);
        await browser.EnrolAsync(link, device);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/app")).Status);

        // Used: the same page as for one that never was.
        using var other = new SignInBrowser(node.Url);
        var used = await other.GetAsync(new Uri(link).AbsolutePath);
        var never = await other.GetAsync("/signin/enrol/" + new string('x', 43));
        Assert.Equal((HttpStatusCode.NotFound, Blank(never.Text)), (used.Status, Blank(used.Text)));

        // A second browser with the same device.
        using var second = new SignInBrowser(node.Url);
        Assert.Equal(HttpStatusCode.OK, (await second.SignInAsync(device)).Status);
        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync("/app")).Status);

        // Signing out ends this session, and the cookie is worth nothing even where it was kept.
        var kept = new CookieContainer();
        kept.Add(second.Cookies.GetAllCookies());
        var token = await second.TokenAsync("/app");
        Assert.Equal("/signin", (await second.PostAsync("/signout", token: token)).Location);
        using var thief = new SignInBrowser(node.Url, kept);
        Assert.Equal(HttpStatusCode.SeeOther, (await thief.GetAsync("/app")).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/app")).Status);

        (await node.PostAsync(admin, $"v1/people/{person}:stop", null)).Is(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/app")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await second.SignInAsync(device)).Status);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_wrong_passkey_signs_nobody_in(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, _, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);

        using var fresh = new SignInBrowser(node.Url);
        async Task IsRefusedAsync(Task<(HttpStatusCode Status, string Text, string? Location)> attempt)
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await attempt).Status);
            Assert.Equal(HttpStatusCode.SeeOther, (await fresh.GetAsync("/app")).Status);
        }

        // A device that nobody has enrolled, one on another site's page, one that did not ask its owner, and a copy whose counter is behind.
        using var stranger = new SoftAuthenticator();
        await IsRefusedAsync(fresh.SignInAsync(stranger));
        await IsRefusedAsync(fresh.SignInAsync(device, "https://cport.example"));
        device.VerifiesUser = false;
        await IsRefusedAsync(fresh.SignInAsync(device));
        (device.VerifiesUser, device.Counter) = (true, 1);
        await IsRefusedAsync(fresh.SignInAsync(device));
        await IsRefusedAsync(fresh.PostAsync("/signin/passkey", new() { ["credential"] = "{}" }, asScript: true));

        // An answer to a challenge is of no use a second time.
        device.Counter = 100;
        var options = await fresh.PostAsync("/signin/passkey/options", asScript: true);
        var credential = device.Get(options.Text, fresh.Origin);
        Assert.Equal(HttpStatusCode.OK, (await fresh.PostAsync("/signin/passkey", new() { ["credential"] = credential }, asScript: true)).Status);
        using var replay = new SignInBrowser(node.Url);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await replay.PostAsync("/signin/passkey", new() { ["credential"] = credential },
            asScript: true)).Status);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task By_code_each_code_is_taken_once_and_wrong_ones_close_the_way_for_a_while(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, _, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var browser = new SignInBrowser(node.Url);
        var page = await browser.GetAsync(new Uri(link).AbsolutePath);
        var secret = FromBase32(System.Text.RegularExpressions.Regex.Match(page.Text, "<code>([A-Z2-7]{32})</code>").Groups[1].Value);
        string Code() => Totp.CodeAt(secret, Totp.StepOf(DateTimeOffset.UtcNow));

        var wrong = await browser.PostAsync(new Uri(link).AbsolutePath + "/code", new() { ["state"] = SignInBrowser.Field(page.Text, "state"),
            ["code"] = "000000" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        var made = await browser.PostAsync(new Uri(link).AbsolutePath + "/code", new() { ["state"] = SignInBrowser.Field(page.Text, "state"),
            ["code"] = Code() });
        Assert.Equal(HttpStatusCode.OK, made.Status);
        var shown = System.Text.RegularExpressions.Regex.Matches(made.Text, "<code>([^<]+)</code>").Select(m => m.Groups[1].Value).ToList();
        var (name, kept, recovery) = (WebUtility.HtmlDecode(shown[0]), shown[1], shown[2..]);
        Assert.Equal(10, recovery.Count);

        async Task<(HttpStatusCode Status, string Text, string? Location)> Try(string n, string s, string c)
        {
            using var fresh = new SignInBrowser(node.Url);
            return await fresh.PostAsync("/signin/code", new() { ["name"] = n, ["secret"] = s, ["code"] = c });
        }

        // The code that enrolled is used; a recovery code stands in, once.
        Assert.Equal(HttpStatusCode.SeeOther, (await Try(name, kept, recovery[0])).Status);
        var first = await Try(name, kept, recovery[0]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, first.Status);

        // Whatever is wrong looks the same.
        var unknown = await Try("nobody@" + name.Split('@')[1], kept, "123456");
        var badSecret = await Try(name, "0000-0000-0000-0000", recovery[1]);
        Assert.Equal((unknown.Status, Blank(unknown.Text)), (badSecret.Status, Blank(badSecret.Text.Replace(WebUtility.HtmlEncode(name),
            "nobody@" + name.Split('@')[1]))));

        // Three more make five in a row and begin the pause: now the right ones do not help either.
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Try(name, kept, "000000")).Status);
        }

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Try(name, kept, recovery[1])).Status);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_API_takes_no_cookie_and_pages_take_no_key(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (admin, _, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/app")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/v1/agency")).Status);

        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var withKey = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Url, "/app"));
        withKey.Headers.TryAddWithoutValidation("Authorization", $"Bearer {node.KeyOf(admin)}");
        Assert.Equal(HttpStatusCode.SeeOther, (await http.SendAsync(withKey)).StatusCode);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_form_of_another_site_or_session_comes_to_nothing(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, _, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);
        var token = await browser.TokenAsync("/app");
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync("/signout", site: "cross-site", token: token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync("/signout", site: "same-site", token: token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync("/signout")).Status);

        // Another session of the same person has other tokens.
        using var second = new SignInBrowser(node.Url);
        Assert.Equal(HttpStatusCode.OK, (await second.SignInAsync(device)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await second.PostAsync("/signout", token: token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync("/app")).Status);
        Assert.Equal("/signin", (await browser.PostAsync("/signout", token: token)).Location);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Police_say_why_they_look_first_and_are_offered_what_they_said_before(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, _, link) = await InvitedAsync(node, "Police", "Officer");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);
        Assert.Equal("/signin/purpose?return=%2Fapp", (await browser.GetAsync("/app")).Location);
        var page = (await browser.GetAsync("/signin/purpose?return=/app")).Text;
        var token = SignInBrowser.TokenOn(page);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await browser.PostAsync("/signin/purpose", new() { ["purpose"] = " " }, token: token)).Status);
        for (var i = 1; i <= 6; i++)
        {
            var said = await browser.PostAsync("/signin/purpose", new() { ["purpose"] = $"NL-2026-{i:0000}", ["return"] = "/app" }, token: token);
            Assert.Equal((HttpStatusCode.SeeOther, "/app"), (said.Status, said.Location));
        }

        var app = await browser.GetAsync("/app");
        Assert.Equal(HttpStatusCode.OK, app.Status);
        Assert.Contains("NL-2026-0006", app.Text, StringComparison.Ordinal);
        var offered = (await browser.GetAsync("/signin/purpose")).Text;
        Assert.Contains("NL-2026-0002", offered, StringComparison.Ordinal);
        Assert.DoesNotContain("NL-2026-0001", offered, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_person_changes_their_own_settings_adds_a_passkey_after_showing_one_and_ends_other_sessions(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, person, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);
        using var second = new SignInBrowser(node.Url);
        Assert.Equal(HttpStatusCode.OK, (await second.SignInAsync(device)).Status);
        var token = await browser.TokenAsync("/app/settings");
        Assert.DoesNotContain("data-theme=\"dark\"", (await browser.GetAsync("/app")).Text, StringComparison.Ordinal);
        Assert.Equal("/app/settings?done=settings",
            (await browser.PostAsync("/app/settings", new() { ["theme"] = "Dark", ["keys"] = "1", ["nameVisible"] = "1" }, token: token)).Location);
        Assert.Contains("data-theme=\"dark\"", (await browser.GetAsync("/app")).Text, StringComparison.Ordinal);
        var seen = (await node.GetAsync("nl", $"v1/people?agency={(await AgencyOfAsync(node, person))}")).Is(HttpStatusCode.OK);
        Assert.Contains("Anna Example", seen.Text, StringComparison.Ordinal);

        // What makes another way in: only after a proof of the last minutes. The first sign-in is one; made old by hand it is none.
        var sessions = node.Services.GetRequiredService<SessionStore>();
        foreach (var session in await sessions.OfAsync(PersonId.Parse(person), default))
        {
            await sessions.ProvedAsync(session, default, DateTimeOffset.UtcNow.AddMinutes(-6));
        }

        var refused = await browser.PostAsync("/app/settings/passkeys/options", asScript: true, token: token);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("/signin/again", refused.Text, StringComparison.Ordinal);
        var challenge = await browser.PostAsync("/signin/again/passkey/options", asScript: true, token: token);
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(
            "/signin/again", new() { ["credential"] = device.Get(challenge.Text, browser.Origin) }, asScript: true, token: token)).Status);
        var options = await browser.PostAsync("/app/settings/passkeys/options", asScript: true, token: token);
        Assert.Equal(HttpStatusCode.OK, options.Status);
        using var spare = new SoftAuthenticator();
        Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(
            "/app/settings/passkeys", new() { ["credential"] = spare.Create(options.Text, browser.Origin) }, asScript: true, token: token)).Status);
        using var third = new SignInBrowser(node.Url);
        Assert.Equal(HttpStatusCode.OK, (await third.SignInAsync(spare)).Status);

        Assert.Equal("/app/settings?done=sessions", (await browser.PostAsync("/app/settings/sessions/end", token: token)).Location);
        Assert.Equal(HttpStatusCode.SeeOther, (await second.GetAsync("/app")).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await third.GetAsync("/app")).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/app")).Status);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Nobody_is_signed_in_as_somebody_where_the_data_are_no_examples(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (_, person, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var owner = new SignInBrowser(node.Url);
        await owner.EnrolAsync(link, device);
        using var browser = new SignInBrowser(node.Url);
        Assert.DoesNotContain(person, (await browser.GetAsync("/signin")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsync("/signin/as", new() { ["person"] = person })).Status);
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.GetAsync("/app")).Status);
    }

    private static async Task<string> AgencyOfAsync(EndToEndNode node, string person) =>
        (await node.GetAsync("operator", $"v1/people/{person}")).Is(HttpStatusCode.OK).Json.GetProperty("agency").GetString()!;

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Whoever_is_stopped_holds_nothing_any_more(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var country = provider == DatabaseProvider.Sqlite ? "SM" : "MT";
        var agency = $"claims-{country.ToLowerInvariant()}";
        await node.RegisterAsync(agency, "Hotline", "Standard", "Administrator", country);
        var made = (await node.PostAsync(agency, "v1/people", new JsonObject
        {
            ["signInName"] = "anna", ["name"] = "Anna Example", ["roles"] = new JsonArray("Analyst"),
        })).Is(HttpStatusCode.Created).Json;
        var person = made.GetProperty("person").GetProperty("id").GetString()!;
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(made.GetProperty("link").GetString()!, device);

        var report = await node.SubmitAsync("gb", Bodies.Report($"CLAIMS-{country}", r =>
        {
            r["urls"]![0]!["hostingCountryCode"] = country;
        }));
        var form = (Path: "", Token: "");
        await EndToEndNode.UntilAsync(async () =>
        {
            var page = await browser.GetAsync($"/app/reports/{report}/items/1");
            form = ($"/app/reports/{report}/items/1/claim", page.Status == HttpStatusCode.OK ? SignInBrowser.TokenOn(page.Text) : "");
            return new Reply(page.Status, page.Text, default, null, null!);
        }, r => r.Status == HttpStatusCode.OK && r.Text.Contains($"items/1/claim", StringComparison.Ordinal));
        var claimed = await browser.PostAsync(form.Path, token: form.Token);
        Assert.True(claimed.Status == HttpStatusCode.SeeOther, claimed.Text);
        Assert.Contains("ItemsClaimed", (await node.GetAsync("gb", $"v1/reports/{report}/history")).Text, StringComparison.Ordinal);

        (await node.PostAsync(agency, $"v1/people/{person}:stop", null)).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("gb", $"v1/reports/{report}/history"),
            r => r.Text.Contains("ItemsReleased", StringComparison.Ordinal) || r.Text.Contains("Released.", StringComparison.Ordinal));
    }

    /// <summary>
    /// A single passkey is one way: before there is another, nothing opens; and what is taken then lets its owner in when the device is lost.
    /// </summary>
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Who_has_one_way_to_sign_in_makes_a_second_before_any_page_opens(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        foreach (var byCodes in new[] { true, false })
        {
            var (_, _, link) = await InvitedAsync(node, "Hotline", "Analyst");
            using var device = new SoftAuthenticator();
            using var browser = new SignInBrowser(node.Url);
            await browser.EnrolOneWayAsync(link, device);
            using var again = new SignInBrowser(node.Url);
            Assert.Equal(HttpStatusCode.OK, (await again.SignInAsync(device)).Status);
            foreach (var (of, page) in new[] { (browser, "/app"), (browser, "/app/queues"), (browser, "/app/settings"), (again, "/app") })
            {
                Assert.Equal((HttpStatusCode.SeeOther, $"/signin/second?return={Uri.EscapeDataString(page)}"),
                    (await of.GetAsync(page)) is var closed ? (closed.Status, closed.Location!) : default);
            }

            var token = await browser.TokenAsync("/signin/second");
            if (byCodes)
            {
                var made = await browser.PostAsync("/signin/second/codes", token: token);
                Assert.Equal(HttpStatusCode.OK, made.Status);
                var shown = System.Text.RegularExpressions.Regex.Matches(made.Text, "<code>([^<]+)</code>").Select(m => m.Groups[1].Value).ToList();
                using var lost = new SignInBrowser(node.Url);
                Assert.Equal(HttpStatusCode.SeeOther, (await lost.PostAsync(
                    "/signin/code", new() { ["name"] = WebUtility.HtmlDecode(shown[0]), ["secret"] = shown[1], ["code"] = shown[2] })).Status);
                Assert.Equal(HttpStatusCode.OK, (await lost.GetAsync("/app")).Status);
            }
            else
            {
                var options = await browser.PostAsync("/signin/second/passkey/options", asScript: true, token: token);
                using var spare = new SoftAuthenticator();
                Assert.Equal(HttpStatusCode.OK, (await browser.PostAsync(
                    "/signin/second/passkey", new() { ["credential"] = spare.Create(options.Text, browser.Origin) }, asScript: true, token: token)).Status);
            }

            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/app")).Status);

            // The other session finds that it was made elsewhere.
            Assert.Equal("/app", (await again.GetAsync("/signin/second?return=%2Fapp")).Location);
            Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/app")).Status);
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_persons_own_key_and_what_they_put_down_end_with_them(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (admin, person, link) = await InvitedAsync(node, "Hotline", "Analyst");
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(link, device);
        JsonObject Body(string owner, params string[] roles) => new() { ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]), ["owner"] = owner };
        (await node.PostAsync("operator", "v1/agencies/hotline-nl/keys", Body(person, "Analyst"))).Is(HttpStatusCode.UnprocessableEntity);
        var made = (await node.PostAsync("operator", $"v1/agencies/{admin}/keys", Body(person, "Analyst", "Auditor"))).Is(HttpStatusCode.Created).Json;
        var (key, keyId) = (made.GetProperty("apiKey").GetString()!, made.GetProperty("keyId").GetString()!);
        (await node.PostAsync("operator-2", $"v1/agencies/{admin}/keys/{keyId}:approve", null)).Is(HttpStatusCode.OK);
        async Task<HttpStatusCode> AskAsync(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Url, path));
            request.Headers.TryAddWithoutValidation("X-Api-Key", key);
            using var response = await node.SendAsync(request);
            return response.StatusCode;
        }

        // Of its roles it has those that the person has.
        Assert.Equal(HttpStatusCode.OK, await AskAsync("v1/agency"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync("v1/audit/entries/x"));
        var (personal, caller) = (node.Services.GetRequiredService<Actors.Personal.PersonalStore>(), new Domain.Access.Caller
        {
            Agency = AgencyId.Parse(admin), Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = person, Person = PersonId.Parse(person),
        });
        var search = await personal.KeepAsync(caller, Actors.Personal.PersonalKind.Search, "an example", default);
        await node.Services.GetRequiredService<SessionStore>().StatePurposeAsync(
            (await node.Services.GetRequiredService<SessionStore>().OfAsync(PersonId.Parse(person), default))[0], "NL-2026-0144", default);

        (await node.PostAsync(admin, $"v1/people/{person}:stop", null)).Is(HttpStatusCode.OK);
        var clock = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("v1/agency"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
        await EndToEndNode.UntilAsync(() => node.GetAsync(admin, "v1/agency"), r => r.Is(HttpStatusCode.OK).Json.GetProperty("keys").EnumerateArray()
            .Any(k => k.GetProperty("keyId").GetString() == keyId && k.TryGetProperty("revokedAt", out _)));
        await EndToEndNode.UntilAsync(() => node.GetAsync(admin, "v1/agency"),
            _ => personal.FindAsync(caller, Actors.Personal.PersonalKind.Search, search, default).Result is null
                && node.Services.GetRequiredService<SessionStore>().PurposesAsync(PersonId.Parse(person), default).Result.Texts.IsEmpty);
        (await node.PostAsync("operator", $"v1/agencies/{admin}/keys", Body(person, "Analyst"))).Is(HttpStatusCode.UnprocessableEntity);
    }

    [SkippableTheory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example")]
    [InlineData("/app//evil.example")]
    [InlineData("/app\\evil")]
    [InlineData("/v1/agency")]
    public async Task After_the_sign_in_one_comes_to_a_page_of_ours(string wanted)
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        using var browser = new SignInBrowser(node.Url);
        Assert.Equal("/app", SignInBrowser.Field((await browser.GetAsync($"/signin?return={Uri.EscapeDataString(wanted)}")).Text, "return"));
    }

    /// <summary>An agency of its own with an administrator's key, and a person it has invited.</summary>
    internal static async Task<(string Admin, string Person, string Link)> InvitedAsync(EndToEndNode node, string kind, string role)
    {
        var agency = $"signin-{Interlocked.Increment(ref _people)}-{Guid.NewGuid():N}"[..20];
        await node.RegisterAsync(agency, kind, "Standard", "Administrator", "LU");
        var made = (await node.PostAsync(agency, "v1/people", new JsonObject
        {
            ["signInName"] = "anna", ["name"] = "Anna Example", ["roles"] = new JsonArray(role),
        }, ("X-Purpose", "people"))).Is(HttpStatusCode.Created).Json;
        return (agency, made.GetProperty("person").GetProperty("id").GetString()!, made.GetProperty("link").GetString()!);
    }

    /// <summary>A page without what differs by chance.</summary>
    private static string Blank(string html) =>
        System.Text.RegularExpressions.Regex.Replace(html, "name=\"(command|token)\" value=\"[^\"]*\"|\\d\\d:\\d\\d|x{43}", "");

    private static byte[] FromBase32(string text)
    {
        var bytes = new List<byte>();
        int held = 0, bits = 0;
        foreach (var c in text)
        {
            (held, bits) = (held << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c), bits + 5);
            if (bits >= 8)
            {
                bits -= 8;
                bytes.Add((byte)(held >> bits));
                held &= (1 << bits) - 1;
            }
        }

        return [.. bytes];
    }
}
