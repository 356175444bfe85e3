using CPort.Domain.Agencies.Verbs;

namespace CPort.Domain.Agencies;

/// <summary>
/// An event that may widen what an agency sees or how far it is believed (<see cref="Widening"/>), and then waits for somebody else's consent.
/// </summary>
public interface IWideningEvent : IAgencyEvent
{
    /// <summary>The command that would make it now: between the wish and the consent the registry goes on.</summary>
    IAgencyCommand Again(CommandContext context);
}

/// <summary>A change that an operator wants and that waits, or waited, for somebody else's consent.</summary>
public sealed record ProposedChange
{
    /// <summary>How long it waits; a wish that nobody answers is to be said anew.</summary>
    public static readonly TimeSpan Waits = TimeSpan.FromDays(30);

    /// <summary>The registry's version when it was made.</summary>
    public required long Number { get; init; }
    public required AgencyId Agency { get; init; }
    public required IWideningEvent Change { get; init; }

    /// <summary>Whom it concerned when it was made.</summary>
    public required Widening Concerns { get; init; }

    /// <summary>The key of whoever wants it.</summary>
    public required string ProposedBy { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }

    /// <summary>Countries whose agencies have agreed.</summary>
    public ImmutableArray<Country> AgreedFor { get; init; } = [];

    /// <summary>The keys that agreed.</summary>
    public ImmutableArray<string> AgreedBy { get; init; } = [];

    /// <summary>The key that said no.</summary>
    public string? RefusedBy { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }

    public bool IsOpenAt(DateTimeOffset now) => DecidedAt is null && now < ProposedAt + Waits;

    /// <summary>The agency is shown it: it is its own, or concerns it.</summary>
    public bool Concern(Agency agency, DateOnly day) =>
        agency.Id == Agency || (agency.CameIn && (Concerns.Everybody || Concerns.Countries.Any(c => AnswersFor(agency, c, day))));

    /// <summary>The agency serves the country, so that it may agree for it to what another agency gets.</summary>
    public bool AnswersFor(Agency agency, Country country, DateOnly day) =>
        agency.Active && agency.Id != Agency && Widening.SeesByCountry(agency.Kind) && agency.WorksFor(country, day);

    /// <summary>What the registry becomes with a decision, of which a limited number is kept.</summary>
    internal static AgencyRegistry Kept(AgencyRegistry state, ProposedChange change, DateTimeOffset now)
    {
        var changes = state.Changes.SetItem(change.Number, change);
        return state with
        {
            Changes = changes.Count <= AgencyRules.MaxChanges ? changes
                : changes.Remove(changes.Values.Where(c => c.Number != change.Number).OrderBy(c => c.IsOpenAt(now)).ThenBy(c => c.Number).First().Number),
        };
    }
}
