using CPort.Actors.Intake;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Audit;

namespace CPort.Portal.Reports;

/// <summary>Lines of the own agency's streams and files that were not taken.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Continued">This is not the first page.</param>
public sealed record RejectionsModel(RejectionsAnswer Answer, bool Continued) : IShowsData
{
    // The page leaves out the reference, which is of the line's content.
    Shown IShowsData.What() => ((IShowsData)Answer).What() is var shown ? shown with { Fields = [.. shown.Fields.Where(f => f != "hotlineReference")] } : null!;
}

/// <summary>
/// <c>/app/rejections</c>: what was wrong with lines that were not taken, where in them, when and how often; nothing of what they said. For who answers for the
/// system that sends them.
/// </summary>
internal static class RejectionPages
{
    public const string Home = "/app/rejections";
    private const int Rows = 50;

    public static void MapRejectionPages(this IEndpointRouteBuilder pages) => pages.MapGet(Home, ListAsync).Needs(Deed.ListRejections);

    private static async Task<IResult> ListAsync(HttpContext http, IRejectionLog log, string? after = null)
    {
        var answer = await RejectionEndpoints.PageAsync(http.Features.Get<Caller>()!, log, Rows, after, http.RequestAborted);
        return Pages.Of<RejectionsView, RejectionsModel>(
            http, new RejectionsModel(answer, !string.IsNullOrEmpty(after)), p => p with { Title = p.Words["rejections.title"], Nav = p.Work });
    }
}
