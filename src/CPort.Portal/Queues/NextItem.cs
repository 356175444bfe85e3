using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Queues;

/// <summary>
/// The next item of a queue for one person: the server holds it for that person before the page opens, so that nobody works on what another has open. Lists
/// lag a little behind; the report itself says whether the item can be had.
/// </summary>
internal sealed class NextItem(QueueReader queues, IReportGateway gateway)
{
    /// <summary>Items asked for one after the other before giving up: so many could have been taken since the list was made.</summary>
    private const int Tries = 25;

    /// <summary>Holds the next and leads to it; when there is none, to the queue.</summary>
    /// <param name="http">The request.</param>
    /// <param name="form">Gives the commands their ids; its field <c>order</c> the queue's order.</param>
    /// <param name="queue">The queue's name.</param>
    /// <param name="not">The item that was just worked on: lists may show it still.</param>
    public async Task<IResult> GoAsync(HttpContext http, Form form, string queue, (ReportId Report, int Item)? not = null)
    {
        var order = form.Text("order") == "priority" ? QueueOrder.Priority : QueueOrder.OldestFirst;
        var page = await queues.PageAsync(
            form.Caller, new QueueQuery { Queue = WorkQueue.Find(queue)!, Order = order, MaxResults = QueueEndpoints.Rows }, http.RequestAborted);
        var part = 1;
        foreach (var row in page.Items.Where(i => !i.Held || i.Row.LeaseAgency == form.Caller.Agency.Value).Take(Tries))
        {
            var target = (Report: ReportId.Parse(row.Row.ReportId), Item: row.Row.Ordinal);
            if (target == not)
            {
                continue;
            }

            var claim = new ClaimItems
            {
                ReportId = target.Report, Context = form.Context(part++), Items = [new ItemTarget { Ordinal = target.Item }],
            };
            var reply = await gateway.SendAsync(claim, http.RequestAborted);
            if (reply is { Outcome: CommandOutcome.Accepted, Items: [{ Accepted: true }] }
                && await StandsInAsync(form.Caller, target, queue, http.RequestAborted))
            {
                return Pages.After($"/app/reports/{target.Report}/items/{target.Item}?from={queue}", not is null ? "next" : null);
            }
        }

        return Pages.After($"/app/queues/{queue}", not is not null ? "last" : "empty");
    }

    /// <summary>Whether the item, as its report knows it now, is in the queue still: lists lag behind what was just done.</summary>
    private async Task<bool> StandsInAsync(Caller caller, (ReportId Report, int Item) target, string queue, CancellationToken cancellation)
    {
        var page = await gateway.GetAsync(
            new GetReport { ReportId = target.Report, Caller = caller, FromOrdinal = target.Item, MaxItems = 1 }, cancellation);
        return page.Items is [var view] && (view.State is not { } state || queue switch
        {
            "unassessed" => state is ItemState.Unassessed or ItemState.AssignedToCountry or ItemState.Orphaned,
            "unactioned" => state is ItemState.Unactioned or ItemState.Monitoring,
            _ => true,
        });
    }
}
