using System.Globalization;
using System.Text;
using System.Text.Json;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;

namespace CPort.Api.Audit;

/// <summary><c>/v1/audit</c>: the log itself as C2SP tlog-tiles has it, and entries for agencies and their supervisors.</summary>
public static class AuditEndpoints
{
    private const string List = "audit";
    private const int Most = 1_000;
    private const int LongestName = 200;

    public static void MapAudit(this IEndpointRouteBuilder v1)
    {
        var audit = v1.MapGroup("/audit").WithTags("Audit");
        audit.MapGet("/log/checkpoint", CheckpointAsync).Needs(Deed.SeeTree).WithName("GetAuditCheckpoint")
            .WithSummary("The newest signed checkpoint of the audit log (C2SP tlog-checkpoint)").Produces<string>(200, "text/plain").Problems(404, 503);
        audit.MapGet("/checkpoint", WitnessedAsync).Needs(Deed.SeeTree).WithName("GetWitnessedAuditCheckpoint")
            .WithSummary("The newest checkpoint of the audit log that witnesses have cosigned, and which of them, and when")
            .WithDescription(
                "`note` bears the log's signature and the cosignatures (C2SP tlog-cosignature) of all witnesses who have seen just this tree; "
                + "`/v1/audit/log/checkpoint` may be a little ahead of it.").Problems(503);
        audit.MapGet("/log/key", Key).Needs(Deed.SeeTree).WithName("GetAuditKey")
            .WithSummary("The public key of the audit log, as verifiers of signed notes take it (vkey)").Produces<string>(200, "text/plain").Problems(503);
        audit.MapGet("/log/tile/{level:int}/{**path}", TileAsync).Needs(Deed.SeeTree).WithName("GetAuditTile")
            .WithSummary("Hashes of the audit log's tree (C2SP tlog-tiles)").Produces<byte[]>(200, "application/octet-stream").Problems(404, 503);
        audit.MapGet("/log/tile/entries/{**path}", BundleAsync).Needs(Deed.ReadAudit).WithName("GetAuditBundle")
            .WithSummary("Entries of the audit log as they are hashed (C2SP tlog-tiles); an entry of length 0 is gone")
            .Produces<byte[]>(200, "application/octet-stream").Problems(403, 404, 503);
        audit.MapPost("/log:verify", VerifyAsync).Needs(Deed.VerifyAudit).WithName("VerifyAudit")
            .WithSummary("Has this node read the whole log again and say the first entry that was changed, is missing, or was moved").Problems(403, 503);
        audit.MapGet("/entries/{id}.tlog-proof", ProofAsync).Needs(Deed.SearchAudit).WithName("GetAuditProof")
            .WithSummary("That an entry is in the log, to be checked without the log (C2SP tlog-proof)")
            .WithDescription("503 for the second that an entry waits for its place and a checkpoint. The entry itself is `leaf` of the entry's answer.")
            .Produces<string>(200, "text/plain").Problems(403, 404, 503);
        audit.MapGet("/entries/{id}", GetAsync).Needs(Deed.SearchAudit).WithName("GetAuditEntry")
            .WithSummary("An entry of the audit log").Problems(403, 404, 503);
        audit.MapPost("/entries:search", SearchAsync).Needs(Deed.SearchAudit).WithName("SearchAudit")
            .WithSummary("Finds entries by person, agency, record, kind and time, newest first")
            .WithDescription("An agency's auditors find their own agency's entries, supervisory authorities those of the agencies of their countries.")
            .Problems(400, 403, 413, 422, 503);
        audit.MapPost("/entries:export", ExportAsync).Needs(Deed.ExportAudit).WithName("ExportAudit").WithMetadata(new AuditedByChunks())
            .WithSummary("All entries that a search finds, one a line (NDJSON), newest first")
            .Produces<AuditEntryAnswer>(200, LineStreams.Ndjson).Problems(400, 403, 413, 422, 503);
        audit.MapPost("/keys:erase", EraseAsync).Needs(Deed.EraseAuditKeys).WithName("EraseAuditKey")
            .WithSummary("Destroy the key of an agency's month: its entries stay provable and no longer tell who exactly, and why")
            .WithDescription(
                "Without `confirm` it counts. With it one operator proposes, and it is done when an operator of another hand confirms the same number within "
                + "30 days. Both stand in the log.")
            .Problems(400, 403, 409, 413, 422, 503);
    }

    private static async Task<IResult> CheckpointAsync(AuditReader reader, WitnessStore witnesses, CancellationToken cancellation)
    {
        var note = await reader.CheckpointAsync(cancellation) ?? throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no checkpoint yet.");

        // Where nothing has come since, it is the one that the witnesses have seen.
        var witnessed = (await witnesses.ReadAsync(cancellation)).Note;
        return TypedResults.Text(witnessed?.StartsWith(note, StringComparison.Ordinal) == true ? witnessed : note, "text/plain");
    }

