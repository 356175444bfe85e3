using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>Waits for one node's read tables and compares them with its journal.</summary>
public static class ReadModelCheck
{
    /// <summary>Waits until the automatic work is done and the read tables are current. Fails after <paramref name="patience"/>.</summary>
    public static async Task WaitSettledAsync(NodeProcess node, TimeSpan patience)
    {
        var database = node.Database.Database;
        var last = "";
        try
        {
            await node.UntilAsync(async () =>
            {
                var (unfinished, lag) = (await JournalView.UnfinishedAsync(database), await JournalView.LagAsync(database));
                last = $"{unfinished} reports unfinished, read tables {lag} events behind";
                return unfinished == 0 && lag == 0;
            }, patience, "the automatic work was not done");
        }
        catch (Xunit.Sdk.FailException e)
        {
            Assert.Fail($"{last}. {e.Message}");
        }
    }

    /// <summary>As <see cref="ReadModelReplay.AssertEqualAsync"/>, of the node's database.</summary>
    public static Task AssertEqualToJournalAsync(NodeProcess node) => ReadModelReplay.AssertEqualAsync(node.Database.Database);
}
