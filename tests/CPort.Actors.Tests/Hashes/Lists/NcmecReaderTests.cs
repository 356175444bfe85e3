using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Hashes.Lists;

/// <summary>Pages of NCMEC's hash sharing v2, friendly and hostile; all values are made up.</summary>
public sealed class NcmecReaderTests : IDisposable
{
    private const string Space = "https://hashsharing.example/hashsharing/v2";
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-ncmec-").FullName;

    public void Dispose() => TestFolders.Remove(_folder);

    private static string Md5(char c) => new(c, 32);

    private static string Entry(string id, char md5, string at = "2026-01-01T00:00:00Z", string kind = "image", string classification = "A1", string more = "") => $"""
        <{kind}><member id="42">Example Member</member><timestamp>{at}</timestamp><id>{id}</id><classification>{classification}</classification>
        <fingerprints><md5>{Md5(md5)}</md5>{more}</fingerprints></{kind}>
        """;

    private static string Deleted(string id, string at, string member = "42") =>
        $"""<deletedImage><member id="{member}">Example Member</member><id>{id}</id><timestamp>{at}</timestamp></deletedImage>""";

    private static string Page(string entries, string? next = null) => $"""
        <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <queryResult xmlns="{Space}"><images count="1" maxTimestamp="2026-01-02T00:00:00Z">{entries}</images>{(next is null ? "" : $"<paging><next>{next}</next></paging>")}</queryResult>
        """;

