using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Somebody else says that the person still needs the roles: they work for another <see cref="PeopleRules.CertifiedDays"/> days. Once the day has passed no
/// role works until this is said.
/// </summary>
[ProtoContract, Manifest("psc5")]
public sealed record RecertifyPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    Type IPersonCommand.Makes => typeof(PersonRecertified);
    PersonWrite IPersonCommand.Write => PersonWrite.Recertify;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with)
    {
        var until = AgencyDirectory.DayOf(meta.RecordedAt).AddDays(CertifiedDays);
        return person!.CertifiedUntil is not { } before ? Reject(PersonRejection.NotCome, "The person has not come yet.")
            : before >= until ? Unchanged
            : Accept(new PersonRecertified { Meta = meta, Person = Person, CertifiedUntil = until });
    }
}

[ProtoContract, Manifest("pse5")]
public sealed record PersonRecertified : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required DateOnly CertifiedUntil { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with { CertifiedUntil = CertifiedUntil });
}
