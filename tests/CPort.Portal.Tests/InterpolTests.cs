using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AngleSharp.Html.Dom;
using CPort.Api.Agencies;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Portal.Tests;

/// <summary>Second looks, ICSE and the "worst of" list by their forms, without script; pages equal the API, and to others there is nothing.</summary>
[Collection(nameof(PortalNode))]
public sealed class InterpolTests(PortalNode node)
{
    /// <summary>People of an agency whose policy no other test meets.</summary>
    internal const string Eva = "eva@hotline-at", Bert = "bert@hotline-at", Mia = "mia@hotline-at";

    internal static async Task JoinAsync(PortalNode node)
    {
        foreach (var person in new[]
        {
            new SamplePerson("hotline-at", "eva", "Eva Example", Roles.Analyst), new("hotline-at", "bert", "Bert Example", Roles.Analyst),
            new("hotline-at", "mia", "Mia Example", Roles.Analyst | Roles.Manager),
        })
        {
            await node.JoinAsync(person);
        }

        using var manager = node.ClientOf(Mia);
        var form = Form(await PageAsync(manager, "app/second"), "/policy");
        form.QuerySelector("input[name=newbaseline]")!.SetAttribute("checked", "");
        form.QuerySelector("input[name=sample]")!.SetAttribute("value", "0");
        await PageTests.FollowAsync(manager, form);
    }

