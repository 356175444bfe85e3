using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Event;
using Akka.Hosting;
using Akka.Persistence;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Domain.Access;
using CPort.Domain.Agencies;

namespace CPort.Actors.Agencies;

/// <summary>
/// Owns the journal of agencies and keys: one entity for the whole cluster, because it changes a few times a day and uniqueness (ids, ICCAM
/// numbers, the one INTERPOL) spans all of it. Makes the secrets of keys, decides by <see cref="AgencyRules"/>, answers after the event is
/// durable. It answers no queries: every node reads its own <see cref="AgencyDirectory"/>.
/// </summary>
public sealed class AgencyRegistryActor : ReceivePersistentActor
{
    /// <summary>The persistence id; <see cref="AgencyDirectoryFeed"/> follows it.</summary>
    public const string JournalId = "agencies";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly TimeProvider _time;
    private readonly Func<ApiKey> _newKey;
    private AgencyRegistry _state = AgencyRegistry.Empty;

    public AgencyRegistryActor(TimeProvider time, Func<ApiKey> newKey)
    {
        (_time, _newKey) = (time, newKey);
        Recover<IAgencyEvent>(e => _state = AgencyRules.Apply(_state, e));
        Command<IAgencyCommand>(Handle);
        Command<StopEntity>(_ => Context.Stop(Self));
    }

    public override string PersistenceId => JournalId;

    /// <summary>No snapshots: a few thousand small events at most.</summary>
    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    public static Props PropsFor(TimeProvider time, Func<ApiKey>? newKey = null) =>
        Props.Create(() => new AgencyRegistryActor(time, newKey ?? ApiKey.Generate));

    // As for hash buckets: no stack trace, and of a fenced write the journal has told.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        if (cause is not FencedException)
        {
            _log.Warning("Agencies cannot persist ({0}); they stop and are read anew at the next message.", DatabaseFault.InWords(cause));
        }
    }

    private void Handle(IAgencyCommand command)
    {
        var now = _time.GetUtcNow();
        var meta = command.Context.ToMeta() with { EventId = Guid.CreateVersion7(now), RecordedAt = now };
        var key = command is IssueKey or RotateKey ? _newKey() : null;

        switch (AgencyRules.Decide(_state, command, meta, key?.Candidate))
        {
            case AgencyDecision.Accepted accepted:
                Persist(accepted.Event, e =>
                {
                    _state = AgencyRules.Apply(_state, e);
                    _log.Info("Agency {Agency}: {Event} by {Caller}/{KeyId}", e.Agency, e.GetType().Name, e.Meta.Agency, e.Meta.KeyId);
                    Sender.Tell(key is null
                        ? new AgencyChanged { Agency = e.Agency, SequenceNr = LastSequenceNr, Changed = true }
                        : new ApiKeyShown { Agency = e.Agency, KeyId = key.KeyId, ApiKey = key.Text, SequenceNr = LastSequenceNr });
                });
                break;
            case AgencyDecision.Replayed { Earlier: { KeyId: { } keyId } earlier } when key is not null:
                Sender.Tell(new ApiKeyShown { Agency = earlier.Agency, KeyId = keyId, SequenceNr = earlier.Version });
                break;
            case AgencyDecision.Replayed { Earlier: var earlier }:
                Sender.Tell(new AgencyChanged { Agency = earlier.Agency, SequenceNr = earlier.Version });
                break;
            case AgencyDecision.Unchanged:
                Sender.Tell(new AgencyChanged { Agency = command.Agency, SequenceNr = LastSequenceNr });
                break;
            case AgencyDecision.Rejected rejected:
                Sender.Tell(new AgencyCommandRejected { Reason = rejected.Reason, Text = rejected.Text });
                break;
        }
    }
}

/// <summary>Names the shard region of agencies in the actor registry: <c>IRequiredActor&lt;AgencyRegion&gt;</c>.</summary>
public sealed class AgencyRegion;

/// <summary>Every command goes to the one entity <c>registry</c>.</summary>
internal sealed class AgencyMessageExtractor() : HashCodeMessageExtractor(ClusterFigures.Shards)
{
    public override string? EntityId(object message) => message is IAgencyCommand ? "registry" : null;
}

public static class AgencyHosting
{
    /// <summary>
    /// Starts the region <c>agency</c> (a proxy on nodes without the role <c>report</c>) and lets this node's directory follow the journal.
    /// </summary>
    public static AkkaConfigurationBuilder AddAgencies(this AkkaConfigurationBuilder builder, AgencyDirectoryFeed directory, TimeProvider time) =>
        builder
            .AddShardRegion<AgencyRegion>(
                "agency",
                (_, _) => _ => AgencyRegistryActor.PropsFor(time),
                new AgencyMessageExtractor(),
                EntityShards.Options(ClusterRoles.Report))
            .AddStartup((system, _) => directory.Start(system));
}
