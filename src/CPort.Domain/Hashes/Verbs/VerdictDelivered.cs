namespace CPort.Domain.Hashes.Verbs;

/// <summary>A report took the verdict on a row's hash for its items in the ordinal range.</summary>
[ProtoContract]
public sealed record VerdictDelivered
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required int Row { get; init; }
    [ProtoMember(3)] public required long Version { get; init; }
    [ProtoMember(4)] public required int FirstOrdinal { get; init; }
    [ProtoMember(5)] public required int LastOrdinal { get; init; }

    internal void ApplyTo(HashBucket state) => state.Deliver(state.Held(Row), ReportId, Version, FirstOrdinal, LastOrdinal);
}
