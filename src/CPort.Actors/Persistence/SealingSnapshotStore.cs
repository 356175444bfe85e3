using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Snapshot;
using CPort.Actors.Confidential;

namespace CPort.Actors.Persistence;

/// <summary>Akka.Persistence.Sql's snapshot store, except that every snapshot is sealed for its place, as the journal's rows are.</summary>
public sealed class SealingSnapshotStore(Config config) : SqlSnapshotStore(config)
{
    private readonly JournalSeal _seal = DatabaseSetup.Of(Context.System).Seal;

    protected override async Task<SelectedSnapshot?> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var found = await base.LoadAsync(persistenceId, criteria, cancellationToken).ConfigureAwait(false);
        return found is null
            ? null
            : new SelectedSnapshot(found.Metadata, _seal.OpenSnapshot(persistenceId, found.Metadata.SequenceNr, found.Snapshot));
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) =>
        base.SaveAsync(metadata, _seal.SealSnapshot(metadata.PersistenceId, metadata.SequenceNr, snapshot), cancellationToken);
}
