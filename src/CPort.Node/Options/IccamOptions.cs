using CPort.Iccam.Security;

namespace CPort.Node.Options;

/// <summary>
/// The listener for hotlines' systems that speak ICCAM's API v3 (docs/iccam.md); off unless it has an address. How each hotline's system comes in and writes
/// is a row of its agency (<c>cport agencies iccam</c>).
/// </summary>
public sealed class IccamOptions
{
    private static readonly IccamSettings Defaults = new();

    /// <summary>Where it listens, https, HTTP/1.1 only. ICCAM's clients call port 443 whatever they are told. Port 0 takes a free one.</summary>
    public string[] Urls { get; set; } = [];

    /// <summary>PFX or PEM file of the listener's own certificate; left out: the API's.</summary>
    [ExistingFile]
    public string? CertificatePath { get; set; }

    /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
    [ExistingFile]
    public string? CertificateKeyPath { get; set; }

    public string? CertificatePassword { get; set; }

    /// <summary>
    /// PEM file of the authorities whose client certificates are taken. Left out: any certificate is, and only hotlines come in whose own is known by its
    /// SHA-256.
    /// </summary>
    [ExistingFile]
    public string? ClientCaPath { get; set; }

    /// <summary>How long a request waits inside for what passes before it answers 503, seconds.</summary>
    [Between(1, 300)]
    public int PatienceSeconds { get; set; } = (int)Defaults.Patience.TotalSeconds;

    /// <summary>For how many hours the same content under another reference is the same report.</summary>
    [Between(1, 168)]
    public int RetryHours { get; set; } = (int)Defaults.RetryWindow.TotalHours;

    /// <summary>How many hours a token lasts; a run that began with it has half an hour more.</summary>
    [Between(1, 24)]
    public int TokenHours { get; set; } = (int)Defaults.TokenLife.TotalHours;

    internal IccamSettings ToSettings() => new()
    {
        CertificatesAreChecked = ClientCaPath is not null, Patience = TimeSpan.FromSeconds(PatienceSeconds), RetryWindow = TimeSpan.FromHours(RetryHours),
        TokenLife = TimeSpan.FromHours(TokenHours),
    };
}