    private static async Task<List<HashListRowResult>> Read(string text, HashListFormat? expected = null)
    {
        var rows = new List<HashListRowResult>();
        await foreach (var row in HashListReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), expected))
        {
            rows.Add(row);
        }

        return rows;
    }

    private async Task<List<HashListRowResult>> ReadFolder(params (string Name, string Text)[] pages)
    {
        foreach (var (name, text) in pages)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, name), text);
        }

        var rows = new List<HashListRowResult>();
        await foreach (var row in HashListReader.ReadFolderAsync(_folder))
        {
            rows.Add(row);
        }

        return rows;
    }

    [Fact]
    public async Task A_page_gives_its_entries_with_all_fingerprints_as_national_of_the_US()
    {
        var rows = await Read(Page(
            Entry("1", 'a', more: $"<sha1>{new string('B', 40)}</sha1><pdq>{new string('5', 64)}</pdq><videoThing>x</videoThing>")
            + Entry("2", 'c', kind: "video", classification: "B2") + Entry("3", 'd', classification: "unclear")), HashListFormat.Ncmec);

        Assert.Equal([1L, 2, 3], rows.Select(r => r.Number));
        Assert.Equal([HashAlgorithm.Md5, HashAlgorithm.Sha1, HashAlgorithm.Pdq], rows[0].Row!.Hashes.Select(h => h.Algorithm));
        Assert.Equal((Classification.National, Country.Parse("US")), (rows[0].Row!.Classification, rows[0].Row!.Country));
        Assert.Equal(Classification.National, rows[1].Row!.Classification);
        Assert.Null(rows[2].Row!.Classification);
        Assert.All(rows, r => Assert.False(r.Row!.Retract));
    }

    [Fact]
    public async Task A_tombstone_takes_its_entry_back_on_whichever_page_and_in_whatever_order_they_stand()
    {
        var rows = await ReadFolder(
            ("1.xml", Page(Deleted("gone", "2026-01-05T00:00:00Z") + Entry("kept", 'a'), "2.xml")),
            ("2.xml", Page(Entry("gone", 'b') + Entry("back", 'c', at: "2026-01-09T00:00:00Z") + Deleted("back", "2026-01-05T00:00:00Z"))));

        Assert.Equal([(Md5('a'), false), (Md5('b'), true), (Md5('c'), false)], rows.Select(r => (r.Row!.Hashes[0].ToHex(), r.Row.Retract)));
    }

    [Fact]
    public async Task A_tombstone_without_its_entry_and_of_another_member_is_a_rejected_row()
    {
        var rows = await Read(Page(Entry("1", 'a') + Deleted("1", "2026-01-05T00:00:00Z", member: "43")));
        Assert.Equal([HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
        Assert.False(rows[0].Row!.Retract);
    }

    [Fact]
    public async Task Pages_follow_their_links_each_once_and_a_missing_last_page_is_said()
    {
        var rows = await ReadFolder(
            ("a.xml", Page(Entry("1", 'a'), "c.xml")), ("b.xml", Page(Entry("3", 'c'), "/v2/entries?start=9000")), ("c.xml", Page(Entry("2", 'b'), "b.xml")));
        Assert.Equal([Md5('a'), Md5('b'), Md5('c')], rows.Take(3).Select(r => r.Row!.Hashes[0].ToHex()));
        Assert.Contains("incomplete", rows[3].Reason);
    }

    [Fact]
    public async Task Broken_entries_are_rejected_without_their_values_and_the_next_are_read()
    {
        var rows = await Read(Page(
            Entry("1", 'z') + $"<image><member id=\"42\"/><id>2</id><fingerprints></fingerprints></image>"
            + $"<image><fingerprints><md5>{new string('a', 100_000)}</md5></fingerprints></image>" + Entry("4", 'a')));
        Assert.Equal([HashListRowOutcome.Rejected, HashListRowOutcome.Rejected, HashListRowOutcome.Rejected, HashListRowOutcome.Row],
            rows.Select(r => r.Outcome));
        Assert.DoesNotContain("zzz", rows[0].Reason);
    }

    [Fact]
    public async Task A_fingerprint_that_cannot_be_read_is_left_out_alone_and_told()
    {
        var row = Assert.Single(await Read(Page(
            $"<image><member id=\"42\"/><id>1</id><classification>A1</classification><fingerprints><md5>{Md5('a')}</md5><pdna>short</pdna></fingerprints></image>")));
        Assert.Equal(HashListRowOutcome.Row, row.Outcome);
        Assert.Single(row.Row!.Hashes);
        Assert.Contains("PhotoDNA", row.Reason);
    }

    [Fact]
    public async Task A_page_that_breaks_off_keeps_what_came_before_and_says_so()
    {
        var text = Page(Entry("1", 'a') + Entry("2", 'b'));
        var rows = await Read(text[..text.LastIndexOf("<md5>", StringComparison.Ordinal)]);
        Assert.Equal([HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
        Assert.Contains("beyond its entry 1", rows[1].Reason);
    }

    [Fact]
    public async Task Entity_bombs_and_outside_entities_are_refused_before_anything_is_expanded()
    {
        const string bomb = """
            <?xml version="1.0"?><!DOCTYPE queryResult [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
            """;
        await Assert.ThrowsAsync<HashListFormatException>(() => Read(bomb + $"<queryResult xmlns=\"{Space}\"><images>&b;&c;</images></queryResult>"));
    }

    [Fact]
    public async Task Deep_nesting_ends_the_page()
    {
        var deep = string.Concat(Enumerable.Repeat("<x>", 100_000));
        var rows = await Read(Page(Entry("1", 'a') + deep));
        Assert.Equal([HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
    }

    [Fact]
    public async Task A_huge_attribute_costs_one_entry_its_member_and_nothing_else()
    {
        var rows = await Read(Page($"<image><member id=\"{new string('9', 5_000_000)}\"/><id>1</id><fingerprints><md5>{Md5('a')}</md5></fingerprints></image>"
            + Entry("2", 'b')));
        Assert.Equal(2, rows.Count(r => r.Outcome == HashListRowOutcome.Row));
    }

    [Theory]
    [InlineData("<html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>")]
    [InlineData("<queryResult><images/></queryResult>")]
    [InlineData("<")]
    public async Task Other_xml_is_refused_as_a_whole(string text) => await Assert.ThrowsAsync<HashListFormatException>(() => Read(text));

    [Fact]
    public async Task Another_format_insisted_on_refuses_xml_and_ncmec_insisted_on_refuses_csv()
    {
        await Assert.ThrowsAsync<HashListFormatException>(() => Read(Page(""), HashListFormat.Csv));
        await Assert.ThrowsAsync<HashListFormatException>(() => Read("md5\n", HashListFormat.Ncmec));
    }
}
