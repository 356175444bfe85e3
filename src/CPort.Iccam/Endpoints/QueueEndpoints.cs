using CPort.Actors.Projections;
using CPort.Api.Queues;
using CPort.Domain.Queues;
using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary><c>rest/Content/{queue}</c>: plain arrays of numbers, oldest assignment first, what belongs to one report together.</summary>
internal static class QueueEndpoints
{
    /// <summary>Where nothing is said, and at most: a client that asks for 500 gets these, and the others when these have left the queue.</summary>
    private const int MaxResults = ReadModel.MaxResults;

    /// <summary>
    /// A client moves its window on whether or not it got all, and never asks for what lies before it again: what is still in the queue is given though it is a
    /// day older.
    /// </summary>
    private static readonly TimeSpan Older = TimeSpan.FromDays(1);

    public static void MapQueues(this IEndpointRouteBuilder rest, IccamServices all)
    {
        // Where several hotlines share a country, nobody has an item before one of them works on it, and clients ask for nothing but no-reference: they see it
        // there, and whoever names it first has it.
        Map("no-reference", "countryAssignmentStartDate", WorkQueue.NoReference, WorkQueue.UnassignedToHotline);
        Map("unassessed", "countryAssignmentStartDate", WorkQueue.Unassessed);
        Map("unactioned", "countryAssignmentStartDate", WorkQueue.Unactioned);
        Map("unassigned-to-hotline", "countryAssignmentStartDate", WorkQueue.UnassignedToHotline);
        Map("orphaned", "countryAssignmentStartDate", WorkQueue.Orphaned);
        Map("offline", "hotlineAssignmentStartDate", WorkQueue.Offline);

        void Map(string name, string date, params WorkQueue[] queues) =>
            rest.OnGet($"/Content/{name}", http => ListAsync(http, all, date, queues)).Needs(Deed.ListItems).WithName($"IccamQueue-{name}");
    }

    private static async Task<IResult> ListAsync(HttpContext http, IccamServices all, string date, WorkQueue[] queues)
    {
        var me = IccamCaller.Of(http);
        var max = int.TryParse(RequestReader.Query(http, "maxResults"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0
            ? Math.Min(given, MaxResults) : MaxResults;

        // What cannot be read filters nothing: too much is imported once, too little is lost.
        DateTimeOffset? from = DateTimeOffset.TryParse(
            RequestReader.Query(http, date), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var start)
            && start > DateTimeOffset.UnixEpoch ? start - Older : null;
        var found = new List<ListedItemAnswer>();
        foreach (var queue in queues)
        {
            var page = await all.Queues.PageAsync(me.Caller, new QueueQuery { Queue = queue, From = from, MaxResults = max }, http.RequestAborted);
            found.AddRange(page.Items.Select(ListedItemAnswer.Of));
        }

        var rows = found.GroupBy(i => i.ReportNumber).OrderBy(g => g.Min(i => i.AgeFrom)).ThenBy(g => g.Key)
            .SelectMany(g => g.OrderBy(i => i.AgeFrom).ThenBy(i => i.Number)).Take(max).ToList();
        return new Shows<IReadOnlyList<QueueRow>>(
            [
                .. rows.Select(i => new QueueRow
                {
                    ReportId = i.ReportNumber, ContentId = i.Number, CountryAssignmentDate = i.CountryAssignmentDate,
                    HotlineAssignmentDate = i.HotlineAssignmentDate,
                    AssignedCountryCode = me.Style.TryCountry(i.AssignedCountry, out var country) ? me.Style.Write(country) : null,
                }),
            ],
            ListedItemAnswer.Shown(rows));
    }
}
