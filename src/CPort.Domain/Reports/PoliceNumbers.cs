using System.Security.Cryptography;

namespace CPort.Domain.Reports;

/// <summary>
/// Numbers of holds and questions within a report. They do not count: who gets one learns neither whether others have asked nor how often. The same command on
/// the same report gets the same one.
/// </summary>
internal static class PoliceNumbers
{
    private const int First = 100_000;
    private const int End = 1_000_000;

    /// <summary>The number of the agency's next one, by how many the agency has itself.</summary>
    /// <param name="kind">What is numbered.</param>
    /// <param name="report">Within which.</param>
    /// <param name="agency">Who asks.</param>
    /// <param name="own">How many it has there.</param>
    /// <param name="isTaken">Whether another has the number already.</param>
    public static int Next(string kind, ReportId report, AgencyId agency, int own, Func<int, bool> isTaken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}\0{report}\0{agency}\0{own}\0{attempt}")));
            var number = First + (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % (End - First));
            if (!isTaken(number))
            {
                return number;
            }
        }
    }
}
