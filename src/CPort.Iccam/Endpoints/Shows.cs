using System.Text.Json;

namespace CPort.Iccam.Endpoints;

/// <summary>
/// An answer with 200, which is the one status that clients take for success, as JSON without an envelope; says which data it shows, so that the read hook can
/// write that down before it leaves.
/// </summary>
internal sealed class Shows<T>(T value, Shown shown) : IResult, IShowsData
{
    Shown IShowsData.What() => shown;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        return httpContext.Response.WriteAsJsonAsync(value, IccamJson.Options, "application/json", httpContext.RequestAborted);
    }
}

internal static class Shows
{
    /// <summary>What shows nothing of anybody: a number, a list of codes.</summary>
    public static IResult Plain<T>(T value) => new Shows<T>(value, new Shown([], []));

    public static IResult View<T>(string name, IReadOnlyCollection<T> rows) => new Shows<IReadOnlyCollection<T>>(rows, Shown.View(name, rows.Count));

    /// <summary>Done: 200 without a body.</summary>
    public static IResult Done { get; } = Results.Ok();

    public static AuditObject Item(ReportId report, int ordinal) => new(AuditObjectKind.Item, new ItemRef(report, ordinal).ToString());
}
