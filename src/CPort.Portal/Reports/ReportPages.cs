using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Reports;

namespace CPort.Portal.Reports;

/// <summary>A report's page.</summary>
public sealed record ReportModel : IShowsData
{
    /// <summary>What the report's answer holds, but for what is closed on the page.</summary>
    Shown IShowsData.What() => Closed.Of(((IShowsData)Report).What());

    public required ReportAnswer Report { get; init; }

    /// <summary>The newest events first; empty when they cannot be read just now.</summary>
    public required IReadOnlyList<HistoryEntryAnswer> History { get; init; }
    public string? Next { get; init; }
}

/// <summary>An item's page.</summary>
public sealed record ItemModel : IShowsData
{
    /// <summary>The URL and the texts count as shown only when they are open.</summary>
    Shown IShowsData.What() => Revealed ? ((IShowsData)Item).What() : Closed.Of(((IShowsData)Item).What());

    public required ReportAnswer Report { get; init; }
    public required ItemAnswer Item { get; init; }
    public required IReadOnlyList<HistoryEntryAnswer> History { get; init; }

    /// <summary>What this person can do with it, by the rules (ICCAM rules 1 to 11).</summary>
    public required ImmutableArray<ItemWay> Ways { get; init; }

    /// <summary>To whom it may be referred by hand.</summary>
    public ImmutableArray<Police.ChosenAgency> RefersTo { get; init; } = [];

    /// <summary>The round that the person is on; null: none.</summary>
    public Queues.Round? From { get; init; }

    /// <summary>The URL, as no program follows it, and free texts are open on this page, and that was recorded.</summary>
    public bool Revealed { get; init; }

    /// <summary>The URL as it is, to be copied: a look of its own.</summary>
    public bool Exact { get; init; }

    /// <summary>What has happened since the form was drawn that came too late; empty: none did.</summary>
    public IReadOnlyList<HistoryEntryAnswer> Changed { get; init; } = [];

    /// <summary>What was filled in, when the page comes back with an error.</summary>
    public AssessmentForm Assessment { get; init; } = new();

    public ItemWay? Way(ItemWrite write) => Ways.FirstOrDefault(w => w.Write == write);

    public string Address => $"/app/reports/{Report.ReportId}/items/{Item.Item}";

    /// <summary>With the round that the person is on.</summary>
    public string Page => Queues.Round.From(Address, From);
}

/// <summary>Fields that a page shows by their length alone.</summary>
internal static class Closed
{
    private static readonly ImmutableArray<string> Fields =
        ["urlString", "memo", "memos", "sourcePage", "sourceUrlReferrer", "sourceUrlUsername", "sourceUrlPassword"];

    public static Shown Of(Shown whole) => whole with { Fields = [.. whole.Fields.Except(Fields)] };
}

/// <summary>What is chosen in the panel that assesses, as numbers of ICCAM's lists; null: not chosen.</summary>
public sealed record AssessmentForm
{
    public Classification? Class { get; init; }
    public AgeCategory? Age { get; init; }
    public GenderCategory? Gender { get; init; }
    public bool Virtual { get; init; }
    public bool UserGenerated { get; init; }
    public bool ChildModeling { get; init; }

    /// <summary>As the rules take it; null while no classification is chosen.</summary>
    public Domain.Reports.Verbs.AssessmentInput? ToInput() => Class is not { } classification ? null : new Domain.Reports.Verbs.AssessmentInput
    {
        Classification = classification, Age = Age ?? AgeCategory.NotDetermined, Gender = Gender ?? GenderCategory.NotDetermined, VirtualContent = Virtual,
        UserGeneratedContent = UserGenerated, ChildModeling = ChildModeling,
    };
}

/// <summary>Reads what the pages of reports show, through the same gateway and answers as the API's.</summary>
internal sealed class ReportPages(IReportGateway gateway, GroupReader groups, Police.PoliceAgencies police)
{
    /// <summary>Items of a report on one page.</summary>
    private const int Items = 50;

    /// <summary>Events of a report on one page.</summary>
    private const int Events = 100;

    public async Task<ReportModel?> ReportAsync(Caller caller, ReportId id, int from, CancellationToken cancellation)
    {
        var query = new GetReport { ReportId = id, Caller = caller, FromOrdinal = from, FromMemo = 0, MaxItems = Items };
        var page = await gateway.GetAsync(query, cancellation);
        if (page.Head is null)
        {
            return null;
        }

        return new ReportModel
        {
            Report = ReportAnswer.Of(page, null), History = await HistoryAsync(caller, id, page.Head.Report.Version, cancellation),
            Next = page.NextOrdinal is { } next ? $"/app/reports/{id}?from={next}" : null,
        };
    }

    public async Task<ItemModel?> ItemAsync(Caller caller, ReportId id, int ordinal, CancellationToken cancellation)
    {
        var page = await gateway.GetAsync(
            new GetReport { ReportId = id, Caller = caller, FromOrdinal = ordinal, MaxItems = 1, WithWays = true }, cancellation);
        if (page is not { Head: { } head, Items: [var view] } || view.Item.Ordinal != ordinal)
        {
            return null;
        }

        var history = await HistoryAsync(caller, id, head.Report.Version, cancellation);
        return new ItemModel
        {
            Report = ReportAnswer.Of(page, null), Ways = view.Ways, Item = ItemAnswer.Of(id, view) with
            {
                Group = await Api.Reports.ReportEndpoints.GroupOfAsync(groups, caller, view.Item, cancellation),
            },
            RefersTo = view.Ways.Any(w => w.Write == ItemWrite.Refer)
                ? police.ForItem(caller, view.Item.Hosting?.Country?.Code, view.Item.Assignment?.Country?.Code) : [],
            History = [.. history.Where(e => e.Items is null || e.Items.Contains(ordinal))],
        };
    }

    private async Task<IReadOnlyList<HistoryEntryAnswer>> HistoryAsync(Caller caller, ReportId id, long version, CancellationToken cancellation)
    {
        var page = await gateway.HistoryAsync(
            new GetHistory { ReportId = id, Caller = caller, FromSequence = Math.Max(1, version - Events + 1), MaxEvents = Events }, cancellation);
        return [.. page.Entries.Select(HistoryEntryAnswer.Of).Reverse()];
    }
}
