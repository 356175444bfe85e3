using System.ComponentModel.DataAnnotations;

namespace CPort.Node.Options;

/// <summary>This node among others.</summary>
public sealed class ClusterOptions
{
    private static readonly ClusterTimes DefaultTimes = new();
    private static readonly ClusterJoiningOptions Joining = new();

    private const string DefaultHost = "127.0.0.1";
    private const string NameRule = "1 to 40 of a-z, 0-9 and '-', beginning with a letter.";

    /// <summary>The cluster's name, recorded in its database; nodes of another name are refused.</summary>
    [Required(ErrorMessage = NameRule)]
    [RegularExpression("[a-z][a-z0-9-]{0,39}", ErrorMessage = NameRule)]
    public string Name { get; set; } = "cport";

    /// <summary>The name or address other nodes reach this one by. In a container its own address or a name that resolves to it.</summary>
    [Host]
    public string Host { get; set; } = DefaultHost;

    /// <summary>The address to listen on, when it is another than <see cref="Host"/>: <c>0.0.0.0</c> behind address translation.</summary>
    [Host]
    public string? BindHost { get; set; }

    /// <summary>Where other nodes reach this one. 0 takes a free one; none at all when no setting speaks of others (<see cref="KnowsOthers"/>).</summary>
    [Between(0, 65535)]
    public int Port { get; set; }

    /// <summary>
    /// Where other nodes are: <c>host:port</c>, or <c>dns:name:port</c> for a name with an address for each node. Several, separated by commas. Members that
    /// the database records are always asked too; see docs/cluster.md.
    /// </summary>
    public string[] Seeds { get; set; } = [];

    /// <summary>What this node does: api, report, hash, projection; empty: everything.</summary>
    public string[] Roles { get; set; } = [];

    /// <summary>How long a node tries to become a member before it ends with exit code 4.</summary>
    [Between(10, 3600)]
    public int JoinSeconds { get; set; } = (int)Joining.Patience.TotalSeconds;

    /// <summary>How long a stop may take in all.</summary>
    [Between(5, 240)]
    public int StopSeconds { get; set; } = 30;

    /// <summary>How long a stopping member of a larger cluster is not ready and still serves, so that load balancers notice.</summary>
    [Between(0, 60)]
    public int DrainSeconds { get; set; } = 2;

    /// <summary>Which side goes on when the cluster splits: KeepMajority, StaticQuorum or LeaseMajority. The same on all nodes.</summary>
    public SplitBrainStrategy SplitBrain { get; set; } = SplitBrainStrategy.KeepMajority;

    /// <summary>Nodes that must be together, for StaticQuorum; more than half of all.</summary>
    public int QuorumSize { get; set; }

    /// <summary>How often nodes tell each other that they live, seconds.</summary>
    [Between(0.1, 10)]
    public double HeartbeatSeconds { get; set; } = DefaultTimes.Heartbeat.TotalSeconds;

    /// <summary>How long a node may be silent before it counts as unreachable, seconds.</summary>
    [Between(1, 60)]
    public double HeartbeatPauseSeconds { get; set; } = DefaultTimes.HeartbeatPause.TotalSeconds;

    /// <summary>How long a node must be unreachable before it is declared down, seconds. The same on all nodes.</summary>
    [Between(1, 120)]
    public double StableAfterSeconds { get; set; } = DefaultTimes.StableAfter.TotalSeconds;

    /// <summary>Time between a node's removal and the start of its shards elsewhere, seconds.</summary>
    [Between(0.1, 120)]
    public double DownRemovalMarginSeconds { get; set; } = DefaultTimes.DownRemovalMargin.TotalSeconds;

    /// <summary>How long a node may be without the database while another member reaches it, before it leaves so that its shards move there, seconds.</summary>
    [Between(3, 600)]
    public double DatabasePatienceSeconds { get; set; } = Joining.DatabasePatience.TotalSeconds;

    /// <summary>
    /// How far the clocks of nodes may be apart, seconds. What a node sends another is good for half a minute, and longer by this: so long whoever records it
    /// could send it again.
    /// </summary>
    [Between(1, 3600)]
    public double ClockSkewSeconds { get; set; } = 300;

    /// <summary>Permits plain TCP between nodes on addresses that others can reach. Without it such nodes need <see cref="Tls"/>.</summary>
    public bool AllowPlainTcp { get; set; }

    public ClusterTlsOptions Tls { get; set; } = new();

    /// <summary>Whether a setting speaks of other nodes: only then, and on PostgreSQL, does the node open a port for them.</summary>
    internal bool KnowsOthers => Seeds.Length > 0 || Port != 0 || Host != DefaultHost || BindHost is not null || Tls.Enabled || AllowPlainTcp;

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
    [ExistingFile]
    public string? CertificatePath { get; set; }

    /// <summary>Private key of a PEM certificate when it is not in the same file.</summary>
    [ExistingFile]
    public string? KeyPath { get; set; }

    public string? Password { get; set; }

    /// <summary>
    /// Certificates (PEM) of the authority whose nodes are let in: one of the cluster's own, because whoever has a certificate of it is a member.
    /// </summary>
    [ExistingFile]
    public string? CaPath { get; set; }

    /// <summary>Whether a node that is called must have a certificate for the name it is called by.</summary>
    public bool VerifyName { get; set; } = true;

    internal bool Enabled => !string.IsNullOrEmpty(CertificatePath);
}
