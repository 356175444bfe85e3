using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>
/// Says by which name the agency's identity provider knows a person. Nobody is made by a first sign-in there: (issuer, subject) is somebody registered, or
/// nobody.
/// </summary>
[ProtoContract, Manifest("psc10")]
public sealed record LinkProvider : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }

    /// <summary>See <see cref="PersonMarks.OfProvider"/>; null: takes all links away.</summary>
    [ProtoMember(3)] public string? Mark { get; init; }

    Type IPersonCommand.Makes => typeof(ProviderLinked);
    PersonWrite IPersonCommand.Write => PersonWrite.LinkProvider;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        Mark is { } mark && state.Providers.TryGetValue(mark, out var other) && other != Person
            ? Reject(PersonRejection.ProviderTaken, "subject: somebody else is linked to it.")
        : (Mark is null && person!.Providers.IsEmpty) || (Mark is not null && person!.Providers is [var only] && only == Mark) ? Unchanged
        : Accept(new ProviderLinked { Meta = meta, Person = Person, Mark = Mark });
}

/// <summary>The one link that there is now, or none. Who has it can come in as the person, so that a bureau confirms that person anew.</summary>
[ProtoContract, Manifest("pse10")]
public sealed record ProviderLinked : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public string? Mark { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) =>
        state.With(Person, p => p with { Providers = Mark is null ? [] : [Mark], ConfirmedAt = Mark is null ? p.ConfirmedAt : null });
}
