using System.Collections.Immutable;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Whatever has been written on a report, its answers fit between nodes, and all of it can be read, page by page.</summary>
public sealed class ReportAnswerSizeTests
{
    private static readonly string Long = new('ж', 9_900);
    private readonly KeyRingSeam _seam = new(KeyRing.New());

    [Fact]
    public void Memos_of_any_number_come_in_pages_in_order_and_each_once_beside_the_items()
    {
        var report = WithMemos(105, items: 150);
        var (memos, items, pages) = (new List<string>(), new List<int>(), 0);
        for (GetReport? query = new() { ReportId = report.Id, Caller = Nl, FromMemo = 0, MaxItems = 40 }; query is not null; pages++)
        {
            var page = ReportViews.Page(report, query, _seam).Cut();
            AssertFits(page);
            memos.AddRange(page.Head!.Memos.Select(m => m.Text!));
            items.AddRange(page.Items.Select(i => i.Item.Ordinal));
            Assert.All(page.Head.Memos, m => Assert.Empty(m.Memo.Text.Bytes));
            query = page.Next(query);
        }

        Assert.Equal(Enumerable.Range(1, 105).Select(n => Text(n)), memos);
        Assert.Equal(Enumerable.Range(1, 150), items);
        Assert.InRange(pages, 5, 10);

        // Who asks for an item gets none of them.
        var one = ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = Nl, FromOrdinal = 7, MaxItems = 1 }, _seam).Cut();
        Assert.Equal(7, Assert.Single(one.Items).Item.Ordinal);
        Assert.Empty(one.Head!.Memos);
        Assert.Null(one.NextMemo);
        Assert.True(Bytes(one).Length < 10_000);
    }

    [Fact]
    public void Items_with_long_texts_come_as_many_as_fit_and_one_that_never_fits_is_said_to_be_too_long()
    {
        // A page of two hundred items with memos of 9,900 characters each would be 4 MB.
        var report = WithMemos(0, items: 200, secret: new ItemSecrets { Url = "https://host.example/", Memo = Long });
        var (items, largest) = (new List<int>(), 0);
        for (GetReport? query = new() { ReportId = report.Id, Caller = Nl, FromMemo = 0 }; query is not null;)
        {
            var page = ReportViews.Page(report, query, _seam).Cut();
            AssertFits(page);
            largest = Math.Max(largest, page.Items.Length);
            items.AddRange(page.Items.Select(i => i.Item.Ordinal));
            query = page.Next(query);
        }

        Assert.Equal(Enumerable.Range(1, 200), items);
        Assert.InRange(largest, 20, 199);

        // One item on which more was said than any answer holds.
        var sealedWhy = _seam.Seal(new SealedPlace(report.Id, SealedField.Why), new SecretText { Text = Long });
        var said = report.Items[0] with
        {
            Assessments = [.. Enumerable.Range(0, 60).Select(_ => new Assessment
            {
                Id = 1, KeyId = "key", Agency = Nl.Agency, Classification = Classification.National, At = Start, Why = sealedWhy,
            })],
        };
        report = report with { Items = report.Items.SetItem(0, said) };
        var single = ReportViews.Page(report, new GetReport { ReportId = report.Id, Caller = Nl, MaxItems = 1 }, _seam).Cut();
        Assert.True(single.TooLong);
        Assert.Null(single.Head);
        AssertFits(single);
    }

    [Fact]
    public void History_comes_in_pages_that_fit()
    {
        var report = WithMemos(105);
        var events = Enumerable.Range(0, 105).Select(i => new SequencedEvent(i + 1, new MemoAdded
        {
            Meta = new CommandContext { CommandId = CommandId.Parse($"m-{i}"), Caller = Nl, OccurredAt = Start }.ToMeta(), Memo = report.Memos[i],
        })).ToImmutableArray();
        report = report with { Version = 105 };
        var read = new List<long>();
        for (long? from = 1; from is { } next;)
        {
            var query = new GetHistory { ReportId = report.Id, Caller = Nl, FromSequence = next };
            var page = ReportViews.History(report, query, [.. events.Where(e => e.Sequence >= next)], _seam).Cut();
            AssertFits(page);
            Assert.False(page.TooLong);
            read.AddRange(page.Entries.Select(e => e.Sequence));
            from = page.NextSequence;
        }

        Assert.Equal(Enumerable.Range(1, 105).Select(i => (long)i), read);
    }

    private static string Text(int number) => $"{number} {Long}";

    private static void AssertFits<T>(T answer)
        where T : class => Assert.InRange(Bytes(answer).Length, 1, ReportLimits.AnswerBytes + 1_000);

    private Report WithMemos(int memos, int items = 1, ItemSecrets? secret = null)
    {
        Assert.True(ReportLimits.AnswerBytes + 100_000 < ClusterTuning.MaxFrameSize);
        var report = HostedIn(NL, items).Report;
        secret ??= new ItemSecrets { Url = "https://host.example/" };
        return report with
        {
            Secrets = null,
            Items = [.. report.Items.Select(i => i with { Secrets = _seam.Seal(i.SecretsPlace(report.Id), secret) })],
            Memos = [.. Enumerable.Range(1, memos).Select(n =>
                new Memo
                {
                    Agency = Nl.Agency, At = Start, Text = _seam.Seal(new SealedPlace(report.Id, SealedField.Memo), new SecretText { Text = Text(n) }),
                })],
        };
    }
}
