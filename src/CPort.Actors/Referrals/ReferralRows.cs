using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Referrals;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace CPort.Actors.Referrals;

/// <summary>A referral in its agency's list. What it says stands in the entity alone.</summary>
[Table("cport_inbox")]
public sealed record ReferralRow
{
    [Column("referral_id"), PrimaryKey] public string ReferralId { get; init; } = "";
    [Column("key_id")] public string KeyId { get; init; } = "";
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("agency")] public string Agency { get; init; } = "";
    [Column("why")] public ReferralWhy Why { get; init; }
    [Column("state")] public ReferralState State { get; init; }

    /// <summary>1: it is.</summary>
    [Column("urgent")] public int Urgent { get; init; }
    [Column("opened_at")] public long OpenedAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }
    [Column("items")] public int Items { get; init; }

    /// <summary>1: somebody has yet to be told.</summary>
    [Column("owes")] public int Owes { get; init; }

    /// <summary>Where in the journal it was opened: no two at one place.</summary>
    [Column("opened_ordering")] public long OpenedOrdering { get; init; }

    /// <summary>When it goes further unless a person says before that it was seen; 0: nothing waits.</summary>
    [Column("alert_due")] public long AlertDue { get; init; }

    /// <summary>Its first item: the report's id, a hyphen, the ordinal.</summary>
    [Column("first_item")] public string FirstItem { get; init; } = "";

    /// <summary>The country by which its items concern the agency; null: they were referred by hand.</summary>
    [Column("country")] public string? Country { get; init; }

    /// <summary>Who answered last: a key or a person of the agency. Null: nobody yet.</summary>
    [Column("answered_by")] public string? AnsweredBy { get; init; }

    // What the scorer says of it, which is not in the journal (ReferralScorer).

    /// <summary>0 to 100, by its agency's rules.</summary>
    [Column("score")] public int Score { get; init; }

    /// <summary>By which version of them; 0: by CPort's own.</summary>
    [Column("score_version")] public int ScoreVersion { get; init; }

    /// <summary>The sum: which signal gave how much.</summary>
    [Column("score_terms")] public string ScoreTerms { get; init; } = "";

    /// <summary>What there is of what police needs, of one item or another (<see cref="Completeness.Bits"/>).</summary>
    [Column("complete_with")] public int CompleteWith { get; init; }

    /// <summary>0: not since it changed.</summary>
    [Column("scored_at")] public long ScoredAt { get; init; }
}

/// <summary>An item of a referral.</summary>
[Table("cport_inbox_item")]
public sealed record ReferralItemRow
{
    [Column("referral_id"), PrimaryKey(1)] public string ReferralId { get; init; } = "";
    [Column("report_id"), PrimaryKey(2)] public string ReportId { get; init; } = "";
    [Column("ordinal"), PrimaryKey(3)] public int Ordinal { get; init; }
    [Column("key_id")] public string KeyId { get; init; } = "";
    [Column("tenant")] public Tenant Tenant { get; init; }
    [Column("agency")] public string Agency { get; init; } = "";
}

/// <summary>
/// The referrals' own read table, and how far in the journal it is. Written by one follower at a time: the position moves in the rows' transaction, and who
/// finds it elsewhere than where it left it writes nothing.
/// </summary>
public sealed class ReferralRows(Database database, JournalTail journal, JournalSeal seal)
{
    /// <summary>Raise it when what a column means changes: the table is then written anew from the journal.</summary>
    private const int Version = 2;

