using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace CPort.Node.Commands.Pbm;

/// <summary>Where the node is and how it is spoken to. <c>host:port</c> is HTTPS unless the host is loopback; a scheme given decides.</summary>
public sealed partial record PbmTarget(Uri Url)
{
    public const string Default = "127.0.0.1:9110";
    private const int DefaultPort = 9110;

    /// <summary>As the prompt shows it.</summary>
    public string Name => $"{Url.Host}:{Url.Port}";

    /// <summary>Null for what is no address.</summary>
    public static PbmTarget? Parse(string text)
    {
        var hasScheme = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!Uri.TryCreate(hasScheme ? text : $"http://{text}", UriKind.Absolute, out var url) || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
        {
            return null;
        }

        // A word alone is more likely a misspelt command than a host.
        if (!hasScheme && !text.Contains(':', StringComparison.Ordinal) && !text.Contains('.', StringComparison.Ordinal) && text != "localhost")
        {
            return null;
        }

        var port = Port().IsMatch(text) ? url.Port : DefaultPort;
        return new PbmTarget(new UriBuilder(hasScheme ? url.Scheme : url.IsLoopback ? "http" : "https", url.Host, port).Uri);
    }

    /// <summary>A client of the operator endpoint.</summary>
    /// <param name="key">An operator's key.</param>
    /// <param name="authorityFile">PEM of the authority that the node's certificate must come from; null: the system's.</param>
    /// <param name="certificateFile">PEM of an own certificate, with its key in it or in <paramref name="certificateKeyFile"/>.</param>
    /// <param name="certificateKeyFile">PEM of the certificate's key.</param>
    public CPortClient Connect(string key, string? authorityFile = null, string? certificateFile = null, string? certificateKeyFile = null)
    {
        var handler = NodeHttp.Handler(Url);
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        if (certificateFile is not null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificateFile, certificateKeyFile)];
        }

        if (authorityFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authorityFile);
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return new CPortClient(new Uri(Url, "/operator/v1"), key, handler);
    }

    [GeneratedRegex(@":[0-9]{1,5}/?\z")]
    private static partial Regex Port();
}
