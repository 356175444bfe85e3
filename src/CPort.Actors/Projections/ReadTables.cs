using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Queues;
using CPort.Domain.Routing;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

/// <summary>What a table set is used for.</summary>
public enum TableSetState
{
    /// <summary>Being filled from the journal's beginning beside the one that serves.</summary>
    Building = 1,

    /// <summary>Read by queries; exactly one.</summary>
    Serving = 2,

    /// <summary>Replaced; dropped soon, when no query that began before the switch can still read it.</summary>
    Retired = 3,
}

/// <summary>One set of read tables (table <c>rm_offset</c>) and how far its slices are.</summary>
[Table("rm_offset")]
public sealed record TableSet
{
    /// <summary>From 1; the suffix of the set's tables.</summary>
    [Column("id"), PrimaryKey] public int Id { get; init; }

    /// <summary><see cref="ReadTables.Version"/> the set was made for.</summary>
    [Column("version")] public int Version { get; init; }

    /// <summary>The list by which its keyed hashes of registrable domains were made (<c>PublicSuffixes.Fingerprint</c>); it holds no others.</summary>
    [Column("suffix_list")] public string? SuffixList { get; init; }
    [Column("state")] public TableSetState State { get; init; }

    /// <summary>When the state last changed, UTC ticks.</summary>
    [Column("since")] public long Since { get; init; }

    /// <summary>The position that a version without slices reads and writes, which may run before or after this one.</summary>
    [Column("position")] public long OffsetPosition { get; init; }

    [Column("position_at")] public long OffsetAt { get; init; }

    /// <summary>Its slices, by number.</summary>
    public ImmutableArray<SliceRow> Slices { get; init; } = [];

    /// <summary>
    /// The <c>ordering</c> up to which every journal row is folded in; 0 at the beginning. While nodes of a version without slices are in the cluster they
    /// write the rows, and it is they who know.
    /// </summary>
    public long Position => Math.Max(OffsetPosition, Slices.IsEmpty ? 0 : Slices.Min(s => s.Position));

    /// <summary>When the newest event that is folded in was recorded, UTC ticks.</summary>
    public long PositionAt => Math.Max(OffsetAt, Slices.IsEmpty ? 0 : Slices.Max(s => s.PositionAt));
}

/// <summary>
/// How far one slice of a table set is (table <c>rm_slice</c>, written with the slice's rows in one transaction): <see cref="ProjectionSlices"/>.
/// </summary>
[Table("rm_slice")]
public sealed record SliceRow
{
    [Column("set_id"), PrimaryKey(1)] public int SetId { get; init; }
    [Column("slice"), PrimaryKey(2)] public int Slice { get; init; }

    /// <summary>The <c>ordering</c> of the last journal row that is folded in, or was looked at; 0 at the beginning.</summary>
    [Column("position")] public long Position { get; init; }

    /// <summary>When the newest event that is folded in was recorded, UTC ticks.</summary>
    [Column("position_at")] public long PositionAt { get; init; }
}

/// <summary>An entity whose events the projection cannot read (table <c>rm_stuck</c>); it is left out until it can be read again.</summary>
[Table("rm_stuck")]
public sealed record StuckRow
{
    /// <summary>The set that lacks it.</summary>
    [Column("set_id"), PrimaryKey(1)] public int SetId { get; init; }
    [Column("persistence_id"), PrimaryKey(2)] public string PersistenceId { get; init; } = "";

    /// <summary>The event that could not be read or applied; 0 when not known.</summary>
    [Column("sequence")] public long Sequence { get; init; }

    /// <summary>The kind of fault; holds no data.</summary>
    [Column("reason")] public string Reason { get; init; } = "";
    [Column("since")] public long Since { get; init; }
}

