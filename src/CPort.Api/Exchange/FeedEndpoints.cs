using System.Globalization;
using System.Text.Json;
using CPort.Actors.Exchange;
using CPort.Actors.Persistence;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CPort.Api.Exchange;

/// <summary>
/// <c>/v1/feed</c>: what happened that concerns the caller's agency, as CloudEvents. By asking (HTTP Feeds, long poll), or as server-sent events on the same
/// ids; and a snapshot for who is new, or was away for longer than news are kept.
/// </summary>
public static class FeedEndpoints
{
    internal const string Batch = "application/cloudevents-batch+json";
    private const string EventStream = "text/event-stream";
    private const string PositionHeader = "CPort-Position";

    /// <summary>The longest that one question waits for news.</summary>
    private const int MostMilliseconds = 60_000;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>How soon a stream notices that its key has ended.</summary>
    private static readonly TimeSpan KeyLook = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A stream ends then, and its reader goes on from where it was: connections move to other nodes, and nobody reads for ever on one question.
    /// </summary>
    private static readonly TimeSpan MostOfAStream = TimeSpan.FromHours(1);

    public static void MapFeed(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/feed", FeedAsync).Needs(Deed.ReadFeed).WithName("ReadFeed").WithTags("Feed").WithMetadata(new AuditedByChunks())
            .WithSummary("What happened that concerns the caller's agency, in order, from a place on")
            .WithDescription(
                "As HTTP Feeds: an array of CloudEvents; ask again with the last one's `id` as `lastEventId`, an empty array is the end for now. `timeout` "
                + "(milliseconds, at most 60,000) waits for news. `types` (comma-separated) leaves others out; then `CPort-Position` is the place to go on "
                + "from. "
                + "With `Accept: text/event-stream` the same as server-sent events, from `Last-Event-ID` or `lastEventId`; the stream ends when the key "
                + "does, after an hour, and when the node stops: go on elsewhere. Events are thin; how the caller stands to each record is looked at when it "
                + "is delivered, and what is no longer for it comes as `cport.item.withdrawn.v1` with `\"method\":\"DELETE\"`. News are kept 90 days; from an "
                + "older place 410: take the snapshot. "
                + "Police state a purpose.")
            .Produces<IReadOnlyList<FeedEventAnswer>>(200, Batch, EventStream).Problems(400, 403, 406, 410, 422, 429, 503);
        v1.MapGet("/feed/snapshot", SnapshotAsync).Needs(Deed.ReadFeed).WithName("ReadFeedSnapshot").WithTags("Feed").WithMetadata(new AuditedByChunks())
            .WithSummary("All items that the caller's agency sees now, one a line (NDJSON), and where the feed goes on from there")
            .WithDescription(
                "The last line is `{\"lastEventId\": …, \"items\": …}`: what is read without it broke off. Items that change meanwhile may be told twice.")
            .Produces<FeedSnapshotLine>(200, LineStreams.Ndjson).Problems(403, 429, 503);
        v1.MapGet("/feed/types", Types).Needs(Deed.SeeService).WithName("ListFeedTypes").WithTags("Feed")
            .WithSummary("The kinds of news, each with its meaning");
        v1.MapGet("/feed/schemas/{type}.json", Schema).Needs(Deed.SeeService).WithName("GetFeedSchema").WithTags("Feed")
            .WithSummary("JSON Schema of what a kind of news says").Produces<object>(200, "application/schema+json").Problems(404);
    }

    /// <summary>A kind of news.</summary>
    /// <param name="Type">CloudEvents' type.</param>
    /// <param name="Meaning">A sentence for people.</param>
    /// <param name="Dataschema">Where its data's schema is.</param>
    public sealed record FeedTypeAnswer(string Type, string Meaning, string Dataschema);

    private static IReadOnlyList<FeedTypeAnswer> Types(CPortApiOptions options) =>
    [
        .. FeedTypes.All.Values.OrderBy(t => t.Name, StringComparer.Ordinal)
            .Select(t => new FeedTypeAnswer(t.Name, t.Meaning, $"{SchemasOf(options)}{t.Name}.json")),
    ];

    private static IResult Schema(string type, CPortApiOptions options) => FeedTypes.All.TryGetValue(type, out var found)
        ? TypedResults.Bytes(FeedSchemas.Utf8(found, $"{SchemasOf(options)}{found.Name}.json"), "application/schema+json")
        : throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such kind of news.");

