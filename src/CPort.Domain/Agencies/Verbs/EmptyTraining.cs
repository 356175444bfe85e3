using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Empties training: another training tenant begins, which keys for training are for from then on. One event, so there is no half of it; what the old one held
/// stays in the journal, and no key reaches it.
/// </summary>
[ProtoContract, Manifest("ac11")]
public sealed record EmptyTraining : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }

    /// <summary>The operator's own.</summary>
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>What training holds now is what the operator has confirmed.</summary>
    [ProtoMember(3)] public required bool Confirmed { get; init; }

    /// <summary>The training that was counted.</summary>
    [ProtoMember(4)] public required Tenant Training { get; init; }

    /// <summary>What it holds.</summary>
    [ProtoMember(5)] public required TrainingHolds Holds { get; init; }

    Type IAgencyCommand.Makes => typeof(TrainingEmptied);
    Deed IAgencyCommand.Deed => Deed.EmptyTraining;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        !Confirmed || Training != state.Training
            ? Reject(AgencyRejection.CountChanged, "Training holds something else than was confirmed; look again.")
        : (int)state.Training >= Tenants.MostTrainings
            ? Reject(AgencyRejection.TooManyTrainings, $"Training can be emptied {Tenants.MostTrainings - 1} times.")
        : Accept(new TrainingEmptied { Meta = meta, Agency = Agency, Training = state.Training.Next(), Held = Holds });
}

[ProtoContract, Manifest("ae11")]
public sealed record TrainingEmptied : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>The training that begins.</summary>
    [ProtoMember(3)] public required Tenant Training { get; init; }

    /// <summary>What the one that ended held; a repeat of the command is told it again.</summary>
    [ProtoMember(4)] public required TrainingHolds Held { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state with
    {
        Training = Training, Emptied = state.Emptied.With(Meta.CommandId, Held, AgencyRegistry.RememberedCommands),
    };
}

/// <summary>What a tenant holds that people would miss; hashes and groups go with it, and no number says what they are worth.</summary>
[ProtoContract]
public sealed record TrainingHolds
{
    [ProtoMember(1)] public required long Reports { get; init; }
    [ProtoMember(2)] public required long Items { get; init; }
    [ProtoMember(3)] public required long Rejections { get; init; }
}
