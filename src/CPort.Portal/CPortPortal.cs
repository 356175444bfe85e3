using CPort.Actors.Personal;
using CPort.Api;
using CPort.Portal.Admin;
using CPort.Portal.Assets;
using CPort.Portal.Audit;
using CPort.Portal.Breaks;
using CPort.Portal.Figures;
using CPort.Portal.Groups;
using CPort.Portal.Help;
using CPort.Portal.Home;
using CPort.Portal.Icse;
using CPort.Portal.Iwol;
using CPort.Portal.Live;
using CPort.Portal.Looks;
using CPort.Portal.Operations;
using CPort.Portal.Police;
using CPort.Portal.Queues;
using CPort.Portal.Reports;
using CPort.Portal.Requests;
using CPort.Portal.Rules;
using CPort.Portal.Search;
using CPort.Portal.Selections;
using CPort.Portal.SignIn;
using CPort.Portal.Told;
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

    private const int StartingSeconds = 5;

    private static readonly PageMetadata Metadata = new(Problems.WriteAsync, Policy);

    /// <summary>Under which the pages are.</summary>
    private static readonly PathString[] Roots = ["/app", "/signin", "/signout", "/help", "/accessibility", "/privacy"];

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
        services.AddSingleton<PoliceAgencies>();
        services.AddSingleton<ClosedHosts>();
        services.AddSingleton<LeftItems>();
        services.AddSingleton<PassedItems>();
        services.AddSingleton<NextItem>();
        services.AddSingleton<LiveNews>();
        services.TryAddSingleton<PersonalStore>();
        services.AddSingleton<Drafts>();
        services.TryAddSingleton<BreakLimits>();
        services.AddSingleton<BreakKeeper>();
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
        pages.MapLive();
        pages.MapReports();
        pages.MapRejectionPages();
        pages.MapTold();
        pages.MapRequests();
        pages.MapRules();
        pages.MapSecondLooks();
        pages.MapIcse();
        pages.MapIwol();
        pages.MapGroups();
        pages.MapInbox();
        pages.MapReferrals();
        pages.MapHolds();
        pages.MapSelections();
        pages.MapSearch();
        pages.MapStatistics();
        pages.MapAudit();
        pages.MapPeople();
        pages.MapAgencies();
        pages.MapWebhooks();
        pages.MapOperations();
        pages.MapHelp();
        pages.MapBreaks();

        // What is no page looks like what is none of this person's business.
        pages.Map("/app/{**rest}", Pages.Absent).Needs(Deed.CountItems);
        return app;
    }

    /// <summary>
    /// A node that does not serve yet, as a page: what it waits for, and it loads itself again. For requests of browsers before routing.
    /// </summary>
    public static Task WriteStartingAsync(HttpContext http, string reason)
    {
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(Metadata), "starting"));
        http.Response.Headers.RetryAfter = Seconds(StartingSeconds);
        http.Response.Headers["Refresh"] = Seconds(StartingSeconds);
        return Pages.Of<MessageView, Message>(
            http, new Message("starting", reason), p => p with { Title = p.Words["starting.title"], Done = null }, StatusCodes.Status503ServiceUnavailable)
            .ExecuteAsync(http);

        static string Seconds(int seconds) => seconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>It is a page that a browser wants.</summary>
    public static bool IsForPeople(HttpRequest request) => (HttpMethods.IsGet(request.Method) || HttpMethods.IsPost(request.Method))
        && Roots.Any(r => request.Path.StartsWithSegments(r, StringComparison.Ordinal))
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Endpoints whose answers are pages: problems too, with the headers of pages (<see cref="AnswerHeaders"/>), and forms of our own pages only.</summary>
    public static RouteGroupBuilder MapPages(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").WithMetadata(Metadata).ExcludeFromDescription();
        pages.AddEndpointFilter(FormGuard.FilterAsync);
        return pages;
    }
}
