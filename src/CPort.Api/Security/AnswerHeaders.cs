namespace CPort.Api.Security;

/// <summary>What every answer says to browsers, and how HEAD is served.</summary>
public static class AnswerHeaders
{
    /// <summary>Of answers that are data: nothing of them is ever run, framed or fetched from.</summary>
    private const string OfData = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Of the page that describes the API: users type keys there, so it loads from here and calls here, and nowhere else.</summary>
    private const string OfDocs = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>First of all, so that problems have them too.</summary>
    public static IApplicationBuilder UseAnswerHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(() =>
        {
            var headers = http.Response.Headers;
            headers.ContentSecurityPolicy = PageMetadata.Of(http) is { } page ? page.ContentSecurityPolicy
                : http.Request.Path.StartsWithSegments("/docs", StringComparison.Ordinal) ? OfDocs : OfData;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            if (PageMetadata.Of(http) is not null)
            {
                // Also where the tokens of forms have set a rule of their own, and where a page is refused.
                headers.CacheControl = "no-store";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                headers["Permissions-Policy"] = "publickey-credentials-get=(self), publickey-credentials-create=(self)";
            }
            else if (headers.CacheControl.Count == 0 && http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
            {
                headers.CacheControl = "no-store";
            }

            if (http.Request.IsHttps)
            {
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            return Task.CompletedTask;
        });
        return next(http);
    });

    /// <summary>HEAD is GET without the content (RFC 9110 9.3.2), everywhere: the server leaves the content out by itself.</summary>
    public static IApplicationBuilder UseHead(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Request.Method = HttpMethods.Get;
        }

        return next(http);
    });
}
