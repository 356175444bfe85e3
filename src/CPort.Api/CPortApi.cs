using System.Data.Common;
using System.Diagnostics;
using Akka.Hosting;
using CPort.Actors.Agencies;
using CPort.Actors.Exchange;
using CPort.Actors.HashLists;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Actors.Personal;
using CPort.Actors.Reports;
using CPort.Api.Agencies;
using CPort.Api.Audit;
using CPort.Api.Exchange;
using CPort.Api.Groups;
using CPort.Api.Hashes;
using CPort.Api.Icse;
using CPort.Api.Iwol;
using CPort.Api.Looks;
using CPort.Api.Operators;
using CPort.Api.People;
using CPort.Api.Queues;
using CPort.Api.Wires;
using CPort.Domain.Confidential;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scalar.AspNetCore;

namespace CPort.Api;

/// <summary>The API as a whole: its services and its routes.</summary>
public static class CPortApi
{
    /// <summary>
    /// Registers what the API needs itself. From the node it expects: <see cref="TimeProvider"/>, <see cref="Actors.Agencies.AgencyDirectoryFeed"/>,
    /// <see cref="ConfidentialSeam"/>, <see cref="IHeldNumbers"/>, <see cref="Database"/> (with <see cref="RejectionLog.EnsureTableAsync"/> run at start), and
    /// <see cref="CPort.Actors.Audit.IAuditLog"/> with its readers, Akka.Hosting with the regions <see cref="ReportRegion"/> and <see
    /// cref="Actors.Agencies.AgencyRegion"/>. Each port can be replaced by registering it before.
    /// </summary>
    public static IServiceCollection AddCPortApi(this IServiceCollection services, CPortApiOptions? options = null)
    {
        options ??= new CPortApiOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DatabaseDoubts>();
        services.AddSingleton(options);
        services.AddSingleton(options.Intake);
        services.TryAddSingleton<IReportGateway>(s => new ReportGateway(
            s.GetRequiredService<IReadOnlyActorRegistry>().Get<ReportRegion>(), options.Gateway, s.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IAgencyGateway, AgencyGateway>();
        services.AddSingleton<PeopleServices>();
        services.TryAddSingleton<INumberSource, AllocatedNumbers>();
        services.TryAddSingleton<IRejectionLog, RejectionLog>();
        services.TryAddSingleton<HashQuota>();
        services.TryAddSingleton<AgencyLists>();
        services.TryAddSingleton<PersonalStore>();
        services.TryAddSingleton<NotificationReader>();
        services.TryAddSingleton(p => new HouseClocks(p.GetRequiredService<WebhookStore>(), p.GetRequiredService<AgencyDirectoryFeed>()));
        services.TryAddSingleton<NotificationSources>();
        services.TryAddSingleton<Notifications>();
        services.AddSingleton<ReportBodyReader>();
        services.TryAddSingleton<IntakeDoor>();
        services.TryAddSingleton(new MatchingOptions());
        services.AddSingleton<ReportIntake>();
        services.AddSingleton<IntakeStream>();
        services.AddSingleton<ReportChange>();
        services.AddSingleton<OpenStreams>();
        services.AddSingleton<BodiesUnderWay>();
        services.AddSingleton<RequestRates>();
        services.TryAddSingleton<AuditSight>();
        services.TryAddSingleton<SignInRefusals>();
        services.AddHostedService(s => s.GetRequiredService<SignInRefusals>());
        services.AddSingleton<KeyWatch>();
        services.AddHostedService(s => s.GetRequiredService<KeyWatch>());

        services.AddAuthentication(ApiKeyHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        services.AddCPortAnswers();
        services.AddResponseCompression(o =>
        {
            // The stream's type is not in the list, so it goes out as it comes. Nothing in an answer mixes secrets with what an attacker chooses (no cookies,
            // keys travel in headers), so compression over TLS tells nothing. Pages for people do: they are left out below.
            o.EnableForHttps = true;
            o.Providers.Add<GzipCompressionProvider>();
            o.MimeTypes = ["application/json", ApiProblem.ContentType, "text/html", "text/javascript", "application/javascript", "text/plain"];
        });
        services.AddCPortOpenApi(options.PublicUrl);
        return services;
    }

    /// <summary>How answers and failures are written, the same on the API's port and the operators'.</summary>
    public static IServiceCollection AddCPortAnswers(this IServiceCollection services) => services
        .AddExceptionHandler<ApiExceptionHandler>().AddProblemDetails().ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));

    /// <summary>
    /// What goes before every endpoint of the node, the API's or not: who asks, how fast, and whether it may. For a pipeline that has routing and an exception
    /// handler already.
    /// </summary>
    public static WebApplication UseCPortApi(this WebApplication app)
    {
        app.UseWhen(http => PageMetadata.Of(http) is null, others => others.UseTagsOfEncodings().UseResponseCompression());
        app.UseStatusCodePages(context => ApiProblem.Of(ProblemCodes.Of(context.HttpContext.Response.StatusCode)).WriteAsync(context.HttpContext));
        app.UseAuthentication();
        app.UseRequestRates();
        app.UseGuard();
        app.UseIfMatchGuard();
        return app;
    }

    /// <summary>A group's own path ends in a slash as the framework joins it: metrics and traces would know one address under two names.</summary>
    private static void WithoutLastSlash(EndpointBuilder endpoint)
    {
        if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: ['/', _, .., '/'] path } route)
        {
            route.RoutePattern = RoutePatternFactory.Parse(path.TrimEnd('/'));
        }
    }

    /// <summary>The API's routes; <see cref="UseCPortApi"/> goes before.</summary>
    public static WebApplication MapCPortApi(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").Needs(Deed.SeeService);

        // Nothing from elsewhere: neither typefaces nor services of the page's maker.
        app.MapScalarApiReference("/docs", o => o.WithTitle("CPort").WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .DisableDefaultFonts().DisableAgent().DisableTelemetry().WithDynamicBaseServerUrl()).Needs(Deed.SeeService);

        var v1 = app.MapGroup("/v1").Audited();
        ((IEndpointConventionBuilder)v1).Finally(WithoutLastSlash);
        v1.MapReports();
        v1.MapReportStream();
        v1.MapSearch();
        v1.MapExport();
        v1.MapRejections();
        v1.MapReportCommands();
        v1.MapItemBatches();
        v1.MapHolds();
        v1.MapReferrals();
        v1.MapIwol();
        v1.MapIcse();
        v1.MapQuestions();
        v1.MapSecondLooks();
        v1.MapPriorityRules();
        v1.MapQueues();
        v1.MapStatistics();
        v1.MapGroups();
        v1.MapHashes();
        v1.MapQuarantine();
        v1.MapAgencies();
        v1.MapPeople();
        v1.MapAudit();
        v1.MapFeed();
        v1.MapWebhooks();
        v1.MapNotifications();
        v1.MapNotificationRules();
        v1.MapEscalation();
        v1.MapProjections();
        v1.MapStuck();
        v1.MapTraining();
        v1.MapCyberTiplineExports();
        v1.MapCase();
        app.MapHma();
        app.MapThreatUpdates();
        app.MapCyberTipline();
        return app;
    }
}

