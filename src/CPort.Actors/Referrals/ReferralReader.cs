using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Referrals;

/// <summary>A page of an agency's referrals.</summary>
public sealed record ReferralQuery
{
    /// <summary>Empty: in whatever state.</summary>
    public ImmutableArray<ReferralState> States { get; init; } = [];
    public required int MaxResults { get; init; }

    /// <summary>Where the page before ended; null: the first page.</summary>
    public ReferralPlace? After { get; init; }
}

/// <summary>Where a page ended.</summary>
public sealed record ReferralPlace(int Urgent, int Score, long Ordering);

/// <summary>How many referrals of an agency stand so.</summary>
public sealed record ReferralCount(ReferralState State, bool Urgent, int Count);

/// <summary>
/// The referrals that one agency was given, urgent ones first, then by score, then the oldest. As current as the journal's follower, a second or so; a score
/// that changes between two pages may show a referral twice, or on neither.
/// </summary>
public sealed class ReferralReader(Database database)
{
    public async Task<(ImmutableArray<ReferralRow> Rows, ReferralPlace? Next)> PageAsync(Caller caller, ReferralQuery query, CancellationToken cancellation)
    {
        if (!AccessTable.AsksForItself(caller))
        {
            return ([], null);
        }

        await using var db = new DataConnection(database.DataOptions);
        var rows = Own(db, caller, query.States);
        if (query.After is { } after)
        {
            var (urgent, score, ordering) = (after.Urgent, after.Score, after.Ordering);
            rows = rows.Where(r => r.Urgent < urgent || (r.Urgent == urgent
                && (r.Score < score || (r.Score == score && r.OpenedOrdering > ordering))));
        }

        var found = await rows.OrderByDescending(r => r.Urgent).ThenByDescending(r => r.Score).ThenBy(r => r.OpenedOrdering).Take(query.MaxResults + 1)
            .ToListAsync(cancellation).ConfigureAwait(false);
        var page = found.Take(query.MaxResults).ToImmutableArray();
        return (page, found.Count > query.MaxResults ? new ReferralPlace(page[^1].Urgent, page[^1].Score, page[^1].OpenedOrdering) : null);
    }

    /// <summary>The row of one of the caller's own; null: there is none yet.</summary>
    public async Task<ReferralRow?> RowAsync(Caller caller, ReferralRef referral, CancellationToken cancellation)
    {
        var id = referral.ToString();
        await using var db = new DataConnection(database.DataOptions);
        return !AccessTable.AsksForItself(caller) ? null
            : await Own(db, caller).FirstOrDefaultAsync(r => r.ReferralId == id, cancellation).ConfigureAwait(false);
    }

    /// <summary>The agency's last referrals, the oldest of them first, with what holds of each.</summary>
    public async Task<ImmutableArray<(ReferralRow Row, ReferralSigns Signs)>> LastAsync(Caller caller, int count, CancellationToken cancellation)
    {
        await using var db = new DataConnection(database.DataOptions);
        if (!AccessTable.AsksForItself(caller) || await ReadTables.ServingAsync(db, cancellation).ConfigureAwait(false) is not { } serving)
        {
            return [];
        }

        var rows = await Own(db, caller).OrderByDescending(r => r.OpenedOrdering).Take(count).ToListAsync(cancellation).ConfigureAwait(false);
        var signs = (await ReferralScorer.SignsAsync(db, serving.Id, [.. rows.Select(r => r.ReferralId)], cancellation).ConfigureAwait(false))
            .ToDictionary(s => s.ReferralId);
        return
        [
            .. rows.OrderBy(r => r.OpenedOrdering).Select(r => (r, signs.GetValueOrDefault(r.ReferralId) ?? new ReferralSigns(r.ReferralId, 0, 0))),
        ];
    }

    /// <summary>How many were opened since a moment, of those that stand in one of these states (empty: in whatever state).</summary>
    public async Task<int> NewsAsync(Caller caller, ImmutableArray<ReferralState> states, DateTimeOffset since, CancellationToken cancellation)
    {
        if (!AccessTable.AsksForItself(caller))
        {
            return 0;
        }

        var ticks = since.UtcTicks;
        await using var db = new DataConnection(database.DataOptions);
        return await Own(db, caller, states).CountAsync(r => r.OpenedAt > ticks, cancellation).ConfigureAwait(false);
    }

    /// <summary>Urgent ones that a person has yet to acknowledge, the first to be due first.</summary>
    public async Task<ImmutableArray<ReferralRow>> AlertsAsync(Caller caller, int most, CancellationToken cancellation)
    {
        if (!AccessTable.AsksForItself(caller))
        {
            return [];
        }

        await using var db = new DataConnection(database.DataOptions);
        return
        [
            .. await Own(db, caller).Where(r => r.AlertDue > 0).OrderBy(r => r.AlertDue).ThenBy(r => r.OpenedOrdering).Take(most)
                .ToListAsync(cancellation).ConfigureAwait(false),
        ];
    }

    /// <summary>How many there are of each state, urgent ones apart.</summary>
    public async Task<ImmutableArray<ReferralCount>> CountsAsync(Caller caller, CancellationToken cancellation)
    {
        if (!AccessTable.AsksForItself(caller))
        {
            return [];
        }

        await using var db = new DataConnection(database.DataOptions);
        var counts = await Own(db, caller).GroupBy(r => new { r.State, r.Urgent })
            .Select(g => new { g.Key.State, g.Key.Urgent, Count = g.Count() }).ToListAsync(cancellation).ConfigureAwait(false);
        return [.. counts.Select(c => new ReferralCount(c.State, c.Urgent == 1, c.Count))];
    }

    /// <summary>The rows of the caller's agency; <paramref name="states"/>: that stand in one of these, left out or empty: in whatever state.</summary>
    private static IQueryable<ReferralRow> Own(DataConnection db, Caller caller, ImmutableArray<ReferralState>? states = null)
    {
        var (agency, tenant, which) = (caller.Agency.Value, caller.Tenant, states?.ToList() ?? []);
        var rows = db.GetTable<ReferralRow>().Where(r => r.Agency == agency && r.Tenant == tenant);
        return which.Count == 0 ? rows : rows.Where(r => which.Contains(r.State));
    }
}
