namespace CPort.Node.Options;

/// <summary>Where the API listens.</summary>
public sealed class HttpOptions
{
    /// <summary>Where HTTP/1.1 (and with https also HTTP/2) is served. Port 0 takes a free one.</summary>
    public string Url { get; set; } = "http://127.0.0.1:5080";

    /// <summary>Another address for HTTP/2 without TLS (h2c, prior knowledge), for example behind a proxy.</summary>
    public string? Http2Url { get; set; }

    /// <summary>
    /// Permits plain HTTP on addresses that others can reach, for a proxy that speaks TLS before it. Without it such addresses need https: keys, URLs and memos
    /// would go in clear.
    /// </summary>
    public bool AllowPlainHttp { get; set; }

    /// <summary>
    /// What others reach the API by, for its description: <c>https://cport.example</c>. Left out: <see cref="Url"/>. What a request's Host header says is never
    /// believed.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// Makes a certificate at the first start when none is given: <c>http.pem</c> in the data folder. Its fingerprint is in the log, for those who are to trust
    /// it.
    /// </summary>
    public bool MakeCertificate { get; set; }

    /// <summary>PFX or PEM file for an https Url.</summary>
    [ExistingFile]
    public string? CertificatePath { get; set; }

    /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
    [ExistingFile]
    public string? CertificateKeyPath { get; set; }

    public string? CertificatePassword { get; set; }
}
