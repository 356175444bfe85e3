using CPort.Actors.Icse;
using CPort.Actors.Intake;
using CPort.Actors.Iwol;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Icse;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Reports;
using CPort.Portal.SignIn;

namespace CPort.Portal.Icse;

/// <summary>Candidates for ICSE and the agency's packages, a page of each.</summary>
public sealed record IcseModel(IcseCandidatesAnswer Candidates, PackageListAnswer Packages, bool Continued, bool Older) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Candidates).What() is var items && ((IShowsData)Packages).What() is var packages
        ? items with { Objects = [.. items.Objects, .. packages.Objects], Count = items.Count + packages.Count } : Shown.View("");

    /// <summary>Those that something can still be put into.</summary>
    public IEnumerable<ListedPackageAnswer> Open => Packages.Packages.Where(p => p.State is PackageState.Draft or PackageState.Reviewed);
}

/// <summary>A package's page.</summary>
/// <param name="Package">As the API answers, a page of items.</param>
/// <param name="Proved">A proof is young enough to release.</param>
public sealed record PackageModel(PackageAnswer Package, bool Proved) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Package).What();

    public string Address => $"{IcsePages.Home}/packages/{Package.PackageId}";

    /// <summary>Items go in and out, and somebody reviews it.</summary>
    public bool IsOpen => Package.State is PackageState.Draft or PackageState.Reviewed;
}

/// <summary><c>/app/icse</c>: what goes to ICSE, and what comes back. Each form is a command of the package's own; what it refuses says why.</summary>
internal static class IcsePages
{
    public const string Home = "/app/icse";
    private const int Rows = 50;
    private const int PackagesShown = 20;

    /// <summary>What can be taken of a released package.</summary>
    public static readonly ImmutableArray<string> Files = 
    [
        "media.json", "media.csv", "manifest.json", "manifest.json.sig", "recalled.csv", IcseEndpoints.ReleaseEntry, IcseEndpoints.ReleaseProof,
    ];

    /// <summary>Enough of an id for people.</summary>
    public static string Short(string id) => id[..8];

