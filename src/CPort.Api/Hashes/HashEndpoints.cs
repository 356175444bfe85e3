using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Audit;
using CPort.Domain.Hashes.Verbs;

namespace CPort.Api.Hashes;

/// <summary>Hashes: look up, read one with its history, import lists, correct and retract.</summary>
public static class HashEndpoints
{
    private const int DefaultResults = 20;

    /// <summary>Lines made durable and answered together; clients that send no more than this in a request need not read while they write.</summary>
    private const int LinesPerStep = 20_000;

    /// <summary>Hashes of one step; a line has up to one an algorithm.</summary>
    private const int RowsPerStep = 50_000;

    /// <summary>Near values that one answer can list at most.</summary>
    private const int MaxListed = 200_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static void MapHashes(this IEndpointRouteBuilder v1)
    {
        var hashes = v1.MapGroup("").WithTags("Hashes");
        hashes.MapPost("/hashes:lookup", LookupAsync).Needs(Deed.LookUpHashes).WithName("LookupHashes")
            .WithSummary("Look up to 10,000 hashes up: verdicts with provenance, near PDQ values with distance")
            .Problems(400, 403, 413, 415, 422, 503);
        hashes.MapPost("/hashes:show", ShowAsync).Needs(Deed.LookUpHashes).WithName("ShowHash")
            .WithSummary("Everything held of one hash, with every source and the history")
            .WithDescription("The hash stands in the body: whatever passes requests on keeps their paths.")
            .Problems(403, 404, 413, 415, 422, 503);
        hashes.MapPost("/hashes:import", ImportAsync).Needs(Deed.ImportHashes).WithName("ImportHashes")
            .WithSummary("Import a list of known hashes as NDJSON, one media a line; an answer a line once durable")
            .WithDescription(
                "`origin` names the list's maker when that is not the agency (left out: the list's name): two agencies that import one list are one origin. "
                + "`basis=human` says that people looked at what the rows name; it needs an `origin`. A stream that sends nothing is ended by a line `ended`; an "
                + "agency whose quota of stored rows is used up gets `rejected` with the problem `quota-exceeded` for every further row.")
            .WithMetadata(RequestBody.Accepts<ImportRowBody>(LineStreams.Ndjson), new AuditedByChunks()).Produces<ImportLineAnswer>(200, LineStreams.Ndjson)
            .Problems(400, 403, 415, 422, 429);
        hashes.MapPost("/hashes:retract", (JsonBody<ChangeOpinionsBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, SeenItems seen,
            CancellationToken cancellation) =>
                ChangeAsync(body, caller, actors, seen, retract: true, cancellation)).Needs(Deed.ChangeOpinions).WithName("RetractHashes")
            .WithSummary("Take back the agency's word on hashes; says first how many items will change")
            .Problems(400, 403, 409, 413, 415, 422, 503);
        hashes.MapPost("/hashes:correct", (JsonBody<ChangeOpinionsBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, SeenItems seen,
            CancellationToken cancellation) =>
                ChangeAsync(body, caller, actors, seen, retract: false, cancellation)).Needs(Deed.ChangeOpinions).WithName("CorrectHashes")
            .WithSummary("Put the agency's word on hashes right; says first how many items will change")
            .WithDescription(
                "Of hashes of which the agency, or its list, has said something by that law; no other word is touched. What is left is a list's word.")
            .Problems(400, 403, 409, 413, 415, 422, 503);
    }

