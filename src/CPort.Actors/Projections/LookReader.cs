using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// What of an agency waits for a second look, without what was said: how many have looked, the first among them, who they are (<see cref="Caller.Hand"/>; for
/// counting who is left, and shown to nobody), and the other agencies that were asked.
/// </summary>
public sealed record WaitingLook(
    string ReportId, int Ordinal, long Number, int Version, bool Urgent, DateTimeOffset Since, int Looked, ImmutableHashSet<string> By,
    ImmutableArray<string> Asked);

/// <summary>A page of them. <see cref="Next"/> is null on the last.</summary>
public sealed record WaitingLookPage(ImmutableArray<WaitingLook> Looks, PagePlace? Next, ReadPosition At);

/// <summary>How often those who looked second came to what the first had said, of items whose hotline the agency is.</summary>
public sealed record LookAgreement(long Settled, long Confirmed);

/// <summary>For who answers for an agency's second looks: also those of which nobody is left who could give one.</summary>
public sealed class LookReader(ReadModel model)
{
    /// <summary>Those of the caller's agency, urgent ones and the oldest first.</summary>
    public Task<WaitingLookPage> WaitingAsync(Caller caller, int maxResults, PagePlace? after, CancellationToken cancellation = default)
    {
        var (tenant, agency, max) = (caller.Tenant, caller.Agency.Value, Math.Clamp(maxResults, 1, ReadModel.MaxResults));
        return model.QueryAsync(async (db, set, at) =>
        {
            var rows = ReadTables.Items(db, set).Where(i => i.Tenant == tenant && i.Hotline == agency && i.QSecondLooks != null);
            if (after is { } c)
            {
                var urgent = c.Urgent;
                rows = rows.Where(i => (urgent && !i.Urgent)
                    || (i.Urgent == urgent && (i.QSecondLooks > c.Key || (i.QSecondLooks == c.Key && i.Key > c.Number))));
            }

            var found = await rows.OrderByDescending(i => i.Urgent).ThenBy(i => i.QSecondLooks).ThenBy(i => i.Key).Take(max + 1)
                .ToListAsync(cancellation).ConfigureAwait(false);
            return new WaitingLookPage(
                [.. found.Take(max).Select(Of)], found.Count > max ? PagePlace.After(found[max - 1], found[max - 1].QSecondLooks!.Value) : null, at);
        }, cancellation);
    }

    public Task<LookAgreement> AgreementAsync(Caller caller, CancellationToken cancellation = default) => model.QueryAsync(async (db, set, _) =>
    {
        var (tenant, agency) = (caller.Tenant, caller.Agency.Value);
        var settled = ReadTables.Items(db, set).Where(i => i.Tenant == tenant && i.Hotline == agency && i.Looks != null);
        return new LookAgreement(
            await settled.LongCountAsync(cancellation).ConfigureAwait(false),
            await settled.LongCountAsync(i => i.LookConfirmed, cancellation).ConfigureAwait(false));
    }, cancellation);

    private static WaitingLook Of(ItemRow row)
    {
        var by = Names(row.LookedBy).ToImmutableHashSet(StringComparer.Ordinal);
        return new WaitingLook(
            row.ReportId, row.Ordinal, row.Number, row.Version, row.Urgent, ReadRows.Time(row.QSecondLooks!.Value), by.Count, by, [.. Names(row.AskedToLook)]);
    }

    private static string[] Names(string? set) => set?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
