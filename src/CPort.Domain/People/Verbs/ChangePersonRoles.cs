using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>Gives a person these roles instead of those they have. New ones are the national bureau's to confirm, where there is one.</summary>
[ProtoContract, Manifest("psc3")]
public sealed record ChangePersonRoles : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required Roles Roles { get; init; }

    /// <summary>1 to <see cref="PeopleRules.MaxUnitLength"/> characters; null: as it is.</summary>
    [ProtoMember(4)] public string? Unit { get; init; }

    Type IPersonCommand.Makes => typeof(PersonRolesChanged);
    PersonWrite IPersonCommand.Write => PersonWrite.ChangeRoles;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        Fault(with.Agencies.Find(person!.Agency)!.Kind, Roles)
        ?? (Unit is not null && !IsText(Unit, MaxUnitLength) ? Reject(PersonRejection.InvalidName, $"unit is 1 to {MaxUnitLength} characters.")
            : !Roles.HasFlag(Roles.Administrator) && IsLastAdministrator(state, person)
                ? Reject(PersonRejection.LastAdministrator, "The agency has no other administrator.")
            : Roles == person.Roles && (Unit ?? person.Unit) == person.Unit ? Unchanged
            : Accept(new PersonRolesChanged { Meta = meta, Person = Person, Roles = Roles, Unit = Unit ?? person.Unit }));
}

[ProtoContract, Manifest("pse3")]
public sealed record PersonRolesChanged : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required Roles Roles { get; init; }
    [ProtoMember(4)] public string? Unit { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => (Roles & ~p.Roles) == 0
        ? p with { Roles = Roles, Unit = Unit }
        : p with { Roles = Roles, Unit = Unit, ConfirmedAt = null, ConfirmedBy = null });
}
