namespace CPort.Portal;

/// <summary>How a page is coloured.</summary>
public enum Theme
{
    /// <summary>As the person's system says.</summary>
    System,
    Light,
    Dark,
}

/// <summary>How close rows stand.</summary>
public enum Density
{
    Normal,
    Compact,
}

/// <summary>
/// Who looks at a page, and how that person wants it: put into the request's features by the sign-in (beside the <see cref="Domain.Access.Caller"/>, which
/// alone gives rights). Nothing of it comes from the request itself.
/// </summary>
public sealed record PortalSession
{
    /// <summary>The agency, person (<see cref="Caller.KeyId"/>), roles, tenant and purpose.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Why not all of the person's roles work now.</summary>
    public Domain.People.Standing Standing { get; init; } = Domain.People.Standing.Good;

    /// <summary>The person's name, for that person's own pages.</summary>
    public required string PersonName { get; init; }

    public required string AgencyName { get; init; }

    /// <summary>One of <see cref="Texts.Words.Languages"/>; null: what the browser asks for.</summary>
    public string? Language { get; init; }
    public Theme Theme { get; init; }
    public Density Density { get; init; }

    /// <summary>Single keys press buttons (WCAG 2.1.4: can be switched off).</summary>
    public bool Keys { get; init; } = true;

    /// <summary>The keys that the person has chosen (<see cref="Shell.PortalKeys"/>); null: none.</summary>
    public string? KeyMap { get; init; }

    /// <summary>Without a request for so long it is over; null: not told.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>When it is over in any case.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Closed URLs show the host.</summary>
    public bool ShowHosts { get; init; }
}
