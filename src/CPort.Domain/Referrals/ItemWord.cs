namespace CPort.Domain.Referrals;

/// <summary>What ICSE says of one item, as its report has it.</summary>
[ProtoContract]
public sealed record ItemWord
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }

    /// <summary>Null: nothing, or it was called back.</summary>
    [ProtoMember(2)] public IcseWord? Word { get; init; }

    /// <summary>Since when; of two words the later one holds, in whatever order they come.</summary>
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }
}