    internal static string SchemasOf(CPortApiOptions options) => $"{options.PublicUrl}/v1/feed/schemas/";

    private static async Task FeedAsync(
        HttpContext http, ApiCaller me, string? lastEventId, string? timeout, string? types, string? maxResults, FeedHead head,
        OpenStreams open, CPortApiOptions options, TimeProvider time)
    {
        var streams = Streams(http);
        var given = streams && http.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : lastEventId;
        var after = await PlaceOfAsync(given, head).WaitAsync(http.RequestAborted);
        var wanted = TypesOf(types);
        var most = QueryValues.MaxResults(maxResults);
        var patience = PatienceOf(timeout);
        using var place = streams || patience > TimeSpan.Zero ? open.Enter(StreamKind.Feeds, me.Caller.Agency) : null;
        var feed = new Feed(http, head, options, time, wanted, most);
        if (streams)
        {
            await StreamAsync(feed, after);
            return;
        }

        var (events, upTo) = await feed.NextAsync(me.Caller, after, patience, http.RequestAborted);
        if (events.Count > 0)
        {
            await ReadHook.ChunkAsync(http, FeedEventAnswer.Shown(events));
        }

        var position = upTo.ToString();
        http.Response.Headers[PositionHeader] = position;
        http.Response.Headers.Link = $"</v1/feed?lastEventId={position}>; rel=\"next\"";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = Batch;
        await JsonSerializer.SerializeAsync(http.Response.Body, events, ApiJson.Options, http.RequestAborted);
    }

    /// <summary>What one reader asks for, as often as it is to be asked.</summary>
    private sealed record Feed(
        HttpContext Http, FeedHead Head, CPortApiOptions Options, TimeProvider Time, ImmutableHashSet<string> Wanted, int Most)
    {
        private readonly string _schemas = SchemasOf(Options);

        /// <summary>Some news, or none when time is up; and the place to go on from.</summary>
        public async Task<(IReadOnlyList<FeedEventAnswer> Events, FeedPlace UpTo)> NextAsync(
            Caller caller, FeedPlace after, TimeSpan patience, CancellationToken cancellation)
        {
            var since = Time.GetTimestamp();
            while (true)
            {
                var page = await Head.ReadAsync(caller, after, Wanted, Most, cancellation);
                after = page.UpTo;
                if (!page.News.IsEmpty)
                {
                    return ([.. page.News.Select(n => FeedEventAnswer.Of(n, caller.Agency, _schemas))], after);
                }

                if (!page.More && !await Head.WaitAsync(after, patience - Time.GetElapsedTime(since), cancellation))
                {
                    return ([], after);
                }
            }
        }
    }

