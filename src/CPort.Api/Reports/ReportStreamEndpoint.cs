using System.Buffers;
using System.Text.Json;
using Akka.Actor;
using Akka.Streams;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace CPort.Api.Reports;

/// <summary>Streams that are open on this node; one for the process.</summary>
public sealed class OpenStreams(IntakeLimits limits)
{
    private int _open;

    public int Count => Volatile.Read(ref _open);

    /// <summary>Takes a place, or answers false when all are taken.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= limits.ConcurrentStreams)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _open);
}

/// <summary>Reports by the line: <c>POST /v1/reports:stream</c>.</summary>
public static class ReportStreamEndpoint
{
    private const string Ndjson = "application/x-ndjson";

    /// <summary>How long a stream of a stopping node still answers its lines, each as unavailable, before it is broken off.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    public static void MapReportStream(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/reports:stream", StreamAsync).Needs(Deed.SubmitReports).WithTags("Reports").WithName("StreamReports")
            .WithSummary("Submit reports by the line")
            .WithDescription(
                "Takes NDJSON of any length, one report a line, and answers NDJSON, one line for each line in the same order, each once its outcome is durable: "
                + "`accepted`, `duplicate`, `conflict`, `rejected`, or `unavailable` (nothing is wrong with the line; send it again). One bad line never harms its "
                + "neighbours. Read the answer while you send: who does not read is not read from either. After a broken connection send the whole file again; "
                + "nothing is taken twice. Rejected lines can be listed later at `/v1/rejections`.")
            .WithMetadata(RequestBody.Accepts<ReportBody>(Ndjson), RequestBody.CodesParameter)
            .Produces<LineAnswer>(StatusCodes.Status200OK, Ndjson)
            .Problems(400, 403, 415, 422, 429);

    private static async Task StreamAsync(
        HttpContext http, ApiCaller me, IntakeStream stream, ReportBodyReader reader, OpenStreams open, IntakeLimits limits, IntakeDoor door,
            ActorSystem system)
    {
        RequestBody.RefuseEncoding(http);
        var codes = RequestBody.Codes(http);
        if (!open.TryEnter())
        {
            throw new ApiProblemException(ApiProblem.Of(
                ProblemCodes.TooManyStreams, $"{limits.ConcurrentStreams} streams are open on this node (limit: concurrent streams).") with { RetryAfter = 5 });
        }

        using var stopped = new CancellationTokenSource();
        await using var closing = door.Closed.Register(() => stopped.CancelAfter(Farewell));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopped.Token);
        try
        {
            Unlimited(http);
            var aborted = ended.Token;
            http.Response.ContentType = Ndjson;
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers["X-Accel-Buffering"] = "no";
            await http.Response.StartAsync(aborted);
            await http.Response.BodyWriter.FlushAsync(aborted);

            var lines = NdjsonLines.ReadAsync(http.Request.BodyReader, limits.LineBytes, aborted);
            var outcomes = stream.Run(lines, line => reader.Read(line.Utf8.Span, me.Context(), codes), me.Caller, system.Materializer(), aborted);
            await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
            await foreach (var batch in outcomes.WithCancellation(aborted))
            {
                foreach (var outcome in batch)
                {
                    json.Reset(http.Response.BodyWriter);
                    JsonSerializer.Serialize(json, LineAnswer.Of(outcome), ApiJson.Options);
                    await json.FlushAsync(aborted);
                    http.Response.BodyWriter.Write("\n"u8);
                }

                await http.Response.BodyWriter.FlushAsync(aborted);
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The sender went away. What it was told is durable; the rest it sends again.
        }
        catch (Exception) when (stopped.IsCancellationRequested)
        {
            // The node stops. A proper end would say that everything was read: broken off, the sender sends again what it has no answer for.
            http.Abort();
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException && http.Response.HasStarted)
        {
            // The body broke off. An answer that ended properly would say that everything was read.
            http.Abort();
        }
        finally
        {
            open.Leave();
        }
    }

    /// <summary>A stream may be any size, and slow: a slow database slows it on purpose.</summary>
    private static void Unlimited(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request)
        {
            request.MinDataRate = null;
        }

        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } response)
        {
            response.MinDataRate = null;
        }

        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }
}
