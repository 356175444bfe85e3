using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Hashes;

public class HashAlgorithmsTests
{
    [Fact]
    public void Every_algorithm_has_one_row_and_no_name_means_two()
    {
        Assert.Equal(Enum.GetValues<HashAlgorithm>(), HashAlgorithms.All.Select(a => a.Algorithm).Order());
        var names = HashAlgorithms.All.SelectMany(a => a.Aliases.Append(a.Name)).ToArray();
        Assert.Equal(names.Distinct(), names);
        Assert.All(HashAlgorithms.All, a =>
            Assert.True(a.Digest is null != a.IsTrap is null, $"{a.Name} needs a digest or a test for traps."));
        Assert.All(HashAlgorithms.All, a => Assert.InRange(HashBucketId.CountOf(a.Bucket), 1, 64));

        // A row's number has room for so many.
        Assert.InRange(HashAlgorithms.Slots, 1, HashRow.Algorithms);
    }

    /// <summary>Ids of buckets are stored in the journal by these names.</summary>
    [Fact]
    public void Stored_names_and_numbers_stay() => Assert.Equal(
        ["1 md5 16 Exact", "2 sha1 20 Exact", "3 sha256 32 Exact", "4 photodna 144 Exact", "5 pdq 32 Pdq"],
        HashAlgorithms.All.OrderBy(a => a.Algorithm).Select(a => $"{(int)a.Algorithm} {a.Name} {a.Bytes} {a.Bucket}").Take(5));

    [Theory]
    [InlineData("SHA-256", HashAlgorithm.Sha256)]
    [InlineData("photoDna", HashAlgorithm.PhotoDna)]
    [InlineData("PhotoDNA", HashAlgorithm.PhotoDna)]
    [InlineData("PDNA", HashAlgorithm.PhotoDna)]
    [InlineData(" Md5 ", HashAlgorithm.Md5)]
    [InlineData("no-such-1", null)]
    [InlineData("a name that is longer than any", null)]
    [InlineData("", null)]
    public void Names_are_found_however_they_are_written(string name, HashAlgorithm? algorithm) =>
        Assert.Equal(algorithm, HashAlgorithms.TryFind(name, out var row) ? row.Algorithm : null);

    [Fact]
    public void Every_algorithm_reads_each_form_it_says_it_has() => Assert.All(HashAlgorithms.All, a =>
    {
        var hash = HashSamples.Made(a.Algorithm, 7);
        Assert.Equal(hash, ContentHash.Parse(a.Algorithm, hash.ToHex()));
        Assert.Equal(hash, ContentHash.Parse(a.Algorithm, hash.ToHex().ToUpperInvariant()));
        Assert.Equal(a.Base64, ContentHash.TryParse(a.Algorithm, Convert.ToBase64String(hash.Bytes), out var read)
            && read == hash);
        Assert.Contains($"{2 * a.Bytes} hex", a.Form);
    });

    [Fact]
    public void The_strongest_come_first() => Assert.Equal(
        [HashAlgorithm.Sha256, HashAlgorithm.Sha1, HashAlgorithm.Md5, HashAlgorithm.PhotoDna, HashAlgorithm.Pdq],
        HashAlgorithms.StrongestFirst.Select(a => a.Algorithm).Where(a => a <= HashAlgorithm.Pdq));

    [Fact]
    public void The_page_on_lists_says_of_each_format_what_its_row_says()
    {
        const string Head = "| format (`--format`, else found by content) | what is read |\n|---|---|\n";
        var path = Repository.PathOf("docs", "hash-lists.md");
        var page = File.ReadAllText(path);
        var from = page.IndexOf(Head, StringComparison.Ordinal) + Head.Length;
        var rows = string.Concat(HashListFormat.All.Select(f => $"| `{f.Name}` | {f.About} |\n"));
        var to = page.IndexOf("\n\n", from, StringComparison.Ordinal) + 1;
        if (Environment.GetEnvironmentVariable("CPORT_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, page[..from] + rows + page[to..]);
        }

        Assert.True(File.ReadAllText(path)[from..].StartsWith(rows + "\n", StringComparison.Ordinal),
            "docs/hash-lists.md differs from HashListFormat; run this test with CPORT_UPDATE_DOCS=1 and commit the file.");
    }
}
