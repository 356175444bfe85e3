using System.Text.RegularExpressions;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Domain.Hashes;
using Microsoft.Extensions.Configuration;

namespace CPort.Node;

/// <summary>
/// Everything a node can be told. Read from <c>appsettings.json</c> beside the program, then in the working directory, then <c>--config</c>, then
/// the environment (<c>CPORT__Database__Provider</c>), then the command line; later ones win. Each default stands here and nowhere else.
/// </summary>
public sealed partial class NodeOptions
{
    /// <summary>Folder of the SQLite file and the master key; made with access for its owner only.</summary>
    public string Data { get; set; } = "./cport-data";

    public DatabaseOptions Database { get; set; } = new();

    public HttpOptions Http { get; set; } = new();

    public ClusterOptions Cluster { get; set; } = new();

    public KeyOptions Keys { get; set; } = new();

    public HostingOptions Hosting { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    public PolicyOptions Policy { get; set; } = new();

    public TelemetryOptions Telemetry { get; set; } = new();

    public LogOptions Logs { get; set; } = new();

    public sealed class DatabaseOptions
    {
        public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

        /// <summary>SQLite: a file, default <c>cport.db</c> in the data folder. PostgreSQL: <c>Host=…;Username=…;Password=…;Database=…</c>.</summary>
        public string? ConnectionString { get; set; }

        /// <summary>SQLite only: Full waits for the disk at each commit; Normal may lose the last commits at a power loss.</summary>
        public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Full;
    }

    public sealed class HttpOptions
    {
        /// <summary>Where HTTP/1.1 (and with https also HTTP/2) is served. Port 0 takes a free one.</summary>
        public string Url { get; set; } = "http://127.0.0.1:5080";

        /// <summary>Another address for HTTP/2 without TLS (h2c, prior knowledge), for example behind a proxy.</summary>
        public string? Http2Url { get; set; }

        /// <summary>PFX or PEM file for an https Url.</summary>
        public string? CertificatePath { get; set; }

        /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
        public string? CertificateKeyPath { get; set; }

        public string? CertificatePassword { get; set; }
    }

    public sealed class ClusterOptions
    {
        /// <summary>The cluster's name, recorded in its database; nodes of another name are refused.</summary>
        public string Name { get; set; } = "cport";

        /// <summary>The name or address other nodes reach this one by. In a container its own address or a name that resolves to it.</summary>
        public string Host { get; set; } = "127.0.0.1";

        /// <summary>The address to listen on, when it is another than <see cref="Host"/>: <c>0.0.0.0</c> behind address translation.</summary>
        public string? BindHost { get; set; }

        /// <summary>0 takes a free port, which suits a single node and nodes on one machine that find each other by the database.</summary>
        public int Port { get; set; }

        /// <summary>
        /// Where other nodes are: <c>host:port</c>, or <c>dns:name:port</c> for a name with an address for each node. Several, separated by commas. Members
        /// that the database records are always asked too; see docs/cluster.md.
        /// </summary>
        public string[] Seeds { get; set; } = [];

        /// <summary>What this node does: api, report, hash, projection; empty: everything.</summary>
        public string[] Roles { get; set; } = [];

        /// <summary>How long a node tries to become a member before it ends with exit code 4, 10 to 3600.</summary>
        public int JoinSeconds { get; set; } = 60;

        /// <summary>How long a stop may take in all, 5 to 240.</summary>
        public int StopSeconds { get; set; } = 30;

        /// <summary>How long a stopping member of a larger cluster is not ready and still serves, so that load balancers notice, 0 to 60.</summary>
        public int DrainSeconds { get; set; } = 2;

        /// <summary>Which side goes on when the cluster splits: KeepMajority, StaticQuorum or LeaseMajority. The same on all nodes.</summary>
        public SplitBrainStrategy SplitBrain { get; set; } = SplitBrainStrategy.KeepMajority;

        /// <summary>Nodes that must be together, for StaticQuorum; more than half of all.</summary>
        public int QuorumSize { get; set; }

        /// <summary>How often nodes tell each other that they live, seconds, 0.1 to 10.</summary>
        public double HeartbeatSeconds { get; set; } = 0.5;

        /// <summary>How long a node may be silent before it counts as unreachable, seconds, 1 to 60.</summary>
        public double HeartbeatPauseSeconds { get; set; } = 2.5;

        /// <summary>How long a node must be unreachable before it is declared down, seconds, 1 to 120. The same on all nodes.</summary>
        public double StableAfterSeconds { get; set; } = 2.5;

        /// <summary>Time between a node's removal and the start of its shards elsewhere, seconds, 0.1 to 120.</summary>
        public double DownRemovalMarginSeconds { get; set; } = 0.5;

        /// <summary>
        /// How long a node may be without the database while another member reaches it, before it leaves so that its shards move there, seconds, 3 to 600.
        /// </summary>
        public double DatabasePatienceSeconds { get; set; } = 8;

        /// <summary>Permits plain TCP between nodes on addresses that others can reach. Without it such nodes need <see cref="Tls"/>.</summary>
        public bool AllowPlainTcp { get; set; }

        public ClusterTlsOptions Tls { get; set; } = new();

        internal IReadOnlyList<string> EffectiveRoles => Roles.Length == 0 ? ClusterRoles.All : Roles;

        internal ClusterTimes Times => new()
        {
            Heartbeat = TimeSpan.FromSeconds(HeartbeatSeconds), HeartbeatPause = TimeSpan.FromSeconds(HeartbeatPauseSeconds),
            StableAfter = TimeSpan.FromSeconds(StableAfterSeconds), DownRemovalMargin = TimeSpan.FromSeconds(DownRemovalMarginSeconds),
        };
    }

    /// <summary>TLS between nodes, with a certificate on both sides.</summary>
    public sealed class ClusterTlsOptions
    {
        /// <summary>This node's certificate, PFX or PEM, for both client and server use, naming <see cref="ClusterOptions.Host"/>. Switches TLS on.</summary>
        public string? CertificatePath { get; set; }

        /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
        public string? KeyPath { get; set; }

        public string? Password { get; set; }

        /// <summary>Certificates (PEM) of the authority whose nodes are let in: one of the cluster's own, because whoever has a certificate of it is a member.</summary>
        public string? CaPath { get; set; }

        /// <summary>Whether a node that is called must have a certificate for the name it is called by.</summary>
        public bool VerifyName { get; set; } = true;

        internal bool Enabled => !string.IsNullOrEmpty(CertificatePath);
    }

    public sealed class KeyOptions
    {
        /// <summary>File of the master key; default <c>master.key</c> in the data folder, made at first start.</summary>
        public string? MasterKeyFile { get; set; }

        /// <summary>The master key itself, 32 bytes as base64 or hex; instead of a file.</summary>
        public string? MasterKey { get; set; }
    }

    public sealed class HostingOptions
    {
        /// <summary>Own table of networks and domains (CSV), asked first.</summary>
        public string? TableFile { get; set; }

        /// <summary>MaxMind country database (mmdb).</summary>
        public string? MmdbFile { get; set; }

        /// <summary>MaxMind ASN database (mmdb).</summary>
        public string? AsnMmdbFile { get; set; }

        /// <summary>
        /// Full public suffix list (a copy of Debian's /usr/share/publicsuffix/public_suffix_list.dat); built in is a short one. Decides keyed hashes, so
        /// that a database keeps to the list of its first start.
        /// </summary>
        public string? PublicSuffixFile { get; set; }

        /// <summary>Whether host names may be looked up by DNS; off, because a look-up tells others what is looked at.</summary>
        public bool Dns { get; set; }
    }

    /// <summary>Every limit of the node; what is beyond one gets an error that names it.</summary>
    public sealed class LimitOptions
    {
        /// <summary>Longest line of an NDJSON stream, bytes.</summary>
        public int LineBytes { get; set; } = 4 * 1024 * 1024;

        /// <summary>Largest body of an ordinary request, bytes.</summary>
        public int BodyBytes { get; set; } = 16 * 1024 * 1024;

        /// <summary>Items in one report; a larger report is to be split.</summary>
        public int ItemsPerReport { get; set; } = 10_000;

        /// <summary>Streams open at once on this node; further ones get 429 with Retry-After.</summary>
        public int ConcurrentStreams { get; set; } = 32;

        /// <summary>Reports of one stream in flight at once.</summary>
        public int InFlightPerStream { get; set; } = 64;

        /// <summary>Items in one batch of assessments, actions or claims.</summary>
        public int ItemsPerBatch { get; set; } = 1_000;

        /// <summary>How long an API call waits for an entity before it answers 503, seconds.</summary>
        public int AskSeconds { get; set; } = 10;
    }

    /// <summary>Policy that may differ between installations; the rules themselves are code.</summary>
    public sealed class PolicyOptions
    {
        /// <summary>Hamming distance up to which a PDQ value counts as near, 0 to 64; for matching, groups, and look-ups that name none.</summary>
        public int PdqRadius { get; set; } = PdqLimits.Radius;

        /// <summary>PDQ values of lower quality never match, 0 to 100.</summary>
        public int PdqQualityFloor { get; set; } = PdqLimits.QualityFloor;

        /// <summary>Whether MD5 and SHA-1, for which collisions can be made, let an item inherit: never, when both agree, or always.</summary>
        public Domain.Inheritance.WeakHashes WeakHashes { get; set; } = Domain.Inheritance.WeakHashes.WhenBothAgree;

        /// <summary>Whether equal PhotoDNA bytes let an item inherit.</summary>
        public bool PhotoDnaDecides { get; set; }

        /// <summary>ICCAM rule 9: PerItem, WholeReport or Off.</summary>
        public Domain.Reports.AssessmentGate AssessmentGate { get; set; } = Domain.Reports.AssessmentGate.PerItem;

        /// <summary>After how many hours an orphan nobody takes goes to police.</summary>
        public int OrphanHours { get; set; } = 72;

        /// <summary>ICCAM's rules (docs/rules.md) that are switched off; 1, 2, 3, 8 and 10 may be.</summary>
        public string[] RulesOff { get; set; } = [];

        /// <summary>The numbers of the rules that may be switched off.</summary>
        public static readonly IReadOnlyList<string> Switchable = ["1", "2", "3", "8", "10"];

        /// <summary>The rules as these settings leave them.</summary>
        public Domain.Reports.IccamRules ToRules() => new()
        {
            BaselineIsFinal = !RulesOff.Contains("1"),
            OnlyNationalIsOverruled = !RulesOff.Contains("2"),
            NoAssessmentAfterAction = !RulesOff.Contains("3"),
            ActionOnce = !RulesOff.Contains("8"),
            NotIllegalFollowsAssessment = !RulesOff.Contains("10"),
            Gate = AssessmentGate,
        };
    }

    public sealed class TelemetryOptions
    {
        /// <summary>OTLP collector, for example <c>http://127.0.0.1:4317</c>; traces are made only when it is set.</summary>
        public string? OtlpEndpoint { get; set; }

        /// <summary>Serve <c>/metrics</c> for Prometheus.</summary>
        public bool Prometheus { get; set; } = true;

        /// <summary>Share of requests that are traced, 0 to 1.</summary>
        public double SampleRatio { get; set; } = 0.1;
    }

    public sealed class LogOptions
    {
        public LogFormat Format { get; set; } = LogFormat.Simple;

        public LogLevel Level { get; set; } = LogLevel.Information;

        /// <summary>Akka's own level; its Information is many lines at start.</summary>
        public LogLevel AkkaLevel { get; set; } = LogLevel.Warning;
    }

    public enum LogFormat
    {
        /// <summary>One line each, for people.</summary>
        Simple,

        /// <summary>One JSON object each, for machines.</summary>
        Json,
    }

    /// <summary>Where the master key is, whether given or default; null when it is given as text.</summary>
    public string? EffectiveMasterKeyFile =>
        string.IsNullOrEmpty(Keys.MasterKey) ? Keys.MasterKeyFile ?? Path.Combine(Data, "master.key") : null;

    /// <summary>
    /// Reads and validates all sources. <paramref name="commandLine"/> holds keys as <c>Database:Provider</c>. Throws
    /// <see cref="NodeConfigurationException"/> with one line for every problem.
    /// </summary>
    public static NodeOptions Load(string? configFile = null, IReadOnlyDictionary<string, string?>? commandLine = null)
    {
        if (configFile is not null && !File.Exists(configFile))
        {
            throw new NodeConfigurationException([$"--config: the file {configFile} does not exist."]);
        }

        var builder = new ConfigurationBuilder();
        foreach (var file in new[] { Path.Combine(AppContext.BaseDirectory, "appsettings.json"), Path.GetFullPath("appsettings.json"), configFile })
        {
            if (file is not null)
            {
                builder.AddJsonFile(Path.GetFullPath(file), optional: true);
            }
        }

        builder.AddEnvironmentVariables("CPORT__");
        builder.AddInMemoryCollection(commandLine ?? new Dictionary<string, string?>());
        try
        {
            return From(builder.Build());
        }
        catch (InvalidDataException e)
        {
            throw new NodeConfigurationException([$"Configuration file: {(e.InnerException ?? e).Message}"]);
        }
    }

    /// <summary>As <see cref="Load"/>, from a configuration at hand.</summary>
    public static NodeOptions From(IConfiguration configuration)
    {
        var problems = new List<string>();
        var options = new NodeOptions();
        var known = typeof(NodeOptions).GetProperties().Where(p => p.CanWrite).ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetChildren())
        {
            if (!known.TryGetValue(section.Key, out var property))
            {
                if (section.Key is not ("Logging" or "AllowedHosts"))
                {
                    problems.Add($"{Key(section.Path)}: unknown setting; known are {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
                }
            }
            else if (property.PropertyType == typeof(string))
            {
                property.SetValue(options, section.Value);
            }
            else
            {
                problems.AddRange(Unknown(section, property.PropertyType));
                foreach (var setting in section.GetChildren())
                {
                    Bind(setting, property.GetValue(options)!, problems);
                }
            }
        }

        problems.AddRange(options.Validate());
        return problems.Count == 0 ? options : throw new NodeConfigurationException(problems);
    }

    /// <summary>One line for every wrong setting, each beginning with its key as the environment names it. Never shows a secret.</summary>
    public IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(Data))
        {
            yield return "CPORT__Data: a folder is needed.";
        }

