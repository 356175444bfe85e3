using Microsoft.AspNetCore.Authentication;

namespace CPort.Api.Security;

/// <summary>A right an endpoint needs, as metadata; all of an endpoint's must be held.</summary>
public sealed record NeededDeed(Deed Deed);

/// <summary>
/// The one question "may this caller do that": <see cref="AccessTable.May"/>, asked for every endpoint before anything of its request is bound or read. An
/// endpoint without a right answers nobody.
/// </summary>
public static class Guard
{
    public static T Needs<T>(this T endpoint, Deed deed)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new NeededDeed(deed));

    /// <summary>After routing and after whatever puts the <see cref="Caller"/> into the request's features.</summary>
    public static IApplicationBuilder UseGuard(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        // What is no route (404, a wrong method) answers for itself.
        if (http.GetEndpoint() is RouteEndpoint endpoint)
        {
            var caller = http.Features.Get<Caller>();
            var needed = endpoint.Metadata.GetOrderedMetadata<NeededDeed>();
            if (needed.Count == 0)
            {
                throw new InvalidOperationException($"{endpoint.RoutePattern.RawText} names no right.");
            }

            if (needed.FirstOrDefault(n => !AccessTable.May(caller, n.Deed)) is { } refused)
            {
                if (caller is not null)
                {
                    await ReadHook.RefusedAsync(http, caller);
                }

                await (caller is null
                    ? http.ChallengeAsync()
                    : ApiProblem.Of(ProblemCodes.NotAuthorised, AccessTable.WhoMay(refused.Deed)).WriteAsync(http));
                return;
            }

            if (QueryGuard.Fault(http, endpoint) is { } fault)
            {
                await fault.WriteAsync(http);
                return;
            }
        }

        await next(http);
    });
}
