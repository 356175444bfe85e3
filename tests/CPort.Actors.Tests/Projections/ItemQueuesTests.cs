using CPort.Actors.Confidential;
using CPort.Domain.Confidential;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CsCheck;

namespace CPort.Actors.Tests.Projections;

public sealed class ItemQueuesTests
{
    private static readonly WorkQueue[] Work =
        [WorkQueue.UnassignedToHotline, WorkQueue.Orphaned, WorkQueue.Unassessed, WorkQueue.Unactioned, WorkQueue.Untraced];

    [Fact]
    public void Every_open_item_that_is_traced_stands_in_exactly_one_work_queue_and_no_closed_one_in_any() =>
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var lives = new RandomLives(seed, Seam);
            for (var i = 0; i < 120; i++)
            {
                lives.Step();
            }

            foreach (var item in lives.Reports.Values.SelectMany(r => r.Items))
            {
                var queues = Work.Count(q => item.Belongs(q));
                var awaitsWork = item.State() == ItemState.Received;
                Assert.True(queues == (item.IsClosed() || awaitsWork ? 0 : 1), $"{item.State()} stands in {queues} queues");
                Assert.Equal(item.Belongs(WorkQueue.Offline), item.State() is ItemState.Removed or ItemState.Unavailable);
                Assert.All(ItemQueues.All, q => Assert.Equal(item.Belongs(q.Queue), item.AgeIn(q.Queue) is not null));
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
        Assert.All(items.Where(i => i.Belongs(WorkQueue.Unassessed)), i => Assert.Equal(i.Assignment!.CountrySince, i.AgeIn(WorkQueue.Unassessed)));
        Assert.All(items.Where(i => i.Belongs(WorkQueue.Untraced)), i => Assert.Equal(i.AddedAt, i.AgeIn(WorkQueue.Untraced)));
        var offline = items.Where(i => i.Belongs(WorkQueue.Offline) && i.Assignment?.HotlineSince is not null).ToArray();
        Assert.NotEmpty(offline);
        Assert.All(offline, i => Assert.Equal(i.Assignment!.HotlineSince, i.AgeIn(WorkQueue.Offline)));
        Assert.All(ItemQueues.All, q => Assert.Contains(items, i => i.Belongs(q.Queue)));
    }

    [Fact]
    public void Queue_names_read_back_and_others_do_not()
    {
        Assert.All(ItemQueues.All, q => Assert.True(ItemQueues.TryParse(q.Name, out var queue) && queue == q.Queue));
        Assert.False(ItemQueues.TryParse("everything", out _));
        Assert.False(ItemQueues.TryParse(null, out _));
    }

    [Fact]
    public void The_priority_is_the_sum_of_its_reasons_weights()
    {
        Assert.Equal(75, ItemPriority.Score(PriorityReasons.UnknownMedia | PriorityReasons.Infant | PriorityReasons.UserGenerated));
        Assert.Equal([PriorityReasons.UnknownMedia, PriorityReasons.Disputed], ItemPriority.Each(PriorityReasons.UnknownMedia | PriorityReasons.Disputed));
        Assert.Equal(145, ItemPriority.Score((PriorityReasons)0xff));
    }

    private static ConfidentialSeam Seam { get; } = new MasterKeySeam(MasterKey.New());
}
