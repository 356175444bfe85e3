namespace CPort.Domain.People;

/// <summary>
/// All people as of one journal position: immutable, in memory only, safe from any thread. <c>PeopleDirectoryFeed</c> makes a new one with every event.
/// </summary>
public sealed class PeopleDirectory
{
    public static readonly PeopleDirectory Empty = new(PeopleRegistry.Empty);

    private readonly PeopleRegistry _registry;

    private PeopleDirectory(PeopleRegistry registry) => _registry = registry;

    /// <summary>The sequence number of the last event in it; 0 when empty.</summary>
    public long Version => _registry.Version;

    /// <summary>Everybody, also who was stopped, oldest first.</summary>
    public IEnumerable<Person> People => _registry.People.Values.OrderBy(p => p.InvitedAt).ThenBy(p => p.Id.Value, StringComparer.Ordinal);

    /// <summary>A directory of the registry's state.</summary>
    public static PeopleDirectory Of(PeopleRegistry registry) => new(registry);

    /// <summary>The directory after one more event: the fold that the feed runs.</summary>
    public PeopleDirectory With(IPersonEvent happened) => new(PeopleRules.Apply(_registry, happened));

    public Person? Find(PersonId id) => _registry.People.GetValueOrDefault(id);

    /// <summary>Whose the link is that has this hash and still works; null: unknown, used or too old.</summary>
    public Person? FindByLink(string hash, DateTimeOffset now) =>
        _registry.Links.TryGetValue(hash, out var id) && Find(id) is { Link: { } link } person && now < link.ExpiresAt ? person : null;

    /// <summary>Whose link has this hash, also one that is too old; null: unknown, or used.</summary>
    public Person? OwnerOfLink(string hash) => _registry.Links.TryGetValue(hash, out var id) ? Find(id) : null;

    /// <summary>Who has a sign-in name now, by its mark (<see cref="PersonMarks.OfName"/>).</summary>
    public Person? FindByName(string mark) => _registry.Names.TryGetValue(mark, out var id) ? Find(id) : null;

    /// <summary>Whom an identity provider's name is linked to, by its mark (<see cref="PersonMarks.OfProvider"/>).</summary>
    public Person? FindByProvider(string mark) => _registry.Providers.TryGetValue(mark, out var id) ? Find(id) : null;

    /// <summary>What the rules would make of the command now; nothing comes of it. Pages offer what is possible, by the rules themselves.</summary>
    public PersonDecision Try(IPersonCommand command, AgencyDirectory agencies, DateTimeOffset now) => PeopleRules.Decide(
        _registry, command, command.Context.ToMeta() with { RecordedAt = now }, new PeopleEnvironment(agencies, new PersonCandidate(default, "-")));
}
