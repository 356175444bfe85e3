using static CPort.Domain.People.PeopleRules;

namespace CPort.Domain.People.Verbs;

/// <summary>A person says what they are told, and what by mail; all other settings stay. Also by a key of their own.</summary>
[ProtoContract, Manifest("psc12")]
public sealed record SetNotifications : IPersonCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required PersonId Person { get; init; }
    [ProtoMember(3)] public required NotificationRules Rules { get; init; }

    /// <summary>Null: as it is.</summary>
    [ProtoMember(4)] public MailWish? Mails { get; init; }

    Type IPersonCommand.Makes => typeof(SettingsChanged);
    PersonWrite IPersonCommand.Write => PersonWrite.SetNotifications;
    Deed IPersonCommand.Deed => Deed.SetNotifications;
    PersonId? IPersonCommand.About => Person;

    public PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with)
    {
        var settings = person!.Settings with { Notifications = Rules, Mails = Mails ?? person.Settings.Mails };
        return settings == person.Settings ? Unchanged
            : !IsSettings(settings) ? Reject(
                PersonRejection.InvalidSettings,
                "Kinds are known ones, by mail those of which there are mails; quiet hours have two ends, which differ, within a day.")
            : Accept(new SettingsChanged { Meta = meta, Person = Person, Settings = settings });
    }
}
