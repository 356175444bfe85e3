using CPort.Iccam;
using CPort.Iccam.Endpoints;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CPort.Node.Hosting;

/// <summary>
/// Serves the ICCAM façade by a web server of its own, with mutual TLS and HTTP/1.1: nothing of it can be reached through the API's listeners, nor they through
/// it. Only where it is configured, on nodes that serve the API.
/// </summary>
public sealed partial class IccamHost(NodeOptions options, NodeState state, IServiceProvider services, ILoggerFactory loggers) : IHostedService
{
    private readonly ILogger _log = loggers.CreateLogger<IccamHost>();
    private WebApplication? _app;

    /// <summary>Where it listens, for example <c>https://127.0.0.1:443</c>; null when it does not.</summary>
    public string? Url { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Iccam.Urls.Length == 0 || !options.Cluster.EffectiveRoles.Contains(ClusterRoles.Api))
        {
            return;
        }

        var builder = SideServer.NewBuilder("cport-iccam", loggers);
        builder.Services.AddIccamServer(services);
        builder.WebHost.UseShutdownTimeout(TimeSpan.FromSeconds(options.Cluster.StopSeconds) / 3).UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytes;
            foreach (var url in options.Iccam.Urls)
            {
                Kestrel.Listen(kestrel, url, HttpProtocols.Http1, Tls());
            }
        });
        _app = builder.Build();
        _app.UseCPortIccam(services.GetRequiredService<IccamServices>(), () => state.WaitingFor);
        await _app.StartAsync(cancellationToken);
        Url = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Listens(_log, Url);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
        {
            await _app.StopAsync(cancellationToken);
            await _app.DisposeAsync();
        }
    }

    /// <summary>Whoever connects shows a certificate: one that the authorities have signed, or, without any, one that a hotline's access names.</summary>
    private HttpsConnectionAdapterOptions Tls()
    {
        var iccam = options.Iccam;
        var (own, between) = iccam.CertificatePath is { } path
            ? Certificates.Load(path, iccam.CertificateKeyPath, iccam.CertificatePassword, "CPORT__Iccam__CertificatePath")
            : Certificates.Load(
                options.Http.CertificatePath!, options.Http.CertificateKeyPath, options.Http.CertificatePassword, "CPORT__Http__CertificatePath");
        var tls = new HttpsConnectionAdapterOptions
        {
            ServerCertificate = own, ServerCertificateChain = between, ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        };
        if (iccam.ClientCaPath is { } authorities)
        {
            tls.RequireClientsOf(authorities, "CPORT__Iccam__ClientCaPath");
        }
        else
        {
            tls.FetchesNothing();
            tls.AllowAnyClientCertificate();
        }

        return tls;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Hotlines' systems (ICCAM v3) are served on {Url}")]
    private static partial void Listens(ILogger logger, string url);
}
