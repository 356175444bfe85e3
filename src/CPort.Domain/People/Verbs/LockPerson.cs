using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>Closes the way by code after many wrong ones (<see cref="PersonState.Locked"/>). By CPort itself.</summary>
[ProtoContract, Manifest("psc8")]
public sealed record LockPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    Type IPersonCommand.Makes => typeof(PersonLocked);
    PersonWrite IPersonCommand.Write => PersonWrite.Enrol;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        person!.State == PersonState.Active ? Accept(new PersonLocked { Meta = meta, Person = Person }) : Unchanged;
}

[ProtoContract, Manifest("pse8")]
public sealed record PersonLocked : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with { State = PersonState.Locked });
}
