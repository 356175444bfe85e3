using System.Globalization;
using System.Text;
using System.Text.Json;
using CPort.Actors.Audit;
using CPort.Actors.Icse;
using CPort.Actors.Iwol;
using CPort.Actors.Reports;
using CPort.Api.Queues;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Wires;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Icse;

/// <summary><c>/v1/icse</c>: what analysts propose, INTERPOL's packages, their files, ICSE's answer, and recalls.</summary>
public static class IcseEndpoints
{
    private const string CaseFile = "case.jsonld";
    private const int LargestReturn = 4 * 1024 * 1024;

    /// <summary>The audit log's entry of the release, as it is hashed, and the proof that it is in the log.</summary>
    public const string ReleaseEntry = "release.json", ReleaseProof = "release.tlog-proof";

    public static void MapIcse(this IEndpointRouteBuilder v1)
    {
        Tagged(v1.MapPost("/icse/proposals", ProposeAsync).Needs(Deed.WorkOnReports), "ProposeForIcse", "Propose illegal items of a report for ICSE",
            "By the reporting hotline, who has the items, and police of the country.").Problems(400, 403, 404, 409, 413, 422, 503);
        Tagged(v1.MapGet("/icse/candidates", CandidatesAsync).Needs(Deed.SeePackages), "ListIcseCandidates",
            "Illegal items that are in no package yet: those that somebody proposes first, then the oldest", "").Problems(400, 403, 422, 503);
        Tagged(v1.MapPost("/icse/packages", OpenAsync).Needs(Deed.ChangePackages), "OpenPackage", "Open a package with items",
            $"1 to {PackageLimits.ItemsAtOnce} items that are illegal and have an MD5 hash; refused as a whole when one does not fit.")
            .Problems(400, 403, 404, 409, 413, 422, 503);
        Tagged(v1.MapGet("/icse/packages", ListAsync).Needs(Deed.SeePackages), "ListPackages", "One's packages, the newest first", "")
            .Problems(400, 403, 422, 503);
        Tagged(v1.MapGet("/icse/packages/{id}", GetAsync).Needs(Deed.SeePackages), "GetPackage", "A package, 200 items a page", "")
            .Problems(400, 403, 404, 503);
        Command(v1, "add", Deed.ChangePackages, AddAsync, "AddToPackage", "Put items into a package", "What was reviewed is a draft again.");
        Command(v1, "take-out", Deed.ChangePackages, TakeOutAsync, "TakeOutOfPackage", "Take items out of a package", "What was reviewed is a draft again.");
        Command(v1, "review", Deed.ChangePackages, ReviewAsync, "ReviewPackage", "Say that one has looked at a package",
            "By somebody who put nothing into it.");
        Command(v1, "release", Deed.ReleasePackages, ReleaseAsync, "ReleasePackage", "Release a package that was reviewed",
            "Each item is looked at again. From then on its files may be taken away, and never change.");
        Command(v1, "recall", Deed.ReleasePackages, RecallAsync, "RecallItems", "Call items of a released package back",
            "CPort does that itself when an item is not illegal any more or its report is withdrawn.");
        Tagged(v1.MapPost("/icse/packages/{id}:return", ReturnAsync).Needs(Deed.ReleasePackages), "ReturnPackage", "Take in the list that ICSE gave back",
            "CSV by semicolons with a first line of columns: MD5, and of Known, Victim identified, Offender identified, Series name what there is. Refused as "
            + "a whole when a line cannot be read.").WithMetadata(RequestBody.Accepts<string>("text/csv"))
            .Problems(400, 403, 404, 409, 413, 422, 503);
        Tagged(v1.MapGet("/icse/packages/{id}/{file}", FileAsync).Needs(Deed.TakePackages), "GetPackageFile", "A file of a released package",
            "`media.json` (Project VIC 2.0, #Media), `media.csv` (the columns of ICSE's list), `recalled.csv` (MD5 and reason of what was called back), "
            + "`case.jsonld` (CASE/UCO, what was not called back), `manifest.json` (counts and SHA-256), `manifest.json.sig` (its signature, raw "
            + "Ed25519), `release.json` (the audit log's entry of the release, which names the files' SHA-256) and `release.tlog-proof` (that it is in the "
            + "log, C2SP tlog-proof; 503 until a checkpoint has it). Who takes one is noted as receiver.")
            .WithMetadata(new AuditedByChunks())
            .Produces<string>(200, "application/json", CaseGraph.MediaType, "text/csv", "text/plain", "application/octet-stream")
            .Problems(403, 404, 409, 503);
    }

