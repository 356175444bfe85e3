using System.Globalization;
using CPort.Actors.Iwol;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;

namespace CPort.Api.Iwol;

/// <summary><c>/v1/iwol</c>: candidates of INTERPOL's "worst of" list, what officers find on them, and the list's signed versions.</summary>
public static class IwolEndpoints
{
    public static void MapIwol(this IEndpointRouteBuilder v1)
    {
        Tagged(v1.MapPost("/iwol/candidates", ProposeAsync).Needs(Deed.ProposeDomains), "ProposeDomain", "Name an item that speaks for listing its domain",
            "By who sees the item's URL. The candidate is the registrable domain by the full public suffix list; the item has to be Baseline by a person's "
            + "judgement. Another item of the domain joins the candidate.").Problems(400, 403, 404, 409, 413, 422, 503);
        Tagged(v1.MapGet("/iwol/candidates", ListAsync).Needs(Deed.SeeDomains), "ListCandidates", "Candidates, and domains that are or were on the list",
            $"Police and INTERPOL see all of them, a hotline those for which it named an item. `state`: one or more of "
            + $"{string.Join(", ", Enum.GetNames<IwolState>())}, with commas.").Problems(400, 403, 422, 503);
        Tagged(v1.MapGet("/iwol/candidates/{id}", GetAsync).Needs(Deed.SeeDomains), "GetCandidate", "A candidate with its items and what officers found",
            "What others found is left out until one has said what one found oneself.").Problems(400, 403, 404, 503);
        Command(v1, "attest", Deed.AttestDomains, AttestAsync, "AttestDomain", "Say what one found on the domain, by hand",
            "By an officer of police or INTERPOL. One's own agency's earlier word is replaced as long as no other was to be seen, or once it is "
            + $"{IwolLimits.SeenDays} days old; another agency of the same country is refused.");
        Command(v1, "list", Deed.DecideDomains, ListDomainAsync, "PutDomainOnList", "Put a domain on the list",
            "By INTERPOL, once officers of enough countries and agencies agree, which take part still and work for those countries, an item still counts, "
            + "and no hold of police runs on an item of the domain.");
        Command(v1, "decline", Deed.DecideDomains, DeclineAsync, "DeclineDomain", "Do not put a domain on the list", "By INTERPOL.");
        Command(v1, "review", Deed.DecideDomains, ReviewAsync, "ReviewDomain", "Say that a domain was looked at again, and stays on the list", "By INTERPOL.");
        Command(v1, "remove", Deed.DecideDomains, RemoveAsync, "RemoveDomain", "Take a domain off the list", "By INTERPOL.");
        Command(v1, "propose-removal", Deed.AttestDomains, ProposeRemovalAsync, "ProposeDomainRemoval", "Propose to take a domain off the list",
            "By police or INTERPOL; by CPort itself once its review is due.");
        Command(v1, "appeal", Deed.AttestDomains, AppealAsync, "AppealDomain", "Put down an objection of the domain's owner", "It is INTERPOL's to decide.");
        Tagged(v1.MapGet("/iwol/list.{format}", NewestAsync).Needs(Deed.TakeDomainList), "GetDomainList", "The newest version of the list as a file",
            $"`format`: {Formats}; with `.sig` its signature, raw Ed25519 over the file. The ETag names version and format.")
            .Produces<string>(200, "text/plain", "text/csv", "text/dns", "application/json", "application/octet-stream").Produces(304)
            .Problems(403, 404, 503);
        Tagged(v1.MapGet("/iwol/list/{file}", VersionAsync).Needs(Deed.TakeDomainList), "GetDomainListVersion", "A version of the list as a file",
            $"For example `3.txt` ({Formats}), or `3.txt.sig`. A version never changes.")
            .Produces<string>(200, "text/plain", "text/csv", "text/dns", "application/json", "application/octet-stream").Produces(304)
            .Problems(403, 404, 503);
        Tagged(v1.MapGet("/iwol/list/changes", ChangesAsync).Needs(Deed.TakeDomainList), "GetDomainListChanges",
            "What came on the list and went off it since a version", "`since`: a version; 0: everything.").Problems(400, 403, 404, 422, 503);
        Tagged(v1.MapGet("/iwol/key", (ListSigning signing) => new ListKeyAnswer(signing.Signer.Verifier.ToPem(), signing.Signer.Verifier.ToString()))
            .Needs(Deed.TakeDomainList), "GetDomainListKey", "By what the list's signatures are verified", "").Problems(403, 503);
    }

