using System.CommandLine;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes.Lists;
using CPort.Node.Client;
using CPort.Node.Commands;
using CPort.Node;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Sample;

public sealed class CommandTests
{
    [Theory]
    [InlineData("sample --reports 10 --seed 3 --hotline hotline-nl", true)]
    [InlineData("sample --reports -1", false)]
    [InlineData("intake day.ndjson --url http://localhost:1 --key k --resume --parallel 8", true)]
    [InlineData("intake - --parallel 0", false)]
    [InlineData("intake day.ndjson --codes v7", false)]
    [InlineData("hashes import list.csv --list worst --format Vics2 --country NL", true)]
    [InlineData("hashes import list.csv", false)]
    [InlineData("agencies add hotline-nl --kind Hotline --country NL BE --role Analyst --role Machine --orphan-mandate", true)]
    [InlineData("agencies list --data /tmp/x", true)]
    [InlineData("agencies rotate-key hotline-nl abc --grace 60", true)]
    [InlineData("agencies rotate-key hotline-nl abc --grace 0", false)]
    [InlineData("agencies issue-key hotline-nl --role Analyst Machine", true)]
    [InlineData("agencies changes --json", true)]
    [InlineData("agencies approve police-nl --change 41", true)]
    [InlineData("agencies approve hotline-nl --key-id 0123456789ab", true)]
    [InlineData("agencies refuse police-nl --change 41", true)]
    [InlineData("agencies refuse police-nl --key-id 0123456789ab", false)]
    [InlineData("agencies approve --change 41", false)]
    public void Command_lines_are_understood_or_refused(string line, bool understood)
    {
        var root = new RootCommand { SampleCommand.Create(), IntakeCommand.Create(), HashesCommand.Create(), AgenciesCommand.Create() };
        Assert.Equal(understood, root.Parse(line).Errors.Count == 0);
    }

    [Fact]
    public async Task Sample_writes_a_stream_and_its_known_list()
    {
        var folder = Directory.CreateTempSubdirectory("cport-sample");
        try
        {
            string output = Path.Combine(folder.FullName, "day"), known = Path.Combine(folder.FullName, "known");
            Assert.Equal(0, await SampleCommand.Create().Parse(["--reports", "50", "--out", output, "--known", known]).InvokeAsync());
            Assert.InRange(File.ReadLines(output).Count(), 50, 60);
            Assert.Equal(201, File.ReadLines(known).Count());
            Assert.Equal(2, await SampleCommand.Create().Parse(["--hotline", "nobody"]).InvokeAsync());

            // One hotline's share is fewer, and said to be.
            using var said = new StringWriter();
            Assert.Equal(0, await SampleCommand.Create().Parse(["--reports", "50", "--out", output, "--hotline", "hotline-nl"])
                .InvokeAsync(new InvocationConfiguration { Error = said }));
            Assert.StartsWith($"{File.ReadLines(output).Count()} lines: the share of hotline-nl in the day's 50 reports", said.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            TestFolders.Remove(folder.FullName);
        }
    }

    [Fact]
    public async Task Without_a_node_or_a_file_commands_end_as_the_table_of_exit_codes_says()
    {
        string[] nobody = ["--url", "http://127.0.0.1:1", "--key", "k"];
        Assert.Equal(ExitCodes.Usage, await IntakeCommand.Create().Parse(["/nowhere/day.ndjson", .. nobody]).InvokeAsync());
        Assert.Equal(ExitCodes.NoConnection, await AgenciesCommand.Create().Parse(["list", .. nobody]).InvokeAsync());
        Assert.Equal(ExitCodes.Usage, await AgenciesCommand.Create().Parse(["list", "--url", "nonsense", "--key", "k"]).InvokeAsync());
    }

    [Fact]
    public async Task A_list_becomes_batches_with_row_numbers_and_what_cannot_be_sent_is_told()
    {
        var text = "md5,sha1,classification\n" + string.Concat(Enumerable.Range(0, 45_000).Select(i => $"{i:x32},{i:x40},{(i == 5 ? "" : "Baseline")}\n"))
            + "broken,,\n";
        var local = new List<HashListRowResult>();
        var chunks = new List<LineChunk>();
        var rows = HashListReader.ReadAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)));
        await foreach (var chunk in HashListChunks.ReadAsync(rows, null, null, 0, local.Add))
        {
            chunks.Add(chunk);
        }

        Assert.Equal(44_999, chunks.Sum(c => c.Lines.Count));
        Assert.All(chunks, c => Assert.InRange(c.Lines.Count, 1, 20_000));
        Assert.All(chunks, c => Assert.InRange(c.Body.Length, 1, 9_000_000));
        Assert.Equal([7L, 45_002L], local.Select(r => r.Number));
        Assert.Equal(2, chunks[0].Lines[0]);
        Assert.StartsWith("{\"md5\":\"00000000000000000000000000000000\",\"sha1\":", System.Text.Encoding.UTF8.GetString(chunks[0].Body.Span));

        // Going on after the first chunk gives exactly the rest.
        var again = HashListReader.ReadAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)));
        long rest = 0;
        await foreach (var chunk in HashListChunks.ReadAsync(again, Classification.National, Country.Parse("NL"), chunks[0].EndOffset, _ => { }))
        {
            rest += chunk.Lines.Count;
        }

        Assert.Equal(44_999 - chunks[0].Lines.Count, rest);
    }

    [Theory]
    [InlineData("pdq,quality,classification", "{pdq},3,Baseline", "\"pdqQuality\":3")]
    [InlineData("md5,classification,country,victim_identified,series", "{md5},Baseline,NL,true,one",
        "\"country\":\"NL\",\"victimIdentified\":true,\"seriesKnown\":true")]
    public async Task What_a_list_says_of_a_hash_goes_with_it_to_the_node(string header, string row, string sent)
    {
        var line = row.Replace("{pdq}", new string('1', 64), StringComparison.Ordinal).Replace("{md5}", new string('1', 32), StringComparison.Ordinal);
        var text = $"{header}\n{line}\n";
        var rows = HashListReader.ReadAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)));
        var body = "";
        await foreach (var chunk in HashListChunks.ReadAsync(rows, null, null, 0, _ => { }))
        {
            body += System.Text.Encoding.UTF8.GetString(chunk.Body.Span);
        }

        Assert.Contains(sent, body, StringComparison.Ordinal);
    }
}
