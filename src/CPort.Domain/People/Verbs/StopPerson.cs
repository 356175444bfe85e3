using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Stops a person now and for good: sessions and streams end, what they hold goes back, nothing of what they said is lost. An agency is not left without an
/// administrator by its own: who took over the last one's session could do that.
/// </summary>
[ProtoContract, Manifest("psc7")]
public sealed record StopPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    Type IPersonCommand.Makes => typeof(PersonStopped);
    PersonWrite IPersonCommand.Write => PersonWrite.Stop;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        person!.State == PersonState.Stopped ? Unchanged
        : Context.Caller.Agency == person.Agency && IsLastAdministrator(state, person)
            ? Reject(PersonRejection.LastAdministrator, "The agency has no other administrator: an operator, or the national bureau, stops the last one.")
        : Accept(new PersonStopped { Meta = meta, Person = Person });
}

[ProtoContract, Manifest("pse7")]
public sealed record PersonStopped : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with
    {
        State = PersonState.Stopped, Link = null, Generation = p.Generation + 1, StoppedAt = Meta.RecordedAt, StoppedBy = Meta.KeyId,
    });
}