    private static string Formats => string.Join(", ", Enum.GetValues<IwolFormat>().Select(IwolFile.Extension));

    private static void Command(IEndpointRouteBuilder v1, string verb, Deed deed, Delegate handler, string name, string summary, string description) =>
        Tagged(v1.MapPost($"/iwol/candidates/{{id}}:{verb}", handler).Needs(deed), name, summary, description)
            .Problems(400, 403, 404, 409, 413, 422, 503);

    private static RouteHandlerBuilder Tagged(RouteHandlerBuilder route, string name, string summary, string description) =>
        route.WithName(name).WithTags("IWOL").WithSummary(summary).WithDescription(description);

    private static async Task<IwolCommandAnswer> ProposeAsync(
        ApiCaller me, IwolGateway gateway, JsonBody<ProposeDomainBody> body, CancellationToken cancellation)
    {
        if (body.Value.Item is not >= 1)
        {
            body.Fields.Add("item", ProblemCodes.OutOfRange, "An item's ordinal, from 1.");
        }

        body.Check();
        return Answer(ReportId.TryParse(body.Value.ReportId, out var report)
            ? await gateway.ProposeAsync(me.Context(), new ItemRef(report, body.Value.Item!.Value), cancellation) : null);
    }

    private static async Task<CandidateListAnswer> ListAsync(
        ApiCaller me, IwolReader reader, CancellationToken cancellation, string? state = null, string? maxResults = null, string? cursor = null)
    {
        var states = ImmutableArray.CreateBuilder<IwolState>();
        foreach (var word in (state ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            states.Add(Enum.TryParse<IwolState>(word, ignoreCase: true, out var one) && Enum.IsDefined(one) && !char.IsAsciiDigit(word[0]) ? one
                : throw ApiProblemException.OfField("state", ProblemCodes.UnknownCode, $"States: {string.Join(", ", Enum.GetNames<IwolState>())}."));
        }

        var list = $"iwol {string.Join(',', states.Order())}";
        var (rows, next) = await reader.PageAsync(
            me.Caller, states.ToImmutable(), QueryValues.MaxResults(maxResults), Cursor.Read<long?>(list, cursor) ?? 0, cancellation);
        return new CandidateListAnswer(
            [.. rows.Select(r => ListedCandidateAnswer.Of(r.Row, r.Name))], next is { } at ? Cursor.Write<long?>(list, at) : null);
    }

    private static async Task<CandidateAnswer> GetAsync(
        string id, ApiCaller me, IwolGateway gateway, CancellationToken cancellation, string? before = null)
    {
        var key = Id(id);
        var page = await gateway.GetAsync(
            new GetIwolCandidate { Key = key, Caller = me.Caller, Notes = Cursor.Read<int?>(CandidateAnswer.Said(key), before) }, cancellation);
        return page.Found ? CandidateAnswer.Of(page) : throw Absent();
    }

    private static async Task<IwolCommandAnswer> AttestAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<AttestBody> body, CancellationToken cancellation)
    {
        var (b, f) = (body.Value, body.Fields);
        foreach (var (name, answer) in new[] { ("childrenReal", b.ChildrenReal), ("youngerThan13", b.YoungerThan13), ("severe", b.Severe) })
        {
            if (answer is null)
            {
                f.Missing(name);
            }
        }

        var seen = f.PastDate("seenAt", b.SeenAt, required: true);
        var reference = f.Text("reference", b.Reference);
        if (reference is null)
        {
            f.Missing("reference");
        }

        var country = f.Country("countryCode", b.CountryCode);
        body.Check();
        return Answer(await gateway.SendAsync(
            new AttestDomain
            {
                Key = Id(id), Context = me.Context(), Country = country, ChildrenReal = b.ChildrenReal!.Value, YoungerThan13 = b.YoungerThan13!.Value,
                Severe = b.Severe!.Value, SeenAt = seen!.Value, Reference = FieldReader.Secret(reference),
            },
            cancellation));
    }