    private static void Command(IEndpointRouteBuilder v1, string verb, Deed deed, Delegate handler, string name, string summary, string description) =>
        Tagged(v1.MapPost($"/icse/packages/{{id}}:{verb}", handler).Needs(deed), name, summary, description).Problems(400, 403, 404, 409, 413, 422, 503);

    private static RouteHandlerBuilder Tagged(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.WithName(name).WithTags("ICSE").WithSummary(summary).WithDescription(description);

    private static Task<CommandAnswer> ProposeAsync(HttpContext http, ApiCaller me, IReportGateway gateway, JsonBody<ProposeForIcseBody> body)
    {
        var items = ReportCommandEndpoints.Targets(http, body.Fields, body.Value.Items);
        var why = body.Fields.Text("why", body.Value.Why);
        if (why is null)
        {
            body.Fields.Missing("why");
        }

        body.Check();
        return ReportCommandEndpoints.SendAsync(http, gateway, new ProposeForIcse
        {
            ReportId = ReportEndpoints.Id(body.Value.ReportId ?? ""), Context = me.Context(), Items = items, Why = FieldReader.Secret(why),
        });
    }

    private static async Task<IcseCandidatesAnswer> CandidatesAsync(
        ApiCaller me, PackageReader reader, CancellationToken cancellation, string? maxResults = null, string? cursor = null)
    {
        const string list = "icse candidates";
        var (items, next) = await reader.CandidatesAsync(
            me.Caller, QueryValues.MaxResults(maxResults), Cursor.Read<CandidatePlace>(list, cursor), cancellation);
        return new IcseCandidatesAnswer([.. items.Select(ListedItemAnswer.Of)], next is null ? null : Cursor.Write(list, next));
    }

    private static async Task<PackageListAnswer> ListAsync(
        ApiCaller me, PackageReader reader, CancellationToken cancellation, string? maxResults = null, string? cursor = null)
    {
        const string list = "icse packages";
        var (rows, next) = await reader.PageAsync(me.Caller, QueryValues.MaxResults(maxResults), Cursor.Read<long?>(list, cursor), cancellation);
        return new PackageListAnswer([.. rows.Select(ListedPackageAnswer.Of)], next is { } at ? Cursor.Write<long?>(list, at) : null);
    }

    private static async Task<PackageAnswer> GetAsync(
        string id, ApiCaller me, PackageGateway gateway, CancellationToken cancellation, string? cursor = null)
    {
        var key = Id(id);
        var list = $"package {key}";
        var page = await gateway.GetAsync(new GetPackage { Key = key, Caller = me.Caller, Skip = Cursor.Read<int?>(list, cursor) ?? 0 }, cancellation);
        return page.Found ? PackageAnswer.Of(page, page.Next is { } next ? Cursor.Write<int?>(list, next) : null) : throw Absent();
    }

    private static async Task<PackageCommandAnswer> OpenAsync(
        ApiCaller me, PackageGateway gateway, JsonBody<PackageItemsBody> body, CancellationToken cancellation) =>
        Answer(await gateway.FillAsync(me.Context(), null, Items(body), [], cancellation));

    private static async Task<PackageCommandAnswer> AddAsync(
        string id, ApiCaller me, PackageGateway gateway, JsonBody<PackageItemsBody> body, CancellationToken cancellation)
    {
        var (key, items) = (Id(id), Items(body));
        await SeenAsync(key, me, gateway, cancellation);
        return Answer(await gateway.FillAsync(me.Context(), key, items, [], cancellation));
    }

    private static async Task<PackageCommandAnswer> TakeOutAsync(
        string id, ApiCaller me, PackageGateway gateway, JsonBody<PackageItemsBody> body, CancellationToken cancellation)
    {
        var (key, items) = (Id(id), Items(body));
        await SeenAsync(key, me, gateway, cancellation);
        return Answer(await gateway.FillAsync(me.Context(), key, [], items, cancellation));
    }

    private static async Task<PackageCommandAnswer> ReviewAsync(string id, ApiCaller me, PackageGateway gateway, CancellationToken cancellation) =>
        Answer(await gateway.SendAsync(new ReviewPackage { Key = Id(id), Context = me.Context() }, cancellation));

    private static async Task<PackageCommandAnswer> ReleaseAsync(string id, ApiCaller me, PackageGateway gateway, CancellationToken cancellation) =>
        Answer(await gateway.ReleaseAsync(me.Context(), Id(id), cancellation));

    private static async Task<PackageCommandAnswer> RecallAsync(
        string id, ApiCaller me, PackageGateway gateway, JsonBody<PackageItemsBody> body, CancellationToken cancellation) => Answer(await gateway.SendAsync(
            new RecallItems { Items = Items(body), Key = Id(id), Context = me.Context(), Reason = RecallReason.ByHand }, cancellation));

    private static async Task<PackageCommandAnswer> ReturnAsync(
        string id, HttpContext http, ApiCaller me, PackageGateway gateway, CancellationToken cancellation)
    {
        var key = Id(id);
        var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length > LargestReturn)
            {
                throw ApiProblemException.Of(ProblemCodes.TooLarge, $"At most {LargestReturn} bytes.");
            }
        }