    private static async Task<LookupAnswer> LookupAsync(
        JsonBody<LookupBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, MatchingOptions matching, CancellationToken cancellation)
    {
        var (value, fields) = (body.Value, body.Fields);
        var hashes = ReadHashes(fields, value.Hashes);
        if (value.Radius is < 0 or > PdqLimits.MaxRadius)
        {
            fields.Add("radius", ProblemCodes.OutOfRange, $"The radius is 0 to {PdqLimits.MaxRadius}.");
        }

        if (value.MaxResults is < 1 or > 100)
        {
            fields.Add("maxResults", ProblemCodes.OutOfRange, "1 to 100 near values can be listed.");
        }
        else if (hashes.Length * (value.MaxResults ?? DefaultResults) > MaxListed)
        {
            fields.Add("maxResults", ProblemCodes.OutOfRange,
                $"Hashes times maxResults is at most {MaxListed}: ask for fewer near values or fewer hashes at once.");
        }

        body.Check();

        // A value of poor quality is looked up exactly like any other, and near nothing.
        ImmutableArray<bool> poor = [.. value.Hashes!.Select(h => h!.Quality < matching.QualityFloor)];
        var found = await FindAsync(
            actors, new LookupMany(caller.Caller.Tenant, hashes, value.Radius ?? matching.NearRadius, value.MaxResults ?? DefaultResults, poor), cancellation);
        return new LookupAnswer([.. found.Select((r, i) => HashAnswer.Of(i, r.Verdict, hashes[i].Algorithm == HashAlgorithm.Pdq && !poor[i] ? r : null))]);
    }

    /// <summary>What is known of the hashes, in their order; throws <see cref="ApiProblemException"/> when not every bucket answered.</summary>
    internal static async Task<ImmutableArray<HashLookupResult>> FindAsync(IReadOnlyActorRegistry actors, LookupMany query, CancellationToken cancellation) =>
        await actors.Get<MatchingKey>().Ask<object>(query, Patience, cancellation) switch
        {
            LookedUp found => found.Results,
            LookupRefused refused => throw ApiProblemException.Of(ProblemCodes.OutOfRange, refused.Reason),
            _ => throw ApiProblemException.Of(ProblemCodes.Unavailable, "Not every hash bucket answered in time; nothing is concluded from a part."),
        };

    private static async Task<HashEntryAnswer> ShowAsync(
        JsonBody<ShowHashBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, CancellationToken cancellation)
    {
        var named = body.Value.Hash is null ? null : body.Fields.Hash("hash", body.Value.Hash);
        if (body.Value.Hash is null)
        {
            body.Fields.Missing("hash");
        }

        body.Check();
        var hash = named!.Value;
        var entry = await actors.Get<HashBucketRegion>().Ask<HashEntryReply>(
            new GetHashEntry { Bucket = HashBucketId.For(caller.Caller.Tenant, hash), Hash = hash, Limit = 1 }, Patience, cancellation);

        // Also when items carry it: that there are any is not for everybody.
        return entry is { Sources.IsEmpty: true, HistoryCount: 0 }
            ? throw ApiProblemException.Of(ProblemCodes.NotFound, "Nobody has spoken of the hash.")
            : HashEntryAnswer.Of(entry);
    }

