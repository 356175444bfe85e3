namespace CPort.Node.Options;

/// <summary>Where the API listens.</summary>
public sealed class HttpOptions
{
    /// <summary>Where HTTP/1.1 (and with https also HTTP/2) is served. Port 0 takes a free one.</summary>
    public string Url { get; set; } = "http://127.0.0.1:5080";

    /// <summary>Another address for HTTP/2 without TLS (h2c, prior knowledge), for example behind a proxy.</summary>
    public string? Http2Url { get; set; }

    /// <summary>PFX or PEM file for an https Url.</summary>
    [ExistingFile]
    public string? CertificatePath { get; set; }

    /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
    [ExistingFile]
    public string? CertificateKeyPath { get; set; }

    public string? CertificatePassword { get; set; }
}
