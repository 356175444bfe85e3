using CPort.Domain.Agencies;

namespace CPort.Actors.Projections;

/// <summary>
/// When the read tables are looked through for what the agencies' changes leave to do: when their directory has changed or a day has begun (memberships are by
/// days), and for some sweeps after, because the read tables may be behind. A sweeper that takes over begins with a look.
/// </summary>
internal sealed class DirectoryLooks
{
    /// <summary>Sweeps after a change: a minute, at five seconds each.</summary>
    private const int Looks = 12;

    private (long Version, DateOnly Day) _seen = (-1, default);
    private int _left;

    public bool AreDue(AgencyDirectory today, DateTimeOffset now)
    {
        if ((today.Version, AgencyDirectory.DayOf(now)) is var seen && seen != _seen)
        {
            (_seen, _left) = (seen, Looks);
        }

        return _left > 0;
    }

    /// <summary>One has been had. What it found is done by the reports, and looked after until nothing is found.</summary>
    public void Have(bool found) => _left = found ? Looks : _left - 1;
}