        if (Database.Provider == DatabaseProvider.PostgreSql && string.IsNullOrWhiteSpace(Database.ConnectionString))
        {
            yield return "CPORT__Database__ConnectionString: PostgreSQL needs one, for example Host=db.example;Username=cport;Password=…;Database=cport.";
        }
        else if (!string.IsNullOrWhiteSpace(Database.ConnectionString) && !Parses(Database.Provider, Database.ConnectionString))
        {
            yield return $"CPORT__Database__ConnectionString: not a connection string of {Database.Provider}.";
        }

        if (Database.Provider == DatabaseProvider.Sqlite && Cluster.Seeds.Length > 0)
        {
            yield return "CPORT__Cluster__Seeds: a cluster needs PostgreSQL (CPORT__Database__Provider); SQLite serves one node.";
        }

        foreach (var (key, url) in new[] { ("Url", Http.Url), ("Http2Url", Http.Http2Url) })
        {
            if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/"))
            {
                yield return $"CPORT__Http__{key}: an address like http://127.0.0.1:5080 is needed.";
            }
            else if (url is not null && url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && Http.CertificatePath is null)
            {
                yield return $"CPORT__Http__CertificatePath: https in CPORT__Http__{key} needs a certificate.";
            }
        }

        foreach (var problem in ValidateCluster(Cluster))
        {
            yield return problem;
        }

