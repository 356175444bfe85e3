using System.ComponentModel.DataAnnotations;

namespace CPort.Node.Options;

/// <summary>
/// Everything a node can be told, a section a class; <see cref="NodeConfiguration"/> reads it and <see cref="NodeOptionsValidator"/> judges it. A default
/// stands at its setting, or, where rules need it too, at the rule.
/// </summary>
public sealed class NodeOptions
{
    /// <summary>Folder of the SQLite file and the master key; made with access for its owner only.</summary>
    [Required(ErrorMessage = "a folder is needed.")]
    public string Data { get; set; } = "./cport-data";

    /// <summary>
    /// The machine's clock is right, though events were recorded later than it says: some clock was ahead when they were. Otherwise the node begins no earlier
    /// than its journal ends.
    /// </summary>
    public bool BelieveClock { get; set; }

    public DatabaseOptions Database { get; set; } = new();

    public HttpOptions Http { get; set; } = new();

    public ClusterOptions Cluster { get; set; } = new();

    public KeyOptions Keys { get; set; } = new();

    public AuditOptions Audit { get; set; } = new();

    public HostingOptions Hosting { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    public PolicyOptions Policy { get; set; } = new();

    public TelemetryOptions Telemetry { get; set; } = new();

    public LogOptions Logs { get; set; } = new();

    public OperatorOptions Operator { get; set; } = new();

    public PortalOptions Portal { get; set; } = new();

    public ExchangeOptions Exchange { get; set; } = new();

    public MailOptions Mail { get; set; } = new();

    public IwolOptions Iwol { get; set; } = new();

    public IccamOptions Iccam { get; set; } = new();

    /// <summary>A node that has its database to itself and opens no port for other nodes.</summary>
    internal bool IsAlone => Database.Provider == DatabaseProvider.Sqlite || !Cluster.KnowsOthers;

    /// <summary>What people reach the pages by (<see cref="PortalOptions.Url"/>).</summary>
    internal Uri PortalUrl
    {
        get
        {
            var url = new UriBuilder(Portal.Url ?? Http.PublicUrl ?? Http.Url);
            url.Host = url.Host is "0.0.0.0" or "[::]" or "127.0.0.1" or "[::1]" or "*" or "+" ? "localhost" : url.Host;
            return url.Uri;
        }
    }

    /// <summary>Where the master key is, whether given or default; null when it is given as text.</summary>
    internal string? EffectiveMasterKeyFile => string.IsNullOrEmpty(Keys.MasterKey) ? Keys.MasterKeyFile ?? Path.Combine(Data, "master.key") : null;

    /// <summary>What is wrong with the settings, a line each; see <see cref="NodeOptionsValidator"/>.</summary>
    public IEnumerable<string> Validate() => new NodeOptionsValidator().Validate(null, this).Failures ?? [];
}
