using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Confidential;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Tests.Shared;

/// <summary>Compares the read tables, row by row, with what follows from the journal's events.</summary>
public static class ReadModelReplay
{
    /// <summary>Every report and item has its row with the journal's facts, and nothing else is there.</summary>
    public static async Task AssertEqualAsync(Database database)
    {
        var reports = await JournalView.ReportsAsync(database);
        var seam = await JournalKeys.SeamAsync(database);
        await using var db = new DataConnection(database.DataOptions);
        var serving = await ReadTables.ServingAsync(db, default) ?? throw new InvalidOperationException("No read tables serve.");
        var reportRows = await ReadTables.Reports(db, serving.Id).ToListAsync();
        var itemRows = await ReadTables.Items(db, serving.Id).ToListAsync();
        Assert.Equal(reports.Values.Select(r => ReadRows.Of(r.State)).OrderBy(r => r.ReportId, StringComparer.Ordinal),
            reportRows.OrderBy(r => r.ReportId, StringComparer.Ordinal));
        Assert.All(itemRows, row => Assert.NotNull(row.HostKey));
        var expected = reports.Values.SelectMany(r => r.State.Items.Select(i => ReadRows.Of(seam, r.State, i)));
        Assert.Equal(expected.OrderBy(r => r.Number).Select(Opened), itemRows.OrderBy(r => r.Number).Select(Opened));

        // Sealed under whatever data key was the newest when the row was written.
        (ItemRow, ListedSecrets) Opened(ItemRow row) => (row with { Sealed = "" }, ReadRows.Secrets(seam, row));
    }
}
