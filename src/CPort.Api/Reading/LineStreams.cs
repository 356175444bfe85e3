using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Reading;

/// <summary>What streams of lines have places for, each kind its own.</summary>
public enum StreamKind
{
    Reports,
    HashLists,

    /// <summary>Readers of feeds that wait for news.</summary>
    Feeds,
}

/// <summary>
/// Streams that are open on this node, in all and by agency; one for the process. An agency's share falls as agencies come, and a quarter of the places is for
/// those that have none: some agencies alone cannot keep another one out. Thread-safe.
/// </summary>
public sealed class OpenStreams(IntakeLimits limits)
{
    private readonly Lock _lock = new();
    private readonly List<(StreamKind Kind, AgencyId Agency)> _open = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Takes a place, to be disposed of at the stream's end; throws <see cref="ApiProblemException"/> (429) when there is none.</summary>
    public IDisposable Enter(StreamKind kind, AgencyId agency)
    {
        var (all, name) = kind switch
        {
            StreamKind.Reports => (limits.ConcurrentStreams, "concurrent streams"),
            StreamKind.HashLists => (limits.ConcurrentImports, "concurrent imports"),
            _ => (limits.ConcurrentFeeds, "concurrent feeds"),
        };
        lock (_lock)
        {
            AgencyId[] open = [.. _open.Where(s => s.Kind == kind).Select(s => s.Agency)];
            var its = open.Count(a => a == agency);
            var share = Share(all, open.Append(agency).Distinct().Count());
            var problem = open.Length >= all ? $"{all} streams are open on this node (limit: {name})."
                : its == 0 ? null
                : its >= share ? $"{its} streams of this agency are open on this node (limit: streams per agency)."
                : open.Length >= all - Reserve(all) ? $"{open.Length} streams are open on this node, further places are for other agencies (limit: {name})."
                : null;
            if (problem is not null)
            {
                throw new ApiProblemException(ApiProblem.Of(ProblemCodes.TooManyStreams, problem) with { RetryAfter = 5 });
            }

            _open.Add((kind, agency));
        }

        return new Place(this, kind, agency);
    }

    /// <summary>Places that only an agency without one takes.</summary>
    private static int Reserve(int all) => all / 4;

    /// <summary>What one of so many agencies may have: there is always a share for one that has not come yet.</summary>
    private int Share(int all, int agencies) => Math.Clamp(all / (agencies + 1), 1, limits.StreamsPerAgency);

    private void Leave(StreamKind kind, AgencyId agency)
    {
        lock (_lock)
        {
            _open.Remove((kind, agency));
        }
    }

    private sealed class Place(OpenStreams streams, StreamKind kind, AgencyId agency) : IDisposable
    {
        public void Dispose() => streams.Leave(kind, agency);
    }
}

/// <summary>What all streams of lines have in common.</summary>
internal static class LineStreams
{
    public const string Ndjson = "application/x-ndjson";

    /// <summary>Any size, and slow where the node is: a slow database slows it on purpose. For its sender see <see cref="PatientReader"/>.</summary>
    public static void Begin(HttpContext http)
    {
        http.RequestServices.GetService<KeyWatch>()?.Watch(http);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request)
        {
            request.MinDataRate = null;
        }

        Flow(http, Ndjson);
    }

    /// <summary>What is written reaches the reader at once, through proxies too, and may be long in coming.</summary>
    public static void Flow(HttpContext http, string type)
    {
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } response)
        {
            response.MinDataRate = null;
        }

        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        http.Response.ContentType = type;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>A line of JSON; <see cref="FlushAsync"/> sends it.</summary>
    public static async Task WriteAsync<T>(HttpContext http, T line, CancellationToken cancellation) =>
        await http.Response.BodyWriter.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, ApiJson.Options), (byte)'\n'], cancellation);

    /// <summary>Throws <see cref="TimeoutException"/> when the sender does not read for too long: there is no way left to tell it.</summary>
    public static async ValueTask FlushAsync(HttpContext http, IntakeLimits limits, CancellationToken cancellation)
    {
        var flush = http.Response.BodyWriter.FlushAsync(cancellation);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
        }
        else
        {
            await flush.AsTask().WaitAsync(limits.StreamIdle, cancellation);
        }
    }
}

/// <summary>
/// A body whose sender is waited for so long and no longer: <see cref="IntakeLimits.StreamIdle"/> for the next byte, <see cref="IntakeLimits.StreamLine"/> for
/// the end of a line. Then it ends as if there were no more, and <see cref="GaveUp"/> says why. Time in which nothing is asked of it does not count. One reader.
/// </summary>
internal sealed class PatientReader : PipeReader, IDisposable
{
    private readonly PipeReader _inner;
    private readonly IntakeLimits _limits;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;
    private CancellationTokenSource _limit = new();
    private long _lineBegan;

    public PatientReader(PipeReader inner, IntakeLimits limits, CancellationToken cancellation)
    {
        (_inner, _limits, _cancellation) = (inner, limits, cancellation);
        _registration = cancellation.Register(() => _limit.Cancel());
    }

    /// <summary>What the sender is told when it was too slow.</summary>
    public string? GaveUp { get; private set; }

    /// <summary>A line has come: the next one's time begins when it is waited for.</summary>
    public void LineTaken() => _lineBegan = 0;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_inner.TryRead(out var there))
        {
            return there;
        }

        _lineBegan = _lineBegan == 0 ? Environment.TickCount64 : _lineBegan;
        var left = _limits.StreamLine - TimeSpan.FromMilliseconds(Environment.TickCount64 - _lineBegan);
        var slow = left < _limits.StreamIdle;
        if (!_limit.TryReset())
        {
            _limit.Dispose();
            _limit = new CancellationTokenSource();
        }

        _cancellation.ThrowIfCancellationRequested();
        _limit.CancelAfter(slow ? left > TimeSpan.Zero ? left : TimeSpan.Zero : _limits.StreamIdle);
        try
        {
            return await _inner.ReadAsync(_limit.Token);
        }
        catch (OperationCanceledException) when (_limit.IsCancellationRequested && !_cancellation.IsCancellationRequested)
        {
            GaveUp = slow
                ? $"A line took longer than {_limits.StreamLine.TotalSeconds} s (limit: seconds a line)."
                : $"Nothing came for {_limits.StreamIdle.TotalSeconds} s (limit: idle seconds).";
            return new ReadResult(default, isCanceled: false, isCompleted: true);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (GaveUp is null)
        {
            _inner.AdvanceTo(consumed, examined);
        }
    }

    public override bool TryRead(out ReadResult result) => _inner.TryRead(out result);

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    public void Dispose()
    {
        _registration.Dispose();
        _limit.Dispose();
    }
}