    private static async Task<WitnessedLogAnswer> WitnessedAsync(WitnessStore witnesses, CancellationToken cancellation) =>
        WitnessedLogAnswer.Of(await witnesses.ReadAsync(cancellation));

    private static IResult Key(AuditTree tree) => TypedResults.Text(tree.Signer.Verifier + "\n", "text/plain");

    private static async Task<IResult> TileAsync(int level, string path, AuditReader reader, CancellationToken cancellation) =>
        level is >= 0 and < 8 && Tile.TryParsePath(path, out var index, out var width)
        && await reader.TileAsync(new Tile(level, index, width), cancellation) is { } hashes
            ? TypedResults.Bytes(hashes, "application/octet-stream") : throw NoTile();

    private static async Task<IResult> BundleAsync(string path, AuditReader reader, CancellationToken cancellation) =>
        Tile.TryParsePath(path, out var index, out var width) && await reader.TileAsync(new Tile(0, index, width), cancellation) is not null
            ? new FileAnswer(
                await reader.BundleAsync(index, width, cancellation), "application/octet-stream",
                new Shown([new AuditObject(AuditObjectKind.View, $"audit entries {Tile.PathOf(index, width)}")], [], width))
            : throw NoTile();

    private static async Task<AuditVerdictAnswer> VerifyAsync(AuditVerification verification, CancellationToken cancellation) =>
        AuditVerdictAnswer.Of(await verification.RunAsync(cancellation));

    private static async Task<AuditEntryAnswer> GetAsync(string id, ApiCaller me, AuditReader reader, AuditSight sight, CancellationToken cancellation)
    {
        var (seq, bytes, entry) = await FoundAsync(id, me, reader, sight, cancellation);
        return AuditEntryAnswer.Of((await reader.OpenedAsync([(seq, entry)], _ => true, cancellation))[0], bytes);
    }

    private static async Task<IResult> ProofAsync(string id, ApiCaller me, AuditReader reader, AuditSight sight, CancellationToken cancellation)
    {
        var (seq, _, entry) = await FoundAsync(id, me, reader, sight, cancellation);
        var proof = seq is { } place ? await reader.ProveAsync(place, cancellation) : null;
        return proof is null
            ? throw new ApiProblemException(
                ApiProblem.Of(ProblemCodes.Unavailable, "The entry is durable; its place in the tree is signed in a moment.") with { RetryAfter = 1 })
            : new FileAnswer(Encoding.UTF8.GetBytes(proof.ToString()), "text/plain", new Shown([new AuditObject(AuditObjectKind.Entry, entry.Id)], ["proof"]));
    }

    private static async Task<AuditEntriesAnswer> SearchAsync(
        JsonBody<AuditSearchBody> body, ApiCaller me, AuditReader reader, AuditSight sight, CancellationToken cancellation)
    {
        var search = Read(body, me.Caller, sight);
        var (found, next) = await reader.PageAsync(search, _ => true, cancellation);
        return new AuditEntriesAnswer([.. found.Select(f => AuditEntryAnswer.Of(f))], next is null ? null : Cursor.Write(List, next));
    }

    private static async Task ExportAsync(
        HttpContext http, JsonBody<AuditSearchBody> body, ApiCaller me, AuditReader reader, AuditSight sight, IntakeLimits limits,
        CancellationToken cancellation)
    {
        var search = Read(body, me.Caller, sight) with { MaxResults = Most };
        while (true)
        {
            var (found, next) = await reader.PageAsync(search, _ => true, cancellation);
            var page = new AuditEntriesAnswer([.. found.Select(f => AuditEntryAnswer.Of(f))], null);
            await ReadHook.ChunkAsync(http, ((IShowsData)page).What());
            if (!http.Response.HasStarted)
            {
                LineStreams.Begin(http);
            }

            foreach (var entry in page.Entries)
            {
                await LineStreams.WriteAsync(http, entry, cancellation);
            }

            await LineStreams.FlushAsync(http, limits, cancellation);
            if (next is null)
            {
                return;
            }

            search = search with { Before = next };
        }
    }

