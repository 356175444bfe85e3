using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>For answers that go on: who asks is asked anew.</summary>
internal static class Again
{
    /// <summary>Whom the request's key speaks for now, as its agency is now; null: it has ended, or may not do what the endpoint does any more.</summary>
    public static Caller? CallerOf(HttpContext http)
    {
        var services = http.RequestServices;
        if (services.GetRequiredService<AgencyDirectoryFeed>().Authenticate(
            ApiKeyHandler.KeyOf(http.Request), services.GetRequiredService<TimeProvider>().GetUtcNow(),
            http.Request.Headers[ApiKeyHandler.PurposeHeader].ToString(), http.Connection.RemoteIpAddress) is not Authentication.Accepted { Caller: var caller }
            || http.GetEndpoint()!.Metadata.GetOrderedMetadata<NeededDeed>().Any(n => !AccessTable.May(caller, n.Deed)))
        {
            return null;
        }

        // What is written down from here on is by this caller.
        http.Features.Set(caller);
        return caller;
    }
}
