namespace CPort.Api.Answers;

/// <summary>
/// Of an endpoint that people open in a browser: how it says what is wrong, and what its pages may load. Everything else answers JSON, which may load nothing.
/// </summary>
/// <param name="Problem">Writes a problem as a page; 401 leads to the sign-in.</param>
/// <param name="ContentSecurityPolicy">What a page may load and run.</param>
public sealed record PageMetadata(Func<HttpContext, ApiProblem, Task> Problem, string ContentSecurityPolicy)
{
    /// <summary>Of the request's endpoint, also while an exception is handled; null: it answers no pages.</summary>
    public static PageMetadata? Of(HttpContext http) =>
        (http.GetEndpoint() ?? http.Features.Get<Microsoft.AspNetCore.Diagnostics.IExceptionHandlerFeature>()?.Endpoint)?.Metadata.GetMetadata<PageMetadata>();
}
