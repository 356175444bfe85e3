using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Domain.Reports;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Police first, as its parties and all others meet it; on a node whose clock is moved.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class HoldTests(MovedNode moved) : IClassFixture<MovedNode>
{
    private const string NoHold = "00000000000000000000000000-h1";
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly SemaphoreSlim Once = new(1, 1);
    private static bool _registered;

    [Fact]
    public async Task A_hold_refuses_the_host_and_nothing_else_and_is_its_parties_own()
    {
        var node = await WithAgenciesAsync();
        var id = await HeldReportAsync(node, "FIRST-1");
        var hold = await HoldAsync(node, id, "PossibleNewVictim", ("Command-Id", "hold-1"));
        Assert.Matches($"^{id}-h[1-9][0-9]{{5}}$", hold);
        Assert.Equal(hold, await HoldAsync(node, id, "PossibleNewVictim", ("Command-Id", "hold-1")));

        var refused = (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.Conflict);
        Assert.Equal("on-hold", refused.Code);
        Assert.Contains(hold, refused.Text, StringComparison.Ordinal);
        (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:act", ReportLifeTests.Action(1))).Is(HttpStatusCode.OK);

        foreach (var who in new[] { "police-cz", "gb", "hotline-cz" })
        {
            var item = (await node.GetAsync(who, $"v1/reports/{id}/items/1", Purpose)).Is(HttpStatusCode.OK).Json;
            Assert.Equal("a-word-of-police", item.GetProperty("holds")[0].GetProperty("note").GetString());
            Assert.Equal("Running", item.GetProperty("holds")[0].GetProperty("state").GetString());
            var listed = await ListedAsync(node, who, "running", hold);
            Assert.Equal(who == "police-cz", listed.GetProperty("own").GetBoolean());
            Assert.Equal([1], listed.GetProperty("items").EnumerateArray().Select(i => i.GetInt32()));
        }

        // Why police looks, and what it calls its commands, is its own: who is part of the hold learns neither.
        foreach (var (who, own) in new[] { ("police-cz", true), ("gb", false), ("hotline-cz", false) })
        {
            var entries = (await node.GetAsync(who, $"v1/reports/{id}/history", Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("entries").EnumerateArray()
                .Where(e => e.GetProperty("agency").GetString() == "police-cz").ToArray();
            Assert.NotEmpty(entries);
            Assert.All(entries, e => Assert.Equal(own, e.TryGetProperty("purpose", out var why) && why.GetString() == Purpose.Value));
            Assert.All(entries, e => Assert.Equal(own, e.TryGetProperty("commandId", out _)));
            Assert.All(entries, e => Assert.Equal(own, e.TryGetProperty("keyId", out _)));
        }

        // They see the item, or not even that; of the hold nothing.
        foreach (var (who, seesItem) in new[] { ("police-cz2", true), ("interpol", true), ("police-jp", false), ("de", false) })
        {
            foreach (var path in new[] { $"v1/reports/{id}/items/1", $"v1/reports/{id}", $"v1/reports/{id}/history", "v1/holds", "v1/holds?state=ended" })
            {
                // The list's own name stands in every list.
                var answer = (await node.GetAsync(who, path, Purpose)).Text.Replace("\"holds\":[]", "", StringComparison.Ordinal);
                Assert.DoesNotContain("hold", answer, StringComparison.OrdinalIgnoreCase);
            }

            Assert.Equal(seesItem, (await node.GetAsync(who, $"v1/reports/{id}/items/1", Purpose)).Status == HttpStatusCode.OK);
        }

        // A stranger's answer is that to a hold of no report, byte by byte; of another police of the country, that to a hold that is not there.
        foreach (var verb in new[] { "lift", "extend", "object", "overrule" })
        {
            var body = verb switch { "extend" => new JsonObject { ["until"] = "2030-01-01T00:00:00Z" }, _ => new JsonObject { ["why"] = "why" } };
            Assert.Equal(
                (await node.PostAsync("police-jp", $"v1/holds/{NoHold}:{verb}", body.DeepClone(), Purpose)).Is(HttpStatusCode.NotFound).Text,
                (await node.PostAsync("police-jp", $"v1/holds/{hold}:{verb}", body.DeepClone(), Purpose)).Is(HttpStatusCode.NotFound).Text);
        }

        Assert.Equal(
            (await node.PostAsync("police-cz2", $"v1/holds/{id}-h9:lift", new JsonObject(), Purpose)).Is(HttpStatusCode.NotFound).Text,
            (await node.PostAsync("police-cz2", $"v1/holds/{hold}:lift", new JsonObject(), Purpose)).Is(HttpStatusCode.NotFound).Text);
        (await node.PostAsync("hotline-cz", $"v1/holds/{hold}:lift", new JsonObject())).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("hotline-cz", $"v1/reports/{id}:hold", Body("PossibleNewVictim"))).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("police-jp", $"v1/reports/{id}:hold", Body("PossibleNewVictim"), Purpose)).Is(HttpStatusCode.NotFound);
        (await node.GetAsync("supervisor", "v1/holds")).Is(HttpStatusCode.Forbidden);
        Assert.Equal("reason", (await node.PostAsync("police-cz", $"v1/reports/{id}:hold", Body("Because"), Purpose)).Is((HttpStatusCode)422).Json
            .GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task One_force_neither_uses_up_what_is_anothers_nor_does_an_id_tell_it_of_anothers()
    {
        var node = await WithAgenciesAsync();
        var id = await HeldReportAsync(node, "FIRST-4");
        var ids = new HashSet<string>();
        for (var i = 0; i < ReportLimits.HoldsOfAgency; i++)
        {
            var hold = await HoldAsync(node, id, "OngoingInvestigation");
            Assert.True(ids.Add(hold));
            (await node.PostAsync("police-cz", $"v1/holds/{hold}:lift", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        }

        Assert.Equal("too-many-items",
            (await node.PostAsync("police-cz", $"v1/reports/{id}:hold", Body("BadHoster"), Purpose)).Is((HttpStatusCode)422).Code);
        var others = (await node.PostAsync("police-cz2", $"v1/reports/{id}:hold", Body("BadHoster"), Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("holdId").GetString()!;
        Assert.Matches($"^{id}-h[1-9][0-9]{{5}}$", others);
        Assert.DoesNotContain(others, ids);

        // In order they would count all the same.
        Assert.NotEqual(ids.Append(others).Order(StringComparer.Ordinal), ids.Append(others));
    }

    [Fact]
    public async Task It_ends_by_itself_and_both_sides_see_it()
    {
        var node = await WithAgenciesAsync();
        var id = await HeldReportAsync(node, "FIRST-2");
        var hold = await HoldAsync(node, id, "OngoingInvestigation");
        moved.Clock.Move(TimeSpan.FromHours(72) - TimeSpan.FromMinutes(1));
        Assert.Equal("on-hold", (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.Conflict).Code);
        moved.Clock.Move(TimeSpan.FromMinutes(2));
        (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.OK);
        foreach (var who in new[] { "police-cz", "gb", "hotline-cz" })
        {
            Assert.Equal("Expired", (await ListedAsync(node, who, "ended", hold)).GetProperty("state").GetString());
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{id}/history", Purpose),
                r => r.Text.Contains("HoldExpired", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_hotline_objects_and_the_bureau_overrules()
    {
        var node = await WithAgenciesAsync();
        var id = await HeldReportAsync(node, "FIRST-3");
        var hold = await HoldAsync(node, id, "BadHoster");
        var later = new JsonObject { ["until"] = "2099-01-01T00:00:00Z" };
        (await node.PostAsync("police-cz", $"v1/holds/{hold}:extend", later, Purpose)).Is(HttpStatusCode.Forbidden);
        Assert.Equal("not-objected-to", (await OverruleAsync("bureau-cz")).Code);
        Assert.Equal("why", (await node.PostAsync("hotline-cz", $"v1/holds/{hold}:object", new JsonObject())).Is((HttpStatusCode)422).Json
            .GetProperty("errors")[0].GetProperty("field").GetString());
        (await node.PostAsync("hotline-cz", $"v1/holds/{hold}:object", new JsonObject { ["why"] = "children-are-seen" })).Is(HttpStatusCode.OK);
        (await OverruleAsync("police-cz")).Is(HttpStatusCode.Forbidden);
        (await OverruleAsync("bureau-cz")).Is(HttpStatusCode.OK);
        var item = (await node.GetAsync("police-cz", $"v1/reports/{id}/items/1", Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("holds")[0];
        Assert.Equal(("Overruled", "children-are-seen"), (item.GetProperty("state").GetString(),
            item.GetProperty("objections")[0].GetProperty("why").GetString()));
        (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.OK);

        Task<Reply> OverruleAsync(string who) =>
            node.PostAsync(who, $"v1/holds/{hold}:overrule", new JsonObject { ["why"] = "the hotline is right" }, Purpose);
    }

    private static JsonObject Body(string reason)
    {
        var body = ReportLifeTests.With("reason", reason);
        body["note"] = "a-word-of-police";
        return body;
    }

    private static async Task<string> HoldAsync(EndToEndNode node, string id, string reason, params (string, string)[] headers) =>
        (await node.PostAsync("police-cz", $"v1/reports/{id}:hold", Body(reason), [Purpose, .. headers])).Is(HttpStatusCode.OK).Json
        .GetProperty("holdId").GetString()!;

    /// <summary>Waits until the list has it.</summary>
    private static async Task<JsonElement> ListedAsync(EndToEndNode node, string who, string state, string hold)
    {
        JsonElement found = default;
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/holds?state={state}", Purpose), r =>
        {
            found = r.Is(HttpStatusCode.OK).Json.GetProperty("holds").EnumerateArray().FirstOrDefault(h => h.GetProperty("holdId").GetString() == hold);
            return found.ValueKind == JsonValueKind.Object;
        });
        return found;
    }

    private static async Task<string> HeldReportAsync(EndToEndNode node, string reference)
    {
        var id = await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["hostingCountryCode"] = "CZ";
        }));
        await node.AssignedAsync("hotline-cz", id, "hotline-cz");
        (await node.PostAsync("hotline-cz", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        return id;
    }

    private async Task<EndToEndNode> WithAgenciesAsync()
    {
        var node = moved.Node;
        await Once.WaitAsync();
        try
        {
            if (!_registered)
            {
                await node.RegisterAsync("hotline-cz", "Hotline", "Standard", "Analyst", "CZ");
                await node.RegisterAsync("police-cz", "Police", "Standard", "Officer", "CZ");
                await node.RegisterAsync("police-cz2", "Police", "Standard", "Officer", "CZ");
                await node.RegisterAsync("ncb-cz", "Police", "Standard", "Officer", "CZ");
                await node.ChangeAgencyAsync("ncb-cz", new JsonObject { ["isNationalBureau"] = true });
                await node.KeyAsync("bureau-cz", "ncb-cz", "Officer", "Manager");
                _registered = true;
            }
        }
        finally
        {
            Once.Release();
        }

        return node;
    }
}
