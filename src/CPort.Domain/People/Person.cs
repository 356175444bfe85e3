namespace CPort.Domain.People;

/// <summary>How a person stands.</summary>
public enum PersonState
{
    /// <summary>Has a link, and has not come yet.</summary>
    Invited = 1,
    Active,

    /// <summary>
    /// After many wrong codes the way by code is closed until somebody opens it. Passkeys and sessions go on: they cannot be guessed, and who only knows a name
    /// must not be able to shut its owner out.
    /// </summary>
    Locked,

    /// <summary>For good. A person who comes back is invited anew.</summary>
    Stopped,
}

public enum Theme
{
    System = 0,
    Light,
    Dark,
}

public enum Density
{
    Normal = 0,
    Compact,
}

/// <summary>Which mails a person wants. They hold counts and a link, and nothing of any report.</summary>
public enum MailWish
{
    None = 0,

    /// <summary>As soon as something urgent comes.</summary>
    Urgent,

    /// <summary>That, and once a day what waits.</summary>
    Daily,
}

/// <summary>What a person says for themselves.</summary>
[ProtoContract]
public sealed record PersonSettings
{
    public static readonly PersonSettings Default = new();

    /// <summary>Other agencies see the name, and not only role and unit.</summary>
    [ProtoMember(1)] public bool NameVisible { get; init; }

    /// <summary>The language of pages, a tag of BCP 47 such as <c>nl</c>; null: as the browser asks.</summary>
    [ProtoMember(2)] public string? Language { get; init; }
    [ProtoMember(3)] public Theme Theme { get; init; }
    [ProtoMember(4)] public Density Density { get; init; }

    /// <summary>Single keys do something on pages (WCAG 2.1.4).</summary>
    [ProtoMember(5, IsRequired = true)] public bool Keys { get; init; } = true;

    /// <summary>Keys that the person has chosen instead of the pages' own, as <c>next=m save=w</c> (<see cref="PeopleRules.IsKeyMap"/>); null: none.</summary>
    [ProtoMember(6)] public string? KeyMap { get; init; }

    /// <summary>To the address that the agency has registered.</summary>
    [ProtoMember(7)] public MailWish Mails { get; init; }

    /// <summary>Of what the person is told, and when; null: of everything, and nothing more by mail than <see cref="Mails"/>.</summary>
    [ProtoMember(100)] public NotificationRules? Notifications { get; init; }
}

/// <summary>What is personal about a person, in the clear. Kept sealed; lives only between the API, the registry's actor and answers.</summary>
[ProtoContract]
public sealed record PersonSecrets
{
    /// <summary>1 to <see cref="PeopleRules.MaxNameLength"/> characters.</summary>
    [ProtoMember(1)] public required string Name { get; init; }

    /// <summary>An e-mail address; null: none is known.</summary>
    [ProtoMember(2)] public string? Address { get; init; }

    /// <summary>See <see cref="People.SignInName"/>.</summary>
    [ProtoMember(3)] public required string SignInName { get; init; }

    public override string ToString() => "PersonSecrets(…)";
}

/// <summary>A link by which a person makes ways to sign in: of its text only the hash is kept.</summary>
/// <param name="Hash">See <see cref="EnrolmentLink.Hash"/>.</param>
/// <param name="ExpiresAt">First instant at which it no longer works.</param>
public sealed record OpenLink(string Hash, DateTimeOffset ExpiresAt);

/// <summary>One person as they stand now. Nothing of it says who it is but <see cref="Secrets"/>, which are sealed.</summary>
public sealed record Person
{
    public required PersonId Id { get; init; }
    public required AgencyId Agency { get; init; }
    public required PersonState State { get; init; }

    /// <summary>What they were given; what works of it now says <see cref="PeopleAccess.RolesOf"/>.</summary>
    public required Roles Roles { get; init; }
    public required Sealed Secrets { get; init; }

    /// <summary>A keyed hash of agency and sign-in name: found by it, and not read from it.</summary>
    public required string SignInMark { get; init; }

    /// <summary>Team or desk, for other agencies too; null: none.</summary>
    public string? Unit { get; init; }

    /// <summary>The link that is open; null: none.</summary>
    public OpenLink? Link { get; init; }

    /// <summary>Ways to sign in and sessions are of one generation: with the next, those before are nothing.</summary>
    public int Generation { get; init; } = 1;

    /// <summary>The key or person that invited.</summary>
    public required string InvitedBy { get; init; }
    public required DateTimeOffset InvitedAt { get; init; }
    public DateTimeOffset? CameAt { get; init; }

    /// <summary>The national bureau's key or person that confirmed.</summary>
    public string? ConfirmedBy { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>The last day on which the roles work without being confirmed anew; null: not come yet.</summary>
    public DateOnly? CertifiedUntil { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>The key or person that stopped them.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>Keyed hashes of (issuer, subject) at the agency's own identity provider.</summary>
    public ImmutableArray<string> Providers { get; init; } = [];
    public PersonSettings Settings { get; init; } = PersonSettings.Default;

    /// <summary>May sign in by what they have.</summary>
    public bool MayComeIn => State is PersonState.Active or PersonState.Locked;
}