    private readonly EntityPlace _place = new(journal, EntityKind.Referral, Version, "cport_inbox", "cport_inbox_item");

    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_inbox (referral_id VARCHAR(40) NOT NULL PRIMARY KEY, key_id VARCHAR(26) NOT NULL, tenant INTEGER NOT NULL,
          agency VARCHAR(64) NOT NULL, why INTEGER NOT NULL, state INTEGER NOT NULL, urgent INTEGER NOT NULL, opened_at BIGINT NOT NULL,
          changed_at BIGINT NOT NULL, items INTEGER NOT NULL, owes INTEGER NOT NULL, opened_ordering BIGINT NOT NULL, alert_due BIGINT NOT NULL,
          first_item VARCHAR(40) NOT NULL, country VARCHAR(2) NULL, answered_by VARCHAR(64) NULL,
          score INTEGER NOT NULL, score_version INTEGER NOT NULL, score_terms VARCHAR(400) NOT NULL, complete_with INTEGER NOT NULL, scored_at BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS cport_inbox_order ON cport_inbox (agency, tenant, urgent, score, opened_ordering);
        CREATE INDEX IF NOT EXISTS cport_inbox_opened ON cport_inbox (agency, tenant, opened_at);
        CREATE INDEX IF NOT EXISTS cport_inbox_alert ON cport_inbox (alert_due) WHERE alert_due > 0;
        CREATE INDEX IF NOT EXISTS cport_inbox_scored ON cport_inbox (scored_at);
        CREATE TABLE IF NOT EXISTS cport_inbox_item (referral_id VARCHAR(40) NOT NULL, report_id VARCHAR(26) NOT NULL, ordinal INTEGER NOT NULL,
          key_id VARCHAR(26) NOT NULL, tenant INTEGER NOT NULL, agency VARCHAR(64) NOT NULL, PRIMARY KEY (referral_id, report_id, ordinal));
        CREATE INDEX IF NOT EXISTS cport_inbox_item_item ON cport_inbox_item (report_id, ordinal);
        CREATE INDEX IF NOT EXISTS cport_inbox_item_key ON cport_inbox_item (key_id);
        CREATE INDEX IF NOT EXISTS cport_inbox_key ON cport_inbox (key_id);
        CREATE INDEX IF NOT EXISTS cport_inbox_owes ON cport_inbox (changed_at) WHERE owes = 1;
        CREATE TABLE IF NOT EXISTS cport_inbox_position (version INTEGER NOT NULL PRIMARY KEY, position BIGINT NOT NULL);
        """, cancellation);

    /// <summary>Takes the table forward, one stretch of the journal at most. Answers whether it is where the journal is complete.</summary>
    public async Task<bool> AdvanceAsync(CancellationToken cancellation)
    {
        await using var db = new DataConnection(database.DataOptions);
        if (await _place.NextAsync(db, cancellation).ConfigureAwait(false) is not { } stretch)
        {
            return true;
        }

        var (rows, items) = (new List<ReferralRow>(), new List<ReferralItemRow>());
        var written = new List<string>();
        foreach (var key in stretch.Entities)
        {
            if (await RowsAsync(key, stretch.UpTo, cancellation).ConfigureAwait(false) is { } made)
            {
                rows.AddRange(made.Rows);
                items.AddRange(made.Items);
                written.Add(key[EntityKind.Referral.Prefix.Length..]);
            }
        }

        await using var transaction = await db.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        if (!await _place.MoveAsync(db, stretch, cancellation).ConfigureAwait(false))
        {
            return false;
        }

        foreach (var part in written.Chunk(500))
        {
            var some = part.ToList();
            var scored = (await db.GetTable<ReferralRow>().Where(r => some.Contains(r.KeyId)).ToListAsync(cancellation).ConfigureAwait(false))
                .ToDictionary(r => r.ReferralId);
            await db.GetTable<ReferralRow>().Where(r => some.Contains(r.KeyId)).DeleteAsync(cancellation).ConfigureAwait(false);
            rows = [.. rows.Select(r => scored.TryGetValue(r.ReferralId, out var was) ? r with
            {
                Score = was.Score, ScoreVersion = was.ScoreVersion, ScoreTerms = was.ScoreTerms, CompleteWith = was.CompleteWith,
            } : r)];

            // They never become fewer.
            var held = (await db.GetTable<ReferralItemRow>().Where(i => some.Contains(i.KeyId)).ToListAsync(cancellation).ConfigureAwait(false)).ToHashSet();
            items.RemoveAll(held.Contains);
        }

        if (rows.Count > 0)
        {
            await db.GetTable<ReferralRow>().BulkCopyAsync(new BulkCopyOptions { BulkCopyType = BulkCopyType.MultipleRows }, rows, cancellation)
                .ConfigureAwait(false);
        }

        if (items.Count > 0)
        {
            await db.GetTable<ReferralItemRow>().BulkCopyAsync(new BulkCopyOptions { BulkCopyType = BulkCopyType.MultipleRows }, items, cancellation)
                .ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        _place.Moved(stretch);
        return stretch.IsAll;
    }

    /// <summary>Referrals that still owe somebody, and have not changed since.</summary>
    public async Task<ImmutableArray<string>> OwingAsync(DateTimeOffset since, int limit, CancellationToken cancellation)
    {
        await using var db = new DataConnection(database.DataOptions);
        var ticks = since.UtcTicks;
        return [.. (await db.GetTable<ReferralRow>().Where(r => r.Owes == 1 && r.ChangedAt < ticks).OrderBy(r => r.ChangedAt).Select(r => r.KeyId).Take(limit)
            .ToListAsync(cancellation).ConfigureAwait(false)).Distinct()];
    }

    /// <summary>Keys of those with an alert that nobody acknowledged in time.</summary>
    public async Task<ImmutableArray<string>> UnacknowledgedAsync(DateTimeOffset now, int limit, CancellationToken cancellation)
    {
        await using var db = new DataConnection(database.DataOptions);
        var ticks = now.UtcTicks;
        return [.. (await db.GetTable<ReferralRow>().Where(r => r.AlertDue > 0 && r.AlertDue <= ticks).OrderBy(r => r.AlertDue).Select(r => r.KeyId).Take(limit)
            .ToListAsync(cancellation).ConfigureAwait(false)).Distinct()];
    }

    /// <summary>
    /// Referrals that their agency has not come to an end with, and that are no work of its any more, since it is closed or works for their country no longer;
    /// each with who has them from now on.
    /// </summary>
    /// <param name="members">Who works for which country today.</param>
    /// <param name="police">Whom a country's items are given to today.</param>
    /// <param name="limit">Of one agency and country at most.</param>
    /// <param name="cancellation">Ends the question.</param>
    public async Task<ImmutableArray<(ReferralRef Referral, AgencyId To)>> StrandedAsync(
        IMembership members, IReadOnlyDictionary<string, AgencyId> police, int limit, CancellationToken cancellation)
    {
        await using var db = new DataConnection(database.DataOptions);
        var works = Referral.WorkStates.ToList();
        var held = await db.GetTable<ReferralRow>().Where(r => works.Contains(r.State) && r.Country != null).Select(r => new { r.Agency, r.Country }).Distinct()
            .ToListAsync(cancellation).ConfigureAwait(false);
        var stranded = ImmutableArray.CreateBuilder<(ReferralRef, AgencyId)>();
        foreach (var of in held)
        {
            if (police.TryGetValue(of.Country!, out var to) && !members.CountriesOf(AgencyId.Parse(of.Agency)).Contains(Country.Parse(of.Country!)))
            {
                var ids = await db.GetTable<ReferralRow>().Where(r => works.Contains(r.State) && r.Agency == of.Agency && r.Country == of.Country)
                    .OrderBy(r => r.OpenedOrdering).Select(r => r.ReferralId).Take(limit).ToListAsync(cancellation).ConfigureAwait(false);
                stranded.AddRange(ids.Select(id => (ReferralRef.Parse(id), to)));
            }
        }

        return stranded.ToImmutable();
    }

    /// <summary>The rows of one key; null: its events cannot be read, and its rows stay as they are (its entity is stuck and named).</summary>
    private async Task<(ReferralRow[] Rows, ReferralItemRow[] Items)?> RowsAsync(string persistenceId, long upTo, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var command = connection.Statement("""
            SELECT ordering, sequence_number, message, manifest FROM journal WHERE persistence_id = @id AND ordering <= @to ORDER BY sequence_number
            """, ("id", persistenceId), ("to", upTo));
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var (book, opened) = (ReferralBook.None, new Dictionary<int, long>());
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                var row = new SealedRow(reader.IsDBNull(3) ? "" : reader.GetString(3), (byte[])reader.GetValue(2));
                book = ReferralRules.Apply(book, (IReferralEvent)seal.OpenEvent(persistenceId, reader.GetInt64(1), row));
            }
            catch (Exception e) when (!Faults.IsPassing(e))
            {
                return null;
            }

            opened.TryAdd(book.Referrals.Count, reader.GetInt64(0));
        }

        string Id(Referral r) => new ReferralRef(book.Key, r.Number).ToString();
        return (
        [
            .. book.Referrals.Select(r => new ReferralRow
            {
                ReferralId = Id(r), KeyId = book.Key.ToString(), Tenant = book.Tenant, Agency = book.Agency.Value,
                Why = book.Why, State = r.State, Urgent = r.Urgent ? 1 : 0, OpenedAt = r.OpenedAt.UtcTicks, ChangedAt = r.ChangedAt.UtcTicks,
                Items = r.Items.Count, Owes = r.Owes ? 1 : 0, OpenedOrdering = opened[r.Number], AlertDue = r.AlertDue?.UtcTicks ?? 0,
                FirstItem = r.Items[0].Item.ToString(),
                Country = r.Items.Select(i => i.Country).FirstOrDefault(c => c is not null)?.Code, AnsweredBy = r.Lines is [.., var last] ? last.KeyId : null,
            }),
        ],
        [
            .. book.Referrals.SelectMany(r => r.Items.Select(i => new ReferralItemRow
            {
                ReferralId = Id(r), ReportId = i.Item.Report.ToString(), Ordinal = i.Item.Ordinal, KeyId = book.Key.ToString(), Tenant = book.Tenant,
                Agency = book.Agency.Value,
            })),
        ]);
    }
}
