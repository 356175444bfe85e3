using CPort.Actors.Agencies;

namespace CPort.Node.Readiness;

/// <summary>Nobody can be let in before the directory of agencies is known.</summary>
internal sealed class DirectoryReadiness(AgencyDirectoryFeed directory) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(
        !directory.Ready ? new ReadinessReason("agencies", false, "the directory of agencies is being read")
        : directory.Current.Agencies.All(a => directory.Current.KeysOf(a.Id).IsEmpty)
            ? new ReadinessReason("agencies", false, "first start: the operator's key is being made")
        : new ReadinessReason("agencies", true, string.Create(CultureInfo.InvariantCulture, $"directory at {directory.Current.Version}")));
}
