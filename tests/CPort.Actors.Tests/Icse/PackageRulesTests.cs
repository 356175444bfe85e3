using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Icse;

/// <summary>Packages for ICSE: who reviews, what a release fixes, what an answer and a recall change, and how files are written.</summary>
public sealed class PackageRulesTests
{
    private static readonly PackageKey Key = new(77);
    private static readonly Caller Officer = Interpol with { Roles = Roles.Officer, KeyId = "one" };
    private static readonly Caller Colleague = Officer with { KeyId = "two" };

    private IcsePackage _package = IcsePackage.None;
    private int _commands;

    private CommandContext Context(Caller caller, string? id = null) =>
        new() { CommandId = CommandId.Parse(id ?? $"c-{++_commands}"), Caller = caller, OccurredAt = Start };

    private PackageReply Do(IPackageCommand command)
    {
        var decision = PackageRules.Decide(_package, command, Start);
        _package = decision.Events.Aggregate(_package, PackageRules.Apply);
        return decision.Reply;
    }

    private static ContentHash Md5(int n) => ContentHash.FromBytes(HashAlgorithm.Md5, [.. Enumerable.Range(0, 16).Select(i => (byte)(i + n))]);

    private static PackageItem Item(int n) => new()
    {
        Item = new ItemRef(new ReportId(5), n),
        Media = new MediaRecord { Number = 100 + n, Hashes = [Md5(n), ContentHash.FromBytes(HashAlgorithm.Sha256, new byte[32])], MimeType = "image/jpeg" },
    };

    private PackageReply Fill(params int[] items) => Do(new FillPackage { Key = Key, Context = Context(Officer), Add = [.. items.Select(Item)] });

    private PackageReply Review(Caller by) => Do(new ReviewPackage { Key = Key, Context = Context(by) });

    private PackageReply Release(Caller? by = null, params ItemRef[] gone) =>
        Do(new ReleasePackage { Key = Key, Context = Context(by ?? Officer), Gone = [.. gone] });

    private void Released(params int[] items)
    {
        Fill(items);
        Review(Colleague);
        Assert.Equal(PackageRejection.None, Release().Code);
    }

    [Fact]
    public void Another_person_reviews_and_what_comes_after_that_is_reviewed_again()
    {
        Assert.Equal(2, Fill(1, 2).Items);
        Assert.Equal(PackageRejection.PackageNotThere, Release().Code);
        Assert.Equal(PackageRejection.SamePerson, Review(Officer).Code);
        Assert.Equal(PackageState.Reviewed, Review(Colleague).State);
        Assert.Equal(PackageState.Draft, Fill(3).State);
        Review(Colleague);
        Assert.Equal(PackageRejection.ItemDoesNotFit, Release(null, Item(2).Item).Code);
        Do(new FillPackage { Key = Key, Context = Context(Officer), TakeOut = [Item(2).Item] });
        Review(Colleague);
        Assert.Equal(PackageRejection.NotFound, Release(Officer with { Roles = Roles.Analyst }).Code);
        Assert.Equal(PackageState.Released, Release().State);
        Assert.Equal(PackageRejection.PackageNotThere, Fill(4).Code);
        Assert.Equal([101L, 103], _package.Items.Select(i => i.Media.Number));
        Assert.Equal(PackageRejection.NotFound, Do(new ReviewPackage { Key = Key, Context = Context(PoliceNl with { Purpose = "x" }) }).Code);
    }

    /// <summary>A tenth, drawn by the database's key: shown to who reviews, the same each time, and to nobody who put something in.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 1)]
    [InlineData(11, 2)]
    [InlineData(40, 4)]
    public void Whoever_reviews_is_shown_a_sample(int items, int sampled)
    {
        Fill([.. Enumerable.Range(1, items)]);
        var sample = Page(Colleague).Sample;
        Assert.Equal((sampled, sampled), (sample.Length, sample.Distinct().Count()));
        Assert.All(sample, s => Assert.Contains(_package.Items, i => i.Item == s.Item && i.Media.Number == s.Number));
        Assert.Equal(sample.Select(s => s.Item), Page(Colleague).Sample.Select(s => s.Item));
        Assert.Empty(Page(Officer).Sample);
        Review(Colleague);
        Assert.Empty(Page(Colleague).Sample);

        PackagePage Page(Caller caller) => PackageRules.Page(_package, new GetPackage { Key = Key, Caller = caller }, new HmacOnlySeam());
    }

