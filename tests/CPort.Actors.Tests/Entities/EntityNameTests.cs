using CPort.Actors.Entities;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;

namespace CPort.Actors.Tests.Entities;

/// <summary>Names are in every journal: they never change.</summary>
public sealed class EntityNameTests
{
    private const string Report = "report-0000000000000000000000001A";

    [Fact]
    public void Names_are_written_as_journals_hold_them()
    {
        Assert.Equal(Report, EntityName.Of(new ReportId(42)).ToString());
        Assert.Equal("hash-bucket-exact-17", EntityName.Of(new HashBucketId(Tenant.Live, HashBucketKind.Exact, 17)).ToString());
        Assert.Equal("agency-registry", EntityName.Agencies.ToString());
        Assert.Equal("referral-0000000000000000000000001A", EntityName.Of(new ReferralKey(42)).ToString());
    }

    [Theory]
    [InlineData(Report, Report)]
    [InlineData("report-000000000000000000000000ia", "report-0000000000000000000000001A")]
    [InlineData("hash-bucket-pdq-3", "hash-bucket-pdq-3")]
    [InlineData("agency-registry", "agency-registry")]
    [InlineData("report-x", null)]
    [InlineData("hash-bucket-sha256-256", null)]
    [InlineData("agency-hotline-nl", null)]
    [InlineData("case-1", null)]
    [InlineData("", null)]
    public void A_name_is_read_as_its_entity_writes_it(string text, string? read) =>
        Assert.Equal(read, EntityName.TryParse(text, out var name) ? name.ToString() : null);

    [Fact]
    public void No_name_is_of_two_kinds() =>
        Assert.All(EntityKind.All, kind =>
            Assert.DoesNotContain(EntityKind.All, other => other != kind && kind.Prefix.StartsWith(other.Prefix, StringComparison.Ordinal)));
}
