using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CPort.Node.Hosting;

/// <summary>
/// What web servers have in common that a node runs beside the API's: whose certificates they take, whose logs they write, and that signals are not theirs.
/// </summary>
internal static class SideServer
{
    /// <summary>id-kp-clientAuth (RFC 5280, 4.2.1.12). A certificate that names no purpose is good for any.</summary>
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>A server in the node's process, with the node's log.</summary>
    public static WebApplicationBuilder NewBuilder(string name, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = name });
        builder.Services.AddSingleton<ILoggerFactory>(new NodeLogs(loggers));
        builder.Services.AddSingleton<IHostLifetime, StopsWithTheNode>();
        builder.Services.AddLogging();
        return builder;
    }

    /// <summary>
    /// Only clients whose certificate one of the file's authorities has signed. Throws <see cref="NodeConfigurationException"/> that names
    /// <paramref name="setting"/>.
    /// </summary>
    public static void RequireClientsOf(this HttpsConnectionAdapterOptions tls, string file, string setting)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (CryptographicException e)
        {
            throw new NodeConfigurationException([$"{setting}: {file} holds no PEM certificates ({e.Message})."]);
        }

        tls.FetchesNothing();
        tls.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        tls.ClientCertificateValidation = (certificate, sent, _) =>
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;

            // A client's: what the same authority signed for servers is none.
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
            if (sent is not null)
            {
                // What stands between it and the authority.
                chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
            }

            return chain.Build(certificate);
        };
    }

    /// <summary>What a client's certificate says of where the rest of its chain is to be had is the client's word: nothing is fetched from there.</summary>
    public static void FetchesNothing(this HttpsConnectionAdapterOptions tls) => tls.OnAuthenticate = (_, handshake) =>
        handshake.CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };

    /// <summary>The node's own log, without a second "Now listening on", which would be taken for the API's.</summary>
    private sealed class NodeLogs(ILoggerFactory node) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName == "Microsoft.Hosting.Lifetime" ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance : node.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
            // It is the node's.
        }
    }

    /// <summary>Signals are the node's business.</summary>
    private sealed class StopsWithTheNode : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
