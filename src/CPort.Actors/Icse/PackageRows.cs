using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace CPort.Actors.Icse;

/// <summary>A package in the list of its agency's.</summary>
[Table("cport_icse")]
public sealed record PackageRow
{
    [Column("id"), PrimaryKey] public string Id { get; init; } = "";
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("agency")] public string Agency { get; init; } = "";
    [Column("state")] public PackageState State { get; init; }
    [Column("items")] public int Items { get; init; }
    [Column("answered")] public int Answered { get; init; }
    [Column("recalled")] public int Recalled { get; init; }
    [Column("made_at")] public long MadeAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }

    /// <summary>1: a report has yet to be told.</summary>
    [Column("owes")] public int Owes { get; init; }

    /// <summary>Where in the journal it was opened: no two at one place.</summary>
    [Column("ordering")] public long Ordering { get; init; }
}

/// <summary>The packages' own read table.</summary>
public sealed class PackageRows(Database database, JournalTail journal, JournalSeal seal)
    : EntityRows<PackageRow>(database, journal, seal, EntityKind.Package, "cport_icse", version: 1)
{
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => EnsureAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_icse (id VARCHAR(26) NOT NULL PRIMARY KEY, tenant INTEGER NOT NULL, agency VARCHAR(64) NOT NULL,
          state INTEGER NOT NULL, items INTEGER NOT NULL, answered INTEGER NOT NULL, recalled INTEGER NOT NULL, made_at BIGINT NOT NULL,
          changed_at BIGINT NOT NULL, owes INTEGER NOT NULL, ordering BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS cport_icse_agency ON cport_icse (agency, tenant, ordering);
        CREATE INDEX IF NOT EXISTS cport_icse_owes ON cport_icse (changed_at) WHERE owes = 1;
        CREATE TABLE IF NOT EXISTS cport_icse_position (version INTEGER NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
        """, cancellation);

    /// <summary>Packages that still owe somebody, and have not changed since.</summary>
    public async Task<ImmutableArray<string>> OwingAsync(DateTimeOffset since, int limit, CancellationToken cancellation)
    {
        await using var db = new DataConnection(Database.DataOptions);
        var ticks = since.UtcTicks;
        return [.. await db.GetTable<PackageRow>().Where(r => r.Owes == 1 && r.ChangedAt < ticks).OrderBy(r => r.ChangedAt).Select(r => r.Id).Take(limit)
            .ToListAsync(cancellation).ConfigureAwait(false)];
    }

    protected override PackageRow? RowOf(List<(long Ordering, object Event)> events)
    {
        var package = events.Aggregate(IcsePackage.None, (p, e) => PackageRules.Apply(p, (IPackageEvent)e.Event));
        return new PackageRow
        {
            Id = package.Key.ToString(), Tenant = package.Tenant, Agency = package.Agency.Value, State = package.State, Items = package.Items.Count,
            Answered = package.Items.Count(i => i.Finding is not null), Recalled = package.Items.Count(i => i.Recalled is not null),
            MadeAt = package.MadeAt.UtcTicks, ChangedAt = package.ChangedAt.UtcTicks, Owes = package.Owes ? 1 : 0, Ordering = events[0].Ordering,
        };
    }
}

/// <summary>What INTERPOL works on for ICSE: candidates, and its packages.</summary>
public sealed class PackageReader(Database database, ReadModel model)
{
    /// <summary>An agency's packages, the newest first; as current as the table's follower, a second or so.</summary>
    public async Task<(ImmutableArray<PackageRow> Rows, long? Next)> PageAsync(Caller caller, int max, long? before, CancellationToken cancellation)
    {
        if (!AccessTable.AsksForItself(caller))
        {
            return ([], null);
        }

        var (agency, tenant, end) = (caller.Agency.Value, caller.Tenant, before ?? long.MaxValue);
        await using var db = new DataConnection(database.DataOptions);
        var found = await db.GetTable<PackageRow>().Where(r => r.Agency == agency && r.Tenant == tenant && r.Ordering < end)
            .OrderByDescending(r => r.Ordering).Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
        var page = found.Take(max).ToImmutableArray();
        return (page, found.Count > max ? page[^1].Ordering : null);
    }

    /// <summary>Illegal items that the caller sees and that are in no package that went out: those that somebody proposes first, then the oldest.</summary>
    public Task<(ImmutableArray<ListedItem> Items, CandidatePlace? Next)> CandidatesAsync(
        Caller caller, int max, CandidatePlace? after, CancellationToken cancellation) => model.QueryAsync(
        async (db, set, _) =>
        {
            var items = ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence, FieldGroup.State, FieldGroup.Hashes))
                .Where(i => i.SaidIllegal && i.IcsePackage == null);
            if (after is { } place)
            {
                var (proposed, key) = (place.Proposed, place.Key);
                items = items.Where(i => i.IcseProposed < proposed || (i.IcseProposed == proposed && i.Key > key));
            }

            var found = await items.OrderByDescending(i => i.IcseProposed).ThenBy(i => i.Key).Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            return (ListedItem.Of(caller, page.Select(r => (r, (long?)null, (long?)null)), model),
                found.Count > max ? new CandidatePlace(page[^1].IcseProposed, page[^1].Key) : null);
        },
        cancellation);
}

/// <summary>Where a page of candidates ended.</summary>
public sealed record CandidatePlace(int Proposed, long Key);