    public static void MapIcse(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, string? after = null, string? older = null) => ListAsync(http, after, older)).Needs(Deed.SeePackages);
        pages.MapGet(Home + "/packages/{id}", (HttpContext http, string id, string? after = null) => PageAsync(http, id, after)).Needs(Deed.SeePackages);
        pages.MapPost(Home + "/fill", FillAsync).Needs(Deed.ChangePackages);
        Command(pages, "take-out", Deed.ChangePackages, (f, key, all) => Items(f) is { IsEmpty: false } items
            ? Of(all.FillAsync(f.Context(), key, [], items, default)) : null);
        Command(pages, "review", Deed.ChangePackages, (f, key, all) => f.Is("looked")
            ? Of(all.SendAsync(new ReviewPackage { Key = key, Context = f.Context() }, default)) : null, none: ("icse.lookFirst", "looked"));
        Command(pages, "release", Deed.ReleasePackages, (f, key, all) => all.ReleaseAsync(f.Context(), key, default)).NeedsProof();
        Command(pages, "recall", Deed.ReleasePackages, (f, key, all) => Items(f) is { IsEmpty: false } items
            ? Of(all.SendAsync(new RecallItems { Key = key, Context = f.Context(), Items = items, Reason = RecallReason.ByHand }, default)) : null);
        pages.MapPost(Home + "/packages/{id}/return", ReturnAsync).Needs(Deed.ReleasePackages);
        pages.MapPost(Home + "/packages/{id}/files/{name}", FileAsync).Needs(Deed.TakePackages);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, string? after = null, string? older = null, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        const string candidates = "page icse candidates", packages = "page icse packages";
        var (caller, reader) = (http.Features.Get<Caller>()!, http.RequestServices.GetRequiredService<PackageReader>());
        var (items, next) = await reader.CandidatesAsync(caller, Rows, Cursor.Read<CandidatePlace>(candidates, after), http.RequestAborted);
        var (rows, before) = await reader.PageAsync(caller, PackagesShown, Cursor.Read<long?>(packages, older), http.RequestAborted);
        var model = new IcseModel(
            new IcseCandidatesAnswer([.. items.Select(ListedItemAnswer.Of)], next is null ? null : Cursor.Write(candidates, next)),
            new PackageListAnswer([.. rows.Select(ListedPackageAnswer.Of)], before is { } at ? Cursor.Write<long?>(packages, at) : null),
            !string.IsNullOrEmpty(after), !string.IsNullOrEmpty(older));
        return Pages.Of<IcseView, IcseModel>(
            http, model, p => p with { Title = p.Words["icse.title"], Nav = p.Work, Errors = errors, Filled = filled },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, string id, string? after = null, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        if (!PackageKey.TryParse(id, out var key))
        {
            return Pages.Absent(http);
        }

        var list = $"page package {key}";
        var page = await http.RequestServices.GetRequiredService<PackageGateway>().GetAsync(
            new GetPackage { Key = key, Caller = http.Features.Get<Caller>()!, Skip = Cursor.Read<int?>(list, after) ?? 0 }, http.RequestAborted);
        if (!page.Found)
        {
            return Pages.Absent(http);
        }

        var answer = PackageAnswer.Of(page, page.Next is { } next ? Cursor.Write<int?>(list, next) : null);
        return Pages.Of<PackageView, PackageModel>(
            http, new PackageModel(answer, StepUp.IsProved(http)), p => p with
            {
                Title = p.Words.Of("icse.package", ("id", Short(id))), Nav = p.Work, Errors = errors, Filled = filled,
                Crumbs = [new Crumb(p.Words["icse.title"], Home)],
            }, errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> FillAsync(HttpContext http, PackageGateway gateway)
    {
        var form = await Form.ReadAsync(http);
        PackageKey? into = PackageKey.TryParse(form.Text("package"), out var key) ? key : null;
        if (Items(form) is not { IsEmpty: false } items)
        {
            return await ListAsync(http, null, null, form.Filled(), new PageError(Pages.WordsOf(http)["icse.noneChosen"], "candidates"));
        }

        if (into is { } there && !await IsThereAsync(gateway, there, form.Caller, http.RequestAborted))
        {
            return Pages.Absent(http);
        }

        var reply = await gateway.FillAsync(form.Context(), into, items, [], http.RequestAborted);
        return reply.Code == PackageRejection.None ? Pages.After($"{Home}/packages/{reply.Key}", "icsefill")
            : await ListAsync(http, null, null, form.Filled(), Refused(http, reply, "candidates"));
    }

    private static RouteHandlerBuilder Command(
        IEndpointRouteBuilder pages, string verb, Deed deed, Func<Form, PackageKey, PackageGateway, Task<PackageReply?>?> send,
        (string Text, string Field)? none = null) =>
        pages.MapPost($"{Home}/packages/{{id}}/{verb}", async (HttpContext http, PackageGateway gateway, string id) =>
        {
            var form = await Form.ReadAsync(http);
            if (!PackageKey.TryParse(id, out var key) || !await IsThereAsync(gateway, key, form.Caller, http.RequestAborted))
            {
                return Pages.Absent(http);
            }

            return send(form, key, gateway) is not { } sent
                ? await PageAsync(http, id, null, form.Filled(), new PageError(Pages.WordsOf(http)[none?.Text ?? "icse.noneChosen"], none?.Field ?? "in"))
                : await sent is not { } reply || reply.Code == PackageRejection.NotFound ? Pages.Absent(http)
                : reply.Code == PackageRejection.None ? Pages.After($"{Home}/packages/{id}", "icsedone")
                : await PageAsync(http, id, null, form.Filled(), Refused(http, reply, "decide"));
        }).Needs(deed);

    private static async Task<PackageReply?> Of(Task<PackageReply> reply) => await reply;

    private static async Task<IResult> ReturnAsync(HttpContext http, PackageGateway gateway, string id)
    {
        var form = await Form.ReadAsync(http);
        if (!PackageKey.TryParse(id, out var key) || !await IsThereAsync(gateway, key, form.Caller, http.RequestAborted))
        {
            return Pages.Absent(http);
        }

        var words = Pages.WordsOf(http);
        var (rows, faults) = ReturnList.Read(form.Text("list") ?? "");
        if (!faults.IsEmpty || rows.IsEmpty)
        {
            var line = faults.IsEmpty ? 1 : faults[0].Line;
            return await PageAsync(http, id, null, form.Filled(), new PageError(words.Of("icse.unreadable", ("line", line)), "return"));
        }

        var (part, changed) = (0, 0);
        foreach (var some in rows.Chunk(PackageLimits.RowsAtOnce))
        {
            var reply = await gateway.SendAsync(new TakeReturn { Key = key, Context = form.Context(part++), Rows = [.. some] }, http.RequestAborted);
            if (reply.Code != PackageRejection.None)
            {
                return await PageAsync(http, id, null, form.Filled(), Refused(http, reply, "return"));
            }

            changed += reply.Changed;
        }

        return Pages.After($"{Home}/packages/{id}", changed == 0 ? "icsenothing" : "icsedone");
    }

    /// <summary>Who takes a file is noted as its receiver, so that it is a deed; its bytes are the API's.</summary>
    private static async Task<IResult> FileAsync(
        HttpContext http, PackageGateway gateway, ListSigning signing, IntakeLimits limits, string id, string name)
    {
        var form = await Form.ReadAsync(http);
        return PackageKey.TryParse(id, out var key) && Files.Contains(name)
            && await IcseEndpoints.SendFileAsync(http, key, name, form.Context(), gateway, signing, limits, http.RequestAborted)
            ? Results.Empty : Pages.Absent(http);
    }

    /// <summary>A command would open what is not there; of a package that is not the caller's there is nothing.</summary>
    private static async Task<bool> IsThereAsync(PackageGateway gateway, PackageKey key, Caller caller, CancellationToken cancellation) =>
        (await gateway.GetAsync(new GetPackage { Key = key, Caller = caller }, cancellation)).Found;

    private static ImmutableArray<ItemRef> Items(Form form) =>
        [.. form.All("item").Select(t => ItemRef.TryParse(t.Split('.')[0], out var item) ? item : (ItemRef?)null).OfType<ItemRef>()];

    private static PageError Refused(HttpContext http, PackageReply reply, string field)
    {
        var words = Pages.WordsOf(http);
        return new PageError(words.Has($"refusal.{reply.Code}") ? words[$"refusal.{reply.Code}"] : reply.Detail ?? words["error.refused"], field);
    }
}