    private static async Task<IwolCommandAnswer> ListDomainAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<ListDomainBody> body, CancellationToken cancellation)
    {
        var review = body.Fields.Date("reviewBy", body.Value.ReviewBy);
        var why = body.Fields.Text("why", body.Value.Why);
        body.Check();
        var key = Id(id);
        return Answer(await gateway.StandingAsync(me.Caller, key, cancellation) is not { } standing ? null : await gateway.SendAsync(
            new DecideDomain { Key = key, Context = me.Context(), List = true, ReviewBy = review, Standing = standing, Why = FieldReader.Secret(why) },
            cancellation));
    }

    private static Task<IwolCommandAnswer> DeclineAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<DomainWhyBody> body, CancellationToken cancellation) =>
        SayAsync(id, gateway, body, (key, why) => new DecideDomain { Key = key, Context = me.Context(), Why = why }, cancellation);

    private static async Task<IwolCommandAnswer> ReviewAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<ListDomainBody> body, CancellationToken cancellation)
    {
        var review = body.Fields.Date("reviewBy", body.Value.ReviewBy);
        var why = body.Fields.Text("why", body.Value.Why);
        body.Check();
        return Answer(await gateway.SendAsync(
            new ReviewDomain { Key = Id(id), Context = me.Context(), ReviewBy = review, Why = FieldReader.Secret(why) }, cancellation));
    }

    private static Task<IwolCommandAnswer> RemoveAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<DomainWhyBody> body, CancellationToken cancellation) =>
        SayAsync(id, gateway, body, (key, why) => new RemoveDomain { Key = key, Context = me.Context(), Why = why }, cancellation);

    private static Task<IwolCommandAnswer> ProposeRemovalAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<DomainWhyBody> body, CancellationToken cancellation) =>
        SayAsync(id, gateway, body, (key, why) => new ProposeRemoval { Key = key, Context = me.Context(), Why = why }, cancellation);

    private static Task<IwolCommandAnswer> AppealAsync(
        string id, ApiCaller me, IwolGateway gateway, JsonBody<DomainWhyBody> body, CancellationToken cancellation) =>
        SayAsync(id, gateway, body, (key, why) => new ProposeRemoval { Key = key, Context = me.Context(), Appeal = true, Why = why }, cancellation);

    private static async Task<IwolCommandAnswer> SayAsync(
        string id, IwolGateway gateway, JsonBody<DomainWhyBody> body, Func<IwolKey, SecretText?, IIwolCommand> command, CancellationToken cancellation)
    {
        var why = body.Fields.Text("why", body.Value.Why);
        if (why is null)
        {
            body.Fields.Missing("why");
        }

        body.Check();
        return Answer(await gateway.SendAsync(command(Id(id), FieldReader.Secret(why)), cancellation));
    }

    private static Task<IResult> NewestAsync(
        HttpContext http, string format, IwolPublisher publisher, ListSigning signing, CancellationToken cancellation) =>
        FileAsync(http, null, format, publisher, signing, cancellation);

    private static Task<IResult> VersionAsync(
        HttpContext http, string file, IwolPublisher publisher, ListSigning signing, CancellationToken cancellation) =>
        file.Split('.', 2) is [var number, var format] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? FileAsync(http, version, format, publisher, signing, cancellation) : throw NoFile();

    private static async Task<IResult> FileAsync(
        HttpContext http, int? version, string name, IwolPublisher publisher, ListSigning signing, CancellationToken cancellation)
    {
        var signature = name.EndsWith(".sig", StringComparison.Ordinal);
        var extension = signature ? name[..^4] : name;
        var format = Enum.GetValues<IwolFormat>().FirstOrDefault(f => IwolFile.Extension(f) == extension);
        if (format == default || await publisher.FileAsync(format, version, cancellation) is not { } file)
        {
            throw NoFile();
        }

        var etag = $"\"iwol-{file.Name}{(signature ? ".sig" : "")}\"";
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "private, no-cache";
        if (EntityTags.NoneMatch(http, etag))
        {
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        var taken = TakenFile.Of(file, format, signature, signing);
        return new FileAnswer(taken.Bytes, taken.Type, taken.Shown);
    }

    /// <summary>A file of a version by its name (<c>3.txt</c>, <c>3.txt.sig</c>), as the portal takes it; null: there is none.</summary>
    public static async Task<TakenFile?> FileOfAsync(string name, IwolPublisher publisher, ListSigning signing, CancellationToken cancellation)
    {
        var signature = name.EndsWith(".sig", StringComparison.Ordinal);
        return (signature ? name[..^4] : name).Split('.', 2) is [var number, var extension]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && Enum.GetValues<IwolFormat>().FirstOrDefault(f => IwolFile.Extension(f) == extension) is var format && format != default
            && await publisher.FileAsync(format, version, cancellation) is { } file
            ? TakenFile.Of(file, format, signature, signing) : null;
    }

    /// <summary>A file that somebody takes away.</summary>
    public sealed record TakenFile(byte[] Bytes, string Type, Shown Shown)
    {
        // Who got which file when can be shown by it years later: the digest stands in the entry.
        internal static TakenFile Of(IwolListFile file, IwolFormat format, bool signature, ListSigning signing) => new(
            signature ? signing.Signer.SignBytes(file.Bytes) : file.Bytes, signature ? "application/octet-stream" : IwolFile.MediaType(format), new Shown(
                [new AuditObject(AuditObjectKind.List, $"iwol {file.Name}"), new AuditObject(AuditObjectKind.List, $"sha256 {file.Sha256}")],
                [signature ? "signature" : "domains"], file.Domains));
    }

    private static async Task<ListChangesAnswer> ChangesAsync(IwolPublisher publisher, CancellationToken cancellation, string? since = null)
    {
        if (!int.TryParse(string.IsNullOrEmpty(since) ? "0" : since, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw ApiProblemException.OfField("since", ProblemCodes.OutOfRange, "A version of the list, from 0.");
        }

        var found = await publisher.ChangesAsync(version, cancellation) ?? throw NoFile();
        return new ListChangesAnswer(
            version, found.Version, [.. found.Changes.Where(c => c.Listed).Select(c => c.Name)], [.. found.Changes.Where(c => !c.Listed).Select(c => c.Name)]);
    }

    private static IwolCommandAnswer Answer(IwolReply? reply) => reply switch
    {
        null or { Code: IwolRejection.NotFound } => throw Absent(),
        { Code: IwolRejection.None } => new IwolCommandAnswer("accepted", reply.Key.ToString(), reply.State, reply.Replayed ? true : null),
        _ => throw ApiProblemException.Of(ProblemCodes.Of(reply.Code), reply.Detail),
    };

    private static IwolKey Id(string text) => IwolKey.TryParse(text, out var key) ? key : throw Absent();

    private static ApiProblemException Absent() =>
        ApiProblemException.Of(ProblemCodes.NotFound, "There is no such candidate or item, or it is not for you to see.");

    private static ApiProblemException NoFile() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such file of the list.");
}