    [Fact]
    public void An_answer_counts_once_a_later_one_replaces_it_and_a_recall_ends_it()
    {
        Released(1, 2);
        TakeReturn Return(int n, bool victim) => new()
        {
            Key = Key, Context = Context(Officer),
            Rows = [new ReturnRow { Md5 = Md5(n), Finding = new IcseFinding { Known = true, VictimIdentified = victim } }],
        };
        Assert.Equal((1, PackageState.Answered), (Do(Return(1, false)) is var r ? (r.Changed, r.State) : default));
        Assert.Equal(0, Do(Return(1, false)).Changed);
        Assert.Equal(1, Do(Return(1, true)).Changed);
        Assert.Equal(0, Do(Return(9, true)).Changed);
        Assert.Equal((3, 1), (_package.Items[0].News, _package.Items[1].News));
        Do(new NotePackage { Key = Key, Context = Context(Caller.System), Told = [new ToldItem { Item = Item(1).Item, News = 3 }] });
        Assert.True(_package.Owes);
        var recall = new RecallItems { Key = Key, Context = Context(Caller.System), Items = [Item(1).Item], Reason = RecallReason.Withdrawn };
        Assert.Equal(1, Do(recall).Changed);
        Assert.Equal(0, Do(recall with { Context = Context(Caller.System) }).Changed);
        Assert.Equal(PackageState.Answered, _package.State);
        Assert.Equal(PackageState.Recalled, Do(recall with { Context = Context(Officer), Items = [Item(2).Item] }).State);
        Assert.Equal(PackageRejection.PackageNotThere, Do(Return(2, true)).Code);
    }

    [Fact]
    public void Files_are_read_again_by_the_reader_of_such_lists_and_their_digest_is_the_packages()
    {
        Released(1, 2, 3);
        foreach (var (format, digest) in new[] { (MediaFormat.Vics, _package.VicsSha256), (MediaFormat.Csv, _package.CsvSha256) })
        {
            var bytes = new List<byte>(MediaFile.Head(format));
            for (var i = 0; i < _package.Items.Count; i++)
            {
                bytes.AddRange(MediaFile.Line(format, _package.Items[i].Media, first: i == 0));
            }

            bytes.AddRange(MediaFile.Foot(format));
            Assert.NotEqual(0xEF, bytes[0]);
            Assert.Equal(digest, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([.. bytes])));
            var text = Encoding.UTF8.GetString([.. bytes]);
            if (format == MediaFormat.Csv)
            {
                var (rows, faults) = ReturnList.Read(text);
                Assert.Empty(faults);
                Assert.Equal([Md5(1), Md5(2), Md5(3)], rows.Select(r => r.Md5));
            }
            else
            {
                var media = JsonDocument.Parse(text).RootElement.GetProperty("value");
                Assert.Equal(3, media.GetArrayLength());
                Assert.Equal(("cport:101", JsonValueKind.Null), (media[0].GetProperty("Tags").GetString(), media[0].GetProperty("Category").ValueKind));
                Assert.Equal("SHA256", media[0].GetProperty("AlternativeHashes")[0].GetProperty("HashName").GetString());
            }
        }
    }

    [Theory]
    [InlineData("MD5;Known;Victim identified;Series name\n00112233445566778899AABBCCDDEEFF;0;yes;\"a \"\"b\"\"; c\"\r\n", false, true, "a \"b\"; c")]
    [InlineData("\uFEFFseries NAME;md5\nx;00112233445566778899aabbccddeeff", true, false, "x")]
    public void Returned_lists_are_read_by_the_names_of_their_columns(string text, bool known, bool victim, string series)
    {
        var (rows, faults) = ReturnList.Read(text);
        Assert.Empty(faults);
        var finding = Assert.Single(rows).Finding;
        Assert.Equal((known, victim, series), (finding.Known, finding.VictimIdentified, finding.Clear!.Text));
    }

    [Theory]
    [InlineData("SHA1\nx", 1)]
    [InlineData("MD5\n00112233445566778899aabbccddeeff\nnone", 3)]
    [InlineData("MD5;Known\n00112233445566778899aabbccddeeff;perhaps", 2)]
    [InlineData("MD5;Series name\n00112233445566778899aabbccddeeff;\"open", 2)]
    public void What_cannot_be_read_is_named_by_its_line(string text, int line) => Assert.Equal(line, Assert.Single(ReturnList.Read(text).Faults).Line);
}