/// <summary>
/// The read tables: their shape (generated from the row types), the sets they come in, and which set serves. A set is a number: <c>rm_item_3</c>. A rebuild
/// fills a new set and switches in one transaction, so that queries never see a half-built one.
/// </summary>
public sealed class ReadTables(Database database, UrlKeyMaker keys)
{
    private static readonly ImmutableArray<Type> RowTypes =
    [
        typeof(ReportRow), typeof(ItemRow), typeof(EarlierCountryRow), typeof(ItemHashRow), typeof(LookAlikeRow), typeof(LookAlikeGroupRow), typeof(HoldRow),
        typeof(HoldItemRow), typeof(QuestionRow), typeof(QuestionItemRow),
    ];

    /// <summary>Raise it whenever what a column means changes; new, changed and lost columns show by themselves.</summary>
    private const int Meaning = 6;

    /// <summary>Follows from the rows' shape, <see cref="Meaning"/> and the normal form of URLs.</summary>
    public static int Version { get; } = VersionOf();

    private const string Control = """
        CREATE TABLE IF NOT EXISTS rm_offset (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, state INTEGER NOT NULL,
          position BIGINT NOT NULL, position_at BIGINT NOT NULL, since BIGINT NOT NULL, suffix_list VARCHAR(16));
        CREATE TABLE IF NOT EXISTS rm_slice (set_id INTEGER NOT NULL, slice INTEGER NOT NULL, position BIGINT NOT NULL, position_at BIGINT NOT NULL,
          PRIMARY KEY (set_id, slice));
        CREATE TABLE IF NOT EXISTS rm_stuck (set_id INTEGER NOT NULL, persistence_id VARCHAR(255) NOT NULL, sequence BIGINT NOT NULL,
          reason VARCHAR(200) NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (set_id, persistence_id));
        """;

    public Database Database => database;

    /// <summary>The list that this node makes keys by.</summary>
    public string SuffixList => keys.SuffixList;

    /// <summary>Whether the set was made for this version's rows and this node's list. Another one is rebuilt while it serves.</summary>
    public bool IsOfToday(TableSet set) => set.Version == Version && set.SuffixList == SuffixList;

    /// <summary>A linq2db connection; the caller disposes it.</summary>
    public DataConnection Connect() => new(database.DataOptions);

    public static ITable<ReportRow> Reports(IDataContext db, int set) => db.GetTable<ReportRow>().TableName(Name(typeof(ReportRow), set));

    public static ITable<ItemRow> Items(IDataContext db, int set) => db.GetTable<ItemRow>().TableName(Name(typeof(ItemRow), set));

    public static ITable<EarlierCountryRow> EarlierCountries(IDataContext db, int set) =>
        db.GetTable<EarlierCountryRow>().TableName(Name(typeof(EarlierCountryRow), set));

    public static ITable<ItemHashRow> Hashes(IDataContext db, int set) => db.GetTable<ItemHashRow>().TableName(Name(typeof(ItemHashRow), set));

    public static ITable<LookAlikeRow> LookAlikes(IDataContext db, int set) => db.GetTable<LookAlikeRow>().TableName(Name(typeof(LookAlikeRow), set));

    public static ITable<LookAlikeGroupRow> Groups(IDataContext db, int set) =>
        db.GetTable<LookAlikeGroupRow>().TableName(Name(typeof(LookAlikeGroupRow), set));

    public static ITable<HoldRow> Holds(IDataContext db, int set) => db.GetTable<HoldRow>().TableName(Name(typeof(HoldRow), set));

    public static ITable<QuestionRow> Questions(IDataContext db, int set) => db.GetTable<QuestionRow>().TableName(Name(typeof(QuestionRow), set));

    public static ITable<QuestionItemRow> QuestionItems(IDataContext db, int set) =>
        db.GetTable<QuestionItemRow>().TableName(Name(typeof(QuestionItemRow), set));

    public static ITable<HoldItemRow> HoldItems(IDataContext db, int set) => db.GetTable<HoldItemRow>().TableName(Name(typeof(HoldItemRow), set));

    public static string Name(Type row, int set) => string.Create(CultureInfo.InvariantCulture, $"{row.GetCustomAttribute<TableAttribute>()!.Name}_{set}");

