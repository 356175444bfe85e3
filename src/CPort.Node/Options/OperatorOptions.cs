using System.Net;

namespace CPort.Node.Options;

/// <summary>Operators' keys, and the endpoint that <c>cport pbm</c> speaks to; its own port, so that a firewall can tell it from the API.</summary>
public sealed class OperatorOptions
{
    /// <summary>Whether this node has an operator endpoint.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary><c>pbm</c>'s own default. 0 takes a free one; a port that is taken is logged, and the node runs without the endpoint.</summary>
    [Between(0, 65535)]
    public int Port { get; set; } = 9110;

    /// <summary>
    /// How many operators' keys CPort itself makes, each for a person of its own: only such keys, and what comes of another one, can agree to what one of them
    /// wants. A higher number makes the missing ones at the next start.
    /// </summary>
    [Between(1, 20)]
    public int Hands { get; set; } = 1;

    /// <summary>TLS with the API's certificate (<c>CPORT__Http__CertificatePath</c>). Not set: off on loopback, on elsewhere.</summary>
    public bool? Tls { get; set; }

    /// <summary>PEM file of the authorities whose client certificates are asked for, besides the key: mutual TLS.</summary>
    [ExistingFile]
    public string? ClientCaPath { get; set; }

    /// <summary>Where to listen; null when <see cref="Host"/> is none of what it may be.</summary>
    internal IPAddress? Address => Host switch
    {
        "*" => IPAddress.IPv6Any,
        "localhost" => IPAddress.Loopback,
        _ => IPAddress.TryParse(Host, out var address) ? address : null,
    };

    internal bool UsesTls => Tls ?? (Address is not { } address || !IPAddress.IsLoopback(address));
}
