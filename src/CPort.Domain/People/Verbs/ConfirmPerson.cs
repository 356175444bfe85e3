using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>The national bureau confirms that somebody of its country's police has these roles; until then they see nothing.</summary>
[ProtoContract, Manifest("psc4")]
public sealed record ConfirmPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    /// <summary>The roles that were read: others by now are not confirmed.</summary>
    [ProtoMember(3)] public required Roles Roles { get; init; }

    Type IPersonCommand.Makes => typeof(PersonConfirmed);
    PersonWrite IPersonCommand.Write => PersonWrite.Confirm;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        Roles != person!.Roles ? Reject(PersonRejection.InvalidRoles, $"roles: the person has {person.Roles} by now; confirm those.")
        : person.ConfirmedAt is not null ? Unchanged
        : Accept(new PersonConfirmed { Meta = meta, Person = Person });
}

[ProtoContract, Manifest("pse4")]
public sealed record PersonConfirmed : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) =>
        state.With(Person, p => p with { ConfirmedAt = Meta.RecordedAt, ConfirmedBy = Meta.KeyId });
}
