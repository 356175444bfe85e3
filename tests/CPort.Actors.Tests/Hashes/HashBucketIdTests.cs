using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CsCheck;

namespace CPort.Actors.Tests.Hashes;

public class HashBucketIdTests
{
    [Fact]
    public void There_are_64_exact_buckets_and_32_of_pdq_for_live_and_as_many_for_training_and_each_reads_its_own_text()
    {
        var all = HashBucketId.AllWith(Tenant.Training).ToList();
        Assert.Equal(2 * (64 + 32), all.Count);
        Assert.All(all.Take(96), id => Assert.Equal(Tenant.Live, id.Tenant));
        Assert.All(all, id => Assert.Equal(id, HashBucketId.Parse(id.ToString())));
        Assert.Equal(all.Count, all.Select(id => id.ToString()).Distinct().Count());
        Assert.Equal("exact-17", new HashBucketId(Tenant.Live, HashBucketKind.Exact, 17).ToString());
        Assert.Equal("training-pdq-3", new HashBucketId(Tenant.Training, HashBucketKind.Pdq, 3).ToString());
    }

    [Theory]
    [InlineData("pdq-32")]
    [InlineData("exact-64")]
    [InlineData("exact-017")]
    [InlineData("exact--1")]
    [InlineData("Exact-1")]
    [InlineData("sha256-1")]
    [InlineData("exact")]
    [InlineData("none-0")]
    [InlineData("live-exact-1")]
    [InlineData("training-")]
    [InlineData("training-training-exact-1")]
    [InlineData("")]
    [InlineData(null)]
    public void Anything_else_is_no_bucket(string? text) => Assert.False(HashBucketId.TryParse(text, out _));

    [Fact]
    public void The_mapping_from_hash_to_bucket_is_what_journals_hold_and_never_changes()
    {
        Assert.Equal("exact-17", HashBucketId.For(Tenant.Live, HashSamples.Sha256(1)).ToString());
        var pdq = ContentHash.Parse(HashAlgorithm.Pdq, "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22");
        // Recorded from the first version: a change here would lose what journals hold.
        Assert.Equal("pdq-14", HashBucketId.For(Tenant.Live, pdq).ToString());
        Assert.Equal("training-pdq-14", HashBucketId.For(Tenant.Training, pdq).ToString());
        Assert.Equal("exact-63", HashBucketId.For(Tenant.Live, HashSamples.Made(HashAlgorithm.Md5, 1, 255)).ToString());
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
            counts[HashBucketId.For(Tenant.Live, ContentHash.FromBytes(HashAlgorithm.Pdq, bytes)).Number]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 800, 1200));
    }

    [Fact]
    public void Every_hash_has_a_bucket_of_its_kind_and_tenant() =>
        Gen.Select(Gen.Enum<HashAlgorithm>(), Gen.Enum<Tenant>(), Gen.Byte.Array[144]).Sample((algorithm, tenant, bytes) =>
        {
            var id = HashBucketId.For(tenant, ContentHash.FromBytes(algorithm, bytes.AsSpan(0, ContentHash.LengthOf(algorithm))));
            return id.Tenant == tenant && id.Kind == (algorithm == HashAlgorithm.Pdq ? HashBucketKind.Pdq : HashBucketKind.Exact)
                && id.Number >= 0 && id.Number < HashBucketId.CountOf(id.Kind);
        });
}
