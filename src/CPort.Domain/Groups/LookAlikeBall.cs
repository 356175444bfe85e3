using CPort.Domain.Hashes;

namespace CPort.Domain.Groups;

/// <summary>
/// All values that a group of look-alikes can have: no member is farther from its founder. Whoever holds an item's own hashes tells by it whether the item
/// can be in the group, whatever a table says.
/// </summary>
[ProtoContract]
public sealed record LookAlikeBall
{
    [ProtoMember(1)] public required ContentHash Founder { get; init; }
    [ProtoMember(2, IsRequired = true)] public required int Radius { get; init; }

    public bool Holds(ContentHash value) => LookAlikeGroups.CanGroup(value) && LookAlikeGroups.Distance(Founder, value) <= Radius;
}