    /// <summary>
    /// Makes the control tables that this version's queries need. For every node's start: the projection may run for long on a node of a former version, which
    /// does not know them all.
    /// </summary>
    public async Task PrepareAsync(CancellationToken cancellation = default)
    {
        await DatabaseSchema.ApplyAsync(database, Control + SlicesOfNewSets(), cancellation).ConfigureAwait(false);
        await DatabaseSchema.AddMissingAsync(database, "rm_offset", [("suffix_list", "VARCHAR(16)")], cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes what is missing: the control tables, a first set, tables and columns that an older set lacks. Several nodes may call it at once. Answers all sets
    /// that are not retired.
    /// </summary>
    public async Task<ImmutableArray<TableSet>> EnsureAsync(DateTimeOffset now, CancellationToken cancellation = default)
    {
        await PrepareAsync(cancellation).ConfigureAwait(false);
        var sets = await SetsAsync(cancellation).ConfigureAwait(false);
        if (sets.All(s => s.State == TableSetState.Retired))
        {
            await CreateSetAsync(TableSetState.Serving, now, cancellation).ConfigureAwait(false);
        }

        foreach (var old in sets.Where(s => s.State != TableSetState.Retired))
        {
            // An index may be new where no column is.
            await (old.Version != Version ? AddMissingAsync(old.Id, cancellation) : DatabaseSchema.ApplyAsync(database, Indexes(old.Id), cancellation))
                .ConfigureAwait(false);
        }

        return [.. (await SetsAsync(cancellation).ConfigureAwait(false)).Where(s => s.State != TableSetState.Retired)];
    }

    public async Task<ImmutableArray<TableSet>> SetsAsync(CancellationToken cancellation = default)
    {
        await using var db = Connect();
        return await SetsAsync(db, cancellation).ConfigureAwait(false);
    }

    /// <summary>All sets by number, with their slices.</summary>
    public static async Task<ImmutableArray<TableSet>> SetsAsync(IDataContext db, CancellationToken cancellation)
    {
        var rows = await (from set in db.GetTable<TableSet>()
                          from slice in db.GetTable<SliceRow>().LeftJoin(s => s.SetId == set.Id)
                          select new { set, slice }).ToListAsync(cancellation).ConfigureAwait(false);
        return [.. rows.GroupBy(r => r.set.Id).OrderBy(g => g.Key).Select(g => g.First().set with
        {
            Slices = [.. g.Select(r => r.slice).OfType<SliceRow>().OrderBy(s => s.Slice)],
        })];
    }

    /// <summary>The set that queries read; null before the first start of a projection.</summary>
    public static async Task<TableSet?> ServingAsync(IDataContext db, CancellationToken cancellation) =>
        (await SetsAsync(db, cancellation).ConfigureAwait(false)).LastOrDefault(s => s.State == TableSetState.Serving);

    /// <summary>Lets a version without slices go on here, should it take over.</summary>
    public async Task NoteOffsetAsync(TableSet set, CancellationToken cancellation = default)
    {
        if (set.Position <= set.OffsetPosition)
        {
            return;
        }

        await using var db = Connect();
        var (id, position, at) = (set.Id, set.Position, set.PositionAt);
        await db.GetTable<TableSet>().Where(s => s.Id == id && s.OffsetPosition < position)
            .Set(s => s.OffsetPosition, position).Set(s => s.OffsetAt, at)
            .UpdateAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes this set the one that serves, when it is as far as the one that does. Answers whether it serves now.</summary>
    public async Task<bool> TrySwitchAsync(int set, DateTimeOffset now, CancellationToken cancellation = default)
    {
        await using var db = Connect();
        await using var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        var sets = await SetsAsync(db, cancellation).ConfigureAwait(false);
        if (sets.LastOrDefault(s => s.State == TableSetState.Serving) is not { } serving || sets.FirstOrDefault(s => s.Id == set) is not { } ready
            || serving.Id == set || ready.Slices.IsEmpty || ready.Position < serving.Position)
        {
            return false;
        }

        var retired = await db.GetTable<TableSet>().Where(s => s.State == TableSetState.Serving && s.Id != set)
            .Set(s => s.State, TableSetState.Retired).Set(s => s.Since, now.UtcTicks)
            .UpdateAsync(cancellation).ConfigureAwait(false);
        if (retired != 1)
        {
            return false;
        }

        await db.GetTable<TableSet>().Where(s => s.Id == set)
            .Set(s => s.State, TableSetState.Serving).Set(s => s.Since, now.UtcTicks)
            .UpdateAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>A new, empty set.</summary>
    public async Task<TableSet> CreateSetAsync(TableSetState state, DateTimeOffset now, CancellationToken cancellation = default)
    {
        var sets = await SetsAsync(cancellation).ConfigureAwait(false);
        var id = sets.Select(s => s.Id).DefaultIfEmpty(0).Max() + 1;
        var since = now.UtcTicks.ToString(CultureInfo.InvariantCulture);
        var insert = string.Create(CultureInfo.InvariantCulture,
            $"""
            INSERT INTO rm_offset (id, version, state, position, position_at, since, suffix_list)
            VALUES ({id}, {Version}, {(int)state}, 0, 0, {since}, '{SuffixList}') ON CONFLICT (id) DO NOTHING;
            """);
        await DatabaseSchema.ApplyAsync(database, string.Concat(RowTypes.Select(t => CreateTable(t, id))) + Indexes(id) + insert + SlicesOfNewSets(),
            cancellation).ConfigureAwait(false);
        return (await SetsAsync(cancellation).ConfigureAwait(false)).Single(s => s.Id == id);
    }

    /// <summary>Drops a set's tables and forgets it.</summary>
    public Task DropAsync(int set, CancellationToken cancellation = default) =>
        DatabaseSchema.ApplyAsync(database, string.Concat(RowTypes.Select(t => $"DROP TABLE IF EXISTS {Name(t, set)}; "))
            + string.Create(CultureInfo.InvariantCulture,
                $"DELETE FROM rm_stuck WHERE set_id = {set}; DELETE FROM rm_slice WHERE set_id = {set}; DELETE FROM rm_offset WHERE id = {set};"),
                    cancellation);

    // Before there were slices a set's position stood in rm_offset: slices begin there, and go on there when such a version has been at work meanwhile.
    private string SlicesOfNewSets()
    {
        var slices = string.Join(" UNION ALL ", Enumerable.Range(0, ProjectionSlices.In(database).RowCount)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"SELECT {i} AS slice")));
        return $"""
            INSERT INTO rm_slice (set_id, slice, position, position_at)
            SELECT o.id, n.slice, o.position, o.position_at FROM rm_offset o CROSS JOIN ({slices}) n
            WHERE NOT EXISTS (SELECT 1 FROM rm_slice s WHERE s.set_id = o.id);
            UPDATE rm_slice SET position = (SELECT o.position FROM rm_offset o WHERE o.id = rm_slice.set_id)
            WHERE position < (SELECT o.position FROM rm_offset o WHERE o.id = rm_slice.set_id);

            """;
    }

    private async Task AddMissingAsync(int set, CancellationToken cancellation)
    {
        await DatabaseSchema.ApplyAsync(database, string.Concat(RowTypes.Select(t => CreateTable(t, set))), cancellation).ConfigureAwait(false);
        foreach (var type in RowTypes)
        {
            await DatabaseSchema.AddMissingAsync(database, Name(type, set), Columns(type).Select(c => (c.Name, c.Type)), cancellation).ConfigureAwait(false);
        }

        await DatabaseSchema.ApplyAsync(database, Indexes(set), cancellation).ConfigureAwait(false);
    }

    private static int VersionOf()
    {
        var shape = string.Join('\n', RowTypes.SelectMany(t => Mapped(t).Select(p => $"{t.Name}.{p.Column.Name} {p.Type.Name}"))
            .Order(StringComparer.Ordinal).Prepend($"{Meaning} {WebAddress.NormaliserVersion}"));
        return BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(shape))) & int.MaxValue;
    }

