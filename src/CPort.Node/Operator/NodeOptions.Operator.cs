using System.Net;

namespace CPort.Node;

public sealed partial class NodeOptions
{
    public OperatorOptions Operator { get; set; } = new();

    /// <summary>The endpoint that <c>cport pbm</c> speaks to; its own port, so that a firewall can tell it from the API.</summary>
    public sealed class OperatorOptions
    {
        /// <summary>Whether this node has an operator endpoint.</summary>
        public bool Enabled { get; set; } = true;

        /// <summary>The address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
        public string Host { get; set; } = "127.0.0.1";

        /// <summary><c>pbm</c>'s own default. 0 takes a free one; a port that is taken is logged, and the node runs without the endpoint.</summary>
        public int Port { get; set; } = 9110;

        /// <summary>TLS with the API's certificate (<c>CPORT__Http__CertificatePath</c>). Not set: off on loopback, on elsewhere.</summary>
        public bool? Tls { get; set; }

        /// <summary>PEM file of the authorities whose client certificates are asked for, besides the key: mutual TLS.</summary>
        public string? ClientCaPath { get; set; }

        /// <summary>Where to listen; null when <see cref="Host"/> is none of what it may be.</summary>
        internal IPAddress? Address => Host switch
        {
            "*" => IPAddress.IPv6Any,
            "localhost" => IPAddress.Loopback,
            _ => IPAddress.TryParse(Host, out var address) ? address : null,
        };

        internal bool UsesTls => Tls ?? (Address is not { } address || !IPAddress.IsLoopback(address));

        internal IEnumerable<string> Validate(HttpOptions http)
        {
            if (Address is null)
            {
                yield return $"CPORT__Operator__Host: '{Host}' is no IP address; localhost and * are understood too.";
            }

            if (Port is < 0 or > 65535)
            {
                yield return "CPORT__Operator__Port: 0 to 65535.";
            }

            if (Enabled && UsesTls && http.CertificatePath is null)
            {
                yield return Tls is null
                    ? "CPORT__Operator__Host: off loopback the operator endpoint needs TLS: give CPORT__Http__CertificatePath, or allow plain HTTP with CPORT__Operator__Tls=false."
                    : "CPORT__Operator__Tls: needs a certificate, CPORT__Http__CertificatePath.";
            }

            if (ClientCaPath is not null && (!File.Exists(ClientCaPath) || !UsesTls))
            {
                yield return UsesTls
                    ? $"CPORT__Operator__ClientCaPath: the file {ClientCaPath} does not exist."
                    : "CPORT__Operator__ClientCaPath: client certificates need TLS (CPORT__Operator__Tls=true).";
            }
        }
    }
}
