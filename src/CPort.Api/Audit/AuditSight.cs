using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Domain.Audit;

namespace CPort.Api.Audit;

/// <summary>
/// Whose entries a caller sees, with who and why: its own agency's; a supervisory authority those of every agency that works for one of its countries, and all
/// when it is one for no country in particular. What CPort did by itself is everybody's.
/// </summary>
public sealed class AuditSight(AgencyDirectoryFeed directory, TimeProvider time)
{
    /// <summary>The agencies, or null for all.</summary>
    public ImmutableArray<string>? AgenciesOf(Caller caller)
    {
        if (caller.Kind != AgencyKind.SupervisoryAuthority)
        {
            return [caller.Agency.Value];
        }

        var day = Domain.Agencies.AgencyDirectory.DayOf(time.GetUtcNow());
        return caller.Countries.IsEmpty ? null :
        [
            caller.Agency.Value, Caller.System.Agency.Value,
            .. directory.Current.Agencies.Where(a => a.CountriesOn(day).Intersect(caller.Countries).Any()).Select(a => a.Id.Value),
        ];
    }

    public bool Sees(Caller caller, AuditEntry entry) => AgenciesOf(caller) is not { } agencies || agencies.Contains(entry.Actor.Agency);
}
