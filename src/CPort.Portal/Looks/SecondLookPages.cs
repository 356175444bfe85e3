using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Agencies;
using CPort.Api.Looks;
using CPort.Api.Queues;
using CPort.Api.Reading;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Portal.Queues;

namespace CPort.Portal.Looks;

/// <summary>What one can give a second look, and for managers what of their agency waits.</summary>
public sealed record SecondLooksModel : IShowsData
{
    Shown IShowsData.What() => Waiting is null ? ListedItemAnswer.Shown(Items) : ((IShowsData)Waiting).What() is var waiting
        ? waiting with { Objects = [.. ListedItemAnswer.Shown(Items).Objects, .. waiting.Objects], Count = Items.Count + Waiting.Items.Count } : Shown.View("");

    /// <summary>Those that this person can look at.</summary>
    public required IReadOnlyList<ListedItemAnswer> Items { get; init; }
    public string? Next { get; init; }
    public bool Continued { get; init; }

    /// <summary>Null: this person does not answer for others' looks.</summary>
    public WaitingLooksAnswer? Waiting { get; init; }
    public SecondLookPolicyAnswer? Policy { get; init; }

    /// <summary>Whom a manager may ask.</summary>
    public ImmutableArray<Police.ChosenAgency> Asks { get; init; } = [];

    /// <summary>This person changes the policy.</summary>
    public bool MaySet { get; init; }
}

/// <summary>
/// <c>/app/second</c>: what waits for somebody who does not know what was said. A look itself is given on the item's page, which shows nothing of it either.
/// </summary>
internal static class SecondLookPages
{
    public const string Home = "/app/second";
    private const int Rows = 50;

    public static void MapSecondLooks(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, string? after = null) => PageAsync(http, after)).Needs(Deed.SeeSecondLooks);
        pages.MapPost(Home + "/policy", SetAsync).Needs(Deed.SetSecondLooks);
        pages.MapPost(Home + "/ask", AskAsync).Needs(Deed.WorkOnReports);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, string? after = null, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        const string list = "page second looks";
        var (caller, services) = (http.Features.Get<Caller>()!, http.RequestServices);
        var agencies = services.GetRequiredService<AgencyDirectoryFeed>();
        var page = await services.GetRequiredService<QueueReader>().PageAsync(
            caller, new QueueQuery { Queue = WorkQueue.SecondLooks, MaxResults = Rows, After = Cursor.Read<PagePlace>(list, after) }, http.RequestAborted);
        var answer = ItemListAnswer.Of(list, page);
        var leads = caller.Kind == AgencyKind.Hotline && caller.Is(Roles.Manager);
        var model = new SecondLooksModel
        {
            Items = answer.Items, Next = answer.NextCursor, Continued = !string.IsNullOrEmpty(after),
            MaySet = AccessTable.May(caller, Deed.SetSecondLooks),
            Policy = caller.Kind != AgencyKind.Hotline ? null : SecondLookPolicyAnswer.Of(
                agencies.Current.Find(caller.Agency)?.SecondLooks ?? SecondLookPolicy.Off, services.GetRequiredService<CPortApiOptions>().NetworkLooks),
            Waiting = !leads ? null : await SecondLookEndpoints.OfAgencyAsync(
                caller, services.GetRequiredService<LookReader>(), services.GetRequiredService<PeopleDirectoryFeed>(), agencies,
                services.GetRequiredService<TimeProvider>(), Rows, null, http.RequestAborted),
            Asks = !leads ? [] :
            [
                .. agencies.Current.Agencies.Where(a => a.Id != caller.Agency && new DirectoryMembership(agencies.Current, default).GivesLooks(a.Id))
                    .OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => new Police.ChosenAgency(a.Id.Value, a.Name)),
            ],
        };
        return Pages.Of<SecondLooksView, SecondLooksModel>(
            http, model, p => p with { Title = p.Words["looks.title"], Nav = p.Work, At = page.At, Errors = errors, Filled = filled },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> SetAsync(HttpContext http, IAgencyGateway gateway)
    {
        var form = await Form.ReadAsync(http);
        var words = Pages.WordsOf(http);
        var what = (form.Is("newbaseline") ? LookFor.NewBaseline : 0) | (form.Is("icse") ? LookFor.Icse : 0) | (form.Is("iwol") ? LookFor.Iwol : 0);
        if (form.Number("agreeing") is not { } agreeing || form.Number("sample") is not { } sample)
        {
            return await PageAsync(http, null, form.Filled(), new PageError(words["looks.numbers"], "policy"));
        }

        var answer = await gateway.SendAsync(
            new SetSecondLooks
            {
                Context = form.Context(), Agency = form.Caller.Agency, Policy = new SecondLookPolicy { For = what, Agreeing = agreeing, Sample = sample },
            },
            http.RequestAborted);
        return answer is AgencyCommandRejected ? await PageAsync(http, null, form.Filled(), new PageError(words["looks.numbers"], "policy"))
            : Pages.After(Home, "lookPolicy");
    }

    private static async Task<IResult> AskAsync(HttpContext http, IReportGateway gateway)
    {
        var form = await Form.ReadAsync(http);
        var words = Pages.WordsOf(http);
        var chosen = form.All("item").Select(ChosenItem.Parse).OfType<ChosenItem>().ToArray();
        if (chosen.Length == 0 || !AgencyId.TryParse(form.Text("agency"), out var agency))
        {
            return await PageAsync(http, null, form.Filled(), new PageError(words["looks.askNone"], "waiting"));
        }

        var (part, refused) = (1, default(CommandReply));
        foreach (var report in chosen.GroupBy(c => c.Report))
        {
            var reply = await gateway.SendAsync(
                new AskForLook
                {
                    ReportId = report.Key, Context = form.Context(part++), Agency = agency,
                    Items = [.. report.Select(c => new ItemTarget { Ordinal = c.Item })],
                },
                http.RequestAborted);
            refused = reply.Items.Any(i => !i.Accepted) || reply.Code != RejectionCode.None ? reply : refused;
        }

        var code = refused?.Items.FirstOrDefault(i => !i.Accepted)?.Code ?? refused?.Code;
        return code is null ? Pages.After(Home, "lookAsked")
            : await PageAsync(http, null, form.Filled(), new PageError(
                words.Has($"refusal.{code}") ? words[$"refusal.{code}"] : words["error.refused"], "waiting"));
    }
}
