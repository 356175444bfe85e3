namespace CPort.Domain.People;

/// <summary>A command that took effect and may come again.</summary>
/// <param name="Id">Given by who sent it.</param>
/// <param name="Made">The event it led to.</param>
/// <param name="Person">Whom it was about.</param>
/// <param name="Version">The registry's, after it.</param>
/// <param name="Digest">Of the request that brought it; 0: none was made.</param>
/// <param name="By">The key or person that sent it.</param>
public sealed record PersonDone(CommandId Id, Type Made, PersonId Person, long Version, ulong Digest, string By);

/// <summary>The state of the registry: every person, also stopped ones. Built by <see cref="PeopleRules.Apply"/> from events alone.</summary>
public sealed record PeopleRegistry
{
    /// <summary>How many commands are remembered; an older one that is sent again is decided anew.</summary>
    public const int RememberedCommands = 1_000;

    public static readonly PeopleRegistry Empty = new();

    public ImmutableDictionary<PersonId, Person> People { get; init; } = ImmutableDictionary<PersonId, Person>.Empty;

    /// <summary>By the hash of an open link.</summary>
    public ImmutableDictionary<string, PersonId> Links { get; init; } = ImmutableDictionary.Create<string, PersonId>(StringComparer.Ordinal);

    /// <summary>By <see cref="Person.SignInMark"/>: who has the name now; a stopped person's is free.</summary>
    public ImmutableDictionary<string, PersonId> Names { get; init; } = ImmutableDictionary.Create<string, PersonId>(StringComparer.Ordinal);

    /// <summary>By a keyed hash of (issuer, subject).</summary>
    public ImmutableDictionary<string, PersonId> Providers { get; init; } = ImmutableDictionary.Create<string, PersonId>(StringComparer.Ordinal);

    /// <summary>Events applied so far: the sequence number of the last one in the journal.</summary>
    public long Version { get; init; }

    internal ReplayMemory<CommandId, PersonDone> Recent { get; init; } = ReplayMemory<CommandId, PersonDone>.Empty;

    /// <summary>With the person as they stand now, found by what they have now.</summary>
    internal PeopleRegistry With(Person person)
    {
        var before = People.GetValueOrDefault(person.Id);
        var (links, names, providers) = (Links, Names, Providers);
        if (before is not null)
        {
            links = before.Link is { } old ? links.Remove(old.Hash) : links;
            names = names.Remove(before.SignInMark);
            providers = providers.RemoveRange(before.Providers);
        }

        if (person.State != PersonState.Stopped)
        {
            links = person.Link is { } open ? links.SetItem(open.Hash, person.Id) : links;
            names = names.SetItem(person.SignInMark, person.Id);
            providers = providers.SetItems(person.Providers.Select(p => KeyValuePair.Create(p, person.Id)));
        }

        return this with { People = People.SetItem(person.Id, person), Links = links, Names = names, Providers = providers };
    }

    internal PeopleRegistry With(PersonId id, Func<Person, Person> change) => With(change(People[id]));
}
