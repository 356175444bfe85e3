using CPort.Actors.Projections;
using CPort.Api;
using CPort.Iccam.Endpoints;
using CPort.Iccam.Security;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Iccam;

/// <summary>
/// The façade that hotlines' systems written for ICCAM's API v3 connect to with nothing changed but the address (docs/iccam.md). It is served by a web server
/// of its own on a listener of its own: none of its paths is on the API's, nor theirs here. Its endpoints pass the same guard, the same audit hook and the
/// same gateways as the API's.
/// </summary>
public static class CPortIccam
{
    /// <summary>On the node: beside <see cref="CPort.Api.CPortApi.AddCPortApi"/>, whose readers and intake it works with.</summary>
    public static IServiceCollection AddCPortIccam(this IServiceCollection services, IccamSettings settings) =>
        services.AddSingleton(settings).AddSingleton<ReportNumbers>().AddSingleton<IccamServices>();

    /// <summary>Of the façade's own server: what shared middleware takes from a request's services, the node's own ones.</summary>
    public static IServiceCollection AddIccamServer(this IServiceCollection services, IServiceProvider node) => services
        .AddRouting().AddCPortAnswers()
        .AddSingleton(node.GetRequiredService<TimeProvider>())
        .AddSingleton(node.GetRequiredService<CPort.Actors.Audit.IAuditLog>())
        .AddSingleton(node.GetRequiredService<IntakeLimits>())
        .AddSingleton(node.GetRequiredService<BodiesUnderWay>())
        .AddSingleton(node.GetRequiredService<RequestRates>());

    /// <summary>Pipeline and routes.</summary>
    /// <param name="app">The façade's own.</param>
    /// <param name="all">The node's.</param>
    /// <param name="waitingFor">Why the node does not serve yet, or null.</param>
    public static void UseCPortIccam(this WebApplication app, IccamServices all, Func<string?> waitingFor)
    {
        app.Use((http, next) =>
        {
            http.Features.Set(IccamErrors.Style);
            return next(http);
        });
        app.UseAnswerHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => ApiProblem.Of(ProblemCodes.Of(context.HttpContext.Response.StatusCode)).WriteAsync(context.HttpContext));
        app.Use((http, next) => waitingFor() is { } reason
            ? ApiProblem.Of(ProblemCodes.Unavailable, $"The node does not serve: {reason}.").WriteAsync(http) : next(http));
        app.UseRouting();
        app.UseIccamTokens(all.SignIn, all.Tokens);
        app.UseRequestRates();
        app.UseGuard();
        var routes = app.MapGroup("").Audited();
        routes.MapAuthentication(all);
        var rest = routes.MapGroup("/rest");
        rest.MapEntities(all);
        rest.MapQueues(all);
        rest.MapContent(all);
        rest.MapReports(all);
    }
}
