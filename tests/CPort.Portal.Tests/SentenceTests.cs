using CPort.Portal.Audit;
using CPort.Portal.Parts;
using CPort.Portal.Reports;
using CPort.Portal.Texts;

namespace CPort.Portal.Tests;

/// <summary>How sentences of a history, rows of the audit log and closed URLs are told on pages.</summary>
public sealed class SentenceTests
{
    [Fact]
    public void What_is_said_of_several_items_is_told_once() => Assert.Equal(
        ["Items 2–4, 6 are referred to police-nl.", "Items 2, 3: not known.", "ICSE says of item 6: known.", "Report 1 submitted."],
        Told([
            "Item 2 is referred to police-nl.", "Item 2: not known.", "Item 3 is referred to police-nl.", "Item 3: not known.",
            "Item 4 is referred to police-nl.", "Item 6 is referred to police-nl.", "ICSE says of item 6: known.", "Report 1 submitted.", "Report 1 submitted.",
        ]));

    [Fact]
    public void An_item_s_page_tells_of_no_other() => Assert.Equal(
        ["Item 4: not known.", "Hold 1 is lifted.", "Item 3 was reopened, as item 4."],
        Sentences.Of(
            Words.English,
            ["Item 3: not known.", "Item 4: not known.", "Hold 1 is lifted.", "ICSE says of item 14: known.", "Item 3 was reopened, as item 4."], 4));

    [Fact]
    public void Moments_and_codes_are_in_words() => Assert.Equal(
        [
            "Item 3: police-nl asks that the host is not told before 3 Dec 2026, 02:40 UTC (possible new victim).",
            "Held until 1 Dec 2026, 03:12 UTC.", "Item 3: McSomething.",
        ],
        Told([
            "Item 3: police-nl asks that the host is not told before 2026-12-03 02:40 UTC (PossibleNewVictim).", "Held until 2026-12-01 03:12:23Z.",
            "Item 3: McSomething.",
        ]));

    [Fact]
    public void A_row_of_the_audit_log_names_its_objects_by_their_ends() => Assert.Equal(
        "item …ZK2D\u20111, …ZK2D\u201112, view queues, person …zpp8",
        AuditWords.Short(["item:6JP6SDK9BA63HEBM90X8TQZK2D-1", "item:6JP6SDK9BA63HEBM90X8TQZK2D-12", "view:queues", "person:p-jhcx5h90048mzpp8"]));

    [Fact]
    public void A_closed_url_says_which_of_it_is_closed()
    {
        var closed = UrlMask.Of("https://pictures.example/a/b?c=d");
        Assert.Equal(closed, string.Concat(UrlMask.Runs(closed).Select(r => r.Text)));
        Assert.Equal(["https://pi", ".example/", "/", "?"], UrlMask.Runs(closed).Where(r => !r.Shut).Select(r => r.Text));
    }

    private static IEnumerable<string> Told(string[] facts) => Sentences.Of(Words.English, facts, null);
}
