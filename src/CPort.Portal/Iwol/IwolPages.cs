using CPort.Actors.Iwol;
using CPort.Api.Iwol;
using CPort.Api.Security;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;
using CPort.Portal.Police;
using CPort.Portal.SignIn;

namespace CPort.Portal.Iwol;

/// <summary>A page of domains.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="State">Those in this state.</param>
/// <param name="Continued">This is not the first page.</param>
public sealed record DomainsModel(CandidateListAnswer Answer, IwolState State, bool Continued) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();

    public string Address => $"{IwolPages.Home}?state={State}";
}

/// <summary>A domain's page.</summary>
/// <param name="Domain">As the API answers.</param>
/// <param name="Proved">A proof is young enough to attest and decide.</param>
public sealed record DomainModel(CandidateAnswer Domain, bool Proved) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Domain).What();

    public string Address => $"{IwolPages.Home}/{Domain.CandidateId}";
}

/// <summary>The list's newest version, and what came and went since another.</summary>
public sealed record DomainListModel(ListChangesAnswer Changes) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Changes).What();
}

/// <summary><c>/app/iwol</c>: candidates of INTERPOL's "worst of" list, what officers find on them, and the list's versions.</summary>
internal static class IwolPages
{
    public const string Home = "/app/iwol";
    private const int Rows = 50;

