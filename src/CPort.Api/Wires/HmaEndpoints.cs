using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Akka.Hosting;
using CPort.Actors.Hashes;
using CPort.Actors.HashLists;
using CPort.Actors.Matching;
using CPort.Api.Hashes;
using CPort.Domain.Audit;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Wires;
using Microsoft.AspNetCore.Mvc;

namespace CPort.Api.Wires;

/// <summary>
/// <c>/hma</c>: the HTTP API of HMA (hasher-matcher-actioner) as far as CPort has what it is about, so that HMA's clients look up here and keep their lists
/// here. Media are nowhere: what needs one is answered with a clear error. Rights, tenants and the audit log are those of <c>/v1/hashes</c>.
/// </summary>
public static class HmaEndpoints
{
    private const int MostMatches = 100;
    private const string NoMedia = "CPort holds metadata only: hash the file where it is, and look its signal up with signal and signal_type.";
    private const string Ways = "Lists from elsewhere are brought by POST /v1/hashes:import?list=NAME&origin=NAME (cport hashes import), not fetched.";
    private static readonly ImmutableArray<string> Kept = ["signals"];

    public static void MapHma(this IEndpointRouteBuilder routes)
    {
        // Outermost, so that whatever is refused further in is written as HMA writes errors.
        var hma = routes.MapGroup("/hma").AddEndpointFilter(ErrorsAsync).Audited().ExcludeFromDescription();
        hma.MapGet("/status", () => "I-AM-ALIVE").Needs(Deed.SeeService);
        hma.MapGet("/status/live", () => "I-AM-ALIVE").Needs(Deed.SeeService);
        hma.MapGet("/m/raw_lookup", RawLookupAsync).Needs(Deed.LookUpHashes).WithName("HmaRawLookup");
        hma.MapGet("/m/lookup", LookupAsync).Needs(Deed.LookUpHashes).WithName("HmaLookup");
        hma.MapPost("/m/compare", CompareAsync).Needs(Deed.LookUpHashes).WithName("HmaCompare");
        hma.MapGet("/c/signal_type", SignalTypes).Needs(Deed.LookUpHashes).WithName("HmaSignalTypes");
        hma.MapGet("/c/content_type", () => new WireAnswer(Array.Empty<object>(), Shown.View("content types"))).Needs(Deed.LookUpHashes)
            .WithName("HmaContentTypes");

        hma.MapGet("/c/banks", BanksAsync).Needs(Deed.ReadHashLists).WithName("HmaBanks");
        hma.MapPost("/c/banks", CreateBankAsync).Needs(Deed.ImportHashes).WithName("HmaCreateBank");
        hma.MapGet("/c/bank/{bank}", BankAsync).Needs(Deed.ReadHashLists).WithName("HmaBank");
        hma.MapGet("/c/bank/{bank}/content/{content:long}", ContentAsync).Needs(Deed.ReadHashLists).WithName("HmaContent");
        hma.MapPost("/c/bank/{bank}/signal", AddSignalsAsync).Needs(Deed.ImportHashes).WithName("HmaAddSignals").WithMetadata(new AuditedByChunks());
        hma.MapPut("/c/bank/{bank}/content/{content:long}", UpdateContentAsync).Needs(Deed.ImportHashes).WithName("HmaUpdateContent")
            .WithMetadata(new AuditedByChunks());
        hma.MapDelete("/c/bank/{bank}/content/{content:long}", DeleteContentAsync).Needs(Deed.ImportHashes).WithName("HmaDeleteContent")
            .WithMetadata(new AuditedByChunks());
        hma.MapGet("/c/exchanges", ExchangesAsync).Needs(Deed.ReadHashLists).WithName("HmaExchanges");
        hma.MapGet("/c/exchanges/apis", () => new WireAnswer(Array.Empty<string>(), Shown.View("exchanges"))).Needs(Deed.ReadHashLists)
            .WithName("HmaExchangeApis");
        hma.MapGet("/c/exchange/{exchange}", ExchangeAsync).Needs(Deed.ReadHashLists).WithName("HmaExchange");
        hma.MapGet("/c/exchange/{exchange}/status", ExchangeStatusAsync).Needs(Deed.ReadHashLists).WithName("HmaExchangeStatus");

        // Not here, and said so.
        hma.MapMethods("/h/hash", ["GET", "POST"], NotHere(NoMedia)).Needs(Deed.LookUpHashes);
        hma.MapPost("/m/lookup", NotHere(NoMedia)).Needs(Deed.LookUpHashes);
        hma.MapPost("/c/bank/{bank}/content", NotHere(NoMedia)).Needs(Deed.ImportHashes);
        hma.MapMethods("/c/bank/{bank}", ["PUT", "DELETE"], NotHere(
            "A list keeps its name, counts whole, and is taken back hash by hash, or by POST /v1/hashes:retract, which says first what it would change."))
            .Needs(Deed.ImportHashes);
        hma.MapPost("/c/exchanges", NotHere(Ways)).Needs(Deed.ImportHashes);
        hma.MapMethods("/c/exchange/{exchange}", ["PUT", "DELETE"], NotHere(Ways)).Needs(Deed.ImportHashes);
        hma.MapMethods("/c/exchanges/api/{api}", ["GET", "POST"], NotHere(Ways)).Needs(Deed.ImportHashes);
        hma.MapGet("/c/exchanges/api/{api}/schema", NotHere(Ways)).Needs(Deed.ImportHashes);
    }

