namespace CPort.Node.Sample.Case;

/// <summary>What one of the four agencies sees of the case, in short phrases by topic; each from an answer that it gets itself.</summary>
public sealed record CaseSight(AgencyId Agency, ImmutableSortedDictionary<string, string> Topics)
{
    /// <summary>What each sees now; nothing of it is known but by the agency's own key.</summary>
    public static async Task<ImmutableArray<CaseSight>> AllAsync(CasePlay play) =>
        [.. await Task.WhenAll(CaseKeys.Four.Select(f => OfAsync(play, f.Agency, f.Eyes)))];

    /// <summary>What is new since an earlier look, in one line; null: nothing.</summary>
    public string? Since(CaseSight? before)
    {
        var news = Topics.Where(t => before?.Topics.GetValueOrDefault(t.Key) != t.Value).Select(t => t.Value).ToArray();
        return news.Length == 0 ? null : string.Join("; ", news);
    }

    private static async Task<CaseSight> OfAsync(CasePlay play, AgencyId agency, string eyes)
    {
        var topics = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (await AskAsync(play, eyes, $"v1/reports/{play.Id}") is { } report)
        {
            var items = report.All("items").ToArray();
            topics["1 items"] = $"{items.Length} of {CaseReport.Dutch.Length + CaseReport.German.Length} items{Classes(items)}";
            foreach (var said in items.SelectMany(i => i.All("referrals")).Where(r => r.Text("agency") != agency.Value).GroupBy(r => r.Text("agency")))
            {
                topics[$"2 {said.Key}"] = $"{said.Key}: {Words(said.Select(r => r.Text("state")).LastOrDefault(w => w != "Open") ?? "told")}";
            }

            foreach (var hold in items.SelectMany(i => i.All("holds")).DistinctBy(h => h.Text("holdId")))
            {
                topics[$"4 {hold.Text("holdId")}"] = $"a hold on {hold.All("items").Count()} items: {Words(hold.Text("state"))}";
            }

            foreach (var question in items.SelectMany(i => i.All("requests")).DistinctBy(q => q.Text("requestId")))
            {
                topics["5 question"] = $"a question: {Words(question.Text("state"))}";
            }

            foreach (var icse in items.Where(i => i.TryGetProperty("icse", out _)).Select(i => i.GetProperty("icse")))
            {
                var identified = icse.TryGetProperty("victimIdentified", out var yes) && yes.GetBoolean();
                topics["6 icse"] = identified || topics.GetValueOrDefault("6 icse") == "ICSE: victim identified" ? "ICSE: victim identified"
                    : icse.Text("state") is { Length: > 0 } state ? $"ICSE: {Words(state)}" : "ICSE: proposed";
            }
        }
        else
        {
            topics["1 items"] = "nothing";
        }

        await ReferralAsync(play, agency, eyes, topics);
        if (play.Candidate.Length > 0 && await AskAsync(play, eyes, $"v1/iwol/candidates/{play.Candidate}") is { } domain)
        {
            topics["7 domain"] = $"the domain: {Words(domain.Text("state"))}, {domain.Text("attested")} attested"
                + (domain.GetProperty("decidable").GetBoolean() ? ", can be decided" : "")
                + (domain.Text("listVersion") is { Length: > 0 } v ? $", version {v}" : "");
        }

        return new CaseSight(agency, topics.ToImmutable());
    }

    /// <summary>The own referral: only its agency has one.</summary>
    private static async Task ReferralAsync(CasePlay play, AgencyId agency, string eyes, ImmutableSortedDictionary<string, string>.Builder topics)
    {
        var id = agency == CaseKeys.PoliceNl ? play.DutchReferral : agency == CaseKeys.PoliceDe ? play.GermanReferral : "";
        if (id.Length == 0 || await AskAsync(play, eyes, $"v1/referrals/{id}") is not { } referral)
        {
            return;
        }

        topics["3 referral"] = $"a referral of {referral.Text("itemCount")}: {Words(referral.Text("state"))}"
            + (referral.TryGetProperty("priority", out var p) ? $", score {p.Text("score")}" : "")
            + (referral.TryGetProperty("completeness", out var c) ? $", complete {c.Text("have")} of {c.Text("of")}" : "");
        if (referral.All("deconfliction").Any())
        {
            topics["8 others"] = $"somebody works on matching media: ask {referral.All("deconfliction").First().Text("ask")}";
        }
    }

    private static string Classes(JsonElement[] items) => string.Concat(items.GroupBy(i => i.NameOf("classification")).Where(g => g.Key.Length > 0)
        .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $", {g.Count()} {g.Key}"));

    /// <summary><c>InUse</c>: in use.</summary>
    private static string Words(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? $"{(i == 0 ? "" : " ")}{char.ToLowerInvariant(c)}" : $"{c}"));

    /// <summary>Null: to the caller there is none, or it is not for the caller's kind.</summary>
    private static async Task<JsonElement?> AskAsync(CasePlay play, string actor, string path)
    {
        try
        {
            return await play.Of(actor).GetAsync(path);
        }
        catch (CPortApiException e) when (e.Problem.Status is 403 or 404)
        {
            return null;
        }
    }
}
