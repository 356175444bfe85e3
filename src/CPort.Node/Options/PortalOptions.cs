namespace CPort.Node.Options;

/// <summary>The pages for people.</summary>
public sealed class PortalOptions
{
    /// <summary>
    /// What people reach the pages by: passkeys are made for its host and work for no other. Left out: <c>CPORT__Http__PublicUrl</c>, else the API's own
    /// address, of which a loopback one is written <c>localhost</c>, since a passkey's owner must be a name.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>Minutes without a request after which a session is over.</summary>
    [Between(5, 60)]
    public int IdleMinutes { get; set; } = 30;

    /// <summary>Minutes after which a session is over however busy.</summary>
    [Between(30, 24 * 60)]
    public int SessionMinutes { get; set; } = 600;
}
