using System.Buffers;
using System.Text.Json;
using Akka.Actor;
using Akka.Streams;

namespace CPort.Api.Reports;

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
                + "neighbours. Read the answer while you send: who does not read is not read from either, and is cut off after a while. A stream that sends nothing "
                + "is ended by a line `ended`, which says why and how many lines were answered. After a broken connection send the whole file again; "
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
        using var place = open.Enter(StreamKind.Reports, me.Caller.Agency);
        using var stopped = new CancellationTokenSource();
        await using var closing = door.Closed.Register(() => stopped.CancelAfter(Farewell));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopped.Token);
        try
        {
            LineStreams.Begin(http);
            var aborted = ended.Token;
            await http.Response.StartAsync(aborted);
            await http.Response.BodyWriter.FlushAsync(aborted);

            using var sender = new PatientReader(http.Request.BodyReader, limits, aborted);
            var lines = NdjsonLines.ReadAsync(sender, limits.LineBytes, aborted);
            var outcomes = stream.Run(lines, line => reader.Read(line.Utf8.Span, me.Context(), codes), me.Caller, system.Materializer(), aborted);
            await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
            var answered = 0L;
            await foreach (var batch in outcomes.WithCancellation(aborted))
            {
                foreach (var outcome in batch)
                {
                    json.Reset(http.Response.BodyWriter);
                    JsonSerializer.Serialize(json, LineAnswer.Of(outcome), ApiJson.Options);
                    await json.FlushAsync(aborted);
                    http.Response.BodyWriter.Write("\n"u8);
                    answered = outcome.Line;
                }

                await LineStreams.FlushAsync(http, limits, aborted);
            }

            if (sender.GaveUp is { } why)
            {
                json.Reset(http.Response.BodyWriter);
                JsonSerializer.Serialize(json, LineAnswer.Ended(answered, why), ApiJson.Options);
                await json.FlushAsync(aborted);
                http.Response.BodyWriter.Write("\n"u8);
                await LineStreams.FlushAsync(http, limits, aborted);
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
        catch (Exception e) when (e is BadHttpRequestException or IOException or TimeoutException && http.Response.HasStarted)
        {
            // The body broke off, or its sender does not read. An answer that ended properly would say that everything was read.
            http.Abort();
        }
    }
}