        if (!string.IsNullOrEmpty(Keys.MasterKey) && !string.IsNullOrEmpty(Keys.MasterKeyFile))
        {
            yield return "CPORT__Keys__MasterKey: give the key or CPORT__Keys__MasterKeyFile, not both.";
        }

        foreach (var (key, file) in new[]
                 {
                     ("Hosting__TableFile", Hosting.TableFile), ("Hosting__PublicSuffixFile", Hosting.PublicSuffixFile), ("Hosting__MmdbFile", Hosting.MmdbFile), ("Hosting__AsnMmdbFile", Hosting.AsnMmdbFile),
                     ("Http__CertificatePath", Http.CertificatePath), ("Http__CertificateKeyPath", Http.CertificateKeyPath),
                     ("Cluster__Tls__CertificatePath", Cluster.Tls.CertificatePath), ("Cluster__Tls__KeyPath", Cluster.Tls.KeyPath), ("Cluster__Tls__CaPath", Cluster.Tls.CaPath),
                 })
        {
            if (!string.IsNullOrEmpty(file) && !File.Exists(file))
            {
                yield return $"CPORT__{key}: the file {file} does not exist.";
            }
        }

        foreach (var limit in typeof(LimitOptions).GetProperties().Where(p => (int)p.GetValue(Limits)! < 1))
        {
            yield return $"CPORT__Limits__{limit.Name}: at least 1.";
        }

