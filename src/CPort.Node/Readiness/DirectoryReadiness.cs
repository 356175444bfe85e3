using CPort.Actors.Agencies;
using CPort.Actors.People;

namespace CPort.Node.Readiness;

/// <summary>
/// Nobody can be let in before the directories of agencies and people are known. One that stands still later, because an event of it was changed, is said, and
/// is no reason to take the node away: the others would not fare better, and the keys of before go on working.
/// </summary>
internal sealed class DirectoryReadiness(AgencyDirectoryFeed directory, PeopleDirectoryFeed people) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(
        directory.Broken is { } broken ? Broken(directory.Ready, directory.Current.Version, broken)
        : !directory.Ready ? new ReadinessReason("agencies", false, "the directory of agencies is being read")
        : people.Broken is { } fault ? Broken(people.Ready, people.Current.Version, fault)
        : !people.Ready ? new ReadinessReason("agencies", false, "the directory of people is being read")
        : directory.Current.Agencies.All(a => directory.Current.KeysOf(a.Id).IsEmpty)
            ? new ReadinessReason("agencies", false, "first start: the operator's key is being made")
        : new ReadinessReason("agencies", true, string.Create(CultureInfo.InvariantCulture, $"directory at {directory.Current.Version}")));

    internal static ReadinessReason Broken(bool ready, long version, string fault) => new("agencies", ready, string.Create(CultureInfo.InvariantCulture,
        $"the directory stands still after event {version} ({fault}), later revocations are not heard: cport pbm reports stuck"));
}
