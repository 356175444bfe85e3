using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>Waits for one node's read tables and compares them with its journal.</summary>
public static class ReadModelCheck
{
    /// <summary>Waits until the automatic work is done and the read tables are current. Fails after <paramref name="patience"/>.</summary>
    public static async Task WaitSettledAsync(NodeProcess node, TimeSpan patience)
    {
        var database = node.Database.Database;
        string? last = "";
        try
        {
            await node.UntilAsync(async () => (last = await JournalView.UnsettledAsync(database)) is null, patience, "the automatic work was not done");
        }
        catch (Xunit.Sdk.FailException e)
        {
            Assert.Fail($"{e.Message}\n{last}");
        }
    }

    /// <summary>As <see cref="ReadModelReplay.AssertEqualAsync"/>, of the node's database.</summary>
    public static Task AssertEqualToJournalAsync(NodeProcess node) => ReadModelReplay.AssertEqualAsync(node.Database.Database);
}
