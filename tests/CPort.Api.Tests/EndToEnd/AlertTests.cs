using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What is urgent reaches its police at once, and goes further when no person there acknowledges it; on a node whose clock is moved.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class AlertTests(MovedNode moved) : IClassFixture<MovedNode>
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");

    [Fact]
    public async Task An_alert_that_no_person_acknowledges_in_fifteen_minutes_goes_to_INTERPOL_and_one_that_was_does_not()
    {
        var node = moved.Node;
        await node.RegisterAsync("hotline-mz", "Hotline", "Standard", "Analyst", "MZ");
        await node.RegisterAsync("police-mz", "Police", "Standard", "Officer", "MZ");
        await node.KeyAsync("machine-mz", "police-mz", "Machine");
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var seen = await UrgentAsync(node, "ALERT-1");
        var missed = await UrgentAsync(node, "ALERT-2");
        var (seenId, missedId) = (await ReferralAsync(node, "police-mz", seen), await ReferralAsync(node, "police-mz", missed));
        await EndToEndNode.UntilAsync(() => node.GetAsync("police-mz", "v1/feed?maxResults=200&types=cport.referral.urgent.v1", Purpose),
            r => r.Is(HttpStatusCode.OK).Text.Contains(seen, StringComparison.Ordinal) && r.Text.Contains(missed, StringComparison.Ordinal));
        Console.WriteLine($"urgent: two reports in, and in the feed, after {System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        var alert = (await node.GetAsync("police-mz", $"v1/referrals/{missedId}", Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("alert");
        Assert.Equal(TimeSpan.FromMinutes(15), alert.GetProperty("due").GetDateTimeOffset() - alert.GetProperty("since").GetDateTimeOffset());
        await EndToEndNode.UntilAsync(() => node.GetAsync("police-mz", "v1/referrals", Purpose), r => r.Is(HttpStatusCode.OK).Json.GetProperty("referrals")
            .EnumerateArray().Any(l => l.GetProperty("referralId").GetString() == missedId && l.TryGetProperty("alertDue", out _)));

        // A machine takes it in; that a person has seen it only a person says.
        (await node.PostAsync("machine-mz", $"v1/referrals/{missedId}:receive", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        Assert.Equal("person-needed", (await node.PostAsync("machine-mz", $"v1/referrals/{missedId}:acknowledge", new JsonObject(), Purpose))
            .Is(HttpStatusCode.Forbidden).Code);
        (await node.PostAsync("interpol", $"v1/referrals/{missedId}:acknowledge", new JsonObject())).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("police-mz", $"v1/referrals/{seenId}:acknowledge", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        Assert.Equal("nothing-to-acknowledge", (await node.PostAsync("police-mz", $"v1/referrals/{seenId}:acknowledge", new JsonObject(), Purpose))
            .Is(HttpStatusCode.Conflict).Code);

        moved.Clock.Move(TimeSpan.FromMinutes(16));
        var handed = await ReferralAsync(node, "interpol", missed);
        Assert.NotEqual(missedId, handed);
        var line = Assert.Single((await node.GetAsync("police-mz", $"v1/referrals/{missedId}", Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("feedback")
            .EnumerateArray(), f => f.TryGetProperty("escalated", out _));
        Assert.Equal(("interpol", "Received"), (line.GetProperty("to").GetString(), line.GetProperty("state").GetString()));
        foreach (var who in new[] { "police-mz", "gb", "hotline-mz" })
        {
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, "v1/feed?maxResults=200&types=cport.referral.escalated.v1", Purpose),
                r => r.Is(HttpStatusCode.OK).Text.Contains(missed, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("escalated", (await node.GetAsync("police-mz", $"v1/referrals/{seenId}", Purpose)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
    }

    private static async Task<string> UrgentAsync(EndToEndNode node, string reference)
    {
        var id = await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urgent"] = true;
            r["urls"]![0]!["hostingCountryCode"] = "MZ";
            r["urls"]![0]!["urlString"] = $"https://{reference.ToLowerInvariant()}.example/x";
        }));
        return id;
    }

    private static async Task<string> ReferralAsync(EndToEndNode node, string who, string report)
    {
        string? id = null;
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{report}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Json.TryGetProperty("referrals", out var all)
                && (id = all.EnumerateArray().Where(x => x.TryGetProperty("referralId", out _))
                    .Select(x => x.GetProperty("referralId").GetString()).FirstOrDefault()) is not null);
        return id!;
    }
}