        if (Policy.PdqRadius is < 0 or > PdqLimits.MaxRadius)
        {
            yield return $"CPORT__Policy__PdqRadius: 0 to {PdqLimits.MaxRadius}.";
        }

        if (Policy.PdqQualityFloor is < 0 or > PdqLimits.MaxQuality)
        {
            yield return $"CPORT__Policy__PdqQualityFloor: 0 to {PdqLimits.MaxQuality}.";
        }

        foreach (var rule in Policy.RulesOff.Where(r => !PolicyOptions.Switchable.Contains(r)))
        {
            yield return $"CPORT__Policy__RulesOff: '{rule}' cannot be switched off; {string.Join(", ", PolicyOptions.Switchable)} can.";
        }

        if (Policy.OrphanHours < 1)
        {
            yield return "CPORT__Policy__OrphanHours: at least 1.";
        }

        if (!string.IsNullOrEmpty(Telemetry.OtlpEndpoint) && !Uri.TryCreate(Telemetry.OtlpEndpoint, UriKind.Absolute, out _))
        {
            yield return "CPORT__Telemetry__OtlpEndpoint: an address like http://127.0.0.1:4317 is needed.";
        }

        if (Telemetry.SampleRatio is not (>= 0 and <= 1))
        {
            yield return "CPORT__Telemetry__SampleRatio: 0 to 1.";
        }

