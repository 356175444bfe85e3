using CPort.Actors.Sessions;
using CPort.Portal.Breaks;
using CPort.Portal.SignIn;

namespace CPort.Node.Options;

/// <summary>The pages for people, and how they sign in.</summary>
public sealed class PortalOptions
{
    /// <summary>
    /// What people reach the pages by: passkeys are made for its host and work for no other. Left out: <c>CPORT__Http__PublicUrl</c>, else the API's own
    /// address, of which a loopback one is written <c>localhost</c>, since a passkey's owner must be a name.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>Minutes without a request after which a session is over.</summary>
    [Between(5, 60)]
    public int IdleMinutes { get; set; } = (int)new SessionTimes().Idle.TotalMinutes;

    /// <summary>Minutes after which a session is over however busy.</summary>
    [Between(30, 24 * 60)]
    public int SessionMinutes { get; set; } = (int)new SessionTimes().Absolute.TotalMinutes;

    /// <summary>Minutes of work after which a person is asked to take a break.</summary>
    [Between(10, 24 * 60)]
    public int BreakMinutes { get; set; } = new BreakLimits().Default.Minutes;

    /// <summary>Items assessed or opened after which a person is asked to take a break.</summary>
    [Between(1, 100_000)]
    public int BreakItems { get; set; } = new BreakLimits().Default.Items;

    /// <summary>What single agencies want instead, as <c>hotline-nl=60/80</c>: minutes, items.</summary>
    public string[] Breaks { get; set; } = [];

    /// <summary>Agencies whose people sign in by passkey or their own provider only, and never by code.</summary>
    public string[] WithoutCodes { get; set; } = [];

    /// <summary>
    /// JSON file of agencies' identity providers (OpenID Connect), an array of <c>{agency, issuer, clientId, clientSecret, subjectClaim, acr}</c>. Holds
    /// secrets: readable by the node only.
    /// </summary>
    [ExistingFile]
    public string? ProvidersFile { get; set; }

    /// <summary>When people are asked to take a break; throws <see cref="NodeConfigurationException"/> when <see cref="Breaks"/> cannot be read.</summary>
    internal BreakLimits ReadBreaks() => new()
    {
        Default = new BreakLimit(BreakMinutes, BreakItems),
        ByAgency = Breaks.Select(b => b.Split('=', '/')).Select(b => b is [var agency, var minutes, var items] && AgencyId.TryParse(agency, out var id)
            && int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var m)
            && int.TryParse(items, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && m > 0 && n > 0
                ? KeyValuePair.Create(id, new BreakLimit(m, n))
                : throw new NodeConfigurationException(["CPORT__Portal__Breaks: agencies with minutes and items are needed, as hotline-nl=60/80."]))
            .DistinctBy(b => b.Key).ToImmutableDictionary(),
    };

    /// <summary>What is in <see cref="ProvidersFile"/>; throws <see cref="NodeConfigurationException"/> when it cannot be read.</summary>
    internal IReadOnlyList<AgencyProvider> ReadProviders()
    {
        if (string.IsNullOrEmpty(ProvidersFile))
        {
            return [];
        }

        try
        {
            return [.. JsonSerializer.Deserialize<Provider[]>(File.ReadAllBytes(ProvidersFile), JsonSerializerOptions.Web)!.Select(p => new AgencyProvider
            {
                Agency = AgencyId.Parse(p.Agency), Issuer = new Uri(p.Issuer), ClientId = p.ClientId, ClientSecret = p.ClientSecret,
                SubjectClaim = p.SubjectClaim ?? "sub", Acr = p.Acr,
            })];
        }
        catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException or ArgumentNullException)
        {
            // Not the parser's own words: they may quote a secret.
            throw new NodeConfigurationException(["CPORT__Portal__ProvidersFile: an array of {agency, issuer, clientId, clientSecret} is needed."]);
        }
    }

    private sealed record Provider(string Agency, string Issuer, string ClientId, string ClientSecret, string? SubjectClaim, string? Acr);
}
