using CPort.Actors.Reports;
using CPort.Domain.Reports;

namespace CPort.Portal.Police;

/// <summary>
/// The hosts of items, closed as everywhere (<see cref="UrlMask"/>): asked of the items' own reports, since no table holds a URL in the clear. A list is there
/// without those that do not answer in time.
/// </summary>
internal sealed class ClosedHosts(IReportGateway gateway)
{
    private const int AtOnce = 8;

    public async Task<IReadOnlyDictionary<string, string>> OfAsync(HttpContext http, IEnumerable<string> items)
    {
        var (caller, show) = (http.Features.Get<Caller>()!, http.Features.Get<PortalSession>()!.ShowHosts);
        var hosts = new System.Collections.Concurrent.ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await Panels.WithinAsync(http, async cancellation =>
        {
            await Parallel.ForEachAsync(
                items.Distinct(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (id, stop) =>
                {
                    if (ItemRef.TryParse(id, out var item)
                        && await gateway.GetAsync(new GetReport { ReportId = item.Report, Caller = caller, FromOrdinal = item.Ordinal, MaxItems = 1 }, stop)
                            is { Items: [{ Secrets.Url: { Length: > 0 } url } view] } && view.Item.Ordinal == item.Ordinal)
                    {
                        hosts[id] = UrlMask.HostOf(url, show);
                    }
                });
            return true;
        });
        return hosts;
    }
}
