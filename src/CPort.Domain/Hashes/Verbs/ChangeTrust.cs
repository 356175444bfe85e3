namespace CPort.Domain.Hashes.Verbs;

/// <summary>
/// Tells a bucket how far an agency is believed from now on, by the directory of agencies: all its words there, earlier and later ones, take that trust, and
/// whose verdict changes is told as after a new word. Knowledge older than what the bucket holds changes nothing. Answered by <see cref="TrustTaken"/> once
/// durable.
/// </summary>
[ProtoContract, Manifest("hc20")]
public sealed record ChangeTrust : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required TrustLevel Trust { get; init; }

    /// <summary>The version of the directory that says so.</summary>
    [ProtoMember(5)] public required long AsOf { get; init; }

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch) =>
        new(batch.ChangeTrust(new RecordedTrust { Agency = Agency, Trust = Trust, AsOf = AsOf }) ? 1 : 0);
}

/// <summary>The bucket's words have the trust, or a newer one.</summary>
[ProtoContract, Manifest("hr20")]
public sealed record TrustTaken : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }
}

/// <summary>An agency's trust as a bucket was told, which all its words there have.</summary>
[ProtoContract]
public sealed record RecordedTrust
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required TrustLevel Trust { get; init; }

    /// <summary>The version of the directory that said so; 0: only the agency's words did, and later ones are taken as they come.</summary>
    [ProtoMember(3)] public required long AsOf { get; init; }

    internal void ApplyTo(HashBucket state) => state.SetTrust(this);
}
