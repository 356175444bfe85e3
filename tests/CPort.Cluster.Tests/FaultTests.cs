using CPort.Cluster.Harness;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Cluster.Tests;

/// <summary>
/// Real processes under load, each in a network namespace of its own, that are killed, cut off and restarted. A few faults of the matrix that
/// <c>CPort.Bench chaos</c> runs; see docs/chaos.md. Times are printed, not asserted: the machine may be busy.
/// </summary>
public sealed class FaultTests(ClusterUnderFire fire, ITestOutputHelper output) : IClassFixture<ClusterUnderFire>
{
    [SkippableTheory]
    [InlineData("kill")]
    [InlineData("kill-oldest")]
    [InlineData("cut-half")]
    [InlineData("rolling-restart")]
    public async Task Nothing_acknowledged_is_lost_or_doubled_no_entity_has_two_writers_and_the_cluster_mends_itself(string name)
    {
        Skip.IfNot(fire.Unavailable is null, fire.Unavailable);
        var fault = Fault.All.Single(f => f.Name == name);
        var result = await fire.On(output.WriteLine).HappenAsync(fault, TestSeed.Begin(output).Next());
        output.WriteLine(ChaosRun.Table([result]));
        Assert.Empty(result.Check.Wrong);
        Assert.True(result.IsGood, string.Join('\n', result.Notes));
    }
}
