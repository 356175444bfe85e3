using CPort.Domain.Hashes;
using CsCheck;

namespace CPort.Actors.Tests.Hashes;

public class HashBucketIdTests
{
    [Fact]
    public void There_are_256_buckets_an_exact_algorithm_and_32_for_pdq_and_each_reads_its_own_text()
    {
        var all = HashBucketId.All.ToList();
        Assert.Equal(HashAlgorithms.All.Sum(a => a.Algorithm == HashAlgorithm.Pdq ? 32 : 256), all.Count);
        Assert.All(all, id => Assert.Equal(id, HashBucketId.Parse(id.ToString())));
        Assert.Equal(all.Count, all.Select(id => id.ToString()).Distinct().Count());
        Assert.Equal("sha256-17", new HashBucketId(HashAlgorithm.Sha256, 17).ToString());
    }

    [Theory]
    [InlineData("pdq-32")]
    [InlineData("sha256-256")]
    [InlineData("sha256-017")]
    [InlineData("sha256--1")]
    [InlineData("SHA256-1")]
    [InlineData("sha256")]
    [InlineData("")]
    [InlineData(null)]
    public void Anything_else_is_no_bucket(string? text) => Assert.False(HashBucketId.TryParse(text, out _));

    [Fact]
    public void The_mapping_from_hash_to_bucket_is_what_journals_hold_and_never_changes()
    {
        Assert.Equal("sha256-17", HashBucketId.For(HashSamples.Sha256(1)).ToString());
        var pdq = ContentHash.Parse(HashAlgorithm.Pdq, "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22");
        // Recorded from the first version: a change here would lose what journals hold.
        Assert.Equal("pdq-14", HashBucketId.For(pdq).ToString());
    }

    [Fact]
    public void Skewed_pdq_values_spread_evenly()
    {
        // Values that differ in their last 16 bits only: the worst skew.
        var counts = new int[HashBucketId.PdqBuckets];
        for (var n = 0; n < 32_000; n++)
        {
            var bytes = new byte[32];
            bytes[30] = (byte)(n >> 8);
            bytes[31] = (byte)n;
            counts[HashBucketId.For(ContentHash.FromBytes(HashAlgorithm.Pdq, bytes)).Number]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 800, 1200));
    }

    [Fact]
    public void Every_hash_has_a_bucket_of_its_algorithm() =>
        Gen.Select(Gen.Enum<HashAlgorithm>(), Gen.Byte.Array[144]).Sample((algorithm, bytes) =>
        {
            var id = HashBucketId.For(ContentHash.FromBytes(algorithm, bytes.AsSpan(0, ContentHash.LengthOf(algorithm))));
            return id.Algorithm == algorithm && id.Number >= 0 && id.Number < HashBucketId.CountOf(algorithm);
        });
}
