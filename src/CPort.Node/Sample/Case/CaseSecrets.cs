namespace CPort.Node.Sample.Case;

/// <summary>The negative half: what an agency must not find in any byte of what it can ask for.</summary>
public static class CaseSecrets
{
    /// <summary>By agency: what it is, and the text that would give it away.</summary>
    public static IEnumerable<(string What, string Text)> Of(CasePlay play, AgencyId agency)
    {
        var report = play.Report;
        return Table().Where(r => r.Text.Length > 0);

        IEnumerable<(string What, string Text)> Table()
        {
            if (agency == CaseKeys.PoliceDe)
            {
                yield return ("the Dutch host", report.DutchHost);
                foreach (var item in CaseReport.Dutch.Where(i => i is not (CaseReport.Page or CaseReport.Shared)))
                {
                    yield return ("a Dutch hash", report.Md5(item));
                    yield return ("a Dutch hash", report.Sha1(item));
                    yield return ("a Dutch item", $"\"{play.ItemId(item)}\"");
                }

                yield return ("the hold", play.Hold);
                yield return ("why it is", CasePolice.HoldNote);
                yield return ("the question", CasePolice.Question);
                yield return ("the answer", CaseHotline.Answer);
                yield return ("what Dutch police says", CasePolice.Word);
                yield return ("ICSE's series", $"series of {report.Name}");
                yield return ("whose the other referral is", "\"police-nl\"");
            }

            if (agency == CaseKeys.PoliceNl)
            {
                yield return ("the German host", report.GermanHost);
                yield return ("a German hash", report.Md5(CaseReport.InGermany));
                yield return ("what German police says", CasePolice.GermanWord);
                yield return ("whose the other referral is", "\"police-de\"");
            }

            if (agency == CaseKeys.Interpol)
            {
                yield return ("why the hold is", CasePolice.HoldNote);
                yield return ("the question", CasePolice.Question);
                yield return ("the answer", CaseHotline.Answer);
                yield return ("what Dutch police says", CasePolice.Word);
                yield return ("what German police says", CasePolice.GermanWord);
            }

            if (agency != CaseKeys.PoliceNl)
            {
                yield return ("the Dutch referral", play.DutchReferral);
                yield return ("what Dutch police keeps where", CasePolice.SafeOf("officer-nl"));
            }

            if (agency != CaseKeys.PoliceDe)
            {
                yield return ("the German referral", play.GermanReferral);
                yield return ("what German police keeps where", CasePolice.SafeOf("officer-de"));
            }

            if (agency != CaseKeys.Interpol)
            {
                yield return ("the package", play.Package);
            }
        }
    }

    /// <summary>Everything that an agency of the case can ask for about it.</summary>
    public static IEnumerable<string> Paths(CasePlay play)
    {
        var report = $"v1/reports/{play.Id}";
        return
        [
            report, $"{report}/history?maxResults=200", .. CaseReport.Dutch.Concat(CaseReport.German).Select(i => $"{report}/items/{i}"),
            "v1/referrals?maxResults=200", $"v1/referrals/{play.DutchReferral}", $"v1/referrals/{play.GermanReferral}", "v1/holds?maxResults=200",
            "v1/holds?state=ended&maxResults=200", "v1/requests?state=open&maxResults=200", "v1/requests?state=answered&maxResults=200",
            $"v1/requests/{(play.Question.Length > 0 ? play.Question : "none")}", "v1/icse/packages?maxResults=200", "v1/feed?maxResults=200",
            "v1/queues/unactioned?maxResults=200", "v1/queues/unassessed?maxResults=200",
        ];
    }

    /// <summary>After the steps that it is said of, asks for all of it as each agency; throws where something shows that must not.</summary>
    public static async Task CheckAsync(CasePlay play, CaseStep after)
    {
        if (!CaseSteps.Looks.Contains(after.Number))
        {
            return;
        }

        foreach (var (agency, eyes) in CaseKeys.Four)
        {
            foreach (var path in Paths(play))
            {
                // What stands in the question stands in the answer.
                var text = (await play.RawAsync(eyes, path)).Text.Replace(path, "", StringComparison.Ordinal);
                foreach (var (what, secret) in Of(play, agency))
                {
                    CasePlay.Must(!text.Contains(secret, StringComparison.OrdinalIgnoreCase), $"{agency} sees {what} in {path}: {text}");
                }
            }
        }

        // To her the other items are as one that nobody ever reported.
        var nowhere = await play.RawAsync("officer-de", $"v1/reports/{play.Id}/items/77");
        foreach (var item in CaseReport.Dutch)
        {
            var there = await play.RawAsync("officer-de", $"v1/reports/{play.Id}/items/{item}");
            CasePlay.Must(there == nowhere, $"Item {item}: {there} is not {nowhere}.");
        }
    }
}
