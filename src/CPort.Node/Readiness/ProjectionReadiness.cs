using CPort.Actors.Projections;

namespace CPort.Node.Readiness;

/// <summary>
/// A table set serves, and none of its pages was met damaged, so that queues and searches answer; how far it is behind is said, and is no reason to take the
/// node away.
/// </summary>
internal sealed class ProjectionReadiness(ProjectionStatusReader reader, Database database) : IReadinessCheck
{
    public async Task<ReadinessReason> CheckAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            var serving = (await reader.ReadAsync(limit.Token)).Sets.LastOrDefault(s => s.State == TableSetState.Serving);
            return serving is null
                ? new ReadinessReason("projections", false, "no read tables yet: no node of role projection has started, or the first build is under way")
                : serving.ShowsNothing ? new ReadinessReason("projections", false, string.Create(CultureInfo.InvariantCulture,
                    $"table set {serving.Set} shows no report, and the journal has some: cport projections reconcile"))
                : database.Damage is { } damage && damage.Set == serving.Set ? new ReadinessReason("projections", false, string.Create(
                    CultureInfo.InvariantCulture,
                    $"pages of table set {serving.Set} are damaged ({damage.Fault}): cport projections rebuild, then compare the disk with a backup"))
                : new ReadinessReason("projections", true,
                    string.Create(CultureInfo.InvariantCulture, $"table set {serving.Set}, {serving.LagEvents} events behind"));
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new ReadinessReason("projections", false, $"the read tables do not answer ({DatabaseFault.InWords(e)})");
        }
    }
}
