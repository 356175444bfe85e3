namespace CPort.Iccam.Endpoints;

/// <summary>
/// Endpoints that read their requests themselves: nothing is bound, so that an empty body with a type, a key nobody knows and a number in a text's place are
/// what the handler makes of them. By a delegate, whose result is written; a <see cref="RequestDelegate"/>'s would be dropped.
/// </summary>
internal static class Routes
{
    public static RouteHandlerBuilder OnGet(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> handler) =>
        routes.MapGet(path, (Delegate)handler);

    public static RouteHandlerBuilder OnPost(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> handler) =>
        routes.MapPost(path, (Delegate)handler);

    public static RouteHandlerBuilder OnPut(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> handler) =>
        routes.MapPut(path, (Delegate)handler);
}
