using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Takes every way to sign in and every session away and makes a link for new ones: the device is lost. Who has the link can become the person, so a bureau
/// confirms anew.
/// </summary>
[ProtoContract, Manifest("psc6")]
public sealed record ResetPerson : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    Type IPersonCommand.Makes => typeof(PersonReset);
    PersonWrite IPersonCommand.Write => PersonWrite.Reset;
    PersonId? IPersonCommand.About => Person;
    bool IPersonCommand.MakesLink => true;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with)
    {
        var candidate = with.Candidate ?? throw new InvalidOperationException("A reset needs a candidate.");
        return Accept(new PersonReset
        {
            Meta = meta, Person = Person, LinkHash = candidate.LinkHash, LinkExpiresAt = meta.RecordedAt + LinkLife,
        });
    }
}

[ProtoContract, Manifest("pse6")]
public sealed record PersonReset : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required string LinkHash { get; init; }
    [ProtoMember(4)] public required DateTimeOffset LinkExpiresAt { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with
    {
        Link = new OpenLink(LinkHash, LinkExpiresAt), Generation = p.Generation + 1, ConfirmedAt = null, ConfirmedBy = null,
        State = p.State == PersonState.Locked ? PersonState.Active : p.State,
    });
}
