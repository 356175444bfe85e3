using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>Waits for one node's read tables and compares them with its journal.</summary>
public static class ReadModelCheck
{
    /// <summary>What was not answered in time is done by the sweeper, which wakes what stood still for 30 s: several of its rounds on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>Waits until the automatic work is done and the read tables are current; fails after three minutes.</summary>
    public static async Task WaitSettledAsync(TestNode node)
    {
        var database = node.Database.Database;
        string? last = "";
        try
        {
            await node.UntilAsync(async () => (last = await JournalView.UnsettledAsync(database)) is null, Patience, "the automatic work was not done");
        }
        catch (Xunit.Sdk.FailException e)
        {
            Assert.Fail($"{e.Message}\n{last}");
        }
    }

    /// <summary>As <see cref="ReadModelReplay.AssertEqualAsync"/>, of the node's database.</summary>
    public static Task AssertEqualToJournalAsync(TestNode node) => ReadModelReplay.AssertEqualAsync(node.Database.Database);
}
