using System.Collections.Concurrent;
using System.Net;
using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using Microsoft.Extensions.Hosting;

namespace CPort.Api.Security;

/// <summary>
/// Streams last for hours, and the key that opened one may be revoked meanwhile, its agency closed, its networks narrowed, the person whose own it is stopped:
/// then the stream is broken off, within about half a second. What it was told is durable.
/// </summary>
public sealed class KeyWatch(AgencyDirectoryFeed directory, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<long, (HttpContext Stream, string Key, string Purpose, IPAddress? From)> _open = new();
    private long _last;

    /// <summary>From a request's first byte to its end.</summary>
    public void Watch(HttpContext http)
    {
        if (ApiKeyHandler.KeyOf(http.Request) is { } key)
        {
            var number = Interlocked.Increment(ref _last);
            _open[number] = (http, key, http.Request.Headers[ApiKeyHandler.PurposeHeader].ToString(), http.Connection.RemoteIpAddress);
            http.Response.OnCompleted(() =>
            {
                _open.TryRemove(number, out _);
                return Task.CompletedTask;
            });
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var (number, (stream, key, purpose, from)) in _open)
                {
                    if (directory.Authenticate(key, time.GetUtcNow(), purpose, from) is Authentication.Refused && _open.TryRemove(number, out _))
                    {
                        stream.Abort();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }
}
