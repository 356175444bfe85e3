using System.Globalization;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Audit;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using CPort.Domain.Reports;

namespace CPort.Api.Queues;

/// <summary><c>POST /v1/reports:export</c>: what a search finds, as a file.</summary>
public static class ExportEndpoints
{
    private const int AskedAtOnce = 16;

    public static void MapExport(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/reports:export", ExportAsync).Needs(Deed.ExportItems).WithName("ExportItems").WithTags("Reports").WithMetadata(new AuditedByChunks())
            .WithSummary("All items that a search finds, as a file")
            .WithDescription("""
                `format`: `ndjson` (default; a row a line, as the search answers it), or lists of media that have an MD5 hash, of items whose hashes the caller
                sees: `vics` (Project VIC 2.0, #Media) and `csv` (the columns of ICSE's list of hashes). The body is a search's, without `maxResults` and
                `cursor`. Every part is written down as a disclosure, with the items that it names, before it is sent.
                """)
            .Produces<object>(200, LineStreams.Ndjson, "application/json", "text/csv").Problems(400, 403, 413, 422, 503);

    private static async Task ExportAsync(
        HttpContext http, JsonBody<SearchBody> body, ApiCaller me, ReportSearch search, IReportGateway reports, IntakeLimits limits,
        CancellationToken cancellation, string? format = null)
    {
        MediaFormat? media = format switch
        {
            null or "" or "ndjson" => null,
            "vics" => MediaFormat.Vics,
            "csv" => MediaFormat.Csv,
            _ => throw ApiProblemException.OfField("format", ProblemCodes.UnknownCode, "Formats: ndjson, vics, csv."),
        };
        foreach (var (field, given) in new[] { ("maxResults", body.Value.MaxResults is not null), ("cursor", body.Value.Cursor is not null) })
        {
            if (given)
            {
                body.Fields.Add(field, ProblemCodes.UnknownField, "An export has no pages.");
            }
        }

        body.Check();
        var (asked, first) = (body.Value, true);
        while (true)
        {
            var page = await SearchEndpoints.FindAsync(asked, body.Fields, me.Caller, search, cancellation);
            var files = media is null ? [] : await MediaAsync(page.Items, me.Caller, reports, cancellation);

            // Lists of media name those that are in them; rows all of them.
            await ReadHook.ChunkAsync(http, media is null ? ((IShowsData)page).What() : new Shown(
                [.. files.Select(f => new AuditObject(AuditObjectKind.Item, f.Item.ToString()))], ["hashes"], files.Length));
            if (!http.Response.HasStarted)
            {
                Begin(http, media);
                await http.Response.BodyWriter.WriteAsync(media is { } of ? MediaFile.Head(of) : (byte[])[], cancellation);
            }

            foreach (var (_, file) in files)
            {
                await http.Response.BodyWriter.WriteAsync(MediaFile.Line(media!.Value, file, first), cancellation);
                first = false;
            }

            foreach (var row in media is null ? page.Items : [])
            {
                await LineStreams.WriteAsync(http, row, cancellation);
            }

            await LineStreams.FlushAsync(http, limits, cancellation);
            if (page.NextCursor is null)
            {
                break;
            }

            asked = asked with { Cursor = page.NextCursor };
        }

        await http.Response.BodyWriter.WriteAsync(media is { } last ? MediaFile.Foot(last) : (byte[])[], cancellation);
        await LineStreams.FlushAsync(http, limits, cancellation);
    }

    private static void Begin(HttpContext http, MediaFormat? media)
    {
        LineStreams.Begin(http);
        if (media is { } format)
        {
            http.Response.ContentType = format == MediaFormat.Vics ? "application/json" : "text/csv; charset=utf-8";
            http.Response.Headers.ContentDisposition = $"attachment; filename=\"cport.{(format == MediaFormat.Vics ? "json" : "csv")}\"";
        }
    }

    /// <summary>What the items' reports themselves show the caller now, in the rows' order.</summary>
    private static async Task<ImmutableArray<(ItemRef Item, MediaRecord File)>> MediaAsync(
        IReadOnlyList<ListedItemAnswer> rows, Caller caller, IReportGateway reports, CancellationToken cancellation)
    {
        var files = ImmutableArray.CreateBuilder<(ItemRef, MediaRecord)>();
        foreach (var part in rows.Chunk(AskedAtOnce))
        {
            var views = await Task.WhenAll(part.Select(AskAsync));
            files.AddRange(views.OfType<(ItemRef Item, MediaRecord File)>().Where(f => f.File.Md5 is not null));
        }

        return files.ToImmutable();

        async Task<(ItemRef Item, MediaRecord File)?> AskAsync(ListedItemAnswer row)
        {
            var item = ItemRef.TryParse(row.ItemId, out var id) ? id : default;
            var page = await reports.GetAsync(
                new GetReport { ReportId = item.Report, Caller = caller, FromOrdinal = item.Ordinal, MaxItems = 1 }, cancellation);
            return page.Items is [var view] && view.Item.Ordinal == item.Ordinal ? (item, Of(view)) : null;
        }
    }

    private static MediaRecord Of(ItemView view) => view.Item.Icse is { Recalled: null, Finding: { } said } ? Plain(view) with
    {
        VictimIdentified = said.VictimIdentified, OffenderIdentified = said.OffenderIdentified, Series = view.IcseSeries.Length > 0 ? view.IcseSeries : null,
    } : Plain(view);

    private static MediaRecord Plain(ItemView view) => new()
    {
        Number = view.Item.Number, Hashes = view.Item.Hashes, Size = view.Item.MediaSize, MimeType = view.Item.MimeType,
        Baseline = view.Effective is { } effective ? effective == Classification.Baseline : null,
    };
}
