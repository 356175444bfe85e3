using Akka.Event;
using Akka.Cluster.Sharding;
using Akka.Persistence;
using CPort.Actors.Cluster;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Actors.Agencies;

/// <summary>
/// Owns the journal of agencies and keys: one entity for the whole cluster, because it changes a few times a day and uniqueness (ids, ICCAM numbers, the one
/// INTERPOL) spans all of it. Makes the secrets of keys, decides by <see cref="AgencyRules"/>, answers after the event is durable. It answers no queries: every
/// node reads its own <see cref="AgencyDirectory"/>.
/// </summary>
public sealed class AgencyRegistryActor : PersistentEntity
{
    private readonly Func<ApiKey> _newKey;
    private AgencyRegistry _state = AgencyRegistry.Empty;

    public AgencyRegistryActor(EntityShell shell, Func<ApiKey> newKey)
        : base(EntityName.Agencies, shell)
    {
        _newKey = newKey;
        Recover<IAgencyEvent>(e => _state = AgencyRules.Apply(_state, e));
        Command<IAgencyCommand>(Handle);
    }

    public static Props PropsFor(EntityShell shell, Func<ApiKey>? newKey = null) =>
        Props.Create(() => new AgencyRegistryActor(shell, newKey ?? ApiKey.Generate));

    private void Handle(IAgencyCommand command)
    {
        var meta = Stamp(command.Context.ToMeta(), Time.GetUtcNow()) with { RequestDigest = command.Context.Digest };
        var key = command is IssueKey or RotateKey ? _newKey() : null;

        switch (AgencyRules.Decide(_state, command, meta, key?.Candidate))
        {
            case AgencyDecision.Accepted accepted:
                Persist(accepted.Event, e =>
                {
                    _state = AgencyRules.Apply(_state, e);

                    // Who gives whom which rights is to be seen in any log that is kept.
                    Log.Warning("Agency {Agency}: {Event} by {Caller}/{KeyId}", e.Agency, e.InWords, e.Meta.Agency, e.Meta.KeyId);
                    Sender.Tell(key is null
                        ? new AgencyChanged
                        {
                            Agency = e.Agency, SequenceNr = LastSequenceNr, Changed = true, Emptied = _state.Emptied.Of(e.Meta.CommandId), Change = e.OfChange,
                        }
                        : new ApiKeyShown
                        {
                            Agency = e.Agency, KeyId = key.KeyId, ApiKey = key.Text, SequenceNr = LastSequenceNr,
                            AwaitsConsent = _state.Keys[key.KeyId].AwaitsConsent,
                        });
                });
                break;
            case AgencyDecision.Replayed { Earlier: { KeyId: { } keyId } earlier } when key is not null:
                Sender.Tell(new ApiKeyShown { Agency = earlier.Agency, KeyId = keyId, SequenceNr = earlier.Version });
                break;
            case AgencyDecision.Replayed { Earlier: var earlier }:
                Sender.Tell(new AgencyChanged
                {
                    Agency = earlier.Agency, SequenceNr = earlier.Version, Emptied = _state.Emptied.Of(earlier.Id), Change = earlier.Change,
                });
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

public static class AgencyHosting
{
    /// <summary>Every command goes to the one entity.</summary>
    internal static EntityExtractor<IAgencyCommand> Extractor => new(_ => EntityName.Agencies.Id);

    /// <summary>Starts the region of agencies (a proxy on nodes without the role <c>report</c>) and lets this node's directory follow the journal.</summary>
    public static AkkaConfigurationBuilder AddAgencies(this AkkaConfigurationBuilder builder, AgencyDirectoryFeed directory, EntityShell shell) =>
        builder
            .AddEntities<AgencyRegion>(EntityKind.Agency, (_, _) => _ => AgencyRegistryActor.PropsFor(shell), Extractor, ClusterRoles.Report)
            .AddStartup((system, _) => directory.Start(system, shell.Stuck));
}
