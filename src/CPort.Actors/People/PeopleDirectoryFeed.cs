using CPort.Actors.Confidential;
using CPort.Domain.People;

namespace CPort.Actors.People;

/// <summary>Keeps this node's <see cref="PeopleDirectory"/> current (<see cref="EntityFeed{TDirectory, TEvent}"/>).</summary>
/// <param name="readJournalId">The read journal's configuration path.</param>
/// <param name="seal">Opens the journal's rows; null only over a journal that seals nothing.</param>
public sealed class PeopleDirectoryFeed(string readJournalId, JournalSeal? seal)
    : EntityFeed<PeopleDirectory, IPersonEvent>(EntityName.People, "people", PeopleDirectory.Empty, readJournalId, seal)
{
    protected override long VersionOf(PeopleDirectory directory) => directory.Version;

    protected override PeopleDirectory Next(PeopleDirectory directory, IPersonEvent happened) => directory.With(happened);
}
