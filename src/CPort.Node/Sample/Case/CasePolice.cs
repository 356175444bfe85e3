using static CPort.Node.Sample.Case.CasePlay;

namespace CPort.Node.Sample.Case;

/// <summary>What police does in the case.</summary>
internal static class CasePolice
{
    public const string Word = "our online team looks at it";
    public const string HoldNote = "a face that nobody here knows";
    public const string Question = "how did one get there, and when was it put there?";
    public const string GermanWord = "the German team looks at it";

    /// <summary>On what the hold is.</summary>
    public static readonly ImmutableArray<int> Held = [CaseReport.Shared, CaseReport.Alike, CaseReport.AlikeToo];

    public static readonly TimeSpan HoldLasts = TimeSpan.FromHours(48);

    public static Task ReceiveAsync(CasePlay play) => play.PostAsync("officer-nl", $"v1/referrals/{play.DutchReferral}:receive", new { text = Word });

    public static Task ReceivedAsync(CasePlay play) => play.UntilAsync(
        "received", () => play.ItemAsync("analyst-nl", CaseReport.Shared),
        i => i.All("referrals").Any(r => r.Text("agency") == "police-nl" && r.Text("state") == "Received"));

    public static Task HoldAsync(CasePlay play) => play.PostAsync("officer-nl", $"v1/reports/{play.Id}:hold", new
    {
        items = Items(Held), reason = "PossibleNewVictim", until = play.Stage.Now + HoldLasts, note = HoldNote,
    });

    public static async Task HeldAsync(CasePlay play)
    {
        foreach (var item in Held)
        {
            var hold = (await play.ItemAsync("analyst-nl", item)).All("holds").Single();
            Must(hold.Text("state") == "Running" && hold.NameOf("reason") == "PossibleNewVictim", $"Item {item} is on hold.");
            play.Hold = hold.Text("holdId");
        }

        await play.UntilAsync("the hotline's list of holds", () => play.Of("analyst-nl").GetAsync("v1/holds"),
            l => l.All("holds").Any(h => h.Text("holdId") == play.Hold));
    }

    public static async Task AskAsync(CasePlay play)
    {
        var before = await play.UntilAsync("the score", () => play.Of("officer-nl").GetAsync($"v1/referrals/{play.DutchReferral}"),
            r => r.TryGetProperty("completeness", out _) && r.TryGetProperty("priority", out _));
        Must(before.GetProperty("completeness").Text("have") == "5", $"5 of 7 are there: {before.GetProperty("completeness").GetRawText()}");
        await play.PostAsync("officer-nl", "v1/requests", new
        {
            reportId = play.Id, items = Items(CaseReport.Shared), fields = new[] { "Referrer", "UploadTime" }, text = Question,
        });
    }

    public static async Task AskedAsync(CasePlay play)
    {
        var listed = (await play.UntilAsync("asked", () => play.Of("analyst-nl").GetAsync("v1/requests?state=open&maxResults=200"),
            l => l.All("requests").Any(q => q.Text("reportId") == play.Id))).All("requests").Single(q => q.Text("reportId") == play.Id);
        play.Question = listed.Text("requestId");
        var due = listed.GetProperty("due").GetDateTimeOffset() - listed.GetProperty("askedAt").GetDateTimeOffset();
        Must(listed.GetProperty("toAnswer").GetBoolean() && due == TimeSpan.FromHours(24), $"It is the hotline's to answer within a day: {due}");
    }

    public static async Task MeetAsync(CasePlay play)
    {
        var seen = await play.UntilAsync("deconfliction", () => play.Of("officer-de").GetAsync($"v1/referrals/{play.GermanReferral}"),
            r => r.All("deconfliction").Any());
        var hint = seen.All("deconfliction").Single();
        Must(hint.Text("because") == "MatchingMedia" && !hint.TryGetProperty("agency", out _) && hint.Text("ask") == "INTERPOL", hint.GetRawText());
        Must(seen.All("items").Select(i => i.Text("itemId")).SequenceEqual(CaseReport.German.Select(play.ItemId)), "Her two, and no other.");
        var report = await play.Of("officer-de").GetAsync($"v1/reports/{play.Id}");
        Must(report.Text("itemCount") == "2", "Of the report she sees her two.");
        play.Note = $"she is told: {hint.Text("because")}, ask {hint.Text("ask")}";
    }

    public static async Task AttestAsync(CasePlay play)
    {
        await AttestAsync(play, "officer-nl");
        await play.RefusedAsync("officer-ip", $"v1/iwol/candidates/{play.Candidate}:list", new { }, "not-decidable");
        var blind = await CandidateAsync(play, "officer-de");
        Must(blind.Text("attested") == "0" && blind.GetProperty("blind").GetBoolean() && !blind.TryGetProperty("attestations", out _),
            "She does not see what he found, nor that he did.");
        await AttestAsync(play, "officer-de");
    }

    public static async Task AttestedAsync(CasePlay play)
    {
        Must((await CandidateAsync(play, "officer-ip")).GetProperty("decidable").GetBoolean(), "It can be decided.");
        Must((await CandidateAsync(play, "officer-de")).All("attestations").Count() == 2, "Now she sees both.");
    }

    public static Task ReceiveWhileNodeDiesAsync(CasePlay play) => play.Stage.WhileNodeDiesAsync(
        () => play.PostAsync("officer-de", $"v1/referrals/{play.GermanReferral}:receive", new { text = GermanWord }));

    public static async Task ReceivedOnceAsync(CasePlay play)
    {
        var seen = await play.Of("officer-de").GetAsync($"v1/referrals/{play.GermanReferral}");
        Must(seen.Text("state") == "Received" && seen.All("feedback").Count() == 1, $"Once: {seen.GetRawText()}");
        await play.UntilAsync("received in Germany", () => play.ItemAsync("analyst-nl", CaseReport.InGermany),
            i => i.All("referrals").Any(r => r.Text("agency") == "police-de" && r.Text("state") == "Received"));
    }

    public static Task<JsonElement> CandidateAsync(CasePlay play, string actor) => play.Of(actor).GetAsync($"v1/iwol/candidates/{play.Candidate}");

    /// <summary>Where an officer keeps what was seen: the own agency's alone.</summary>
    public static string SafeOf(string actor) => $"kept in the safe of {actor}";

    private static Task AttestAsync(CasePlay play, string actor) => play.PostAsync(actor, $"v1/iwol/candidates/{play.Candidate}:attest", new
    {
        childrenReal = true, youngerThan13 = true, severe = true, seenAt = play.Stage.Now.AddHours(-1), reference = SafeOf(actor),
    });
}
