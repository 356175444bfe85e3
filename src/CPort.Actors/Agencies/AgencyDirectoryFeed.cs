using System.Net;
using CPort.Actors.Confidential;
using CPort.Domain.Agencies;
using CPort.Domain.People;

namespace CPort.Actors.Agencies;

/// <summary>The directory of agencies as this node knows it; safe from any thread.</summary>
public interface IAgencyDirectorySource
{
    /// <summary>As of the last event seen; empty before the first.</summary>
    AgencyDirectory Current { get; }

    /// <summary>
    /// Completes once <see cref="Current"/> contains the event with this sequence number. Throws <see cref="OperationCanceledException"/> when cancelled first.
    /// </summary>
    Task WaitForAsync(long sequenceNr, CancellationToken cancellationToken);
}

/// <summary>Keeps this node's <see cref="AgencyDirectory"/> current (<see cref="EntityFeed{TDirectory, TEvent}"/>).</summary>
/// <param name="readJournalId">The read journal's configuration path, for example <c>akka.persistence.query.journal.sql</c>.</param>
/// <param name="seal">Opens the journal's rows; null only over a journal that seals nothing.</param>
public sealed class AgencyDirectoryFeed(string readJournalId, JournalSeal? seal)
    : EntityFeed<AgencyDirectory, IAgencyEvent>(EntityName.Agencies, "agencies", AgencyDirectory.Empty, readJournalId, seal), IAgencyDirectorySource
{
    /// <summary>Who the owners of keys are; null: nobody's own key works.</summary>
    public Func<PersonId, Person?>? FindPerson { get; init; }

    /// <summary>As <see cref="AgencyDirectory.Authenticate"/>, by the current directories.</summary>
    public Authentication Authenticate(string? apiKey, DateTimeOffset now, string? purpose, IPAddress? from = null) => Current.Authenticate(
        apiKey, now, purpose, (owner, agency) => FindPerson?.Invoke(owner) is { } person && person.Agency == agency
            ? PeopleAccess.RolesOf(person, Current, now).Roles : Roles.None, from);

    protected override long VersionOf(AgencyDirectory directory) => directory.Version;

    protected override AgencyDirectory Next(AgencyDirectory directory, IAgencyEvent happened) => directory.With(happened);
}
