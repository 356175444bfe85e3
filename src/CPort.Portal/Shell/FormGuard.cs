using CPort.Api;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;

namespace CPort.Portal.Shell;

/// <summary>
/// What holds for every form: it comes from a page of this node's own (fetch metadata or Origin, and the session's token), and is short.
/// </summary>
internal static class FormGuard
{
    /// <summary>Bytes of a form at most.</summary>
    public const int FormBytes = 64 << 10;

    /// <summary>Fields of a form at most: a page of rows, chosen, with their versions.</summary>
    private const int Fields = 1_024;

    public static FormOptions Limits { get; } = new() { ValueCountLimit = Fields, BufferBodyLengthLimit = FormBytes, ValueLengthLimit = FormBytes };

    public static async ValueTask<object?> FilterAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
        {
            return await next(context);
        }

        if (!IsOfOwnPage(http.Request))
        {
            throw ApiProblemException.Of(ProblemCodes.NotAuthorised, "The form was sent by another site's page.");
        }

        if (http.Request.ContentLength > FormBytes)
        {
            throw ApiProblemException.Of(ProblemCodes.TooLarge, "The form is too long.");
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = FormBytes;
        }

        if (http.Request.HasFormContentType)
        {
            try
            {
                await http.Request.ReadFormAsync(Limits, http.RequestAborted);
            }
            catch (InvalidDataException)
            {
                throw ApiProblemException.Of(ProblemCodes.TooLarge, "The form has too many fields.");
            }

            if (http.Features.Get<PortalSession>() is not null && !await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
            {
                // The same person has signed in again in another tab.
                if (await http.RequestServices.GetRequiredService<Drafts>().KeepAsync(http) is { } again)
                {
                    return Pages.After(again);
                }

                throw ApiProblemException.Of(ProblemCodes.NotAuthorised, "The form is of another session. Load the page again and repeat what you did.");
            }
        }
        else if (http.Features.Get<PortalSession>() is not null)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "A form was expected.");
        }

        var result = await next(context);
        if (result is Pages.SeeOther && http.Request.HasFormContentType)
        {
            await http.RequestServices.GetRequiredService<Drafts>().DoneAsync(http);
        }

        return result;
    }

    /// <summary>Every browser of these years says where a request comes from; one that does not must name our own origin.</summary>
    internal static bool IsOfOwnPage(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site.Length > 0 ? site == "same-origin"
            : Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
                && string.Equals(origin.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }
}
