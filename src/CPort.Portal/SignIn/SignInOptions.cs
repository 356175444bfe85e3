namespace CPort.Portal.SignIn;

/// <summary>How people sign in on this node.</summary>
public sealed record SignInOptions
{
    /// <summary>
    /// What people reach the pages by: a scheme, a host that is a name, maybe a port. Passkeys are made for the host, whatever a request says.
    /// </summary>
    public required Uri PortalUrl { get; init; }

    /// <summary>The cluster's name: cookies of two clusters on one host do not meet, nor do their keys.</summary>
    public required string Cluster { get; init; }

    /// <summary>Agencies whose people come by passkey or by the agency's provider only.</summary>
    public ImmutableHashSet<AgencyId> WithoutCodes { get; init; } = [];

    /// <summary>Identity providers of agencies, at most one each.</summary>
    public ImmutableArray<AgencyProvider> Providers { get; init; } = [];

    /// <summary>The node serves the example set to its own machine: then its example people can be chosen (<c>cport demo</c>).</summary>
    public Func<bool> OffersExamplePeople { get; init; } = () => false;

    /// <summary>The installation has a mail server, so that who wants mails gets some.</summary>
    public bool SendsMail { get; init; }

    public bool IsSecure => PortalUrl.Scheme == Uri.UriSchemeHttps;

    /// <summary>
    /// The session's cookie. <c>__Host-</c> has browsers take it from this host by TLS only; on plain loopback, where nothing else is possible, without.
    /// </summary>
    public string SessionCookie => CookieName("session");

    /// <summary>The name of a cookie for one use.</summary>
    public string CookieName(string use) => $"{(IsSecure ? "__Host-" : "")}cport-{Cluster}-{use}";

    /// <summary>
    /// Lax: a link in a notice opens its page without another sign-in. What changes something is guarded besides (<c>FormGuard</c>), so that a foreign page's
    /// form with the cookie comes to nothing.
    /// </summary>
    public CookieOptions Cookie() => new()
    {
        HttpOnly = true, Secure = IsSecure, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true,
    };
}

/// <summary>An agency's own identity provider (OpenID Connect): whom it names is one of the agency's registered people, or nobody.</summary>
public sealed record AgencyProvider
{
    public required AgencyId Agency { get; init; }

    /// <summary>The issuer's address, from which everything else of it is read.</summary>
    public required Uri Issuer { get; init; }
    public required string ClientId { get; init; }
    public required string ClientSecret { get; init; }

    /// <summary>The claim that names a person, for ever the same one.</summary>
    public string SubjectClaim { get; init; } = "sub";

    /// <summary>What the provider must have asked of the person (<c>acr</c>); null: whatever it does.</summary>
    public string? Acr { get; init; }

    /// <summary>The name of its scheme.</summary>
    public string Scheme => $"oidc-{Agency}";

    public override string ToString() => $"AgencyProvider({Agency})";
}