    /// <summary>
    /// Lines are read in steps, made durable, and answered before the next step is read: memory stays flat and a slow journal slows the sender.
    /// </summary>
    private static async Task ImportAsync(
        string? list, string? origin, string? basis, HttpContext http, ApiCaller caller,
        IReadOnlyActorRegistry actors, IntakeLimits limits, OpenStreams open, HashQuota quota, TimeProvider time, CancellationToken cancellation)
    {
        RequestBody.RefuseEncoding(http);
        if (ListName(list) is not { } name)
        {
            throw ApiProblemException.OfField("list", ProblemCodes.OutOfRange, "The query needs list=NAME, 1 to 100 characters without control characters.");
        }

        var judged = ListName(origin);
        if (origin is not null && judged is null)
        {
            throw ApiProblemException.OfField("origin", ProblemCodes.OutOfRange, "An origin is 1 to 100 characters without control characters.");
        }

        var source = SourceOf(caller.Caller, name, OriginOf(judged ?? name, caller.Caller), BasisOf(basis, judged), time.GetUtcNow());
        var import = new HashImport(actors.Get<HashBucketRegion>(), caller.Caller.Tenant);
        using var place = open.Enter(StreamKind.HashLists, caller.Caller.Agency);
        LineStreams.Begin(http);
        using var sender = new PatientReader(http.Request.BodyReader, limits, cancellation);
        var lines = new List<(long Number, ApiProblem? Problem, int Row, int Rows, ImmutableArray<FieldError> LeftOut)>();
        var rows = new List<HashListRow>();
        var written = new ArrayBufferWriter<byte>(64 * 1024);
        await using var json = new Utf8JsonWriter(written, new JsonWriterOptions { SkipValidation = true });

        async Task StepAsync()
        {
            HashRowOutcome[]? outcomes = null;
            try
            {
                if (rows.Exists(r => !r.Retract) && await quota.IsUsedUpAsync(caller.Caller, cancellation))
                {
                    KeepRetractions();
                }

                outcomes = await import.ImportAsync(source, rows, cancellation);
                await quota.CountAsync(caller.Caller, outcomes.Sum(Stored), cancellation);
                await ReadHook.ChunkAsync(http, new Shown([new AuditObject(AuditObjectKind.List, name)], ["hashes"], rows.Count), AuditOutcome.Done);
            }
            catch (Exception e) when (e is HashBucketsUnavailableException || Faults.IsPassingFor(e, cancellation))
            {
                // Answered below, line by line.
                outcomes = null;
            }

            foreach (var line in lines)
            {
                var answer = line.Problem is not null ? new ImportLineAnswer(line.Number, "rejected", line.Problem)
                    : outcomes is null ? new ImportLineAnswer(line.Number, "unavailable", NotDurable)
                    : new ImportLineAnswer(line.Number, OutcomeOf(outcomes.AsSpan(line.Row, line.Rows)), null, line.LeftOut.IsEmpty ? null : line.LeftOut);
                JsonSerializer.Serialize(json, answer, ApiJson.Options);
                json.Flush();
                json.Reset();
                written.Write("\n"u8);
                if (written.WrittenCount > 60 * 1024)
                {
                    await SendAsync();
                }
            }

            await SendAsync();
            lines.Clear();
            rows.Clear();
        }

        // Who has no room left may still take back.
        void KeepRetractions()
        {
            var kept = new List<HashListRow>();
            foreach (ref var line in CollectionsMarshal.AsSpan(lines))
            {
                var its = rows.Slice(line.Row, line.Rows);
                line = its.TrueForAll(r => r.Retract)
                    ? line with { Row = kept.Count } : line with { Problem = QuotaUsedUp, Row = kept.Count, Rows = 0, LeftOut = [] };
                kept.AddRange(line.Rows > 0 ? its : []);
            }

            rows.Clear();
            rows.AddRange(kept);
        }

        async Task SendAsync()
        {
            http.Response.BodyWriter.Write(written.WrittenSpan);
            written.ResetWrittenCount();
            await LineStreams.FlushAsync(http, limits, cancellation);
        }

        try
        {
            await ReadAsync();
        }
        catch (Exception e) when (http.Response.HasStarted && e is IOException or TimeoutException)
        {
            // The list broke off, or its sender does not read. An answer that ended properly would say that everything was read.
            http.Abort();
        }

        async Task ReadAsync()
        {
            var answered = 0L;
            await foreach (var line in NdjsonLines.ReadAsync(sender, limits.LineBytes, cancellation))
            {
                var first = rows.Count;
                var problem = ReadRow(line, caller.Caller, limits, time, rows, out var leftOut);
                lines.Add((line.Number, problem, first, rows.Count - first, leftOut));
                answered = line.Number;
                if (lines.Count >= LinesPerStep || rows.Count >= RowsPerStep)
                {
                    await StepAsync();
                }
            }

            await StepAsync();
            if (sender.GaveUp is { } why)
            {
                JsonSerializer.Serialize(json, new ImportLineAnswer(answered, "ended", ApiProblem.Of(ProblemCodes.TooSlow, why) with { Retry = true }), ApiJson.Options);
                json.Flush();
                written.Write("\n"u8);
                await SendAsync();
            }
        }
    }

    internal const string NoLaw = "National and NotIllegal need the country whose law they follow.";

    internal static readonly ApiProblem QuotaUsedUp = ApiProblem.Of(ProblemCodes.QuotaExceeded,
        "The agency has as many rows of hash lists stored as it may; retract some, or ask the operators for more (limit: hash rows per agency).");

    /// <summary>What an outcome adds to the rows that are stored.</summary>
    internal static int Stored(HashRowOutcome outcome) => outcome switch { HashRowOutcome.Added => 1, HashRowOutcome.Retracted => -1, _ => 0 };