    private string CreateTable(Type type, int set)
    {
        var columns = Columns(type).Select(c => $"{c.Name} {c.Type}{(c.Key ? " NOT NULL" : "")}");
        var key = string.Join(", ", Columns(type).Where(c => c.Key).Select(c => c.Name));
        return $"CREATE TABLE IF NOT EXISTS {Name(type, set)} ({string.Join(", ", columns)}, PRIMARY KEY ({key}));\n";
    }

    private IEnumerable<(string Name, string Type, bool Key)> Columns(Type type) => Mapped(type)
        .Select(p => (p.Column.Name!, SqlType(p.Type), p.Property.GetCustomAttribute<PrimaryKeyAttribute>() is not null));

    private static IEnumerable<(PropertyInfo Property, ColumnAttribute Column, Type Type)> Mapped(Type type) =>
        from property in type.GetProperties()
        let column = property.GetCustomAttribute<ColumnAttribute>()
        where column is not null
        select (property, column, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);

    private string SqlType(Type type) =>
        type == typeof(long) ? "BIGINT"
        : type == typeof(int) || type.IsEnum ? "INTEGER"
        : type == typeof(bool) ? database.IsSqlite ? "BIT" : "BOOLEAN"
        : type == typeof(string) ? "TEXT"
        : throw new NotSupportedException($"No column type for {type.Name}.");