    /// <summary>HMA's clients read <c>message</c>; programs of ours the code beside it.</summary>
    private static async ValueTask<object?> ErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception e) when (e is HashBucketsUnavailableException or ApiProblemException)
        {
            var problem = (e as ApiProblemException)?.Problem ?? ApiProblem.Of(ProblemCodes.Unavailable);
            if (problem.RetryAfter is { } seconds)
            {
                context.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            // HMA knows no 422.
            return new WireAnswer(
                new { message = problem.Errors is [var error, ..] ? error.Detail : problem.Detail ?? problem.Title, code = problem.Code }, new Shown([], []),
                problem.Status == StatusCodes.Status422UnprocessableEntity ? StatusCodes.Status400BadRequest : problem.Status);
        }
    }

    private static Delegate NotHere(string why) => IResult () => throw ApiProblemException.Of(ProblemCodes.NotOffered, why);

    private static async Task<WireAnswer> RawLookupAsync(
        ApiCaller me, IReadOnlyActorRegistry actors, AgencyLists lists, MatchingOptions matching, CancellationToken cancellation, string? signal = null,
        [FromQuery(Name = "signal_type")] string? signalType = null, string? banks = null,
        [FromQuery(Name = "include_distance")] string? includeDistance = null)
    {
        var (found, idOf) = await FindAsync(me, actors, lists, matching, signal, signalType, cancellation);
        var matches = HmaMatches.Raw(me.Caller.Agency, found, idOf, Banks(banks));
        return includeDistance is "true" or "True" or "1"
            ? new WireAnswer(new { matches }, Looked(matches.Length))
            : new WireAnswer(new { matches = matches.Select(m => m.BankContentId) }, Looked(matches.Length));
    }

    private static async Task<WireAnswer> LookupAsync(
        ApiCaller me, IReadOnlyActorRegistry actors, AgencyLists lists, MatchingOptions matching, CancellationToken cancellation, string? signal = null,
        [FromQuery(Name = "signal_type")] string? signalType = null, string? banks = null, string? url = null)
    {
        if (url is not null)
        {
            throw ApiProblemException.Of(ProblemCodes.NotOffered, NoMedia);
        }

        var (found, idOf) = await FindAsync(me, actors, lists, matching, signal, signalType, cancellation);
        var matches = HmaMatches.ByBank(me.Caller.Agency, found, idOf, Banks(banks));
        return new WireAnswer(matches, Looked(matches.Values.Sum(m => m.Count)));
    }

    private static async Task<(ImmutableArray<FoundHash> Found, Func<ContentHash, long?> IdOf)> FindAsync(
        ApiCaller me, IReadOnlyActorRegistry actors, AgencyLists lists, MatchingOptions matching, string? signal, string? signalType,
        CancellationToken cancellation)
    {
        var hash = Signal(signalType ?? throw Missing("signal_type"), signal ?? throw Missing("signal"));
        var query = new LookupMany(me.Caller.Tenant, [hash], matching.NearRadius, MostMatches);
        var result = (await HashEndpoints.FindAsync(actors, query, cancellation))[0];
        var found = HmaMatches.Found(result.Verdict, result.Near);
        var places = await lists.LocateAsync(me.Caller.Tenant, [.. found.Select(f => f.Verdict.Hash)], cancellation);
        return (found, h => places.TryGetValue(h, out var at) ? HmaNames.ContentId(at.Bucket, at.Row) : null);
    }

    private static async Task<WireAnswer> CompareAsync(HttpContext http, IntakeLimits limits)
    {
        var answer = new Dictionary<string, object?[]>(StringComparer.Ordinal);
        foreach (var pair in (await BodyAsync(http, limits)).EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.Array || pair.Value.GetArrayLength() != 2)
            {
                throw ApiProblemException.OfField(Safe(pair.Name), ProblemCodes.WrongType, "Two signals are compared: a list of exactly two.");
            }

            var (one, other) = (Signal(pair.Name, Text(pair.Value[0])), Signal(pair.Name, Text(pair.Value[1])));
            var distance = one.Algorithm == HashAlgorithm.Pdq ? BitsThatDiffer(one, other) : (int?)null;
            answer[pair.Name] = distance is null ? [one == other, null] : [distance <= PdqLimits.Radius, new { distance }];
        }

        return new WireAnswer(answer, Shown.View("signals compared", answer.Count));
    }

    private static int BitsThatDiffer(ContentHash one, ContentHash other)
    {
        var distance = 0;
        for (var i = 0; i < one.Bytes.Length; i++)
        {
            distance += BitOperations.PopCount((uint)(one.Bytes[i] ^ other.Bytes[i]));
        }

        return distance;
    }

    private static WireAnswer SignalTypes() =>
        new(HmaNames.SignalTypes.Select(name => new { name, enabled_ratio = 1.0 }), Shown.View("signal types"));

    private static async Task<WireAnswer> BanksAsync(ApiCaller me, AgencyLists lists, CancellationToken cancellation)
    {
        var banks = await OwnAsync(me, lists, cancellation);
        return new WireAnswer(banks.Keys.Select(Bank), Of(banks.Values));
    }

    private static async Task<WireAnswer> BankAsync(ApiCaller me, AgencyLists lists, string bank, CancellationToken cancellation)
    {
        var list = (await OwnAsync(me, lists, cancellation)).GetValueOrDefault(bank)?.List ?? throw NoBank();
        return new WireAnswer(Bank(bank), Of(list, 1));
    }

    /// <summary>Nothing is kept of it: a list is there from its first hash on.</summary>
    private static async Task<WireAnswer> CreateBankAsync(HttpContext http, ApiCaller me, IntakeLimits limits)
    {
        var body = await BodyAsync(http, limits);
        var name = Text(body.TryGetProperty("name", out var named) ? named : default);
        if (!HmaNames.IsListName(me.Caller.Agency, name))
        {
            throw ApiProblemException.OfField("name", ProblemCodes.OutOfRange,
                "A bank's name is 1 to 80 capital letters, digits and underscores, no two underscores in a row, and not the agency's own name.");
        }

        RefuseRatio(body);
        return new WireAnswer(Bank(name), Of(name, 0), StatusCodes.Status201Created);
    }

    private static async Task<WireAnswer> ContentAsync(
        HttpContext http, ApiCaller me, AgencyLists lists, string bank, long content, CancellationToken cancellation)
    {
        var (list, _, hash) = await FoundAsync(me, lists, bank, content, cancellation);
        return new WireAnswer(Content(bank, content, hash, http.Request.Query["include_signals"] == "true"), Of(list, 1));
    }

    private static async Task<WireAnswer> AddSignalsAsync(
        HttpContext http, ApiCaller me, AgencyLists lists, HashQuota quota, IReadOnlyActorRegistry actors, IntakeLimits limits, TimeProvider time, string bank,
        CancellationToken cancellation, string? classification = null, string? country = null)
    {
        var body = await BodyWithoutNoteAsync(http, limits);
        var signals = body.EnumerateObject().Where(p => p.Name != "note").Select(p => (Type: p.Name, Hash: Signal(p.Name, Text(p.Value)))).ToArray();
        if (signals.Length is 0 or > 20)
        {
            throw ApiProblemException.Of(ProblemCodes.Missing, "A body of 1 to 20 signals by their types is expected: {\"pdq\": \"…\"}.");
        }

        // Who judged is whom the list names, as in an import: a hash added to somebody else's list makes this agency no judge of it.
        var known = (await OwnAsync(me, lists, cancellation)).GetValueOrDefault(bank);
        var list = known?.List ?? (HmaNames.IsListName(me.Caller.Agency, bank) ? bank : throw NoBank());
        var origin = known is null ? HashEndpoints.OriginOf(list, me.Caller) : known.Origin;
        var fields = new FieldReader(limits, CodeGeneration.V3, time.GetUtcNow());
        var said = classification is null ? Default(me.Caller) : fields.Code("classification", CodeLists.Classifications, new CodeValue(null, classification));
        var law = fields.Country("country", country);
        fields.Check();
        law = HashEndpoints.LawOf(said!.Value, law, me.Caller);
        if (law is null && said != Classification.Baseline)
        {
            throw ApiProblemException.OfField("country", ProblemCodes.Missing, HashEndpoints.NoLaw);
        }

        var rows = signals.Select(s => new HashListRow { Hash = s.Hash, Classification = said.Value, Country = law });
        var outcomes = await SayAsync(http, me, actors, quota, time, list, rows.Select(r => (new Said(origin, OpinionBasis.List), r)), cancellation);
        if (outcomes.All(o => o == HashRowOutcome.Ignored))
        {
            throw ApiProblemException.Of(ProblemCodes.OutOfRange, "The values match everything or nothing, and are on no list.");
        }

        var places = await lists.LocateAsync(me.Caller.Tenant, [.. signals.Select(s => s.Hash)], cancellation);
        var (bucket, row) = signals.Select(s => s.Hash).Where(places.ContainsKey).Select(h => places[h]).First();
        return new WireAnswer(
            new { id = HmaNames.ContentId(bucket, row), signals = signals.ToDictionary(s => s.Type, s => s.Hash.ToHex()) }, Of(list, signals.Length),
            StatusCodes.Status201Created);
    }

    /// <summary>HMA switches content off and on: the list takes the hash back, or says again what it said.</summary>
    private static async Task<WireAnswer> UpdateContentAsync(
        HttpContext http, ApiCaller me, AgencyLists lists, HashQuota quota, IReadOnlyActorRegistry actors, IntakeLimits limits, TimeProvider time, string bank,
        long content, CancellationToken cancellation)
    {
        var body = await BodyWithoutNoteAsync(http, limits);
        var until = body.TryGetProperty("disable_until_ts", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds)
            ? seconds : throw Missing("disable_until_ts");
        if (until is not (0 or 1))
        {
            throw ApiProblemException.OfField("disable_until_ts", ProblemCodes.NotOffered,
                "0 switches the content on, 1 off until it is switched on again; a list says a thing or takes it back, and not until a day.");
        }

        var (list, place, hash) = await FoundAsync(me, lists, bank, content, cancellation);
        await SayAsync(http, me, actors, quota, time, list, Again(hash, retract: until == 1), cancellation);
        var now = await lists.FindAsync(me.Caller.Tenant, me.Caller.Agency, list, place.Bucket, place.Row, cancellation) ?? hash;
        return new WireAnswer(Content(bank, content, now, signals: false), Of(list, 1));
    }

    private static async Task<WireAnswer> DeleteContentAsync(
        HttpContext http, ApiCaller me, AgencyLists lists, HashQuota quota, IReadOnlyActorRegistry actors, TimeProvider time, string bank, long content,
        CancellationToken cancellation)
    {
        var (list, _, hash) = await FoundAsync(me, lists, bank, content, cancellation);
        var outcomes = await SayAsync(http, me, actors, quota, time, list, Again(hash, retract: true), cancellation);
        return new WireAnswer(new { deleted = outcomes.Any(o => o == HashRowOutcome.Retracted) ? 1 : 0 }, Of(list, 1));
    }

    private static async Task<WireAnswer> ExchangesAsync(ApiCaller me, AgencyLists lists, CancellationToken cancellation)
    {
        var banks = (await OwnAsync(me, lists, cancellation)).Where(l => l.Value.Origin is not null).ToArray();
        return new WireAnswer(banks.Select(b => b.Key), Of(banks.Select(b => b.Value)));
    }

    private static async Task<WireAnswer> ExchangeAsync(ApiCaller me, AgencyLists lists, string exchange, CancellationToken cancellation)
    {
        var list = await FetchedAsync(me, lists, exchange, cancellation);
        return new WireAnswer(new { name = exchange, api = "cport_import", enabled = true, origin = list.Origin }, Of(list.List, 1));
    }

    private static async Task<WireAnswer> ExchangeStatusAsync(ApiCaller me, AgencyLists lists, string exchange, CancellationToken cancellation)
    {
        var list = await FetchedAsync(me, lists, exchange, cancellation);
        var newest = list.Newest.ToUnixTimeSeconds();
        return new WireAnswer(new { last_fetch_time = newest, checkpoint_time = newest, success = true }, Of(list.List, 1));
    }

    private static async Task<HashListCount> FetchedAsync(ApiCaller me, AgencyLists lists, string exchange, CancellationToken cancellation) =>
        (await OwnAsync(me, lists, cancellation)).GetValueOrDefault(exchange) is { Origin: not null } list ? list
            : throw ApiProblemException.Of(ProblemCodes.NotFound, "Exchange not found");

    /// <summary>The agency's lists by the names of their banks; of a list of several origins the first.</summary>
    private static async Task<SortedDictionary<string, HashListCount>> OwnAsync(ApiCaller me, AgencyLists lists, CancellationToken cancellation)
    {
        var own = new SortedDictionary<string, HashListCount>(StringComparer.Ordinal);
        foreach (var list in await lists.ListsAsync(me.Caller.Tenant, me.Caller.Agency, cancellation))
        {
            own.TryAdd(HmaNames.BankOf(me.Caller.Agency, me.Caller.Agency, list.List), list);
        }

        return own;
    }

    private static async Task<(string List, (int Bucket, int Row) Place, ListedHash Hash)> FoundAsync(
        ApiCaller me, AgencyLists lists, string bank, long content, CancellationToken cancellation)
    {
        // A bank of a plain name is the list of that name: no bucket is asked which lists there are.
        var list = HmaNames.IsListName(me.Caller.Agency, bank) ? bank
            : (await OwnAsync(me, lists, cancellation)).GetValueOrDefault(bank)?.List ?? throw NoBank();
        var place = HmaNames.PlaceOf(content) ?? throw NoContent();
        return (list, place, await lists.FindAsync(me.Caller.Tenant, me.Caller.Agency, list, place.Bucket, place.Row, cancellation) ?? throw NoContent());
    }

    /// <summary>Has the list say something, durably; written down before anybody is told.</summary>
    private static async Task<List<HashRowOutcome>> SayAsync(
        HttpContext http, ApiCaller me, IReadOnlyActorRegistry actors, HashQuota quota, TimeProvider time, string list,
        IEnumerable<(Said Said, HashListRow Row)> rows, CancellationToken cancellation)
    {
        var parts = rows.ToLookup(r => r.Said, r => r.Row);
        if (parts.Any(part => part.Any(r => !r.Retract)) && await quota.IsUsedUpAsync(me.Caller, cancellation))
        {
            throw new ApiProblemException(HashEndpoints.QuotaUsedUp);
        }

        var outcomes = new List<HashRowOutcome>();
        var import = new HashImport(actors.Get<HashBucketRegion>(), me.Caller.Tenant);
        foreach (var part in parts)
        {
            var source = HashEndpoints.SourceOf(me.Caller, list, part.Key.Origin, part.Key.Basis, time.GetUtcNow());
            outcomes.AddRange(await import.ImportAsync(source, [.. part], cancellation));
        }

        await quota.CountAsync(me.Caller, outcomes.Sum(HashEndpoints.Stored), cancellation);
        await ReadHook.ChunkAsync(http, Of(list, outcomes.Count), AuditOutcome.Done);
        return outcomes;
    }

    /// <summary>By whom a word was judged, and how: as long as a list says the same, that stays.</summary>
    private readonly record struct Said(string? Origin, OpinionBasis Basis);

    /// <summary>What the list says, or said, of the hash by each law.</summary>
    private static IEnumerable<(Said, HashListRow)> Again(ListedHash hash, bool retract) =>
        hash.Words.Where(w => w.Retracted != retract).Select(w => (new Said(w.Opinion.Origin, w.Opinion.Basis), new HashListRow
        {
            Hash = hash.Hash, Classification = w.Opinion.Classification, Country = w.Opinion.Country, Flags = w.Flags, Retract = retract,
        }));

    private static Classification Default(Caller caller) => caller.LawFor() is null ? Classification.Baseline : Classification.National;

    private static object Bank(string name) => new { name, matching_enabled_ratio = 1.0 };

    private static Dictionary<string, object?> Content(string bank, long id, ListedHash hash, bool signals)
    {
        var content = new Dictionary<string, object?>
        {
            ["id"] = id, ["disable_until_ts"] = hash.Stands ? 0 : 1, ["original_media_uri"] = null, ["bank"] = Bank(bank),
        };
        if (signals)
        {
            content["signals"] = new Dictionary<string, string> { [HmaNames.SignalTypeOf(hash.Hash.Algorithm)] = hash.Hash.ToHex() };
        }

        content["metadata"] = new
        {
            json = new
            {
                words = hash.Words.Select(w => new
                {
                    classification = w.Opinion.Classification.ToString(), law = w.Opinion.Country?.Code, origin = w.Opinion.Origin, at = w.Opinion.At,
                    retracted = w.Retracted,
                }),
            },
        };
        return content;
    }

    private static void RefuseRatio(JsonElement body)
    {
        var whole = (!body.TryGetProperty("enabled_ratio", out var ratio) || ratio.ValueKind == JsonValueKind.Null
                || (ratio.ValueKind == JsonValueKind.Number && ratio.GetDouble() is 1))
            && (!body.TryGetProperty("enabled", out var enabled) || enabled.ValueKind is JsonValueKind.True or JsonValueKind.Null);
        if (!whole)
        {
            throw ApiProblemException.OfField("enabled_ratio", ProblemCodes.NotOffered, "A list counts whole: the ratio is 1.");
        }
    }

    private static async Task<JsonElement> BodyWithoutNoteAsync(HttpContext http, IntakeLimits limits)
    {
        var body = await BodyAsync(http, limits);
        return body.TryGetProperty("note", out var note) && note.ValueKind != JsonValueKind.Null && note.ToString().Length > 0
            ? throw ApiProblemException.OfField("note", ProblemCodes.NotOffered, "CPort keeps no notes on hashes.") : body;
    }

    private static async Task<JsonElement> BodyAsync(HttpContext http, IntakeLimits limits)
    {
        var utf8 = await RequestBody.ReadAsync(http, limits.CommandBodyBytes);
        RequestDigest.Note(http, utf8);
        try
        {
            // HMA's clients send more than is read here.
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone()
                : throw ApiProblemException.Of(ProblemCodes.WrongType, "A JSON object is expected.");
        }
        catch (JsonException)
        {
            throw ApiProblemException.Of(ProblemCodes.MalformedJson);
        }
    }

    private static ContentHash Signal(string type, string signal)
    {
        var algorithm = HmaNames.AlgorithmOf(type)
            ?? throw ApiProblemException.OfField("signal_type", ProblemCodes.UnknownCode, $"One of {string.Join(", ", HmaNames.SignalTypes)}.");
        return ContentHash.TryParse(algorithm, signal.AsSpan().Trim(), out var hash) ? hash
            : throw ApiProblemException.OfField("signal", ProblemCodes.MalformedHash, $"A {type} signal is {HashAlgorithms.Of(algorithm).Form}.");
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Safe(string name) => HmaNames.SignalTypes.Contains(name) ? name : "?";

    private static HashSet<string>? Banks(string? banks) =>
        string.IsNullOrEmpty(banks) ? null
        : banks.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);

    private static Shown Looked(int matches) => new([], Kept, matches);

    private static Shown Of(IEnumerable<HashListCount> lists) =>
        new([.. lists.Select(l => new AuditObject(AuditObjectKind.List, l.List))], [], lists.Count());

    private static Shown Of(string list, int rows) => new([new AuditObject(AuditObjectKind.List, list)], rows > 0 ? Kept : [], rows);

    private static ApiProblemException Missing(string name) => ApiProblemException.OfField(name, ProblemCodes.Missing, $"{name} is required.");

    private static ApiProblemException NoBank() => ApiProblemException.Of(ProblemCodes.NotFound, "Bank not found: no list of the agency's own has the name.");

    private static ApiProblemException NoContent() => ApiProblemException.Of(ProblemCodes.NotFound, "Content not found in the bank.");
}
