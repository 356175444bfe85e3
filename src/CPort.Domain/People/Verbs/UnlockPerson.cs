using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>Opens the way by code again.</summary>
[ProtoContract, Manifest("psc9")]
public sealed record UnlockPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    Type IPersonCommand.Makes => typeof(PersonUnlocked);
    PersonWrite IPersonCommand.Write => PersonWrite.Unlock;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        person!.State == PersonState.Locked ? Accept(new PersonUnlocked { Meta = meta, Person = Person }) : Unchanged;
}

[ProtoContract, Manifest("pse9")]
public sealed record PersonUnlocked : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with { State = PersonState.Active });
}
