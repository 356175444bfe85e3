namespace CPort.Actors.Entities;

/// <summary>
/// A kind of persistent entity, one row each. Whatever treats entities alike (journal, stuck list, readiness, operators' commands) goes by this table. A word
/// is stored in journals by way of the names: never change it.
/// </summary>
public sealed class EntityKind
{
    public static readonly EntityKind Report = new("report", "reports", id => ReportId.TryParse(id, out var report) ? report.ToString() : null);

    public static readonly EntityKind HashBucket =
        new("hash-bucket", "hash buckets", id => HashBucketId.TryParse(id, out var bucket) ? bucket.ToString() : null);

    public static readonly EntityKind Agency = new("agency", "agencies", id => id == EntityName.Agencies.Id ? id : null);

    public static readonly EntityKind Person = new("person", "people", id => id == EntityName.People.Id ? id : null);

    public static readonly EntityKind Referral = new("referral", "referrals", id => ReferralKey.TryParse(id, out var key) ? key.ToString() : null);

    public static readonly EntityKind Iwol =
        new("iwol", "candidates of the \"worst of\" list", id => IwolKey.TryParse(id, out var key) ? key.ToString() : null);

    public static readonly EntityKind IwolList =
        new("blocklist", "lists of domains", id => id == EntityName.IwolList.Id ? id : null);

    public static readonly EntityKind Package = new("package", "packages for ICSE", id => PackageKey.TryParse(id, out var key) ? key.ToString() : null);

    private readonly Func<string, string?> _read;

    private EntityKind(string word, string plural, Func<string, string?> read) => (Word, Plural, Prefix, _read) = (word, plural, $"{word}-", read);

    public static ImmutableArray<EntityKind> All { get; } = [Report, HashBucket, Agency, Person, Referral, Iwol, IwolList, Package];

    /// <summary>First part of the names of its entities, and what their shard region is called.</summary>
    public string Word { get; }

    /// <summary>For sentences to operators.</summary>
    public string Plural { get; }

    /// <summary>What the names of its entities begin with.</summary>
    public string Prefix { get; }

    /// <summary>The kind of a name; null where it is none of ours.</summary>
    public static EntityKind? Of(string persistenceId)
    {
        // Each row of the journal is asked for it, by each who follows it.
        foreach (var kind in All)
        {
            if (persistenceId.StartsWith(kind.Prefix, StringComparison.Ordinal))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>The id as its entity writes it; null where it is no id of this kind.</summary>
    internal string? Read(string id) => _read(id);
}

/// <summary>The name of one entity: the persistence id under which the journal keeps it.</summary>
public readonly record struct EntityName
{
    private EntityName(EntityKind kind, string id) => (Kind, Id) = (kind, id);

    /// <summary>There is one registry of agencies.</summary>
    public static EntityName Agencies => new(EntityKind.Agency, "registry");

    /// <summary>There is one registry of people.</summary>
    public static EntityName People => new(EntityKind.Person, "registry");

    /// <summary>There is one "worst of" list.</summary>
    public static EntityName IwolList => new(EntityKind.IwolList, "iwol");

    public EntityKind Kind { get; }

    /// <summary>Its id in its shard region.</summary>
    public string Id { get; }

    public static EntityName Of(ReportId id) => new(EntityKind.Report, id.ToString());

    public static EntityName Of(ReferralKey key) => new(EntityKind.Referral, key.ToString());

    public static EntityName Of(IwolKey key) => new(EntityKind.Iwol, key.ToString());

    public static EntityName Of(PackageKey key) => new(EntityKind.Package, key.ToString());

    public static EntityName Of(HashBucketId id) => new(EntityKind.HashBucket, id.ToString());

    public static bool TryParse(string persistenceId, out EntityName name)
    {
        var kind = EntityKind.Of(persistenceId);
        var id = kind?.Read(persistenceId[kind.Prefix.Length..]);
        name = id is null ? default : new EntityName(kind!, id);
        return id is not null;
    }

    public override string ToString() => Kind.Prefix + Id;
}
