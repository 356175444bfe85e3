namespace CPort.Actors.Cluster;

/// <summary>
/// The figures that place entities. They can never change for the life of a database: two nodes with different ones would give one entity two homes. Recorded
/// at first start (<see cref="FixedFigures"/>); a node with others refuses to start.
/// </summary>
public static class ClusterFigures
{
    /// <summary>Shards of every entity type: more than ten per node up to twelve nodes.</summary>
    public const int Shards = 128;

    /// <summary>
    /// Raised when journal rows are laid out differently; 1: Akka.Persistence.Sql's default tables, untagged; 2: their messages are sealed.
    /// </summary>
    public const int SchemaVersion = 2;

    /// <summary>
    /// Raised only when a message or event changes so that nodes of the version before cannot live beside this one; new types and fields do not count.
    /// </summary>
    public const int WireVersion = 1;

    /// <summary>The figures as the database records them.</summary>
    public static IReadOnlyList<FixedFigure> Fixed { get; } =
    [
        new("shards", Shards.ToString(CultureInfo.InvariantCulture)),
        new("exact-buckets", HashBucketId.ExactBuckets.ToString(CultureInfo.InvariantCulture)),
        new("pdq-buckets", HashBucketId.PdqBuckets.ToString(CultureInfo.InvariantCulture)),
        new("serializer", Serialization.WireSerializer.SerializerId.ToString(CultureInfo.InvariantCulture)),
        new("wire-version", WireVersion.ToString(CultureInfo.InvariantCulture), "All nodes of a cluster must speak the same version."),
        new("schema-version", SchemaVersion.ToString(CultureInfo.InvariantCulture)),
    ];
}

/// <summary>What a node of the cluster does. A single node does everything.</summary>
public static class ClusterRoles
{
    /// <summary>Serves HTTP.</summary>
    public const string Api = "api";

    /// <summary>Hosts report entities.</summary>
    public const string Report = "report";

    /// <summary>Hosts hash buckets.</summary>
    public const string Hash = "hash";

    /// <summary>Runs projections and the sweeper.</summary>
    public const string Projection = "projection";

    public static IReadOnlyList<string> All { get; } = [Api, Report, Hash, Projection];
}
