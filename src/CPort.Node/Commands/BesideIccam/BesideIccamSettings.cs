using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CPort.IccamClient.Running;
using CPort.IccamClient.Wire;

namespace CPort.Node.Commands.BesideIccam;

/// <summary>The file that <c>--config</c> names. Paths in it are from its own folder. Secrets stand in files of their own.</summary>
internal sealed record BesideIccamSettings
{
    /// <summary>The file <c>iccam.db</c> in <see cref="Folder"/>.</summary>
    public const string Database = "iccam.db";

    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, UnmappedMemberHandling =
            System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Where the client keeps what it knows.</summary>
    public string Folder { get; init; } = "./cport-iccam";
    public NodePart Cport { get; init; } = new();
    public IccamPart Iccam { get; init; } = new();

    /// <summary>The name where our own words have none.</summary>
    public string Analyst { get; init; } = "CPort";
    public int PauseMilliseconds { get; init; } = 250;
    public int ImportEverySeconds { get; init; } = 60;
    public int QueueRows { get; init; } = 200;

    /// <summary>At the first start: what was assigned so many days before is taken, too.</summary>
    public int SinceDays { get; init; } = 90;

    /// <summary>Our own node.</summary>
    public sealed record NodePart
    {
        public string Url { get; init; } = NodeConnection.DefaultUrl;

        /// <summary>The hotline's API key; without it CPORT_KEY.</summary>
        public string? KeyFile { get; init; }
    }

    /// <summary>The real ICCAM.</summary>
    public sealed record IccamPart
    {
        public string Url { get; init; } = "";
        public string User { get; init; } = "";

        /// <summary>Without it ICCAM_PASSWORD.</summary>
        public string? PasswordFile { get; init; }
        public string? CertificatePath { get; init; }
        public string? CertificateKeyPath { get; init; }
        public string? CertificatePasswordFile { get; init; }

        /// <summary>PEM of the authority of its certificate; without it the system's.</summary>
        public string? ServerCaPath { get; init; }
    }

    /// <summary>Throws <see cref="NodeConfigurationException"/> with everything that is wrong.</summary>
    public static BesideIccamSettings Read(string file)
    {
        BesideIccamSettings settings;
        try
        {
            settings = JsonSerializer.Deserialize<BesideIccamSettings>(File.ReadAllText(file), Reading) ?? new BesideIccamSettings();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([$"--config: {e.Message}"]);
        }
        catch (JsonException e)
        {
            throw new NodeConfigurationException([$"--config: {e.Path ?? ""} cannot be read (line {e.LineNumber + 1})."]);
        }

        string[] problems =
        [
            .. IsAddress(settings.Cport.Url, "http", "https") ? [] : (string[])["cport.url is no http or https address."],
            .. IsAddress(settings.Iccam.Url, "https") ? [] : (string[])["iccam.url is no https address."],
            .. settings.Iccam.User.Length > 0 ? [] : (string[])["iccam.user is missing."],
            .. settings.PauseMilliseconds is >= 0 and <= 60_000 ? [] : (string[])["pauseMilliseconds is not 0 to 60,000."],
            .. settings.ImportEverySeconds is >= 10 and <= 86_400 ? [] : (string[])["importEverySeconds is not 10 to 86,400."],
            .. settings.QueueRows is >= 1 and <= 200 ? [] : (string[])["queueRows is not 1 to 200."],
            .. settings.SinceDays is >= 0 and <= 3_650 ? [] : (string[])["sinceDays is not 0 to 3,650."],
        ];
        if (problems.Length > 0)
        {
            throw new NodeConfigurationException([.. problems.Select(p => $"{file}: {p}")]);
        }

        var root = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string? At(string? path) => path is null ? null : Path.GetFullPath(path, root);
        return settings with
        {
            Folder = At(settings.Folder)!, Cport = settings.Cport with { KeyFile = At(settings.Cport.KeyFile) },
            Iccam = settings.Iccam with
            {
                PasswordFile = At(settings.Iccam.PasswordFile), CertificatePath = At(settings.Iccam.CertificatePath),
                CertificateKeyPath = At(settings.Iccam.CertificateKeyPath), CertificatePasswordFile = At(settings.Iccam.CertificatePasswordFile),
                ServerCaPath = At(settings.Iccam.ServerCaPath),
            },
        };
    }

    public RunSettings Running => new()
    {
        ImportEvery = TimeSpan.FromSeconds(ImportEverySeconds), QueueRows = QueueRows, Since = TimeSpan.FromDays(SinceDays),
    };

    /// <summary>Which ICCAM, and as whom.</summary>
    public string Owner => $"{new Uri(Iccam.Url).AbsoluteUri.TrimEnd('/')} {Iccam.User}";

    public CPortClient Node() => new(
        new Uri(Cport.Url), NodeConnection.Key(Cport.KeyFile is { } file ? Secret(file) : null, null));

    public WireSettings Wire() => new()
    {
        User = Iccam.User, Pause = TimeSpan.FromMilliseconds(PauseMilliseconds),
        Password = Iccam.PasswordFile is { } file ? Secret(file) : Environment.GetEnvironmentVariable("ICCAM_PASSWORD") is { Length: > 0 } given ? given
            : throw new NodeConfigurationException(["No password: iccam.passwordFile, or the environment's ICCAM_PASSWORD."]),
    };

    /// <summary>By mutual TLS where there is a certificate.</summary>
    public HttpClient Http()
    {
        var address = new Uri(Iccam.Url);
        var handler = NodeHttp.Handler(address);
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        if (Iccam.CertificatePath is { } path)
        {
            var password = Iccam.CertificatePasswordFile is { } secret ? Secret(secret) : null;
            var (own, between) = Certificates.Load(path, Iccam.CertificateKeyPath, password, "iccam.certificatePath");
            handler.SslOptions.ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(own, between, offline: true);
        }

        if (Iccam.ServerCaPath is { } ca)
        {
            var authorities = new X509Certificate2Collection();
            try
            {
                authorities.ImportFromPemFile(ca);
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new NodeConfigurationException([$"iccam.serverCaPath: {e.Message}"]);
            }

            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return NodeHttp.Client(address, handler);
    }

    private static bool IsAddress(string text, params string[] schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && schemes.Contains(address.Scheme);

    private static string Secret(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeConfigurationException([e.Message]);
        }
    }
}
