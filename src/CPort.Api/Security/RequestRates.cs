using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Security;

/// <summary>How fast each key may ask on this node: <see cref="IntakeLimits.RequestsPerSecond"/>, and ten times as many at once after a rest.</summary>
public sealed class RequestRates(IntakeLimits limits) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _keys = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(
        key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = limits.RequestsPerSecond * 10, TokensPerPeriod = limits.RequestsPerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        }));

    /// <summary>Whether the key may ask once more now.</summary>
    public bool TryTake(string keyId)
    {
        using var lease = _keys.AttemptAcquire(keyId);
        return lease.IsAcquired;
    }

    public void Dispose() => _keys.Dispose();
}

public static class RequestRatesSetup
{
    /// <summary>After authentication: without a key nothing is done that would need a limit.</summary>
    public static IApplicationBuilder UseRequestRates(this IApplicationBuilder app)
    {
        var (rates, limits) = (app.ApplicationServices.GetRequiredService<RequestRates>(), app.ApplicationServices.GetRequiredService<IntakeLimits>());
        return app.Use((http, next) => http.Features.Get<Caller>() is { } caller && !rates.TryTake(caller.KeyId)
            ? (ApiProblem.Of(ProblemCodes.TooManyRequests, $"A key may ask {limits.RequestsPerSecond} times a second (limit: requests).")
                with { RetryAfter = 1 }).WriteAsync(http)
            : next(http));
    }
}