    [Fact]
    public async Task A_look_is_given_by_who_does_not_know_and_a_third_decides()
    {
        await JoinAsync(node);
        using var eva = node.ClientOf(Eva);
        using var bert = node.ClientOf(Bert);
        using var mia = node.ClientOf(Mia);
        var item = await SentAsync(node, "look", "AT");
        await SayAsync(eva, item, "/assess", "1");
        Assert.Contains("You have looked", (await PageAsync(eva, item)).QuerySelector("main .notice")!.TextContent, StringComparison.Ordinal);
        await LiveTests.WaitAsync(async () => Rows(await PageAsync(bert, "app/second")).Contains($"/{item}?from=second-looks"));
        Assert.DoesNotContain($"/{item}?from=second-looks", Rows(await PageAsync(eva, "app/second")));

        // What the API says, row by row.
        using var key = node.ClientOf("hotline-at");
        using var api = node.ApiOf("hotline-at");
        using var listed = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/second-looks", UriKind.Relative)));
        Assert.Equal(
            listed.RootElement.GetProperty("items").EnumerateArray()
                .Select(i => $"/app/reports/{i.GetProperty("reportId").GetString()}/items/{i.GetProperty("item").GetInt32()}?from=second-looks"),
            Rows(await PageAsync(key, "app/second")));

        var blind = await PageAsync(bert, item);
        Assert.Null(blind.QuerySelector("#opinions"));
        Assert.Null(blind.QuerySelector(".class"));
        Assert.Null(blind.QuerySelector("form[action$='/assess']"));
        var look = Form(blind, "/look");
        using (var nothing = await PageTests.PostAsync(bert, look))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, nothing.StatusCode);
        }

        PageTests.Choose(look, "class", "2");
        await PageTests.FollowAsync(bert, look);
        Assert.Null((await PageAsync(bert, item)).QuerySelector("form[action$='/look']"));

        var third = Form(await PageAsync(mia, item), "/look");
        PageTests.Choose(third, "class", "1");
        await PageTests.FollowAsync(mia, third);
        Assert.NotNull((await PageAsync(bert, item)).QuerySelector("dl.identity .class.c1"));
    }

    [Fact]
    public async Task A_manager_sees_what_nobody_is_left_for_and_asks_another_agency()
    {
        await JoinAsync(node);
        var item = await SentAsync(node, "left", "AT");
        foreach (var (who, said) in new[] { (Eva, "1"), (Bert, "2"), (Mia, "4") })
        {
            using var person = node.ClientOf(who);
            await SayAsync(person, item, who == Eva ? "/assess" : "/look", said);
        }

        using var manager = node.ClientOf(Mia);
        var id = item.Split('/')[2] + "-1";
        IHtmlFormElement ask = null!;
        await LiveTests.WaitAsync(async () => (await PageAsync(manager, "app/second")).QuerySelector("form[action$='/ask']") is IHtmlFormElement form
            && (ask = form).QuerySelector($"input[value^='{id}.']")?.Closest("tr")?.QuerySelector(".tag.warn") is not null);
        ask.QuerySelector($"input[value^='{id}.']")!.SetAttribute("checked", "");
        ((IHtmlSelectElement)ask.QuerySelector("select[name=agency]")!).Value = "interpol";
        await PageTests.FollowAsync(manager, ask);
        using var ines = node.ClientOf("ines@interpol");
        var look = Form(await PageAsync(ines, item), "/look");
        Assert.Null((await PageAsync(ines, item)).QuerySelector("#opinions"));
        PageTests.Choose(look, "class", "1");
        await PageTests.FollowAsync(ines, look);
        Assert.NotNull((await PageAsync(manager, item)).QuerySelector("dl.identity .class.c1"));
    }

    [Fact]
    public async Task A_package_goes_from_a_proposal_to_its_answer_and_is_called_back()
    {
        var item = await JudgedAsync(node, "icse");
        using var analyst = node.ClientOf("anna@hotline-nl");
        await PageTests.FollowAsync(analyst, Form(await PageAsync(analyst, item), "/icse"), ("why", "a new series, perhaps"));
        Assert.Contains("hotline-nl", (await PageAsync(analyst, item)).QuerySelector("[aria-labelledby=interpol]")!.TextContent, StringComparison.Ordinal);

        using var ines = node.ClientOf("ines@interpol");
        using var ivo = node.ClientOf("ivo@interpol");
        var id = $"{item.Split('/')[2]}-1";
        IHtmlFormElement fill = null!;
        await LiveTests.WaitAsync(async () => (await PageAsync(ines, "app/icse")).QuerySelector("form[action$='/fill']") is IHtmlFormElement form
            && (fill = form).QuerySelector($"input[value^='{id}.']") is not null);
        using (var none = await PageTests.PostAsync(ines, fill))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, none.StatusCode);
        }

        fill.QuerySelector($"input[value^='{id}.']")!.SetAttribute("checked", "");
        var address = (await PageTests.FollowAsync(ines, fill)).ToString().Split('?')[0].TrimStart('/');
        var own = await PageAsync(ines, address);
        Assert.NotNull(own.QuerySelector("#in"));
        Assert.Null(own.QuerySelector("form[action$='/review']"));
        await PageTests.FollowAsync(ivo, Form(await PageAsync(ivo, address), "/review"), ("looked", "1"));

        // Releasing takes a proof of the last minutes.
        using (var late = node.ClientOf("ivo@interpol", proved: false))
        {
            Assert.StartsWith("/signin/again", (await PageTests.FollowAsync(late, Form(await PageAsync(late, address), "/release"))).ToString(),
                StringComparison.Ordinal);
        }

        await PageTests.FollowAsync(ivo, Form(await PageAsync(ivo, address), "/release"));
        var released = await PageAsync(ivo, address);
        foreach (var name in new[] { "media.json", "media.csv" })
        {
            var row = released.QuerySelectorAll("#files ~ div tbody tr").Single(r => r.QuerySelector("th")!.TextContent == name);
            using var file = await PageTests.PostAsync(ivo, (IHtmlFormElement)row.QuerySelector("form")!);
            Assert.Equal(HttpStatusCode.OK, file.StatusCode);
            Assert.Equal(row.QuerySelector("td.code")!.TextContent, Convert.ToHexStringLower(SHA256.HashData(await file.Content.ReadAsByteArrayAsync())));
        }

        var answer = Form(await PageAsync(ivo, address), "/return");
        using (var unreadable = await PageTests.PostAsync(ivo, With(answer, "list", "MD5;Known\nnot-a-hash;yes\n")))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, unreadable.StatusCode);
        }

        var md5 = Bodies.Hash(Names[item], 16);
        await PageTests.FollowAsync(ivo, With(answer, "list", $"MD5;Known;Victim identified;Series name\n{md5.ToUpperInvariant()};1;1;a-series\n"));
        var answered = await PageAsync(ivo, address);
        Assert.Contains("a-series", answered.QuerySelector("#in ~ form")!.TextContent, StringComparison.Ordinal);
        var recall = Form(answered, "/recall");
        recall.QuerySelector("input[name=item]")!.SetAttribute("checked", "");
        await PageTests.FollowAsync(ivo, recall);
        Assert.NotNull((await PageAsync(ivo, address)).QuerySelector("#in ~ form .tag.warn"));

        // To others there is nothing.
        foreach (var who in new[] { "anna@hotline-nl", "otto@police-nl" })
        {
            using var other = node.ClientOf(who);
            using var refused = await other.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
    }

    [SkippableFact]
    public async Task A_domain_is_proposed_attested_blindly_listed_and_removed()
    {
        Skip.IfNot(File.Exists("/usr/share/publicsuffix/public_suffix_list.dat"), "There is no full public suffix list here.");
        var item = await JudgedAsync(node, "iwol");
        using var analyst = node.ClientOf("anna@hotline-nl");
        using var otto = node.ClientOf("otto@police-nl");
        using var olga = node.ClientOf("olga@police-de");
        using var ines = node.ClientOf("ines@interpol");
        var address = (await PageTests.FollowAsync(analyst, Form(await PageAsync(analyst, item), "/iwol"))).ToString().Split('?')[0].TrimStart('/');
        Assert.Equal($"{Names[item].ToLowerInvariant()}.example", (await PageAsync(analyst, address)).QuerySelector("h1")!.TextContent.Trim());
        Assert.Null((await PageAsync(analyst, address)).QuerySelector("main form"));

        using (var late = node.ClientOf("otto@police-nl", proved: false))
        {
            Assert.StartsWith("/signin/again", (await PageTests.FollowAsync(late, Attest(await PageAsync(late, address)))).ToString(), StringComparison.Ordinal);
        }

        await PageTests.FollowAsync(otto, Attest(await PageAsync(otto, address), "kept-by-otto"));
        Assert.Contains("kept-by-otto", (await PageAsync(otto, address)).QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        var blind = await PageAsync(olga, address);
        Assert.Null(blind.QuerySelector("#found ~ div table"));
        Assert.DoesNotContain("kept-by-otto", blind.DocumentElement.OuterHtml, StringComparison.Ordinal);
        using (var incomplete = await PageTests.PostAsync(olga, Form(blind, "/attest")))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, incomplete.StatusCode);
        }

        Assert.Null((await PageAsync(ines, address)).QuerySelector("form[action$='/list']"));
        await PageTests.FollowAsync(olga, Attest(await PageAsync(olga, address), "kept-by-olga"));
        Assert.Equal(2, (await PageAsync(olga, address)).QuerySelectorAll("#found ~ div tbody tr").Length);

        // What the first one said stands once the second one's was to be seen.
        Assert.Null((await PageAsync(otto, address)).QuerySelector("form[action$='/attest']"));
        await PageTests.FollowAsync(ines, Form(await PageAsync(ines, address), "/list"));
        var domain = $"{Names[item].ToLowerInvariant()}.example";
        await LiveTests.WaitAsync(async () => (await PageAsync(otto, "app/iwol/list")).QuerySelector("main")!.TextContent
            .Contains(domain, StringComparison.Ordinal));
        var list = await PageAsync(otto, "app/iwol/list");
        using (var file = await PageTests.PostAsync(otto, (IHtmlFormElement)list.QuerySelector("form[action$='.txt']")!))
        {
            Assert.Contains(domain, await file.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.StartsWith("iwol-", file.Content.Headers.ContentDisposition!.FileName!.Trim('"'), StringComparison.Ordinal);
        }

        using (var signature = await PageTests.PostAsync(otto, (IHtmlFormElement)list.QuerySelector("form[action$='.txt.sig']")!))
        {
            Assert.Equal(64, (await signature.Content.ReadAsByteArrayAsync()).Length);
        }

        using var refused = await analyst.GetAsync(new Uri("app/iwol/list", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await PageTests.FollowAsync(otto, With(Form(await PageAsync(otto, address), "/appeal"), "why", "its owner writes"));
        Assert.Contains("its owner writes", (await PageAsync(ines, address)).QuerySelector(".timeline")!.TextContent, StringComparison.Ordinal);
        await PageTests.FollowAsync(ines, With(Form(await PageAsync(ines, address), "/remove"), "why", "it is gone"));
        await LiveTests.WaitAsync(async () => (await PageAsync(ines, "app/iwol?state=Removed")).QuerySelector("main")!.TextContent
            .Contains(domain, StringComparison.Ordinal));

        // The rows are the API's.
        using var api = node.ApiOf("interpol");
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/iwol/candidates?state=Removed&maxResults=50", UriKind.Relative)));
        Assert.Equal(
            answer.RootElement.GetProperty("candidates").EnumerateArray().Select(c => $"/app/iwol/{c.GetProperty("candidateId").GetString()}"),
            Rows(await PageAsync(ines, "app/iwol?state=Removed")));
    }

    /// <summary>
    /// An agency whose word decides nothing for others has the same pages as others of its kind and sees no more by them: what it named itself, no other's
    /// candidate, no package, no list.
    /// </summary>
    [SkippableFact]
    public async Task An_untrusted_agencys_analyst_sees_own_candidates_and_no_more()
    {
        Skip.IfNot(File.Exists("/usr/share/publicsuffix/public_suffix_list.dat"), "There is no full public suffix list here.");
        var (gateway, time) = (node.Services.GetRequiredService<IAgencyGateway>(), node.Services.GetRequiredService<TimeProvider>());
        await gateway.SendAsync(new RegisterAgency
        {
            Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = AgencyId.Parse("hotline-lu"), Name = "Example hotline LU",
            Kind = AgencyKind.Hotline, Trust = TrustLevel.Untrusted,
            Memberships = [new Membership { Country = Domain.CodeLists.Country.Parse("LU"), From = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-1)) }],
        }, default);
        await node.JoinAsync(new SamplePerson("hotline-lu", "luc", "Luc Analyst (example)", Roles.Analyst));
        using var luc = node.ClientOf("luc@hotline-lu");
        await LiveTests.WaitAsync(async () => (await luc.GetAsync(new Uri("app/iwol", UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        var theirs = await JudgedAsync(node, "notlu");
        var candidate = (await DomainAsync(node, theirs))!;
        var package = await PackageAsync(node, theirs);
        foreach (var state in new[] { "", "?state=Listed", "?state=Removed", "?state=Declined" })
        {
            Assert.DoesNotContain(Names[theirs], await luc.GetStringAsync(new Uri($"app/iwol{state}", UriKind.Relative)), StringComparison.OrdinalIgnoreCase);
        }

        foreach (var (address, status) in new[]
        {
            (candidate, HttpStatusCode.NotFound), (theirs, HttpStatusCode.NotFound), ("app/iwol/list", HttpStatusCode.Forbidden),
            ("app/icse", HttpStatusCode.Forbidden), (package, HttpStatusCode.Forbidden),
        })
        {
            using var answer = await luc.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(status, answer.StatusCode);
            Assert.DoesNotContain(Names[theirs], await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Empty((await PageAsync(luc, "app/iwol")).QuerySelectorAll(".tabs a[href='/app/icse']"));
    }

    private static IHtmlFormElement Attest(IHtmlDocument page, string reference = "kept")
    {
        var form = Form(page, "/attest");
        foreach (var question in new[] { "real", "young", "severe" })
        {
            PageTests.Choose(form, question, "yes");
        }

        form.QuerySelector("input[name=seen]")!.SetAttribute("value", DateTime.UtcNow.AddHours(-1).ToString("yyyy-MM-dd'T'HH:mm"));
        form.QuerySelector("input[name=reference]")!.SetAttribute("value", reference);
        return form;
    }

    /// <summary>By what name each item was sent: of its host and its hashes.</summary>
    internal static readonly Dictionary<string, string> Names = [];

    /// <summary>A new report of one item hosted there, with nobody's judgement; the address of the item's page.</summary>
    internal static async Task<string> SentAsync(PortalNode node, string name, string country)
    {
        using var source = node.ApiOf("hotline-gb");
        using var hotline = node.ApiOf($"hotline-{country.ToLowerInvariant()}");
        var reference = $"{name}-{Guid.NewGuid():N}"[..20];
        using var content = new StringContent(Bodies.Report(reference, r =>
        {
            var first = (JsonObject)r["urls"]![0]!;
            first["urlString"] = $"https://{reference}.example/{reference}.jpg";
            first["hostingCountryCode"] = country;
            first.Remove("assessment");
        }), Encoding.UTF8, "application/json");
        using var sent = await source.PostAsync(new Uri("v1/reports", UriKind.Relative), content);
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        var report = (await sent.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("reportId").GetString()!;
        await LiveTests.WaitAsync(async () =>
            await PoliceCase.ItemAsync(hotline, report, 1) is { } i && i.GetProperty("state").GetString() == "Unassessed");
        Names[$"app/reports/{report}/items/1"] = reference;
        return $"app/reports/{report}/items/1";
    }

    /// <summary>The same, judged Baseline by the Dutch hotline's analyst.</summary>
    internal static async Task<string> JudgedAsync(PortalNode node, string name)
    {
        var item = await SentAsync(node, name, "NL");
        using var analyst = node.ClientOf("anna@hotline-nl");
        await SayAsync(analyst, item, "/assess", "1");
        return item;
    }

    /// <summary>
    /// Judges an item by a form of its page; what CPort itself has yet to do with it may change it meanwhile (412), and then the page is opened again.
    /// </summary>
    internal static Task SayAsync(HttpClient client, string item, string form, string classification) => LiveTests.WaitAsync(async () =>
    {
        var said = Form(await PageAsync(client, item), form);
        PageTests.Choose(said, "class", classification);
        using var answer = await PageTests.PostAsync(client, said);
        Assert.True(answer.StatusCode is HttpStatusCode.SeeOther or HttpStatusCode.PreconditionFailed, $"{answer.StatusCode}");
        return answer.StatusCode == HttpStatusCode.SeeOther;
    });

    /// <summary>A package of one item, reviewed and released.</summary>
    internal static async Task<string> PackageAsync(PortalNode node, string item)
    {
        using var ines = node.ClientOf("ines@interpol");
        using var ivo = node.ClientOf("ivo@interpol");
        var id = $"{item.Split('/')[2]}-1";
        IHtmlFormElement fill = null!;
        await LiveTests.WaitAsync(async () => (await PageAsync(ines, "app/icse")).QuerySelector("form[action$='/fill']") is IHtmlFormElement form
            && (fill = form) is not null);

        // Candidates fill more than a page: the box says which item is meant.
        if (fill.QuerySelector($"input[value^='{id}.']") is null)
        {
            fill.QuerySelector("input[name=item]")!.SetAttribute("value", $"{id}.1");
            fill.QuerySelector("input[name=item]")!.SetAttribute("checked", "");
        }
        else
        {
            fill.QuerySelector($"input[value^='{id}.']")!.SetAttribute("checked", "");
        }

        var address = (await PageTests.FollowAsync(ines, fill)).ToString().Split('?')[0].TrimStart('/');
        await PageTests.FollowAsync(ivo, Form(await PageAsync(ivo, address), "/review"), ("looked", "1"));
        await PageTests.FollowAsync(ivo, Form(await PageAsync(ivo, address), "/release"));
        return address;
    }

    /// <summary>The item's domain, proposed; null where there is no full public suffix list.</summary>
    internal static async Task<string?> DomainAsync(PortalNode node, string item)
    {
        using var analyst = node.ClientOf("anna@hotline-nl");
        using var answer = await PageTests.PostAsync(analyst, Form(await PageAsync(analyst, item), "/iwol"));
        return answer.Headers.Location?.ToString().Split('?')[0].TrimStart('/');
    }

    private static IHtmlFormElement With(IHtmlFormElement form, string field, string text)
    {
        ((IHtmlTextAreaElement)form.QuerySelector($"textarea[name={field}]")!).Value = text;
        return form;
    }

    private static IEnumerable<string> Rows(IHtmlDocument page) => page.QuerySelectorAll("main section:first-of-type tbody th a, main > .scroll tbody th a")
        .Select(a => a.GetAttribute("href")!).Distinct();

    private static IHtmlFormElement Form(IHtmlDocument page, string end) => page.QuerySelector($"form[action$='{end}']") as IHtmlFormElement
        ?? throw new InvalidOperationException($"The page has no form {end}: {page.QuerySelector("main")?.TextContent}");

    private static async Task<IHtmlDocument> PageAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
}
