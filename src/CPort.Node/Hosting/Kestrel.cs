using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CPort.Node.Hosting;

/// <summary>Where the API listens, and by which protocols; and the listener for figures.</summary>
internal static class Kestrel
{
    public static void Listen(this KestrelServerOptions kestrel, NodeOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytes;
        Listen(kestrel, options.Http, options.Http.Url, HttpProtocols.Http1AndHttp2);
        if (options.Telemetry.Url is { } figures)
        {
            Listen(kestrel, options.Http, figures, HttpProtocols.Http1, listen => listen.Use(next => connection =>
            {
                connection.Features.Set(FiguresConnection.Instance);
                return next(connection);
            }));
        }

        if (options.Http.Http2Url is { } second)
        {
            Listen(kestrel, options.Http, second, HttpProtocols.Http2);
        }
    }

    /// <summary>Who asks at the listener for figures is let in to them, and to nothing else.</summary>
    public static WebApplication UseFiguresListener(this WebApplication app)
    {
        app.Use((http, next) =>
        {
            if (http.Features.Get<FiguresConnection>() is null)
            {
                return next(http);
            }

            if (!http.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)
                && !http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
            {
                return ApiProblem.Of(ProblemCodes.NotFound).WriteAsync(http);
            }

            http.Features.Set(Caller.System);
            return next(http);
        });
        return app;
    }

    private static void Listen(
        KestrelServerOptions kestrel, HttpOptions http, string url, HttpProtocols protocols, Action<ListenOptions>? more = null) =>
        Listen(kestrel, url, protocols, new Uri(url).Scheme == "https" ? Certificates.Https(http) : null, more);

    /// <summary>At an address as the options name it; with TLS where <paramref name="tls"/> says how.</summary>
    public static void Listen(
        KestrelServerOptions kestrel, string url, HttpProtocols protocols, HttpsConnectionAdapterOptions? tls, Action<ListenOptions>? more = null)
    {
        var uri = new Uri(url);
        var address = uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 ? IPAddress.Parse(uri.DnsSafeHost)
            : uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.IPv6Any;
        if (uri.Host == "localhost" && uri.Port != 0)
        {
            // Browsers take either loopback for it. A free port is found on one only.
            kestrel.ListenLocalhost(uri.Port, Configure);
        }
        else
        {
            kestrel.Listen(address, uri.Port, Configure);
        }

        void Configure(ListenOptions listen)
        {
            // HTTP/1.1 and HTTP/2 share a port only by TLS's negotiation.
            listen.Protocols = tls is not null || protocols == HttpProtocols.Http2 ? protocols : HttpProtocols.Http1;
            if (tls is not null)
            {
                listen.UseHttps(tls);
            }

            more?.Invoke(listen);
        }
    }

    private sealed class FiguresConnection
    {
        public static readonly FiguresConnection Instance = new();
    }
}