    private static readonly ApiProblem NotDurable = ApiProblem.Of(ProblemCodes.Unavailable, "The row could not be made durable in time; send it again.");

    /// <summary>Of a media's hashes the one to which most happened speaks for the line.</summary>
    private static string OutcomeOf(ReadOnlySpan<HashRowOutcome> rows)
    {
        var strongest = HashRowOutcome.Ignored;
        foreach (var row in rows)
        {
            strongest = row < strongest ? row : strongest;
        }

        return strongest switch
        {
            HashRowOutcome.Added => "imported",
            HashRowOutcome.Changed => "changed",
            HashRowOutcome.Retracted => "retracted",
            HashRowOutcome.Unchanged => "unchanged",
            _ => "ignored",
        };
    }

    private static ApiProblem? ReadRow(
        IntakeLine line, Caller caller, IntakeLimits limits, TimeProvider time, List<HashListRow> rows, out ImmutableArray<FieldError> leftOut)
    {
        leftOut = [];
        if (line.TooLong)
        {
            return ApiProblem.Of(ProblemCodes.TooLarge, $"The line is longer than {limits.LineBytes} bytes (limit: line length).");
        }

        if (!StrictJson.TryRead<ImportRowBody>(line.Utf8.Span, limits, out var body, out var unreadable))
        {
            return ApiProblem.Of(unreadable);
        }

        var fields = new FieldReader(limits, CodeGeneration.V3, time.GetUtcNow());
        var (hashes, quality) = fields.Hashes("", body);
        leftOut = fields.LeftOut;
        var classification = fields.Code("classification", CodeLists.Classifications, body.Classification, required: true);
        var country = fields.Country("country", body.Country);
        if (hashes.IsEmpty && fields.Problem is null)
        {
            return leftOut.IsEmpty
                ? ApiProblem.Of(IntakeProblem.Of([new FieldError("", ProblemCodes.Missing, "A row needs at least one hash.")]))
                : ApiProblem.Of(IntakeProblem.Of(leftOut));
        }

        if (fields.Problem is { } wrong)
        {
            return ApiProblem.Of(wrong);
        }

        var law = LawOf(classification!.Value, country, caller);
        if (law is null && classification != Classification.Baseline)
        {
            return ApiProblem.Of(ProblemCodes.Missing, NoLaw);
        }

        var flags = (body.VictimIdentified == true ? HashFlags.VictimIdentified : 0) | (body.SeriesKnown == true ? HashFlags.SeriesKnown : 0);
        rows.AddRange(hashes.Select(hash => new HashListRow
        {
            Hash = hash, Classification = classification.Value, Country = law, Flags = flags, Retract = body.Retract == true,
            PdqQuality = hash.Algorithm == HashAlgorithm.Pdq ? quality : null,
        }));
        return null;
    }

