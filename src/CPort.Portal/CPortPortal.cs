using CPort.Actors.Personal;
using CPort.Api;
using CPort.Portal.Assets;
using CPort.Portal.Audit;
using CPort.Portal.Figures;
using CPort.Portal.Help;
using CPort.Portal.Home;
using CPort.Portal.Queues;
using CPort.Portal.Reports;
using CPort.Portal.Search;
using CPort.Portal.Selections;
using CPort.Portal.SignIn;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CPort.Portal;

/// <summary>
/// The access portal: pages for people at <c>/app</c>. Its endpoints call the same readers and gateways as the API's, with the <see cref="Caller"/> of the
/// person's session, so that one access table and one set of rules hold for both.
/// </summary>
public static class CPortPortal
{
    /// <summary>Everything comes from here, and nothing runs that is not in the one script; trusted types keep that script honest.</summary>
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types cport";

    public static IServiceCollection AddCPortPortal(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery(o =>
        {
            // In a header of our own the token would be as good; forms work without script.
            o.FormFieldName = "token";
            o.SuppressXFrameOptionsHeader = true;
        });
        services.TryAddSingleton<IPortalSessions, NoSessions>();
        services.AddSingleton<ReportPages>();
        services.AddSingleton<NextItem>();
        services.AddSingleton<PersonalStore>();
        return services;
    }

    /// <summary>
    /// Puts who looks into the request of a page, and of nothing else: the API takes no cookie (and pages take no key). After routing, before
    /// <see cref="CPortApi.UseCPortApi"/>, which asks for the rights.
    /// </summary>
    public static IApplicationBuilder UsePortalSessions(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (PageMetadata.Of(http) is not null && await http.RequestServices.GetRequiredService<IPortalSessions>().OfAsync(http) is { } session)
        {
            http.Features.Set(session);
            http.Features.Set(session.Caller);
        }

        await next(http);
    });

    /// <summary>The portal's routes. <see cref="UsePortalSessions"/> and <see cref="CPortApi.UseCPortApi"/> go before.</summary>
    public static WebApplication MapCPortPortal(this WebApplication app)
    {
        app.MapAssets();
        var pages = app.MapPages();
        pages.MapSignInPages();
        pages.MapHome();
        pages.MapQueues();
        pages.MapReports();
        pages.MapSelections();
        pages.MapSearch();
        pages.MapStatistics();
        pages.MapAudit();
        pages.MapHelp();

        // What is no page looks like what is none of this person's business.
        pages.Map("/app/{**rest}", Pages.Absent).Needs(Deed.CountItems);
        return app;
    }

    /// <summary>Endpoints whose answers are pages: problems too, with the headers of pages (<see cref="AnswerHeaders"/>), and forms of our own pages only.</summary>
    public static RouteGroupBuilder MapPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").WithMetadata(new PageMetadata(Problems.WriteAsync, Policy)).ExcludeFromDescription();
        pages.AddEndpointFilter(FormGuard.FilterAsync);
        return pages;
    }
}