    private static async Task<EraseAuditKeyAnswer> EraseAsync(
        JsonBody<EraseAuditKeyBody> body, ApiCaller me, AuditPeriods periods, AgencyDirectoryFeed directory, TimeProvider time,
        CancellationToken cancellation)
    {
        var agency = body.Fields.Agency("agency", body.Value.Agency);
        var now = time.GetUtcNow();
        if (body.Value.Agency is null)
        {
            body.Fields.Missing("agency");
        }

        if (!DateTimeOffset.TryParseExact(body.Value.Period, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var month)
            || month.AddMonths(1) > now.AddDays(-1))
        {
            body.Fields.Add("period", ProblemCodes.OutOfRange, "A month that has been over for a day, as yyyy-MM.");
        }

        body.Check();
        var (of, period) = (agency!.Value.Value, body.Value.Period!);
        var entries = await periods.CountAsync(of, period, cancellation);
        var proposed = await periods.ProposedAsync(of, period, cancellation) is { } p && now - p.At < ProposedChange.Waits ? p.By : null;
        if (body.Value.Confirm is not { } confirmed)
        {
            return new EraseAuditKeyAnswer(of, period, false, entries, proposed, EraseAuditStep.Counted);
        }

        if (confirmed != entries)
        {
            throw ApiProblemException.Of(ProblemCodes.CountChanged, $"The month has {entries} entries; confirm that number.");
        }

        if (proposed is null)
        {
            await periods.ProposeAsync(of, period, me.Caller.KeyId, now, cancellation);
            return new EraseAuditKeyAnswer(of, period, false, entries, me.Caller.KeyId, EraseAuditStep.Proposed);
        }

        // Who proposed and asks again hears that it waits; another key of the same hand is told why it is not the other one.
        return directory.Current.HandOf(proposed) != directory.Current.HandOf(me.Caller.KeyId)
                ? new EraseAuditKeyAnswer(
                    of, period, await periods.EraseAsync(of, period, now, cancellation), entries, proposed, EraseAuditStep.Destroyed)
            : proposed == me.Caller.KeyId ? new EraseAuditKeyAnswer(of, period, false, entries, proposed, EraseAuditStep.Proposed)
            : throw ApiProblemException.Of(
                ProblemCodes.Of(AgencyRejection.SecondPersonNeeded), "Who proposed it does not confirm it: an operator of another hand does.");
    }

    private static async Task<(long? Seq, byte[] Bytes, AuditEntry Entry)> FoundAsync(
        string id, ApiCaller me, AuditReader reader, AuditSight sight, CancellationToken cancellation) =>
        IsName(id) && await reader.FindAsync(id, cancellation) is { } found && AuditEntry.TryRead(found.Bytes, out var entry) && sight.Sees(me.Caller, entry)
            ? (found.Seq, found.Bytes, entry)
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "There is no such entry, or it is not for you to see.");

    private static AuditSearch Read(JsonBody<AuditSearchBody> body, Caller caller, AuditSight sight)
    {
        var (b, fields) = (body.Value, body.Fields);
        if (b.MaxResults is < 1 or > Most)
        {
            fields.Add("maxResults", ProblemCodes.OutOfRange, $"1 to {Most}.");
        }

        var kinds = ImmutableArray.CreateBuilder<AuditKind>();
        foreach (var (text, i) in (b.Kinds ?? []).Select((k, i) => (k, i)))
        {
            if (Enum.GetValues<AuditKind>().Where(k => AuditEntry.Word(k) == text).ToArray() is [var kind])
            {
                kinds.Add(kind);
            }
            else
            {
                fields.Add($"kinds[{i}]", ProblemCodes.UnknownCode, $"Kinds: {string.Join(", ", Enum.GetValues<AuditKind>().Select(AuditEntry.Word))}.");
            }
        }

        var record = RecordOf(b.Record, fields);
        var agency = b.Agency is null ? null : fields.Agency("agency", b.Agency);
        var (from, to) = (fields.Date("from", b.From), fields.Date("to", b.To));
        body.Check();
        var sees = sight.AgenciesOf(caller);
        return new AuditSearch
        {
            Agencies = agency is not { } only ? sees : sees is not { } own || own.Contains(only.Value) ? [only.Value] : [],
            Person = b.Person, Record = record, Kinds = kinds.ToImmutable(), From = from, To = to, MaxResults = b.MaxResults ?? ReadModel.MaxResults,
            Before = Cursor.Read<long?>(List, string.IsNullOrWhiteSpace(b.Cursor) ? null : b.Cursor),
        };
    }

    private static AuditObject? RecordOf(string? text, FieldReader fields)
    {
        if (text is null)
        {
            return null;
        }

        // What cannot stand in an entry is looked for in none: a database may not even take it.
        if (!IsName(text))
        {
            fields.Add("record", ProblemCodes.OutOfRange, $"At most {LongestName} characters, none of them a control character.");
            return null;
        }

        if (ReportId.TryParse(text.Split('-')[0], out var report))
        {
            return new AuditObject(AuditObjectKind.Report, report.ToString());
        }

        if (text.Split(':', 2) is [var word, { Length: > 0 } id]
            && Enum.GetValues<AuditObjectKind>().Where(k => AuditEntry.Word(k) == word).ToArray() is [var kind])
        {
            return new AuditObject(kind, id);
        }

        fields.Add("record", ProblemCodes.OutOfRange, "A report's or item's id, or kind:id as entries have it.");
        return null;
    }

    private static bool IsName(string text) => text.Length <= LongestName && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    private static ApiProblemException NoTile() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such tile.");
}
