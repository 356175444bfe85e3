using LinqToDB;
using LinqToDB.Async;
using CPort.Actors.Reports;

namespace CPort.Actors.Projections;

/// <summary>
/// Who sees that a report exists, by the read tables: for one that cannot be read from the journal and so cannot tell itself. What was never projected nobody
/// sees; operators have the list of what is stuck.
/// </summary>
public sealed class ReportSight(ReadModel model) : IReportSight
{
    public Task<bool> SeesAsync(Caller caller, ReportId report, CancellationToken cancellation)
    {
        var id = report.ToString();
        return model.QueryAsync(
            (db, set, _) => ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence)).AnyAsync(i => i.ReportId == id, cancellation),
            cancellation);
    }
}
