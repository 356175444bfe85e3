using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Portal.Breaks;

namespace CPort.Portal.Queues;

/// <summary>
/// The next item of a queue for one person: the server holds it for that person before the page opens, so that nobody works on what another has open. Lists
/// lag a little behind; the report itself says whether the item stands in the queue and can be had.
/// </summary>
internal sealed class NextItem(
    QueueReader queues, IReportGateway gateway, LeftItems left, PassedItems passed, BreakKeeper breaks, TimeProvider time)
{
    /// <summary>Items asked for one after the other before giving up: so many could have been taken since the list was made.</summary>
    private const int Tries = 60;

    /// <summary>Pages of the queue looked through.</summary>
    private const int Pages = 20;

    /// <summary>A list that is further behind than this is no proof that nothing waits.</summary>
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(2);

    /// <summary>Holds the next and leads to it; when there is none, to the queue.</summary>
    /// <param name="http">The request.</param>
    /// <param name="form">Gives the commands their ids.</param>
    /// <param name="round">Through which queue, and how.</param>
    /// <param name="not">The item that was just worked on: lists may show it still.</param>
    /// <param name="after">What was done with it: a text's name.</param>
    public async Task<IResult> GoAsync(HttpContext http, Form form, Round round, (ReportId Report, int Item)? not = null, string after = "assessed")
    {
        var (wanted, asked, part, passing) = (round.Queue, 0, 1, false);
        var skipped = await passed.OfAsync(form.Caller, http.RequestAborted);
        PagePlace? place = null;
        bool? rests = null;
        for (var pages = 0; pages < Pages; pages++)
        {
            var page = await queues.PageAsync(
                form.Caller, new QueueQuery { Queue = wanted, Order = round.Order, Filter = round.Filter, MaxResults = QueueEndpoints.Rows, After = place },
                http.RequestAborted);
            foreach (var row in page.Items.Where(i => !i.Held || i.Row.LeaseAgency == form.Caller.Agency.Value).Select(i => i.Row))
            {
                var target = (Report: ReportId.Parse(row.ReportId), Item: row.Ordinal);
                if (target == not || left.Has(wanted, target, row.Version))
                {
                    continue;
                }

                if (skipped.Contains(new ItemRef(target.Report, target.Item)))
                {
                    passing = true;
                    continue;
                }

                // Between two items, and never before an urgent one.
                if (!row.Urgent && (rests ??= await breaks.IsDueAsync(form.Caller, http.RequestAborted)))
                {
                    return Shell.Pages.After(Round.From("/app/break", round), not is not null ? after : null);
                }

                if (asked++ == Tries)
                {
                    return Shell.Pages.After(round.Address, "behind");
                }

                if (await StandsInAsync(form.Caller, target, wanted, http.RequestAborted)
                    && await ClaimAsync(http, form, target, part++))
                {
                    return Shell.Pages.After(
                        Round.From($"/app/reports/{target.Report}/items/{target.Item}", round), not is null ? null : after == "assessed" ? "next" : after);
                }
            }

            if ((place = page.Next) is null)
            {
                return Shell.Pages.After(
                    round.Address,
                    page.At.Lag > Behind ? "behind" : passing || after == "passed" ? "onlyPassed" : not is not null ? "last" : "empty");
            }
        }

        return Shell.Pages.After(round.Address, "behind");
    }

    private async Task<bool> ClaimAsync(HttpContext http, Form form, (ReportId Report, int Item) target, int part)
    {
        var claim = new ClaimItems { ReportId = target.Report, Context = form.Context(part), Items = [new ItemTarget { Ordinal = target.Item }] };
        var reply = await gateway.SendAsync(claim, http.RequestAborted);
        return reply is { Outcome: CommandOutcome.Accepted or CommandOutcome.Duplicate, Items: [{ Accepted: true }] };
    }

    /// <summary>Whether the item, as its report knows it now, is in the queue still; that it is not is remembered for a while.</summary>
    private async Task<bool> StandsInAsync(Caller caller, (ReportId Report, int Item) target, WorkQueue queue, CancellationToken cancellation)
    {
        var page = await gateway.GetAsync(
            new GetReport { ReportId = target.Report, Caller = caller, FromOrdinal = target.Item, MaxItems = 1 }, cancellation);
        if (page.Items is not [var view] || view.Item.Ordinal != target.Item)
        {
            return false;
        }

        if (view.Item.Lease is { } lease && lease.Until > time.GetUtcNow() && lease.KeyId != caller.KeyId)
        {
            // A colleague has it: it may come back to the queue.
            return false;
        }

        // Whose work it is sees all that the queue asks for; from others it is hidden, and the claim decides.
        if (view.State is null || queue.Holds(view.Item))
        {
            return true;
        }

        left.Note(queue, target, view.Item.Version);
        return false;
    }
}
