using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>A person's own settings, all of them.</summary>
[ProtoContract, Manifest("psc11")]
public sealed record ChangeSettings : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required PersonSettings Settings { get; init; }

    Type IPersonCommand.Makes => typeof(SettingsChanged);
    PersonWrite IPersonCommand.Write => PersonWrite.ChangeSettings;
    Deed IPersonCommand.Deed => Deed.ChangeOwnSettings;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with) =>
        !IsSettings(Settings)
            ? Reject(
                PersonRejection.InvalidSettings, "language is a tag such as 'nl'; theme is system, light or dark; density is normal or compact; mails are none, urgent or "
                    + "daily; a key is one character that is no digit, and none stands twice.")
        : Settings == person!.Settings ? Unchanged
        : Accept(new SettingsChanged { Meta = meta, Person = Person, Settings = Settings });
}

[ProtoContract, Manifest("pse11")]
public sealed record SettingsChanged : IPersonEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required PersonSettings Settings { get; init; }

    public PeopleRegistry Apply(PeopleRegistry state) => state.With(Person, p => p with { Settings = Settings });
}
