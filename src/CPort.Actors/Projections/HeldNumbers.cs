using CPort.Actors.Intake;
using CPort.Domain.Reports.Verbs;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// Which numbers are in use: by the read tables, and by the newest events, which are sealed and may not stand in the tables yet. An item's number is taken
/// after its report's, so items suffice.
/// </summary>
public sealed class HeldNumbers(ReadTables tables, JournalReader journal) : IHeldNumbers
{
    /// <summary>The newest rows tell of about the newest numbers; <see cref="NumberAllocator.Leap"/> is for what they do not.</summary>
    private const int Within = 5_000;

    private const int Opened = 200;

    private static readonly Type[] WithNumbers = [typeof(ReportSubmitted), typeof(ItemsAdded), typeof(ItemSeenOnlineAgain), typeof(ItemReopened)];

    public async Task<long> HighestAsync(Tenant tenant, CancellationToken cancellation)
    {
        var highest = await InTablesAsync(tenant, cancellation).ConfigureAwait(false);
        foreach (var e in await journal.NewestAsync(WithNumbers, Within, Opened, cancellation).ConfigureAwait(false))
        {
            if (e.Event is { } of && of.Meta.Tenant == tenant)
            {
                highest = Math.Max(highest, HighestIn(of));
            }
        }

        return highest;
    }

    internal static long HighestIn(IReportEvent e) => e switch
    {
        ReportSubmitted submitted => submitted.Items.Select(i => i.Number).Append(submitted.Number).Max(),
        ItemsAdded added => added.Items.Select(i => i.Number).DefaultIfEmpty(0).Max(),
        ItemSeenOnlineAgain again => again.Occurrence.Number,
        ItemReopened reopened => reopened.Occurrence.Number,
        _ => 0,
    };

    private async Task<long> InTablesAsync(Tenant tenant, CancellationToken cancellation)
    {
        await using var db = tables.Connect();
        if (await ReadTables.ServingAsync(db, cancellation).ConfigureAwait(false) is not { } serving)
        {
            return 0;
        }

        // By the key: one look at the index.
        var (from, to) = (ReadRows.KeyOf(tenant, 0), ReadRows.KeyOf(tenant, NumberAllocator.Limit - 1));
        var highest = await ReadTables.Items(db, serving.Id).Where(i => i.Key >= from && i.Key <= to).OrderByDescending(i => i.Key)
            .Select(i => (long?)i.Key).FirstOrDefaultAsync(cancellation).ConfigureAwait(false);
        return highest is { } key ? ReadRows.NumberOf(key) : 0;
    }
}
