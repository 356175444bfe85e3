using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using CPort.Domain.Iwol;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace CPort.Actors.Iwol;

/// <summary>A domain in the list of candidates. Its name is sealed; what is said of it stands in the entity alone.</summary>
[Table("cport_iwol")]
public sealed record IwolRow
{
    [Column("id"), PrimaryKey] public string Id { get; init; } = "";
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("state")] public IwolState State { get; init; }

    /// <summary>The domain, sealed for its candidate.</summary>
    [Column("sealed")] public byte[] Name { get; init; } = [];

    /// <summary>The agencies that named items of it (<see cref="AccessTable.SetOf"/>).</summary>
    [Column("proposed_by")] public string ProposedBy { get; init; } = "";
    [Column("evidence")] public int Evidence { get; init; }
    [Column("attested")] public int Attested { get; init; }

    /// <summary>1: it is proposed to take it off the list.</summary>
    [Column("removal")] public int Removal { get; init; }

    /// <summary>1: somebody objects to it.</summary>
    [Column("appealed")] public int Appealed { get; init; }
    [Column("review_by")] public long? ReviewBy { get; init; }
    [Column("proposed_at")] public long ProposedAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }

    /// <summary>1: the list or a report has yet to be told.</summary>
    [Column("owes")] public int Owes { get; init; }

    /// <summary>Where in the journal it was proposed: no two at one place.</summary>
    [Column("ordering")] public long Ordering { get; init; }
}

/// <summary>The candidates' own read table.</summary>
public sealed class IwolRows(Database database, JournalTail journal, JournalSeal seal)
    : EntityRows<IwolRow>(database, journal, seal, EntityKind.Iwol, "cport_iwol", version: 1)
{
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => EnsureAsync(database, $"""
        CREATE TABLE IF NOT EXISTS cport_iwol (id VARCHAR(26) NOT NULL PRIMARY KEY, tenant INTEGER NOT NULL, state INTEGER NOT NULL,
          sealed {(database.IsSqlite ? "BLOB" : "BYTEA")} NOT NULL, proposed_by VARCHAR(2000) NOT NULL, evidence INTEGER NOT NULL, attested INTEGER NOT NULL,
          removal INTEGER NOT NULL, appealed INTEGER NOT NULL, review_by BIGINT NULL, proposed_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
          owes INTEGER NOT NULL, ordering BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS cport_iwol_ordering ON cport_iwol (tenant, ordering);
        CREATE INDEX IF NOT EXISTS cport_iwol_owes ON cport_iwol (changed_at) WHERE owes = 1;
        CREATE INDEX IF NOT EXISTS cport_iwol_review ON cport_iwol (review_by) WHERE removal = 0;
        CREATE TABLE IF NOT EXISTS cport_iwol_position (version INTEGER NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
        """, cancellation);

    /// <summary>Candidates that still owe somebody, and have not changed since; and those whose review is due.</summary>
    public async Task<(ImmutableArray<string> Owing, ImmutableArray<(string Id, Tenant Tenant)> Due)> WorkAsync(
        DateTimeOffset since, DateTimeOffset now, int limit, CancellationToken cancellation)
    {
        await using var db = new DataConnection(Database.DataOptions);
        var (before, today) = (since.UtcTicks, now.UtcTicks);
        var owing = await db.GetTable<IwolRow>().Where(r => r.Owes == 1 && r.ChangedAt < before).OrderBy(r => r.ChangedAt).Select(r => r.Id).Take(limit)
            .ToListAsync(cancellation).ConfigureAwait(false);
        var due = await db.GetTable<IwolRow>().Where(r => r.Removal == 0 && r.ReviewBy != null && r.ReviewBy <= today).OrderBy(r => r.ReviewBy)
            .Select(r => new { r.Id, r.Tenant }).Take(limit).ToListAsync(cancellation).ConfigureAwait(false);
        return ([.. owing], [.. due.Select(d => (d.Id, d.Tenant))]);
    }

    protected override IwolRow? RowOf(List<(long Ordering, object Event)> events)
    {
        var candidate = events.Aggregate(IwolCandidate.None, (c, e) => IwolRules.Apply(c, (IIwolEvent)e.Event));
        return new IwolRow
        {
            Id = candidate.Key.ToString(), Tenant = candidate.Tenant, State = candidate.State, Name = candidate.Name!.Bytes,
            ProposedBy = AccessTable.SetOf(candidate.Evidence.Select(e => e.By.Value)) ?? "", Evidence = candidate.Evidence.Length,
            Attested = candidate.Attestations.Length, Removal = candidate.RemovalProposed ? 1 : 0, Appealed = candidate.Appealed ? 1 : 0,
            ReviewBy = candidate.State == IwolState.Listed ? candidate.ReviewBy?.UtcTicks : null, ProposedAt = candidate.ProposedAt.UtcTicks,
            ChangedAt = candidate.ChangedAt.UtcTicks, Owes = candidate.Owes ? 1 : 0, Ordering = events[0].Ordering,
        };
    }
}

/// <summary>A page of candidates, as far as the caller sees them; as current as the table's follower, a second or so.</summary>
public sealed class IwolReader(Database database, ConfidentialSeam seam)
{
    public async Task<(ImmutableArray<(IwolRow Row, string Name)> Rows, long? Next)> PageAsync(
        Caller caller, ImmutableArray<IwolState> states, int max, long after, CancellationToken cancellation)
    {
        var (tenant, named, some) = (caller.Tenant, $",{caller.Agency},", states.ToList());
        var all = AccessTable.AsksForItself(caller);
        if (!all && caller.Kind != AgencyKind.Hotline)
        {
            return ([], null);
        }

        await using var db = new DataConnection(database.DataOptions);
        var rows = db.GetTable<IwolRow>().Where(r => r.Tenant == tenant && r.Ordering > after);
        rows = all ? rows : rows.Where(r => r.ProposedBy.Contains(named));
        rows = some.Count == 0 ? rows : rows.Where(r => some.Contains(r.State));
        var found = await rows.OrderBy(r => r.Ordering).Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);

        // A row does not know who has said what it found: how many have is told to who decides, and of others' by the candidate itself.
        var page = found.Take(max)
            .Select(r => r.State is IwolState.Listed or IwolState.Removed || caller.Kind == AgencyKind.Interpol ? r : r with { Attested = 0 })
            .Select(r => (r, NameOf(r))).ToImmutableArray();
        return (page, found.Count > max ? page[^1].r.Ordering : null);
    }

    private string NameOf(IwolRow row) =>
        seam.Open<SecretText>(IwolRules.PlaceOf(IwolKey.Parse(row.Id)), new Sealed { Bytes = row.Name }).Text;
}