        foreach (var problem in Operator.Validate(Http))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> ValidateCluster(ClusterOptions cluster)
    {
        if (cluster.Port is < 0 or > 65535)
        {
            yield return "CPORT__Cluster__Port: 0 to 65535.";
        }

        if (!Name().IsMatch(cluster.Name))
        {
            yield return "CPORT__Cluster__Name: 1 to 40 of a-z, 0-9 and '-', beginning with a letter.";
        }

        foreach (var (key, host) in new[] { ("Host", cluster.Host), ("BindHost", cluster.BindHost) })
        {
            if (host is not null && Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic)
            {
                yield return $"CPORT__Cluster__{key}: '{host}' is neither a host's name nor an address.";
            }
        }

        if (cluster.Host is "0.0.0.0" or "::")
        {
            yield return "CPORT__Cluster__Host: other nodes cannot call this address; it stands in CPORT__Cluster__BindHost, and here what this node is reached by.";
        }

        foreach (var role in cluster.Roles.Where(r => !ClusterRoles.All.Contains(r)))
        {
            yield return $"CPORT__Cluster__Roles: '{role}' is no role; roles are {string.Join(", ", ClusterRoles.All)}.";
        }

        foreach (var seed in cluster.Seeds.Where(s => ClusterSeed.Parse(s) is null))
        {
            yield return $"CPORT__Cluster__Seeds: '{seed}' is neither host:port nor dns:name:port.";
        }

        foreach (var (key, value, low, high) in new (string, double, double, double)[]
                 {
                     ("JoinSeconds", cluster.JoinSeconds, 10, 3600), ("StopSeconds", cluster.StopSeconds, 5, 240), ("DrainSeconds", cluster.DrainSeconds, 0, 60),
                     ("HeartbeatSeconds", cluster.HeartbeatSeconds, 0.1, 10), ("HeartbeatPauseSeconds", cluster.HeartbeatPauseSeconds, 1, 60),
                     ("StableAfterSeconds", cluster.StableAfterSeconds, 1, 120), ("DownRemovalMarginSeconds", cluster.DownRemovalMarginSeconds, 0.1, 120),
                     ("DatabasePatienceSeconds", cluster.DatabasePatienceSeconds, 3, 600),
                 })
        {
            if (!(value >= low && value <= high))
            {
                yield return FormattableString.Invariant($"CPORT__Cluster__{key}: {low} to {high}.");
            }
        }

        if (cluster.DrainSeconds >= cluster.StopSeconds)
        {
            yield return "CPORT__Cluster__DrainSeconds: less than CPORT__Cluster__StopSeconds, which it is a part of.";
        }

        if (cluster.SplitBrain == SplitBrainStrategy.StaticQuorum && cluster.QuorumSize < 1)
        {
            yield return "CPORT__Cluster__QuorumSize: StaticQuorum needs the number of nodes that must be together, more than half of all.";
        }

        if (cluster.Tls.Enabled)
        {
            if (string.IsNullOrEmpty(cluster.Tls.CaPath))
            {
                yield return "CPORT__Cluster__Tls__CaPath: the authority's certificate is needed, or no other node could be told from a stranger.";
            }
        }
        else if (cluster.Tls.CaPath is not null || cluster.Tls.KeyPath is not null)
        {
            yield return "CPORT__Cluster__Tls__CertificatePath: a certificate is needed as well.";
        }
        else if (!cluster.AllowPlainTcp && (!IsLoopback(cluster.Host) || !IsLoopback(cluster.BindHost ?? cluster.Host)))
        {
            yield return $"CPORT__Cluster__Tls__CertificatePath: nodes on other addresses than loopback ({cluster.BindHost ?? cluster.Host}) speak TLS; "
                + "give certificates (docker/dev-ca.sh makes some to try), or CPORT__Cluster__AllowPlainTcp=true where the network is trusted.";
        }
    }