    public static void MapIwol(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.SeeDomains);
        pages.MapGet(Home + "/list", VersionsAsync).Needs(Deed.TakeDomainList);
        pages.MapPost(Home + "/list/files/{name}", FileAsync).Needs(Deed.TakeDomainList);
        pages.MapGet(Home + "/{id}", (HttpContext http, string id) => PageAsync(http, id)).Needs(Deed.SeeDomains);
        Command(pages, "attest", Deed.AttestDomains, (f, key, _) => Task.FromResult<IIwolCommand?>(Attest(f, key)));
        Command(pages, "list", Deed.DecideDomains, async (f, key, all) =>
            Review(f, out var review) && await all.StandingAsync(f.Caller, key, default) is { } standing
                ? new DecideDomain { Key = key, Context = f.Context(), List = true, ReviewBy = review, Standing = standing, Why = Why(f) } : null);
        Command(pages, "decline", Deed.DecideDomains, (f, key, _) => Said(f, why => new DecideDomain { Key = key, Context = f.Context(), Why = why }));
        Command(pages, "review", Deed.DecideDomains, (f, key, _) => Task.FromResult<IIwolCommand?>(
            Review(f, out var review) ? new ReviewDomain { Key = key, Context = f.Context(), ReviewBy = review, Why = Why(f) } : null));
        Command(pages, "remove", Deed.DecideDomains, (f, key, _) => Said(f, why => new RemoveDomain { Key = key, Context = f.Context(), Why = why }));
        Command(pages, "propose-removal", Deed.AttestDomains, (f, key, _) =>
            Said(f, why => new ProposeRemoval { Key = key, Context = f.Context(), Why = why }));
        Command(pages, "appeal", Deed.AttestDomains, (f, key, _) =>
            Said(f, why => new ProposeRemoval { Key = key, Context = f.Context(), Appeal = true, Why = why }));
    }

    private static SecretText? Why(Form form) => form.Text("why") is { } why ? new SecretText { Text = why } : null;

    private static Task<IIwolCommand?> Said(Form form, Func<SecretText, IIwolCommand> make) => Task.FromResult(Why(form) is { } why ? make(why) : null);

    private static bool Review(Form form, out DateTimeOffset? review) => HoldForm.Reads(form.Text("review"), out review);

    private static AttestDomain? Attest(Form form, IwolKey key)
    {
        bool? Answer(string name) => form.Text(name) switch { "yes" => true, "no" => false, _ => null };
        return Answer("real") is { } real && Answer("young") is { } young && Answer("severe") is { } severe && form.Text("reference") is { } reference
            && HoldForm.Reads(form.Text("seen"), out var seen) && seen is { } at
            ? new AttestDomain
            {
                Key = key, Context = form.Context(), Country = Country.TryParse(form.Text("country") ?? "", out var country) ? country : null,
                ChildrenReal = real, YoungerThan13 = young, Severe = severe, SeenAt = at, Reference = new SecretText { Text = reference },
            }
            : null;
    }

    private static async Task<IResult> ListAsync(HttpContext http, IwolReader reader, string? state = null, string? after = null)
    {
        var of = Enum.TryParse<IwolState>(state, out var named) && Enum.IsDefined(named) ? named : IwolState.Candidate;
        var list = $"page iwol {of}";
        var (rows, next) = await reader.PageAsync(
            http.Features.Get<Caller>()!, [of], Rows, Cursor.Read<long?>(list, after) ?? 0, http.RequestAborted);
        var answer = new CandidateListAnswer(
            [.. rows.Select(r => ListedCandidateAnswer.Of(r.Row, r.Name))], next is { } at ? Cursor.Write<long?>(list, at) : null);
        return Pages.Of<DomainsView, DomainsModel>(
            http, new DomainsModel(answer, of, !string.IsNullOrEmpty(after)), p => p with { Title = p.Words["iwol.title"], Nav = p.Work });
    }

    private static async Task<IResult> PageAsync(HttpContext http, string id, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        if (!IwolKey.TryParse(id, out var key)
            || await http.RequestServices.GetRequiredService<IwolGateway>().GetAsync(
                new GetIwolCandidate { Key = key, Caller = http.Features.Get<Caller>()! }, http.RequestAborted) is not { Found: true } page)
        {
            return Pages.Absent(http);
        }

        return Pages.Of<DomainView, DomainModel>(
            http, new DomainModel(CandidateAnswer.Of(page), StepUp.IsProved(http)), p => p with
            {
                Title = page.Name, Nav = p.Work, Errors = errors, Filled = filled, Crumbs = [new Crumb(p.Words["iwol.title"], Home)],
            }, errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static void Command(
        IEndpointRouteBuilder pages, string verb, Deed deed, Func<Form, IwolKey, IwolGateway, Task<IIwolCommand?>> make) =>
        pages.MapPost($"{Home}/{{id}}/{verb}", async (HttpContext http, IwolGateway gateway, string id) =>
        {
            var form = await Form.ReadAsync(http);
            var words = Pages.WordsOf(http);

            // A command would open what is not there.
            if (!IwolKey.TryParse(id, out var key)
                || !(await gateway.GetAsync(new GetIwolCandidate { Key = key, Caller = form.Caller }, http.RequestAborted)).Found)
            {
                return Pages.Absent(http);
            }

            if (await make(form, key, gateway) is not { } command)
            {
                return await PageAsync(http, id, form.Filled(), new PageError(words["iwol.incomplete"], verb));
            }

            var reply = await gateway.SendAsync(command, http.RequestAborted);
            return reply.Code switch
            {
                IwolRejection.None => Pages.After($"{Home}/{id}", "iwoldone"),
                IwolRejection.NotFound => Pages.Absent(http),
                _ => await PageAsync(http, id, form.Filled(), new PageError(
                    words.Has($"refusal.{reply.Code}") ? words[$"refusal.{reply.Code}"] : reply.Detail ?? words["error.refused"], verb)),
            };
        }).Needs(deed).NeedsProof();

    private static async Task<IResult> VersionsAsync(HttpContext http, IwolPublisher publisher, string? since = null)
    {
        var from = int.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
        return await publisher.ChangesAsync(from, http.RequestAborted) is not { } found ? Pages.Absent(http)
            : Pages.Of<DomainListView, DomainListModel>(
                http,
                new DomainListModel(new ListChangesAnswer(
                    from, found.Version, [.. found.Changes.Where(c => c.Listed).Select(c => c.Name)],
                    [.. found.Changes.Where(c => !c.Listed).Select(c => c.Name)])),
                p => p with { Title = p.Words["iwol.list"], Nav = p.Work, Crumbs = [new Crumb(p.Words["iwol.title"], Home)] });
    }

    /// <summary>A file of a version; who got which one when stands in the audit log with its digest before the first byte goes.</summary>
    private static async Task<IResult> FileAsync(HttpContext http, IwolPublisher publisher, ListSigning signing, string name) =>
        await IwolEndpoints.FileOfAsync(name, publisher, signing, http.RequestAborted) is { } file ? new Taken(file, $"iwol-{name}") : Pages.Absent(http);

    private sealed record Taken(IwolEndpoints.TakenFile File, string Name) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await ReadHook.PageAsync(httpContext, File.Shown);
            httpContext.Response.Headers.CacheControl = "no-store";
            await TypedResults.Bytes(File.Bytes, File.Type, Name).ExecuteAsync(httpContext);
        }
    }
}
