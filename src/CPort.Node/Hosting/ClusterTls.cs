using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace CPort.Node.Hosting;

/// <summary>TLS between nodes: both sides show a certificate, and both certificates must come from the cluster's own authority.</summary>
public static class ClusterTls
{
    /// <summary>
    /// The transport's setup from the options. Throws <see cref="NodeConfigurationException"/> when a file cannot be used; messages name the key and never show
    /// its content.
    /// </summary>
    public static DotNettySslSetup Setup(ClusterOptions cluster)
    {
        var options = cluster.Tls;
        var (certificate, between) =
            Certificates.Load(options.CertificatePath!, options.KeyPath, options.Password, "CPORT__Cluster__Tls__CertificatePath");
        if (!certificate.HasPrivateKey)
        {
            throw new NodeConfigurationException(["CPORT__Cluster__Tls__KeyPath: the certificate has no private key; give its file."]);
        }

        var authority = new X509Certificate2Collection();
        try
        {
            authority.ImportFromPemFile(options.CaPath!);
        }
        catch (CryptographicException e)
        {
            throw new NodeConfigurationException([$"CPORT__Cluster__Tls__CaPath: {options.CaPath} holds no PEM certificates ({e.Message})."]);
        }

        if (authority.Count == 0)
        {
            throw new NodeConfigurationException([$"CPORT__Cluster__Tls__CaPath: {options.CaPath} holds no PEM certificates."]);
        }

        if (Refusal(certificate, authority, between) is { } own)
        {
            throw new NodeConfigurationException([$"CPORT__Cluster__Tls__CertificatePath: this node's own certificate would be refused by the others: {own}."]);
        }

        // Checked here because Akka ends a node that *calls* one whose certificate does not fit: one wrong certificate would cost the right nodes.
        if (options.VerifyName && !certificate.MatchesHostname(cluster.Host))
        {
            throw new NodeConfigurationException(
                ["CPORT__Cluster__Tls__CertificatePath: the certificate is for another name than CPORT__Cluster__Host "
                    + $"({cluster.Host}), by which the others call this node."]);
        }

        return new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true,
            (peer, sent, remote, errors, log) =>
        {
            // Akka sends a node's own certificate only: what stands between it and the authority is known from this node's file, as others have it in theirs.
            X509Certificate2Collection known = [.. between, .. sent?.ChainPolicy.ExtraStore ?? []];

            var refusal = peer is null ? "it shows no certificate"
                : Refusal(peer, authority, known)

                // Of the called side only: who calls has no name to be checked, and its certificate suffices.
                ?? (options.VerifyName && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "its certificate is for another name" : null);
            if (refusal is not null)
            {
                log.Warning("Node {0} is refused: {1}.", remote, refusal);
            }

            return refusal is null;
        });
    }

    /// <summary>
    /// Why a certificate is not one of the authority's, or null. The system's own authorities do not count; revocation lists are not asked for.
    /// </summary>
    private static string? Refusal(X509Certificate2 certificate, X509Certificate2Collection authority, X509Certificate2Collection between)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.ExtraStore.AddRange(between);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate) ? null
            : "its certificate is not of this cluster's authority or not valid now "
                + $"({string.Join(", ", chain.ChainStatus.Select(s => s.Status))})";
    }
}

/// <summary>Reads certificates as the options name them.</summary>
public static class Certificates
{
    /// <summary>The API's certificate with its chain, for clients that know only the authority. Throws <see cref="NodeConfigurationException"/>.</summary>
    public static HttpsConnectionAdapterOptions Https(HttpOptions http)
    {
        var (own, between) = Load(http.CertificatePath!, http.CertificateKeyPath, http.CertificatePassword, "CPORT__Http__CertificatePath");
        return new HttpsConnectionAdapterOptions { ServerCertificate = own, ServerCertificateChain = between };
    }

    /// <summary>
    /// A PFX file, or PEM with its key in the same file or another: the first certificate (of a PFX that with a key) and the others, which stand between it and
    /// an authority that others trust. Throws <see cref="NodeConfigurationException"/> that names <paramref name="setting"/>.
    /// </summary>
    public static (X509Certificate2 Own, X509Certificate2Collection Between) Load(string path, string? keyPath, string? password, string setting)
    {
        try
        {
            if (!File.ReadAllText(path).Contains("-----BEGIN", StringComparison.Ordinal))
            {
                var pfx = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password);
                var own = pfx.FirstOrDefault(c => c.HasPrivateKey) ?? pfx.FirstOrDefault() ?? throw new CryptographicException("It holds no certificate.");
                return (own, [.. pfx.Where(c => c != own)]);
            }

            using var pem = password is null ? X509Certificate2.CreateFromPemFile(path,
                keyPath) : X509Certificate2.CreateFromEncryptedPemFile(path, password, keyPath);
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(path);

            // Windows' TLS cannot use a key that was only read from PEM; everywhere else this changes nothing.
            return (X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pfx), null), [.. all.Skip(1)]);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([$"{setting}: {path} cannot be used: {e.Message}"]);
        }
    }
}
