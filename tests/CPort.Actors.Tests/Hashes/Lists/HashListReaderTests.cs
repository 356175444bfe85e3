using System.Text;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;

namespace CPort.Actors.Tests.Hashes.Lists;

/// <summary>Measures the memory of the whole process, so it runs beside no other tests.</summary>
[Collection(MeasuredCollection.Name)]
public class HashListReaderTests
{
    private static readonly string Md5 = new('a', 32);
    private static readonly string Sha1 = new('B', 40);
    private static readonly string Pdq = string.Concat(Enumerable.Repeat("0123456789abcdef", 4));
    private static readonly string PhotoDna = Convert.ToBase64String(Enumerable.Range(0, 144).Select(i => (byte)i).ToArray());

    [Fact]
    public async Task Csv_with_a_header_gives_rows_with_all_columns()
    {
        var rows = await Read($"md5,sha1,classification,country,victim_identified,series\n{Md5},{Sha1},NA,uk,true,\"one, two\"\n{Md5},,1,,,\n");

        Assert.Equal(2, rows.Count);
        var first = rows[0].Row!;
        Assert.Equal(2, rows[0].Number);
        Assert.Equal([HashAlgorithm.Md5, HashAlgorithm.Sha1], first.Hashes.Select(h => h.Algorithm));
        Assert.Equal(Classification.National, first.Classification);
        Assert.Equal(Country.Parse("GB"), first.Country);
        Assert.True(first.VictimIdentified && first.SeriesKnown);
        Assert.Equal(Classification.Baseline, rows[1].Row!.Classification);
        Assert.False(rows[1].Row!.SeriesKnown);
    }