    private static async Task StreamAsync(Feed feed, FeedPlace after)
    {
        var http = feed.Http;
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        LineStreams.Flow(http, EventStream);
        var (since, beat) = (feed.Time.GetTimestamp(), feed.Time.GetTimestamp());
        try
        {
            await http.Response.WriteAsync("retry: 3000\n\n", ended.Token);
            await http.Response.Body.FlushAsync(ended.Token);
            while (feed.Time.GetElapsedTime(since) < MostOfAStream && Again.CallerOf(http) is { } caller)
            {
                var (events, upTo) = await feed.NextAsync(caller, after, KeyLook, ended.Token);
                after = upTo;
                if (events.Count > 0)
                {
                    // A key that ended while this was read has nothing to do with what comes now.
                    if (Again.CallerOf(http) is null)
                    {
                        break;
                    }

                    await ReadHook.ChunkAsync(http, FeedEventAnswer.Shown(events));
                    foreach (var e in events)
                    {
                        await http.Response.WriteAsync($"id: {e.Id}\nevent: {e.Type}\ndata: {JsonSerializer.Serialize(e, ApiJson.Options)}\n\n", ended.Token);
                    }
                }
                else if (feed.Time.GetElapsedTime(beat) < Heartbeat)
                {
                    continue;
                }
                else
                {
                    await http.Response.WriteAsync(": goes on\n\n", ended.Token);
                }

                beat = feed.Time.GetTimestamp();
                await http.Response.Body.FlushAsync(ended.Token);
            }

            await http.Response.WriteAsync(": ends here; go on from the last id\n\n", ended.Token);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The reader went away.
        }
        catch (Exception e) when (Faults.IsPassingFor(e, ended.Token))
        {
            // The database is away or busy. What has begun cannot become a 503; the reader comes again, from its last id.
            await http.Response.WriteAsync(": not now; go on from the last id\n\n", ended.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            using var farewell = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await http.Response.WriteAsync(": the node stops; go on elsewhere\n\n", farewell.Token);
        }
    }

    private static async Task SnapshotAsync(HttpContext http, ApiCaller me, FeedReader reader, OpenStreams open, IntakeLimits limits)
    {
        using var place = open.Enter(StreamKind.Feeds, me.Caller.Agency);
        var (goOn, count) = (FeedPlace.Start, 0L);
        await foreach (var (from, items) in reader.PresentAsync(me.Caller, http.RequestAborted))
        {
            FeedSnapshotLine[] lines = [.. items.Select(LineOf)];
            await ReadHook.ChunkAsync(http, new Shown(
                [.. lines.Select(l => new AuditObject(AuditObjectKind.Item, $"{l.Report}-{l.Item}"))], [.. ShownFields.Of(lines)], lines.Length));
            if (!http.Response.HasStarted)
            {
                http.Response.Headers[PositionHeader] = from.ToString();
                LineStreams.Begin(http);
            }

            foreach (var line in lines)
            {
                await LineStreams.WriteAsync(http, line, http.RequestAborted);
            }

            await LineStreams.FlushAsync(http, limits, http.RequestAborted);
            (goOn, count) = (from, count + lines.Length);
        }

        await LineStreams.WriteAsync(http, new FeedSnapshotLine { LastEventId = goOn.ToString(), Items = count }, http.RequestAborted);
    }

    private static FeedSnapshotLine LineOf(PresentItem item) => new()
    {
        Report = item.Row.ReportId, Item = item.Row.Ordinal, Number = item.Row.Number, Version = item.Row.Version, State = item.Row.State.ToString(),
        Urgent = item.Row.Urgent, Classification = item.Access.Sees(FieldGroup.Classification) ? CodeAnswer.Of(item.Row.Classification) : null,
    };

    private static bool Streams(HttpContext http)
    {
        var accept = http.Request.Headers.Accept.ToString();
        bool Takes(string type) => accept.Contains(type, StringComparison.OrdinalIgnoreCase);
        var streams = Takes(EventStream);
        return streams || accept.Length == 0 || Takes("json") || Takes("*/*") || Takes("application/*") ? streams
            : throw ApiProblemException.Of(ProblemCodes.NotAcceptable, $"Accept {Batch} or {EventStream}.");
    }

    private static async Task<FeedPlace> PlaceOfAsync(string? lastEventId, FeedHead head)
    {
        if (string.IsNullOrEmpty(lastEventId))
        {
            return FeedPlace.EndOf((await head.NowAsync()).KeptAfter);
        }

        var isPlace = FeedPlace.TryParse(lastEventId, out var place);
        var bounds = await head.NowAsync(place);
        if (!isPlace || place > FeedPlace.EndOf(bounds.Head))
        {
            throw ApiProblemException.OfField("lastEventId", ProblemCodes.OutOfRange, "The id of an event of this feed, or CPort-Position, is expected.");
        }

        return place.Ordering >= bounds.KeptAfter
            ? place
            : throw ApiProblemException.Of(
                ProblemCodes.NoLongerKept, "What came after this place is not kept any more: take /v1/feed/snapshot, and go on from there.");
    }

    private static ImmutableHashSet<string> TypesOf(string? types)
    {
        var wanted = string.IsNullOrEmpty(types) ? [] : types.Split(',', StringSplitOptions.TrimEntries).ToImmutableHashSet(StringComparer.Ordinal);
        return wanted.All(FeedTypes.All.ContainsKey) ? wanted
            : throw ApiProblemException.OfField("types", ProblemCodes.UnknownCode, "A kind of news that there is not. /v1/feed/types lists them.");
    }

    private static TimeSpan PatienceOf(string? timeout) =>
        string.IsNullOrEmpty(timeout) ? TimeSpan.Zero
        : int.TryParse(timeout, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms <= MostMilliseconds ? TimeSpan.FromMilliseconds(ms)
        : throw ApiProblemException.OfField("timeout", ProblemCodes.OutOfRange, $"Milliseconds, 0 to {MostMilliseconds}.");
}
