namespace CPort.Domain.Hashes.Verbs;

/// <summary>
/// Puts hashes into quarantine or releases them. Answered by <see cref="QuarantineChanged"/> once durable. Names hashes, rows of
/// <see cref="QuarantineRow.Row"/>, or both; together at most <see cref="HashBucketLimits.Part"/>.
/// </summary>
[ProtoContract, Manifest("hc7")]
public sealed record ChangeQuarantine : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(4, IsPacked = true)] public int[] Rows { get; init; } = [];
    [ProtoMember(5)] public bool Release { get; init; }
    [ProtoMember(6)] public QuarantineReason Reason { get; init; } = QuarantineReason.Operator;

    /// <summary>Null: CPort itself.</summary>
    [ProtoMember(7)] public AgencyId? By { get; init; }
    [ProtoMember(8)] public required DateTimeOffset At { get; init; }

    /// <summary>For <see cref="QuarantineReason.ManyNearValues"/>: how many, estimated.</summary>
    [ProtoMember(9)] public int NearValues { get; init; }

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        var named = Rows.Where(batch.State.HasRow).Select(batch.State.HashOf);
        return new HashBucketOutcome(Hashes.Concat(named).Count(hash => Change(batch, hash)));
    }

    private bool Change(HashBatch batch, ContentHash hash)
    {
        if (!batch.Belongs(hash))
        {
            return false;
        }

        var row = batch.State.RowOf(hash);
        var old = batch.QuarantineOf(hash);
        if (Release ? old is null or { Released: true } : old is { Released: false } || (old is not null
            && Reason != QuarantineReason.Operator))
        {
            // In already, out already, or released by somebody: then CPort itself does not put it in again.
            return false;
        }

        batch.Quarantine(hash, new HashQuarantine
        {
            Reason = Release ? old!.Reason : Reason, Since = At, By = By, Released = Release,
            Reports = row < 0 ? 0 : batch.State.Sightings.ReportsOf(row), NearValues = NearValues,
        });
        return true;
    }
}

/// <summary>The change is durable.</summary>
[ProtoContract, Manifest("hr11")]
public sealed record QuarantineChanged : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }

    /// <summary>Hashes that went in or came out; the others were so already, or are not the bucket's.</summary>
    [ProtoMember(2)] public int Changed { get; init; }
}

/// <summary>A hash went into quarantine or was released from it.</summary>
[ProtoContract]
public sealed record RecordedQuarantine
{
    [ProtoMember(1)] public required int Row { get; init; }
    [ProtoMember(2)] public required HashQuarantine State { get; init; }

    /// <summary>The verdict's version after this: higher when the verdict changed.</summary>
    [ProtoMember(3)] public long Version { get; init; }

    internal void ApplyTo(HashBucket state)
    {
        var row = state.Held(Row);
        state.SetQuarantine(row, State);
        if (state.EntryOf(row) is var entry && entry.Version < Version)
        {
            state.SetEntry(row, entry.At(Version));
        }
    }
}

/// <summary>When CPort puts a hash into quarantine by itself.</summary>
public sealed record QuarantineLimits
{
    /// <summary>
    /// Different reports with an exact hash (MD5, SHA-1, SHA-256, PhotoDNA); 0 switches it off. Even viral material is re-encoded time and again, so that one
    /// file's reports go to the thousands; what hosts serve by themselves (placeholders, tracking pixels) has no such bound. A confirmed exact hash stays out:
    /// its opinions would apply all the same.
    /// </summary>
    public int Reports { get; init; } = 20_000;

    /// <summary>Different reports with one PDQ value; 0 switches it off. Lower, because re-encodings of a picture spread over several values.</summary>
    public int PdqReports { get; init; } = 5_000;

    /// <summary>
    /// Different PDQ values searched within the radius of one value since the bucket started; 0 switches it off. The copies of a real picture (scaled,
    /// compressed, stamped) are some dozens to some hundreds of values; a value in a dense region (blank pages, screenshots of text) has thousands of strangers
    /// near it.
    /// </summary>
    public int NearValues { get; init; } = 2_000;

    /// <summary>Puts into quarantine what the batch's sightings show to be over-matching.</summary>
    internal void Decide(HashBatch batch, DateTimeOffset now)
    {
        var (state, isNear) = (batch.State, batch.State.Id.Kind == HashBucketKind.Pdq);
        var most = isNear ? PdqReports : Reports;
        HashSet<int>? looked = null;
        foreach (var (row, _) in batch.Sightings)
        {
            // Counted as they stood before the batch: the next sighting is soon enough.
            if (most == 0 || state.Sightings.CountOf(row) < most || !(looked ??= []).Add(row))
            {
                continue;
            }

            var hash = state.HashOf(row);
            if (batch.QuarantineOf(hash) is null && (isNear || !batch.EntryOf(hash).Confirmed) && state.Sightings.ReportsOf(row, most) >= most)
            {
                batch.Quarantine(hash, new HashQuarantine
                {
                    Reason = QuarantineReason.ManyReports, Since = now, Reports = state.Sightings.ReportsOf(row),
                });
            }
        }
    }
}