/// <summary>What no endpoint caught, as a problem: never a detail of a defect, and nothing of the request in the log.</summary>
internal sealed partial class ApiExceptionHandler(ILogger<ApiExceptionHandler> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            return true;
        }

        var problem = exception switch
        {
            ApiProblemException e => e.Problem,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ApiProblem.Of(ProblemCodes.TooLarge),
            BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ApiProblem.Of(ProblemCodes.TooSlow, "The body came too slowly."),

            BadHttpRequestException => ApiProblem.Of(ProblemCodes.BadRequest, "A parameter or the body cannot be read."),
            MissingActorRegistryEntryException => ApiProblem.Of(ProblemCodes.Unavailable, "The node is still starting."),
            ReportStuckException => ApiProblem.Of(ProblemCodes.Stuck),
            _ when Faults.IsPassing(exception) => ApiProblem.Of(ProblemCodes.Unavailable, "The same request may be sent again; what it did is not done twice."),
            _ => ApiProblem.Of(ProblemCodes.Internal),
        };
        if (problem.Status >= 500)
        {
            // Of the exception its type and place: its text may quote data.
            var route = (httpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            if (problem.Status == StatusCodes.Status500InternalServerError)
            {
                Defect(log, httpContext.Request.Method, route, exception.GetType().FullName, Activity.Current?.TraceId.ToString(), exception.StackTrace);
            }
            else
            {
                Unavailable(log, httpContext.Request.Method, route, exception is DbException
                    ? $"database: {DatabaseFault.InWords(exception)}" : exception.GetType().Name);
            }
        }

        await problem.WriteAsync(httpContext);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Route} met a defect: {Type} (trace {Trace})\n{Where}")]
    private static partial void Defect(ILogger logger, string method, string? route, string? type, string? trace, string? where);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} {Route} answered 503: {Why}")]
    private static partial void Unavailable(ILogger logger, string method, string? route, string why);
}
