using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CPort.Node.Hosting;

/// <summary>A certificate that a node makes for itself at its first start, where it was given none (<see cref="HttpOptions.MakeCertificate"/>).</summary>
internal static partial class OwnCertificate
{
    private const string FileName = "http.pem";
    private static readonly TimeSpan Valid = TimeSpan.FromDays(397);

    /// <summary>Has the options name the certificate, made when it is not there or has run out. Throws <see cref="NodeConfigurationException"/>.</summary>
    public static void Ensure(NodeOptions options)
    {
        if (!options.Http.MakeCertificate || options.Http.CertificatePath is not null)
        {
            return;
        }

        var file = Path.Combine(options.Data, FileName);
        try
        {
            if (!File.Exists(file) || Certificates.Load(file, null, null, "CPORT__Http__MakeCertificate").Own.NotAfter < DateTime.Now)
            {
                Make(file, options);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([$"CPORT__Http__MakeCertificate: {file} cannot be written: {e.Message}"]);
        }

        options.Http.CertificatePath = file;
    }

    /// <summary>Says the fingerprint by which others can tell it.</summary>
    public static void Tell(NodeOptions options, ILogger log)
    {
        if (options.Http is { MakeCertificate: true, CertificatePath: { } file } && file == Path.Combine(options.Data, FileName))
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            Serves(log, file, certificate.GetCertHashString(HashAlgorithmName.SHA256), certificate.NotAfter);
        }
    }

    private static void Make(string file, NodeOptions options)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Environment.MachineName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        foreach (var name in new[] { "localhost", Environment.MachineName, options.Cluster.Host, PublicHost(options) }.OfType<string>().Distinct())
        {
            if (!IPAddress.TryParse(name, out var address))
            {
                names.AddDnsName(name);
            }
            else if (!IPAddress.IsLoopback(address))
            {
                names.AddIpAddress(address);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow + Valid);

        // Under its name only when it is whole, and readable by its owner alone.
        Directory.CreateDirectory(options.Data);
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write }.ForOwner();
        var part = $"{file}.{Environment.ProcessId}";
        using (var writer = new StreamWriter(part, create))
        {
            writer.WriteLine(certificate.ExportCertificatePem());
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        File.Move(part, file, overwrite: true);
    }

    private static string? PublicHost(NodeOptions options) => options.Http.PublicUrl is { } url ? new Uri(url).DnsSafeHost : null;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "HTTPS is served with this node's own certificate {File}, SHA-256 {Fingerprint}, valid until {Until:yyyy-MM-dd}: tell it to those who call, "
            + "or give one of an authority (CPORT__Http__CertificatePath)")]
    private static partial void Serves(ILogger logger, string file, string fingerprint, DateTime until);
}
