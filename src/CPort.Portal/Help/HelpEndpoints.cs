namespace CPort.Portal.Help;

/// <summary>A page that explains: its sections are the texts <c>{Key}.1.title</c>, <c>{Key}.1.text</c> and on.</summary>
public sealed record HelpModel(string Key, bool Keys = false);

/// <summary><c>/help</c>, <c>/accessibility</c>, <c>/privacy</c>: for everybody, signed in or not, at the same place on each page (WCAG 3.2.6).</summary>
internal static class HelpEndpoints
{
    public static void MapHelp(this IEndpointRouteBuilder pages)
    {
        foreach (var key in new[] { "help", "accessibility", "privacy" })
        {
            pages.MapGet($"/{key}", (HttpContext http) => Pages.Of<HelpView, HelpModel>(
                http, new HelpModel(key, key == "help"), p => p with { Title = p.Words[$"{key}.title"] })).Needs(Deed.SeeService);
        }
    }
}
