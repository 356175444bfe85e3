using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Persistence.Snapshot;

namespace CPort.Bench.Imports;

/// <summary>Takes every event and keeps none: what is left is the cost of everything but the journal.</summary>
public sealed class DroppingJournal : AsyncWriteJournal
{
    public const string Hocon = """
        akka.persistence.journal.plugin = "akka.persistence.journal.dropping"
        akka.persistence.journal.dropping.class = "CPort.Bench.Imports.DroppingJournal, CPort.Bench"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.dropping"
        akka.persistence.snapshot-store.dropping.class = "CPort.Bench.Imports.DroppingSnapshots, CPort.Bench"
        """;

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
            Task.CompletedTask;

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        Task.FromResult(0L);

    protected override Task<IImmutableList<Exception>?> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken) =>
        Task.FromResult<IImmutableList<Exception>?>(null);

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Takes every snapshot and keeps none.</summary>
public sealed class DroppingSnapshots : SnapshotStore
{
    protected override Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.FromResult<SelectedSnapshot?>(null);

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => Task.CompletedTask;
}