    /// <summary>Two steps on purpose: one slip must not change something in fifty countries unseen.</summary>
    private static async Task<ChangeOpinionsAnswer> ChangeAsync(
        JsonBody<ChangeOpinionsBody> body, ApiCaller caller, IReadOnlyActorRegistry actors, SeenItems seen, bool retract, CancellationToken cancellation)
    {
        var (value, fields) = (body.Value, body.Fields);
        var hashes = ReadHashes(fields, value.Hashes);
        var list = value.List is null ? null : ListName(value.List);
        if (value.List is not null && list is null)
        {
            fields.Add("list", ProblemCodes.OutOfRange, "A list's name is 1 to 100 characters without control characters.");
        }

        var classification = retract ? Classification.NotIllegal : fields.Code("classification", CodeLists.Classifications, value.Classification,
            required: true);
        var country = fields.Country("country", value.Country);
        var origin = value.Origin is null ? list : ListName(value.Origin);
        if (value.Origin is not null && origin is null)
        {
            fields.Add("origin", ProblemCodes.OutOfRange, "An origin is 1 to 100 characters without control characters.");
        }

        var law = LawOf(classification ?? Classification.Baseline, country, caller.Caller);
        if (!retract && law is null && classification is Classification.National or Classification.NotIllegal)
        {
            fields.Add("country", ProblemCodes.Missing, NoLaw);
        }

        body.Check();

        // A list's word, also without a list: human is only who looked at an item of a report.
        var opinion = new HashOpinion
        {
            Agency = caller.Caller.Agency, List = list, Basis = OpinionBasis.List, Classification = classification!.Value, Country = law,
            Trust = caller.Caller.Trust, At = caller.Context().OccurredAt, Speaks = caller.Caller.SpeaksFor(law),
            Origin = OriginOf(origin, caller.Caller),
        };
        ImmutableArray<OpinionOnHash> opinions = [.. hashes.Select(hash => new OpinionOnHash { Hash = hash, Opinion = opinion, Retract = retract })];
        var change = new OpinionChange(actors.Get<HashBucketRegion>(), caller.Caller.Tenant);
        var preview = await change.PreviewAsync(opinions, ct: cancellation);
        var reached = await seen.OfAsync(caller.Caller, preview.Reached, cancellation);
        var counted = new ChangeOpinionsAnswer(
            false, preview.Verdicts, reached.Count, reached.Select(i => i.Report).Distinct().Count(), preview.Outcomes);
        if (value.Confirm is not { } confirmed)
        {
            return counted;
        }

        if (confirmed != counted.Items)
        {
            throw ApiProblemException.Of(
                ProblemCodes.CountChanged, $"The change would now reach {counted.Items} items in {counted.Reports} reports; confirm that number.");
        }

        await change.ApplyAsync(opinions, cancellation);
        return counted with { Applied = true };
    }

    /// <summary>Who speaks when the agency's list is brought now.</summary>
    internal static HashListSource SourceOf(Caller caller, string list, string? origin, OpinionBasis basis, DateTimeOffset now) => new()
    {
        Agency = caller.Agency, List = list, Trust = caller.Trust, At = now, Basis = basis, Origin = origin,
        SpeaksFor = [.. caller.Countries.Where(c => caller.SpeaksFor(c))],
    };

    /// <summary>
    /// The law of a word that names none: the agency's primary country's, of Baseline too, so that its correction is the same source's. INTERPOL has none.
    /// </summary>
    internal static Country? LawOf(Classification classification, Country? given, Caller caller) =>
        given ?? (classification == Classification.Baseline && caller.Kind == AgencyKind.Interpol ? null : caller.LawFor());

    /// <summary>
    /// Who judged: the list's maker, by whatever name it is given; a list that names none is taken for somebody's of its own name, so that two agencies which
    /// import it are one origin. Null: the agency itself.
    /// </summary>
    internal static string? OriginOf(string? named, Caller caller) =>
        named?.ToLowerInvariant() is { } origin && origin != caller.Agency.Value ? origin : null;

    private static OpinionBasis BasisOf(string? basis, string? origin) => basis?.ToLowerInvariant() switch
    {
        null or "list" => OpinionBasis.List,
        "human" when origin is not null => OpinionBasis.Human,
        "human" => throw ApiProblemException.OfField("origin", ProblemCodes.Missing, "Rows that people looked at name their origin: origin=NAME."),
        _ => throw ApiProblemException.OfField("basis", ProblemCodes.UnknownCode, "One of list, human."),
    };

    internal static ImmutableArray<ContentHash> ReadHashes(FieldReader fields, List<HashBody?>? bodies)
    {
        if (bodies is not { Count: > 0 })
        {
            fields.Missing("hashes");
            return [];
        }

        if (bodies.Count > OpinionChange.Max)
        {
            fields.Add("hashes", ProblemCodes.TooMany, $"At most {OpinionChange.Max} hashes.");
            return [];
        }

        var hashes = ImmutableArray.CreateBuilder<ContentHash>(bodies.Count);
        for (var i = 0; i < bodies.Count && !fields.IsFull; i++)
        {
            if (fields.Hash($"hashes[{i}]", bodies[i]) is { } hash)
            {
                hashes.Add(hash);
            }
        }

        return hashes.ToImmutable();
    }

    private static string? ListName(string? text) => text?.Trim() is { Length: >= 1 and <= 100 } name && !name.Any(char.IsControl) ? name : null;
}
