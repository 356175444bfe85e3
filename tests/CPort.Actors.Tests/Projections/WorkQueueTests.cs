using System.Reflection;
using CPort.Actors.Confidential;
using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CsCheck;
using LinqToDB.Mapping;

namespace CPort.Actors.Tests.Projections;

public sealed class WorkQueueTests
{
    private static readonly WorkQueue[] Work =
        [WorkQueue.UnassignedToHotline, WorkQueue.Orphaned, WorkQueue.Unassessed, WorkQueue.SecondLooks, WorkQueue.Unactioned, WorkQueue.Untraced];

    [Fact]
    public void Every_open_item_that_is_traced_stands_in_exactly_one_work_queue_and_no_closed_one_in_any() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var lives = new RandomLives(seed, Seam) { WithLooks = true };
            for (var i = 0; i < 120; i++)
            {
                lives.Step();
            }

            foreach (var item in lives.Reports.Values.SelectMany(r => r.Items))
            {
                // What is gone by now is looked at all the same.
                var queues = Work.Count(q => q.Holds(item) && !(q == WorkQueue.SecondLooks && item.IsClosed()));
                var awaitsWork = item.State() == ItemState.Received;
                Assert.True(queues == (item.IsClosed() || awaitsWork ? 0 : 1), $"{item.State()} stands in {queues} queues");
                Assert.Equal(WorkQueue.Offline.Holds(item), item.State() is ItemState.Removed or ItemState.Unavailable);
                Assert.All(WorkQueue.All, q => Assert.Equal(q.Holds(item), q.AgeOf(item) is not null));
            }
        }, iter: 60);

    [Fact]
    public void The_age_counts_from_the_countrys_assignment_and_offline_from_the_hotlines()
    {
        var lives = new RandomLives(7, Seam);
        for (var i = 0; i < 2_000; i++)
        {
            lives.Step();
        }

        var items = lives.Reports.Values.SelectMany(r => r.Items).ToArray();
        Assert.All(items.Where(i => WorkQueue.Unassessed.Holds(i)), i => Assert.Equal(i.Assignment!.CountrySince, WorkQueue.Unassessed.AgeOf(i)));
        Assert.All(items.Where(i => WorkQueue.Untraced.Holds(i)), i => Assert.Equal(i.AddedAt, WorkQueue.Untraced.AgeOf(i)));
        var offline = items.Where(i => WorkQueue.Offline.Holds(i) && i.Assignment?.HotlineSince is not null).ToArray();
        Assert.NotEmpty(offline);
        Assert.All(offline, i => Assert.Equal(i.Assignment!.HotlineSince, WorkQueue.Offline.AgeOf(i)));
        Assert.All(WorkQueue.All.Remove(WorkQueue.SecondLooks), q => Assert.Contains(items, i => q.Holds(i)));
    }

    [Fact]
    public void Queue_names_read_back_and_others_do_not()
    {
        Assert.All(WorkQueue.All, q => Assert.Same(q, WorkQueue.Find(q.Name)));
        Assert.Null(WorkQueue.Find("everything"));
        Assert.Null(WorkQueue.Find(null));
    }

    [Fact]
    public void Each_queue_has_a_column_of_its_own()
    {
        var columns = typeof(ItemRow).GetProperties().Select(p => p.GetCustomAttribute<ColumnAttribute>()?.Name)
            .Where(c => c?.StartsWith("q_", StringComparison.Ordinal) == true);
        Assert.Equal(WorkQueue.All.Select(q => $"q_{q.Name.Replace('-', '_')}").Order(), columns.Order());
    }

    [Fact]
    public void The_priority_is_the_sum_of_its_reasons_weights()
    {
        Assert.Equal(75, ItemPriority.Score(PriorityReasons.UnknownMedia | PriorityReasons.Infant | PriorityReasons.UserGenerated));
        Assert.Equal([PriorityReasons.UnknownMedia, PriorityReasons.Disputed], ItemPriority.Each(PriorityReasons.UnknownMedia | PriorityReasons.Disputed));
        Assert.Equal(145, ItemPriority.Score((PriorityReasons)0xff));
        Assert.True(ItemPriority.Score(PriorityReasons.BaselineSuggested) > 145);
    }

    private static ConfidentialSeam Seam { get; } = TestKeys.Seam;
}
