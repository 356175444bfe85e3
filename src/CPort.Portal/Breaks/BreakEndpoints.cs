using CPort.Portal.Queues;

namespace CPort.Portal.Breaks;

/// <summary>How much has been looked at since the last break, for who did.</summary>
/// <param name="Exposure">Of the person who looks.</param>
/// <param name="From">The round that the person is on; null: none.</param>
public sealed record BreakModel(Exposure Exposure, Round? From);

/// <summary>
/// <c>/app/break</c>: stands between two items when an agency's limit is reached. Calm, and without anything of a report. Urgent items do not wait.
/// </summary>
internal static class BreakEndpoints
{
    public static void MapBreaks(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/break", async (HttpContext http, BreakKeeper breaks, string? from = null) => Pages.Of<BreakView, BreakModel>(
            http, new BreakModel(await breaks.OfAsync(http.Features.Get<Caller>()!, http.RequestAborted), Round.Parse(from)),
            p => p with { Title = p.Words["break.title"], Nav = NavEntry.Home })).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/break", async (HttpContext http, BreakKeeper breaks) =>
        {
            await breaks.TakenAsync(http.Features.Get<Caller>()!, http.RequestAborted);
            return Pages.After("/app", "break");
        }).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/break/later", async (HttpContext http, BreakKeeper breaks, NextItem next) =>
        {
            var form = await Form.ReadAsync(http);
            await breaks.PutOffAsync(form.Caller, http.RequestAborted);
            return Round.Parse(form.Text("from")) is { } round ? await next.GoAsync(http, form, round) : Pages.After("/app");
        }).Needs(Deed.WorkOnReports);
    }
}
