using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CPort.Api.Tests.Cluster;

/// <summary>An authority that a test has for itself: certificates that <c>docker/dev-ca.sh</c> does not make.</summary>
public sealed class TestAuthority
{
    private static readonly DateTimeOffset Long = DateTimeOffset.UtcNow.AddYears(1);
    private readonly X509Certificate2 _own;

    private TestAuthority(X509Certificate2 own) => _own = own;

    public string Pem => _own.ExportCertificatePem();

    public static TestAuthority New(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(AuthorityRequest(name, key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), Long.AddYears(1)));
    }

    /// <summary>One that stands in a folder as <c>ca.crt</c> and <c>ca.key</c>.</summary>
    public static TestAuthority In(string folder) =>
        new(X509Certificate2.CreateFromPemFile(Path.Combine(folder, "ca.crt"), Path.Combine(folder, "ca.key")));

    /// <summary>Another authority below this one.</summary>
    public TestAuthority Below(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = AuthorityRequest(name, key).Create(_own, DateTimeOffset.UtcNow.AddDays(-30), Long, RandomNumberGenerator.GetBytes(8));
        return new TestAuthority(certificate.CopyWithPrivateKey(key));
    }

    /// <summary>A certificate for <c>localhost</c> and 127.0.0.1, or for another name, both as server and as client.</summary>
    public X509Certificate2 Issue(string? name = null, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name ?? "localhost"}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name ?? "localhost");
        if (name is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        // Not by the certificate itself, which would have to be older than what it signs.
        using var signing = _own.GetECDsaPrivateKey()!;
        using var certificate = request.Create(_own.SubjectName, X509SignatureGenerator.CreateForECDsa(signing),
            DateTimeOffset.UtcNow.AddDays(-20), until ?? Long.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        using var whole = certificate.CopyWithPrivateKey(key);

        // A key that was never in a file cannot be used for TLS everywhere.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request;
    }
}
