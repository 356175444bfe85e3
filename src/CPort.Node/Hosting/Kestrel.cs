using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CPort.Node.Hosting;

/// <summary>Where the API listens, and by which protocols.</summary>
internal static class Kestrel
{
    public static void Listen(this KestrelServerOptions kestrel, NodeOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytes;
        Listen(kestrel, options.Http, options.Http.Url, HttpProtocols.Http1AndHttp2);
        if (options.Http.Http2Url is { } second)
        {
            Listen(kestrel, options.Http, second, HttpProtocols.Http2);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, HttpOptions http, string url, HttpProtocols protocols)
    {
        var uri = new Uri(url);
        var tls = uri.Scheme == "https";
        var address = uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 ? IPAddress.Parse(uri.DnsSafeHost)
            : uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.IPv6Any;
        kestrel.Listen(address, uri.Port, listen =>
        {
            // HTTP/1.1 and HTTP/2 share a port only by TLS's negotiation.
            listen.Protocols = tls || protocols == HttpProtocols.Http2 ? protocols : HttpProtocols.Http1;
            if (tls)
            {
                listen.UseHttps(Certificates.Https(http));
            }
        });
    }
}