    [Theory]
    [InlineData("zz;;;", "MD5")]
    [InlineData(";;;", "no hash")]
    [InlineData("{md5};Doubtful;;", "classification")]
    [InlineData("{md5};;XY;", "country")]
    [InlineData("{md5};;", "fields")]
    [InlineData("{md5};;;;more", "fields")]
    [InlineData("\"{md5};;;", "quote")]
    public async Task A_broken_csv_row_is_rejected_with_a_reason_that_shows_no_value_and_the_next_rows_are_read(string line, string reason)
    {
        var rows = await Read($"md5;classification;country;victim_identified\r\n{line.Replace("{md5}", Md5)}\r\n\r\n{Md5};IG;NL;no");

        Assert.Equal([HashListRowOutcome.Rejected, HashListRowOutcome.Row], rows.Select(r => r.Outcome));
        Assert.Contains(reason, rows[0].Reason);
        Assert.DoesNotContain("aaaa", rows[0].Reason);
        Assert.Equal(4, rows[1].Number);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public async Task Lines_end_as_every_system_ends_them(string end)
    {
        foreach (var step in new[] { 1, 5, 100_000 })
        {
            var rows = await Read(new Trickle(Encoding.UTF8.GetBytes($"md5,classification{end}{Md5},Baseline{end}{end}{Md5},National"), step));
            Assert.Equal([(2L, Classification.Baseline), (4L, Classification.National)], rows.Select(r => (r.Number, r.Row!.Classification!.Value)));
        }
    }

    /// <summary>What stands behind a line end of another kind could be another row, and would be lost without a word.</summary>
    [Theory]
    [InlineData("{md5},a,x\n{md5},a\r{md5},x\n{md5},b,x\n")]
    [InlineData("{md5},a,x\n\"{md5}\",\"a\"\r\"{md5}\",x\n{md5},b,x\n")]
    [InlineData("{md5},a,x\n\"{md5},a,x\n{md5},b,x\n")]
    public async Task A_row_with_another_line_end_or_an_unclosed_quote_in_it_is_told_and_its_neighbours_are_read(string text)
    {
        var rows = (await Read($"md5,comment,other\n{text.Replace("{md5}", Md5)}")).Where(r => r.Outcome != HashListRowOutcome.Note);
        Assert.Equal([(2L, HashListRowOutcome.Row), (3, HashListRowOutcome.Rejected), (4, HashListRowOutcome.Row)], rows.Select(r => (r.Number, r.Outcome)));
    }

    [Fact]
    public async Task A_list_whose_header_ends_otherwise_than_its_rows_is_refused_with_the_place() => Assert.Contains(
        "Line 1", (await Assert.ThrowsAsync<HashListFormatException>(() => Read($"md5,classification\r{Md5},Baseline\n{Md5},National\n"))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("MD5,SHA1 Hash,SHA-256 Hash,PhotoDNAHash,PDQ Hash,Classification")]
    [InlineData("md5sum,sha1_hash,sha256sum,photo_dna,pdq_hash,class")]
    [InlineData("\uFEFFhash_md5;file sha1;SHA256 Value;pdna;PDQ;CLASSIFICATION")]
    [InlineData("#md5,sha1,sha256,photodna,pdq,classification")]
    [InlineData("sep=;\nmd5;sha1_base32;sha256;photodna_base64;pdq;classification")]
    [InlineData("#TYPE System.Management.Automation.PSCustomObject\nmd5,sha1,sha256,photodna,pdq,classification")]
    public async Task Columns_are_found_under_their_usual_names(string header)
    {
        var delimiter = header.Contains(';') ? ';' : ',';
        string[] fields = [Md5, new string('b', 40), new string('c', 64), $"{new string('d', 287)}e", Pdq, "Baseline"];
        var row = Assert.Single(await Read($"{header}\n{string.Join(delimiter, fields)}\n")).Row!;

        Assert.Equal(Enum.GetValues<HashAlgorithm>().Where(a => a <= HashAlgorithm.Pdq), row.Hashes.Select(h => h.Algorithm).Order());
        Assert.Equal(Classification.Baseline, row.Classification);
    }

    [Fact]
    public async Task Columns_that_are_not_read_are_named_once()
    {
        var rows = await Read($"md5,tiger,Category,country_iso,victim\n{Md5},1,2,NL,yes\n{Md5},1,2,BE,no\n");

        Assert.Equal([HashListRowOutcome.Note, HashListRowOutcome.Row, HashListRowOutcome.Row], rows.Select(r => r.Outcome));
        Assert.Equal("Columns that are not read: tiger, Category.", rows[0].Reason);
        Assert.Equal(("NL", true), (rows[1].Row!.Country!.Value.Code, rows[1].Row!.VictimIdentified));
        Assert.Equal(("BE", false), (rows[2].Row!.Country!.Value.Code, rows[2].Row!.VictimIdentified));
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_is_left_out_alone_and_told()
    {
        var rows = await Read($"""
            md5,sha1,pdq,quality,victim_identified,media_size,classification
            {Md5},short,{Pdq},98.0,yes,1e3,Baseline
            {Md5},{new string('b', 40)},{Pdq},many,no,about,Baseline
            {Md5},,,,maybe,,Baseline
            nonsense,,{Pdq},101,,,Baseline
            """);

        Assert.Equal(
            [HashListRowOutcome.Row, HashListRowOutcome.Row, HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
        Assert.Equal([HashAlgorithm.Md5, HashAlgorithm.Pdq], rows[0].Row!.Hashes.Select(h => h.Algorithm));
        Assert.Equal((98, true, 1000L), (rows[0].Row!.PdqQuality!.Value, rows[0].Row!.VictimIdentified, rows[0].Row!.MediaSize!.Value));
        Assert.Contains("SHA-1", rows[0].Reason, StringComparison.Ordinal);
        Assert.Equal([HashAlgorithm.Md5, HashAlgorithm.Sha1], rows[1].Row!.Hashes.Select(h => h.Algorithm));
        Assert.Contains("quality", rows[1].Reason, StringComparison.Ordinal);
        Assert.False(rows[2].Row!.VictimIdentified);
        Assert.Contains("VictimIdentified", rows[2].Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("nonsense", rows[3].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, "gzip")]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4 }, "zip")]
    public async Task A_compressed_list_is_refused_as_such(byte[] head, string name) =>
        Assert.Contains(name, (await Assert.ThrowsAsync<HashListFormatException>(() => Read(new MemoryStream(head)))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_line_of_a_megabyte_costs_one_row()
    {
        var rows = await Read($"md5\n{new string('a', 1_000_000)}\n{Md5}\n");

        Assert.Equal([HashListRowOutcome.Rejected, HashListRowOutcome.Row], rows.Select(r => r.Outcome));
        Assert.Equal(3, rows[1].Number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n \n")]
    [InlineData("name,value\n1,2\n")]
    [InlineData("md5,md5\n")]
    [InlineData("{}")]
    [InlineData("{\"value\":[{\"MD5\":\"00\"}]}")]
    [InlineData("{\"@odata.context\":\"http://other.example/#Things\",\"value\":[]}")]
    public async Task A_file_that_is_no_hash_list_is_refused_as_a_whole(string text) =>
        await Assert.ThrowsAsync<HashListFormatException>(() => Read(text));

    [Fact]
    public async Task Utf16_and_byte_order_marks_are_read()
    {
        var text = $"md5;series\n{Md5};Müller\n";
        foreach (var encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF8 })
        {
            var rows = await Read(new MemoryStream([.. encoding.GetPreamble(), .. encoding.GetBytes(text)]));
            Assert.True(Assert.Single(rows).Row!.SeriesKnown);
        }
    }

    [Fact]
    public async Task Icse_export_gives_baseline_by_its_flag_and_leaves_the_others_without_classification()
    {
        var dna = Convert.ToHexString(Convert.FromBase64String(PhotoDna));
        var rows = await Read(
            "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;Number of submissions;File Available;Media Type;Baseline\n"
            + $"{Md5};{Sha1};{dna};17;1;1;0;\"Series; A\";3;1;Image;1\n{Md5};{Sha1};;18;0;0;0;;1;0;Video;0\n{Md5};{Sha1};;19;0;0;0;;1;0;Video;perhaps\n");

        // The columns that CPort has no use for are named.
        Assert.Equal(HashListRowOutcome.Note, rows[0].Outcome);
        rows.RemoveAt(0);
        Assert.Equal(Classification.Baseline, rows[0].Row!.Classification);
        Assert.Equal(3, rows[0].Row!.Hashes.Length);
        Assert.True(rows[0].Row!.VictimIdentified && rows[0].Row!.SeriesKnown);
        Assert.Null(rows[1].Row!.Classification);
        Assert.Equal(HashListRowOutcome.Rejected, rows[2].Outcome);
    }

    [Theory]
    [InlineData("2.0.xml/US/$metadata#Media", 1, Classification.National, "US")]
    [InlineData("2.0.xml/US/$metadata#Media", 2, null, null)]
    [InlineData("2.0.xml/US/$metadata#Media", 3, null, null)]
    [InlineData("2.0.xml/US/$metadata#Media", 5, null, null)]
    [InlineData("2.0.xml/UK/$metadata#Media", 3, Classification.National, "GB")]
    [InlineData("2.0.xml/UK/$metadata#Media", 5, null, null)]
    [InlineData("2.0.xml/Default/$metadata#Media", 1, null, null)]
    [InlineData("1.3.xml#Media", 1, Classification.National, "US")]
    [InlineData("1.3.xml#Media", 0, null, null)]
    public async Task Vics_categories_mean_what_their_generation_and_country_say_and_are_never_baseline(
        string context, int category, Classification? classification, string? country)
    {
        var name = context.StartsWith('2') ? "@odata.context" : "odata.metadata";
        var row =
            Assert.Single(
            await Read($$"""{"{{name}}":"http://x.example/DataModels/{{context}}","value":[{"MediaID":1,"Category":{{category}},"MD5":"{{Md5}}"}]}""")).Row!;

        Assert.Equal(classification, row.Classification);
        Assert.Equal(country, row.Country?.Code);
    }

    [Theory]
    [InlineData("2.0.xml/US/$metadata#Media", 0)]
    [InlineData("2.0.xml/US/$metadata#Media", 4)]
    [InlineData("1.1.xml#Media", 5)]
    [InlineData("2.0.xml/Default/$metadata#Media", 0)]
    [InlineData("2.0.xml/CUSTOM/$metadata#Media", 0)]
    public async Task Vics_rows_that_do_not_speak_of_abuse_are_skipped(string context, int category)
    {
        var rows = await Read($$"""{"odata.metadata":"http://x.example/DataModels/{{context}}","value":[{"MD5":"{{Md5}}","Category":{{category}}}]}""");
        Assert.Equal(HashListRowOutcome.Skipped, Assert.Single(rows).Outcome);
    }

    [Fact]
    public async Task Vics_cases_give_their_media_with_photodna_from_either_place_and_booleans_and_dates_in_any_form()
    {
        var rows = await Read($$"""
            { "odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Cases",
              "value": [ { "CaseID": "1", "CaseNumber": "a \"quoted\" [number] }", "Media": [
                { "MediaID": 1, "Category": "1", "MD5": "{{Md5}}", "VictimIdentified": "True", "DateUpdated": "/Date(1700000000000)/", "MediaSize": "2835",
                  "AlternativeHashes": [ { "HashName": "Other", "HashValue": "x" }, { "HashName": "PhotoDNA", "HashValue": "{{PhotoDna}}" } ],
                  "MediaFiles": [ { "MD5": "00000000000000000000000000000000", "FileName": "a.jpg" } ] },
                { "MediaID": 2, "Category": null, "MD5": "{{Md5}}", "SHA1": "{{Sha1}}", "PhotoDNA": "{{PhotoDna}}", "VictimIdentified": false, "Series": "",
                  "DateUpdated": "6/7/2023 2:31:49 PM", "MimeType": "image/png" } ] },
                { "CaseID": "2", "Media": [] }, { "Media": [ { "MediaID": 3, "MD5": "{{Md5}}", "Category": 1 } ], "CaseID": "3" } ] }
            """);

        Assert.All(rows, r => Assert.Equal(HashListRowOutcome.Row, r.Outcome));
        Assert.Equal(3, rows.Count);
        Assert.Equal([HashAlgorithm.Md5, HashAlgorithm.PhotoDna], rows[0].Row!.Hashes.Select(h => h.Algorithm));
        Assert.True(rows[0].Row!.VictimIdentified);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000), rows[0].Row!.UpdatedAt);
        Assert.Equal(2835, rows[0].Row!.MediaSize);
        Assert.Equal(3, rows[1].Row!.Hashes.Length);
        Assert.Equal(new DateTimeOffset(2023, 6, 7, 14, 31, 49, TimeSpan.Zero), rows[1].Row!.UpdatedAt);
        Assert.Equal("image/png", rows[1].Row!.MimeType);
    }

    [Theory]
    [InlineData("""{"MediaID":2,"MD5":"nonsense"}""")]
    [InlineData("""{"MediaID":2,"MD5":12abc}""")]
    [InlineData("""{"MediaID":2,"Category":"one","MD5":"{md5}"}""")]
    [InlineData("""{"MediaID":2}""")]
    [InlineData("""{"MediaID":2,"MD5":"{md5}","Exifs":[{"a":1]}""")]
    [InlineData("""{"MediaID":2,"MD5":"{md5}""")]
    [InlineData("{\"MediaID\":2,\"MD5\":\"{md5},\n\"Category\":1}")]
    [InlineData("""{"MediaID":2,"MD5":"{md5}","Comments":"\ud800"}""")]
    public async Task A_broken_vics_record_is_rejected_alone(string broken)
    {
        var good = $$"""{ "MediaID":1,"MD5":"{{Md5}}","Category":1}""";
        var json =
            $$"""{"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media","value":[{{good}},{{broken.Replace("{md5}", Md5)}},{{good}},{{good}}]}""";
        var rows = await Read(json);

        if (broken.Contains("ud800", StringComparison.Ordinal))
        {
            Assert.Equal(4, rows.Count(r => r.Outcome == HashListRowOutcome.Row));
            return;
        }

        Assert.Equal(3, rows.Count(r => r.Outcome == HashListRowOutcome.Row));
        Assert.Equal(1, rows.Count(r => r.Outcome == HashListRowOutcome.Rejected));
    }

    [Fact]
    public async Task A_vics_file_cut_off_gives_the_records_before()
    {
        var rows =
            await Read($$"""{"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media","value":[{"MD5":"{{Md5}}","Category":1},{"MD5":"aa""");
        Assert.Equal([HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
    }

    [Theory]
    [InlineData(",")]
    [InlineData("")]
    [InlineData("]")]
    [InlineData(",{\"MediaID\":2,\"MD5\":\"aa")]
    [InlineData("],\"next")]
    public async Task A_vics_file_cut_off_after_a_record_is_incomplete(string rest)
    {
        var rows = await Read(
            $$"""{"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media","value":[{"MD5":"{{Md5}}","Category":1}{{rest}}""");
        Assert.Equal([HashListRowOutcome.Row, HashListRowOutcome.Rejected], rows.Select(r => r.Outcome));
        Assert.Matches("incomplete|ends within", rows[1].Reason);
    }

    /// <summary>What stands between the cases is passed over; where it breaks off, or a quote is missing in it, cases are lost.</summary>
    [Theory]
    [InlineData("{\"CaseID\":\"2", 1, "incomplete")]
    [InlineData("{\"CaseID\":\"2\n", 1, "not closed")]
    [InlineData("{\"CaseID\":\"2\n,\"Media\":[{record},{record}]},{\"CaseID\":\"3\",\"Media\":[{record}]}]}", 4, "not closed")]
    [InlineData("{\"CaseID\":\"2\n,\"Media\":[{record}]},{\"Cas", 2, "not closed")]
    public async Task A_vics_file_broken_between_two_cases_is_not_taken_for_whole(string rest, int records, string reason)
    {
        var record = $$"""{"MediaID":1,"Category":1,"MD5":"{{Md5}}"}""";
        var rows = await Read(
            $$"""{"odata.metadata":"http://x.example/DataModels/1.3.xml#Cases","value":[{"CaseID":"1","Media":[{{record}}]},"""
            + rest.Replace("{record}", record, StringComparison.Ordinal));
        Assert.Equal(records, rows.Count(r => r.Outcome == HashListRowOutcome.Row));
        Assert.Contains(reason, rows.First(r => r.Outcome == HashListRowOutcome.Rejected).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_of_a_vics_record_cannot_be_read_is_left_out_alone_and_told()
    {
        var numbers = string.Join(',', Enumerable.Repeat(7, 144));
        var row = Assert.Single(await Read(
            $$"""
            {"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media",
             "value":[{"MD5":"{{Md5}}","Category":1,"PhotoDNA":"{{numbers}}","VictimIdentified":"Unknown"}]}
            """));
        Assert.Equal([HashAlgorithm.Md5], row.Row!.Hashes.Select(h => h.Algorithm));
        Assert.Contains("PhotoDNA", row.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_in_single_bytes_gives_the_same_rows()
    {
        var json =
            $$"""{"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media","value":[{"MD5":"{{Md5}}","Category":1},{"MD5":"{{Md5}}","Series":"a\"b"}]}""";
        Assert.Equal(2, (await Read(new Trickle(Encoding.UTF8.GetBytes(json), 1))).Count(r => r.Row is not null));
        Assert.Equal(2, (await Read(new Trickle(Encoding.UTF8.GetBytes($"md5\n{Md5}\n{Md5}"), 1))).Count(r => r.Row is not null));
        Assert.Equal(2, (await Read(new Trickle(Encoding.Unicode.GetBytes($"md5\n{Md5}\n{Md5}"), 1))).Count(r => r.Row is not null));
    }

    [Fact]
    public async Task Defaults_fill_only_what_the_list_leaves_open()
    {
        var nl = Country.Parse("NL");
        var rows = await Read($"md5,classification,country\n{Md5},,\n{Md5},Baseline,\n{Md5},National,DE\n");

        var filled = rows.Select(r => r.Row!.WithDefaults(Classification.National, nl)).ToList();
        Assert.Equal([Classification.National, Classification.Baseline, Classification.National], filled.Select(r => r.Classification!.Value));
        Assert.Equal(["NL", null, "DE"], filled.Select(r => r.Country?.Code));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_hundred_thousand_rows_are_read_in_flat_memory(bool vics)
    {
        const int rows = 200_000;
        var filler = new string('x', 200);
        IEnumerable<string> parts = vics
            ? Enumerable.Range(0, rows).Select(i => $$"""{{(i == 0 ? "" : ",")}}{"MediaID":{{i}},"Category":1,"MD5":"{{i:x32}}","Comments":"{{filler}}"}""")
                .Prepend("""{"@odata.context":"http://x.example/DataModels/2.0.xml/US/$metadata#Media","value":[""").Append("]}")
            : Enumerable.Range(0, rows).Select(i => $"{i:x32},Baseline,{filler}\n").Prepend("md5,classification,comment\n");
        long count = 0, peak = 0;
        var start = GC.GetTotalMemory(forceFullCollection: true);
        await foreach (var row in HashListReader.ReadAsync(new Generated(parts)))
        {
            if (row.Outcome == HashListRowOutcome.Note)
            {
                // The column of comments is not read, and that is said once.
                continue;
            }

            Assert.NotNull(row.Row);
            if (++count % 50_000 == 0)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - start);
            }
        }

        Assert.Equal(rows, count);
        Assert.True(peak < 16_000_000, $"{peak:N0} bytes were held");
    }

    private static Task<List<HashListRowResult>> Read(string text) => Read(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static async Task<List<HashListRowResult>> Read(Stream stream)
    {
        var rows = new List<HashListRowResult>();
        await foreach (var row in HashListReader.ReadAsync(stream))
        {
            rows.Add(row);
        }

        return rows;
    }

    private sealed class Trickle(byte[] bytes, int step) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(step, buffer.Length)], cancellationToken);
    }

    /// <summary>A stream over text that is made while it is read.</summary>
    private sealed class Generated(IEnumerable<string> parts) : Stream
    {
        private readonly IEnumerator<string> _parts = parts.GetEnumerator();
        private ReadOnlyMemory<byte> _rest;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var written = 0;
            while (written < buffer.Length)
            {
                if (_rest.IsEmpty)
                {
                    if (!_parts.MoveNext())
                    {
                        break;
                    }

                    _rest = Encoding.UTF8.GetBytes(_parts.Current);
                }

                var count = Math.Min(_rest.Length, buffer.Length - written);
                _rest[..count].CopyTo(buffer[written..]);
                _rest = _rest[count..];
                written += count;
            }

            return ValueTask.FromResult(written);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
