using CPort.Actors.Intake;
using CPort.Actors.Persistence;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;

namespace CPort.Api.Tests.Reports;

/// <summary>How many rows of hash lists who may store.</summary>
public sealed class HashQuotaTests
{
    [Theory]
    [InlineData(TrustLevel.Trusted, Tenant.Live, 1_000_000)]
    [InlineData(TrustLevel.Standard, Tenant.Live, 100_000)]
    [InlineData(TrustLevel.Untrusted, Tenant.Live, 10_000)]
    [InlineData(TrustLevel.Trusted, Tenant.Training, 10_000)]
    [InlineData(TrustLevel.Standard, Tenant.Training, 10_000)]
    [InlineData(TrustLevel.Untrusted, Tenant.Training, 10_000)]
    public void A_source_has_room_as_it_is_trusted_and_an_exercise_little(TrustLevel trust, Tenant tenant, long rows)
    {
        var quota = new HashQuota(Database.Create(DatabaseProvider.Sqlite, "not-opened.db"), new IntakeLimits { HashRowsPerAgency = 1_000_000 });
        foreach (var kind in Enum.GetValues<AgencyKind>())
        {
            Assert.Equal(rows, quota.Of(new Caller
            {
                Agency = AgencyId.Parse("agency-nl"), Kind = kind, Roles = Roles.Analyst, KeyId = "key", Trust = trust, Tenant = tenant,
            }));
        }
    }
}
