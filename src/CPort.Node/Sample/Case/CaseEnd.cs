using static CPort.Node.Sample.Case.CasePlay;

namespace CPort.Node.Sample.Case;

/// <summary>How the case ends: an account is stopped, and somebody looks at who looked.</summary>
internal static class CaseEnd
{
    public static async Task StopAsync(CasePlay play)
    {
        var name = $"{play.Report.Name}-oscar";
        using var colleague = await play.Stage.SignInAsync(play, name, $"Oscar Officer (example {play.Report.Name})");
        Must(await colleague.OpensAsync("app/inbox"), "The colleague is in.");
        var people = await play.Of("administrator-nl").GetAsync("v1/people?maxResults=200");
        var id = people.All("people").Single(p => p.GetRawText().Contains(name, StringComparison.Ordinal)).Text("id");
        await play.PostAsync("administrator-nl", $"v1/people/{id}:stop", null);
        await play.UntilAsync(
            "the open page ends", async () => JsonElement.Parse(await colleague.OpensAsync("app/inbox") ? "true" : "false"), o => !o.GetBoolean());
    }

    public static async Task StoppedAsync(CasePlay play)
    {
        var people = await play.Of("administrator-nl").GetAsync("v1/people?stopped=true&maxResults=200");
        Must(people.All("people").Any(p => p.Text("state") == "Stopped" && p.GetRawText().Contains(play.Report.Name, StringComparison.Ordinal)), "Stopped.");
    }

    public static async Task AuditAsync(CasePlay play)
    {
        var entries = await EntriesAsync(play, "auditor-nl", play.Id);
        play.Note = string.Create(CultureInfo.InvariantCulture,
            $"{entries.Count} entries of hotline and police of the country; {entries.Count(e => e.Text("purpose") == Purpose)} with the purpose {Purpose}");
    }

    public static async Task AuditedAsync(CasePlay play)
    {
        var entries = await EntriesAsync(play, "auditor-nl", play.Id);
        foreach (var (agency, kind) in new[] { "hotline-nl", "police-nl" }.SelectMany(a => new[] { (a, "consultation"), (a, "alteration") }))
        {
            Must(entries.Any(e => e.Text("kind") == kind && AgencyOf(e) == agency), $"A {kind} by {agency} is written down.");
        }

        // Police looked for a case; and of other countries' agencies this authority sees nothing.
        Must(entries.Where(e => AgencyOf(e) == "police-nl").All(e => e.Text("purpose") == Purpose), "Each look of police has its purpose.");
        Must(entries.All(e => AgencyOf(e).EndsWith("-nl", StringComparison.Ordinal)), "Only the country's own.");
        var id = entries.First(e => e.TryGetProperty("seq", out _)).Text("id");
        var proof = await play.UntilProofAsync(id);
        Must(proof.Contains("tlog-proof", StringComparison.Ordinal), proof);
        Must((await play.PostAsync("auditor-nl", "v1/audit/log:verify", null)).GetProperty("intact").GetBoolean(), "The log is intact.");
    }

    /// <summary>All entries about a record, page by page.</summary>
    public static async Task<List<JsonElement>> EntriesAsync(CasePlay play, string actor, string record)
    {
        var found = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await play.PostAsync(actor, "v1/audit/entries:search", new { record, maxResults = 1000, cursor });
            found.AddRange(page.All("entries"));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        return found;
    }

    private static string AgencyOf(JsonElement entry) => entry.GetProperty("actor").Text("agency");

    private static async Task<string> UntilProofAsync(this CasePlay play, string id)
    {
        byte[]? proof = null;
        await play.UntilAsync("a checkpoint over the entry", async () =>
        {
            proof = await play.Of("auditor-nl").GetBytesAsync($"v1/audit/entries/{id}.tlog-proof");
            return JsonElement.Parse(proof is null ? "false" : "true");
        }, p => p.GetBoolean());
        return System.Text.Encoding.UTF8.GetString(proof!);
    }
}
