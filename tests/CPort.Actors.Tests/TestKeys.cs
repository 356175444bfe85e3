using CPort.Actors.Confidential;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;

namespace CPort.Actors.Tests;

/// <summary>Keys of this test run, for databases that are gone after it.</summary>
internal static class TestKeys
{
    public static KeyRing Ring { get; } = KeyRing.New();

    public static KeyRingSeam Seam { get; } = new(Ring);

    public static JournalSeal Journal { get; } = new(Ring);

    /// <summary>The same in every run, so that a seed gives the same reports.</summary>
    public static ReportId IdOf(Tenant tenant, AgencyId hotline, HotlineReference reference) => ReportIds.Of(new HmacOnlySeam(), tenant, hotline, reference);
}