    private static bool IsLoopback(string host) => host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));

    private static void Bind(IConfigurationSection setting, object target, List<string> problems)
    {
        if (target.GetType().GetProperties().FirstOrDefault(p => p.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
        {
            return;
        }

        if (property.PropertyType.DeclaringType == typeof(NodeOptions) && property.PropertyType.IsClass)
        {
            problems.AddRange(Unknown(setting, property.PropertyType));
            foreach (var inner in setting.GetChildren())
            {
                Bind(inner, property.GetValue(target)!, problems);
            }

            return;
        }

        try
        {
            // A list also as one value with commas: CPORT__Cluster__Seeds=a:1,b:1.
            var value = property.PropertyType == typeof(string[]) && setting.Value is { } text
                ? text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                : setting.Get(property.PropertyType);
            if (property.PropertyType.IsEnum && value is not null && !Enum.IsDefined(property.PropertyType, value))
            {
                throw new InvalidOperationException();
            }

            property.SetValue(target, value);
        }
        catch (InvalidOperationException)
        {
            problems.Add($"{Key(setting.Path)}: " + (property.PropertyType.IsEnum
                ? $"one of {string.Join(", ", Enum.GetNames(property.PropertyType))} is needed."
                : $"a value of type {property.PropertyType.Name} is needed."));
        }
    }

    private static IEnumerable<string> Unknown(IConfigurationSection section, Type type)
    {
        var known = type.GetProperties().Where(p => p.CanWrite).Select(p => p.Name).ToArray();
        return section.GetChildren().Where(c => !known.Contains(c.Key, StringComparer.OrdinalIgnoreCase))
            .Select(c => $"{Key(c.Path)}: unknown setting; known are {string.Join(", ", known)}.");
    }

    private static string Key(string path) => "CPORT__" + path.Replace(":", "__", StringComparison.Ordinal);

    private static bool Parses(DatabaseProvider provider, string connectionString)
    {
        try
        {
            _ = Actors.Persistence.Database.Create(provider, connectionString);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,39}\z")]
    private static partial Regex Name();
}

/// <summary>The configuration is wrong; <see cref="Problems"/> says each thing in a line that names its key.</summary>
public sealed class NodeConfigurationException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
