using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Agencies;

namespace CPort.Iccam.Endpoints;

/// <summary>Hotlines by number, as ICCAM's clients know them: ICCAM's own number, or one made up from the agency's id, which stays the same.</summary>
internal sealed class HotlineIds(AgencyDirectoryFeed directory)
{
    /// <summary>Above every number of ICCAM's.</summary>
    private const int FirstOfOurs = 1_000_000;

    /// <summary>What an agency sees of others: those that serve its countries too, and itself.</summary>
    public IEnumerable<(int Id, Agency Agency)> SeenBy(Agency agency, DateOnly day) =>
        directory.Current.BesideIn(agency, day).Prepend(agency).Where(a => a.Kind == AgencyKind.Hotline).Select(a => (Of(a.Id), a));

    public int Of(AgencyId agency) => directory.Current.Find(agency)?.IccamHotlineNumber
        ?? FirstOfOurs + (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(agency.Value))) & 0x3FFF_FFFF);
}