    /// <summary>A queue's index holds only its members; the sweeper's hold only what it looks for.</summary>
    private static string Indexes(int set)
    {
        var item = Name(typeof(ItemRow), set);
        var report = Name(typeof(ReportRow), set);
        var hash = Name(typeof(ItemHashRow), set);
        var alike = Name(typeof(LookAlikeRow), set);
        var (hold, held) = (Name(typeof(HoldRow), set), Name(typeof(HoldItemRow), set));
        var (question, asked) = (Name(typeof(QuestionRow), set), Name(typeof(QuestionItemRow), set));
        var queues = string.Concat(
            WorkQueue.All.Select(QueueColumns.Name).Select(q =>
                $"CREATE INDEX IF NOT EXISTS {item}_{q} ON {item} (assigned_country, {q}) WHERE {q} IS NOT NULL;\n"));
        return queues + $"""
            CREATE UNIQUE INDEX IF NOT EXISTS {item}_report ON {item} (report_id, ordinal);
            CREATE INDEX IF NOT EXISTS {item}_url ON {item} (url_key);
            CREATE INDEX IF NOT EXISTS {item}_host ON {item} (host_key);
            CREATE INDEX IF NOT EXISTS {item}_domain ON {item} (domain_key);
            CREATE INDEX IF NOT EXISTS {item}_added ON {item} (added_at, number);
            CREATE INDEX IF NOT EXISTS {item}_changed ON {item} (changed_at);
            CREATE INDEX IF NOT EXISTS {item}_reference ON {item} (reference_key);
            CREATE INDEX IF NOT EXISTS {item}_refer_hosting ON {item} (refer_hosting) WHERE refer_hosting IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {item}_refer_assigned ON {item} (refer_assigned) WHERE refer_assigned IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {item}_refer_asked ON {item} (refer_asked) WHERE refer_asked IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {hash}_key ON {hash} (hash_key);
            CREATE INDEX IF NOT EXISTS {alike}_group ON {alike} (group_id);
            CREATE INDEX IF NOT EXISTS {hold}_due ON {hold} (ends_at) WHERE ended IS NULL;
            CREATE INDEX IF NOT EXISTS {held}_item ON {held} (item);
            CREATE INDEX IF NOT EXISTS {question}_due ON {question} (awaited_until) WHERE awaited_until IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {question}_agency ON {question} (agency, state);
            CREATE INDEX IF NOT EXISTS {asked}_item ON {asked} (item);
            CREATE INDEX IF NOT EXISTS {report}_number ON {report} (number);
            CREATE INDEX IF NOT EXISTS {report}_unfinished ON {report} (unfinished_since) WHERE unfinished_since IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {report}_orphan ON {report} (orphan_since) WHERE orphan_since IS NOT NULL;
            CREATE INDEX IF NOT EXISTS {report}_trust ON {report} (opinion_trust) WHERE opinion_trust IS NOT NULL;

            """;
    }
}
