using CPort.Actors.Sessions;
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

    /// <summary>Agencies whose people sign in by passkey or their own provider only, and never by code.</summary>
    public string[] WithoutCodes { get; set; } = [];

    /// <summary>
    /// JSON file of agencies' identity providers (OpenID Connect), an array of <c>{agency, issuer, clientId, clientSecret, subjectClaim, acr}</c>. Holds
    /// secrets: readable by the node only.
    /// </summary>
    [ExistingFile]
    public string? ProvidersFile { get; set; }

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
