using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Api.Groups;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Portal.Queues;
using CPort.Portal.Reports;
using CPort.Portal.Selections;

namespace CPort.Portal.Groups;

/// <summary>A page of groups.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Ours">Only those with something unassessed that is assigned to the own hotline or country.</param>
/// <param name="MayChooseOurs">There is such a choice.</param>
public sealed record GroupsModel(GroupListAnswer Answer, bool Ours, bool MayChooseOurs) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();
}

/// <summary>A group's page.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Continued">This is not the first page.</param>
public sealed record GroupModel(GroupItemsAnswer Answer, bool Continued) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();

    public string Address => $"/app/groups/{Answer.Group.Id}";
}

/// <summary>
/// <c>/app/groups</c>: items that look alike. What is chosen of a group goes over the selection's page: fixed, tried, confirmed, as everything that is done
/// with many items. An offer fills that page's form in; nothing is done by it.
/// </summary>
internal static class GroupPages
{
    private const string Home = "/app/groups";
    private const int Rows = 50;

    public static void MapGroups(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.ListItems);
        pages.MapGet(Home + "/{id}", PageAsync).Needs(Deed.ListItems);
        pages.MapPost(Home + "/{id}/choose", ChooseAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
    }

    private static async Task<IResult> ListAsync(HttpContext http, GroupReader groups, TimeProvider time, string? ours = null, string? after = null)
    {
        var caller = http.Features.Get<Caller>()!;
        var (hotline, country) = (caller.Kind == AgencyKind.Hotline ? caller.Agency : (AgencyId?)null, caller.PrimaryCountry);
        var only = ours == "true" && (hotline is not null || country is not null);
        var answer = await GroupEndpoints.PageAsync(
            caller, new GroupQuery
            {
                Hotline = only ? hotline : null, Country = only && hotline is null ? country : null, MaxResults = Rows, After = GroupEndpoints.PlaceOf(after),
            }, groups, time, http.RequestAborted);
        return Pages.Of<GroupsView, GroupsModel>(
            http, new GroupsModel(answer, only, hotline is not null || country is not null),
            p => p with { Title = p.Words["groups.title"], Nav = NavEntry.Groups, At = Position(answer.At) });
    }

    private static async Task<IResult> PageAsync(HttpContext http, GroupReader groups, TimeProvider time, string id, string? after = null)
    {
        var answer = await GroupEndpoints.ItemsAsync(http.Features.Get<Caller>()!, id, Rows, after, groups, time, http.RequestAborted);
        return answer is null ? Pages.Absent(http) : Pages.Of<GroupView, GroupModel>(
            http, new GroupModel(answer, !string.IsNullOrEmpty(after)), p => p with
            {
                Title = p.Words.Count("groups.group", answer.Group.Items), Nav = NavEntry.Groups, At = Position(answer.At),
                Crumbs = [new Crumb(p.Words["groups.title"], Home)],
            });
    }

    private static async Task<IResult> ChooseAsync(HttpContext http, GroupReader groups, PersonalStore store, TimeProvider time, string id)
    {
        var form = await Form.ReadAsync(http);
        var view = GroupRows.IsId(id) ? await groups.GetAsync(form.Caller, id, ReadModel.MaxResults, null, http.RequestAborted) : null;
        if (view is null)
        {
            return Pages.Absent(http);
        }

        var address = $"{Home}/{view.Group.Id}";
        ImmutableArray<SelectedItem> chosen;
        if (form.Text("which") == "all")
        {
            var all = await groups.TargetsAsync(form.Caller, id, null, Selection.Most, http.RequestAborted);
            chosen = [.. (all?.Items ?? []).Select(i => new SelectedItem(i.Item.ToString(), i.Version))];
        }
        else
        {
            chosen =
            [
                .. form.All("item").Select(ChosenItem.Parse).OfType<ChosenItem>()
                    .Select(c => new SelectedItem(new ItemRef(c.Report, c.Item).ToString(), c.Version)).DistinctBy(c => c.Item),
            ];
        }

        if (chosen.IsEmpty)
        {
            return Pages.After(address, "nothingChosen");
        }

        var selection = new Selection
        {
            Items = chosen, From = address, At = time.GetUtcNow(), Group = view.Group.Id, Assessment = OfferedFor(view, [.. chosen.Select(c => c.Item)]),
        };
        return Pages.After($"/app/selections/{await store.KeepAsync(form.Caller, PersonalKind.Selection, selection.Write(), http.RequestAborted)}");
    }

    private static ReadPosition Position(PositionAnswer at) => new(at.Position, at.LagEvents, TimeSpan.FromSeconds(at.LagSeconds), at.Rebuilding);

    /// <summary>What is offered for all of them alike; null where the offers differ, or some have none.</summary>
    private static AssessmentForm? OfferedFor(Actors.Projections.GroupView view, HashSet<string> chosen)
    {
        var offers = view.Items.Where(i => chosen.Contains($"{i.Item.Row.ReportId}-{i.Item.Row.Ordinal}")).Select(i => FormOf(i.Offer)).ToArray();
        return offers.Length == chosen.Count && offers.Distinct().ToArray() is [{ } same] ? same : null;
    }

    private static AssessmentForm? FormOf(GroupOffer? offer) => offer is not { } o ? null : new AssessmentForm
    {
        Class = o.Classification, Age = o.Age, Gender = o.Gender, Virtual = o.VirtualContent == true, UserGenerated = o.UserGeneratedContent == true,
        ChildModeling = o.ChildModeling == true,
    };
}