        RequestDigest.Note(http, body.ToArray());
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body.ToArray());
        }
        catch (DecoderFallbackException)
        {
            throw ApiProblemException.Of(ProblemCodes.NotUtf8);
        }

        var (rows, faults) = ReturnList.Read(text);
        if (faults is [var (line, fault), ..])
        {
            throw ApiProblemException.OfField(string.Create(CultureInfo.InvariantCulture, $"line {line}"), ProblemCodes.OutOfRange, fault);
        }

        if (rows.Length > PackageLimits.Rows)
        {
            throw ApiProblemException.Of(ProblemCodes.TooMany, $"At most {PackageLimits.Rows} lines.");
        }

        await SeenAsync(key, me, gateway, cancellation);
        var (changed, part) = (0, 0);
        PackageCommandAnswer? answer = null;
        foreach (var some in rows.Chunk(PackageLimits.RowsAtOnce).DefaultIfEmpty([]))
        {
            answer = Answer(await gateway.SendAsync(new TakeReturn { Key = key, Context = me.Context(part++), Rows = [.. some] }, cancellation));
            changed += answer.Changed;
        }

        return answer! with { Changed = changed };
    }

    private static async Task FileAsync(
        string id, string file, HttpContext http, ApiCaller me, PackageGateway gateway, ListSigning signing, IntakeLimits limits,
        CancellationToken cancellation)
    {
        if (!await SendFileAsync(http, Id(id), file, me.Context(), gateway, signing, limits, cancellation))
        {
            await ReadHook.ChunkAsync(http, new Shown([], []), AuditOutcome.Absent);
            throw Absent();
        }
    }

    /// <summary>Sends a file of a package, as the portal does too; false: there is none for the caller, and nothing was sent.</summary>
    public static async Task<bool> SendFileAsync(
        HttpContext http, PackageKey key, string file, CommandContext context, PackageGateway gateway, ListSigning signing, IntakeLimits limits,
        CancellationToken cancellation)
    {
        var head = await gateway.GetAsync(new GetPackage { Key = key, Caller = context.Caller }, cancellation);
        MediaFormat? format = file switch { "media.json" => MediaFormat.Vics, "media.csv" => MediaFormat.Csv, _ => null };
        if (!head.Found
            || (format is null && file is not (CaseFile or "recalled.csv" or "manifest.json" or "manifest.json.sig" or ReleaseEntry or ReleaseProof)))
        {
            return false;
        }

        var proved = file is ReleaseEntry or ReleaseProof
            ? await ReleasedAsync(http.RequestServices.GetRequiredService<AuditReader>(), head, cancellation) : null;

        // Who has it is told of what is called back: noted before the first byte goes.
        Answer(await gateway.SendAsync(new NotePackage { Key = key, Context = context, Receiver = context.Caller.Agency }, cancellation));
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{key}-{file}\"";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = file.EndsWith(".sig", StringComparison.Ordinal) ? "application/octet-stream"
            : file.EndsWith(".csv", StringComparison.Ordinal) ? "text/csv; charset=utf-8"
            : file == ReleaseProof ? "text/plain; charset=utf-8" : "application/json";
        if (proved is { } release)
        {
            await ReadHook.ChunkAsync(http, Of(head, [], [file]));
            await http.Response.BodyWriter.WriteAsync(
                file == ReleaseEntry ? release.Entry : Encoding.UTF8.GetBytes(release.Proof.ToString()), cancellation);
            return true;
        }

        if (file == CaseFile)
        {
            http.Response.ContentType = CaseGraph.MediaType;
            await SendCaseAsync(http, key, context.Caller, gateway, limits, cancellation);
            return true;
        }

        if (format is null && file != "recalled.csv")
        {
            var manifest = Manifest(head);
            await ReadHook.ChunkAsync(http, Of(head, [], [file]));
            await http.Response.BodyWriter.WriteAsync(file == "manifest.json" ? manifest : signing.Signer.SignBytes(manifest), cancellation);
            return true;
        }

        var first = true;
        await foreach (var page in gateway.PagesAsync(context.Caller, key, cancellation))
        {
            var items = format is null ? page.Items.RemoveAll(i => i.Recalled is null) : page.Items;
            await ReadHook.ChunkAsync(http, Of(page, items, ["hashes"]));
            if (!http.Response.HasStarted)
            {
                await http.Response.BodyWriter.WriteAsync(format is { } of ? MediaFile.Head(of) : "MD5;Reason\r\n"u8.ToArray(), cancellation);
            }

            foreach (var item in items)
            {
                await http.Response.BodyWriter.WriteAsync(
                    format is { } media ? MediaFile.Line(media, item.Media, first)
                        : Encoding.UTF8.GetBytes($"{item.Media.Md5!.Value.ToHex().ToUpperInvariant()};{item.Recalled}\r\n"), cancellation);
                first = false;
            }

            await LineStreams.FlushAsync(http, limits, cancellation);
        }

        await http.Response.BodyWriter.WriteAsync(format is { } last ? MediaFile.Foot(last) : (byte[])[], cancellation);
        return true;
    }

    /// <summary>
    /// The audit log's entry of the release, which names the files' digests, and that it is in the log; null: it is not released. Throws 503 for the second or
    /// two until a checkpoint has it.
    /// </summary>
    private static async Task<(byte[] Entry, TlogProof Proof)?> ReleasedAsync(AuditReader log, PackagePage page, CancellationToken cancellation)
    {
        if (page.VicsSha256.Length == 0)
        {
            return null;
        }

        var found = await log.SearchAsync(
            new AuditSearch
            {
                Record = new AuditObject(AuditObjectKind.Package, $"sha256 {page.VicsSha256}"), Kinds = [AuditKind.Alteration], MaxResults = 1,
            },
            _ => false, cancellation);
        return found is [{ Seq: { } place, Entry: var entry }] && await log.ProveAsync(place, cancellation) is { } proof
            && await log.FindAsync(entry.Id, cancellation) is { } kept ? (kept.Bytes, proof)
            : throw new ApiProblemException(
                ApiProblem.Of(ProblemCodes.Unavailable, "The release is durable; its place in the log's tree is signed in a moment.") with { RetryAfter = 1 });
    }

    /// <summary>As CASE/UCO JSON-LD: what was not called back, by hashes and facts.</summary>
    private static async Task SendCaseAsync(
        HttpContext http, PackageKey key, Caller caller, PackageGateway gateway, IntakeLimits limits, CancellationToken cancellation)
    {
        var given = new List<ItemRef>();
        await foreach (var page in gateway.PagesAsync(caller, key, cancellation))
        {
            var items = page.Items.RemoveAll(i => i.Recalled is not null);
            await ReadHook.ChunkAsync(http, Of(page, items, ["hashes"]));
            if (!http.Response.HasStarted)
            {
                await http.Response.BodyWriter.WriteAsync(CaseGraph.Head(), cancellation);
            }

            foreach (var item in items)
            {
                var node = CaseGraph.Media(item.Item, item.Media, page.ReleasedAt ?? page.MadeAt);
                await http.Response.BodyWriter.WriteAsync(CaseGraph.Node(node, first: given.Count == 0), cancellation);
                given.Add(item.Item);
            }

            await LineStreams.FlushAsync(http, limits, cancellation);
        }

        await http.Response.BodyWriter.WriteAsync(CaseGraph.Node(CaseGraph.Package(key.ToString(), given), first: given.Count == 0), cancellation);
        await http.Response.BodyWriter.WriteAsync(CaseGraph.Foot(), cancellation);
    }

    private static Shown Of(PackagePage page, ImmutableArray<PackageItemView> items, ImmutableArray<string> fields) => new(
        [
            new AuditObject(AuditObjectKind.Package, page.Key.ToString()), new AuditObject(AuditObjectKind.Package, $"sha256 {page.VicsSha256}"),
            .. items.Select(i => new AuditObject(AuditObjectKind.Item, i.Item.ToString())),
        ],
        fields, page.ItemCount);

    /// <summary>The same bytes whenever it is asked for: a signature stands for them.</summary>
    private static byte[] Manifest(PackagePage page) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        packageId = page.Key.ToString(), releasedAt = page.ReleasedAt, items = page.ItemCount,
        files = new[]
        {
            new { name = "media.json", sha256 = page.VicsSha256, records = page.ItemCount },
            new { name = "media.csv", sha256 = page.CsvSha256, records = page.ItemCount },
        },
    });

    private static ImmutableArray<ItemRef> Items(JsonBody<PackageItemsBody> body)
    {
        var items = ImmutableArray.CreateBuilder<ItemRef>();
        foreach (var (text, i) in (body.Value.Items ?? []).Take(PackageLimits.ItemsAtOnce + 1).Select((t, i) => (t, i)))
        {
            if (ItemRef.TryParse(text, out var item))
            {
                items.Add(item);
            }
            else
            {
                body.Fields.Add($"items[{i}]", ProblemCodes.MalformedReference, "An item's id is its report's, a hyphen and its ordinal.");
            }
        }

        if (items.Count is 0 or > PackageLimits.ItemsAtOnce && body.Fields.Problem is null)
        {
            body.Fields.Add("items", ProblemCodes.TooMany, $"1 to {PackageLimits.ItemsAtOnce} items.");
        }

        body.Check();
        return items.ToImmutable();
    }

    /// <summary>A command would open what is not there; of a package that is not the caller's there is nothing.</summary>
    private static async Task SeenAsync(PackageKey key, ApiCaller me, PackageGateway gateway, CancellationToken cancellation)
    {
        if (!(await gateway.GetAsync(new GetPackage { Key = key, Caller = me.Caller }, cancellation)).Found)
        {
            throw Absent();
        }
    }

    private static PackageCommandAnswer Answer(PackageReply? reply) => reply switch
    {
        null or { Code: PackageRejection.NotFound } => throw Absent(),
        { Code: PackageRejection.None } => new PackageCommandAnswer(
            "accepted", reply.Key.ToString(), reply.State, reply.Items, reply.Changed, reply.Replayed ? true : null),
        _ => throw ApiProblemException.Of(ProblemCodes.Of(reply.Code), reply.Detail),
    };

    private static PackageKey Id(string text) => PackageKey.TryParse(text, out var key) ? key : throw Absent();

    private static ApiProblemException Absent() =>
        ApiProblemException.Of(ProblemCodes.NotFound, "There is no such package or file, or it is not for you to see.");
}
