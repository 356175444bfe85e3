using CPort.Domain.Agencies;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// Finds the reports whose opinions have another trust than their agencies have now. A report's row says whose words stand in it and how far they were
/// believed (<see cref="Of"/>); of these texts there are few, each is compared once, and its reports are found by the index. When is
/// <see cref="DirectoryLooks"/>'.
/// </summary>
internal sealed class OpinionTrust(Func<AgencyDirectory> directory, int limit)
{
    private readonly DirectoryLooks _looks = new();

    /// <summary>As <see cref="AccessTable.SetOf"/>: <c>,hotline-nl=1,interpol=2,</c>. Null: no opinion stands, or all are taken back with the report.</summary>
    public static string? Of(Report report) =>
        AccessTable.SetOf(report.Items.SelectMany(i => i.Trusts()).Distinct()
            .Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Agency}={(int)a.Trust}"))) is { Length: > 0 } text ? text : null;

    public async Task<IReadOnlyList<(string ReportId, Tenant Tenant)>> FindAsync(IDataContext db, int set, DateTimeOffset now)
    {
        var today = directory();
        if (!_looks.AreDue(today, now))
        {
            return [];
        }

        var found = new List<(string, Tenant)>();
        for (var text = await NextAsync(db, set, "").ConfigureAwait(false); text is not null && found.Count < limit;
            text = await NextAsync(db, set, text).ConfigureAwait(false))
        {
            if (IsOutOfDate(text, today))
            {
                var (those, left) = (text, limit - found.Count);
                found.AddRange((await ReadTables.Reports(db, set).Where(r => r.OpinionTrust == those).OrderBy(r => r.ReportId).Take(left)
                    .Select(r => new { r.ReportId, r.Tenant }).ToListAsync().ConfigureAwait(false)).Select(r => (r.ReportId, r.Tenant)));
            }
        }

        _looks.Have(found.Count > 0);
        return found;
    }

    private static bool IsOutOfDate(string text, AgencyDirectory today) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Any(one =>
        one.Split('=') is [var agency, var trust] && today.Find(AgencyId.Parse(agency)) is { } known
        && (int)known.PresentTrust != int.Parse(trust, CultureInfo.InvariantCulture));

    // One step in the index a text, however many reports have it.
    private static Task<string?> NextAsync(IDataContext db, int set, string after) =>
        ReadTables.Reports(db, set).Where(r => r.OpinionTrust != null && string.Compare(r.OpinionTrust, after) > 0)
            .OrderBy(r => r.OpinionTrust).Select(r => r.OpinionTrust).FirstOrDefaultAsync();
}
