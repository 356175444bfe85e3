using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>What a write did, in rows; read by command type. <paramref name="Rows"/>: of an import, one <see cref="HashRowOutcome"/> a row.</summary>
public readonly record struct HashBucketOutcome(int Changed, byte[]? Rows = null);

/// <summary>The event of a batch; null when nothing is new. One outcome a command, in order.</summary>
public sealed record HashBucketDecision(HashesRecorded? Event, ImmutableArray<HashBucketOutcome> Outcomes);

/// <summary>
/// The rules of a hash bucket. Each verb has a file of its own in <c>Verbs</c>: command, rule, and how it changes the state. <see cref="Decide"/> only reads
/// the state, <see cref="Apply"/> changes it in place (<see cref="HashBucket"/> says why).
/// </summary>
public static class HashBucketRules
{
    /// <summary>Decides a batch of writes, and of deliveries that reports have acknowledged, into at most one event.</summary>
    public static HashBucketDecision Decide(
        HashBucket state, IReadOnlyList<IHashBucketWrite> commands, IReadOnlyList<VerdictDelivered>? delivered = null,
        QuarantineLimits? limits = null, DateTimeOffset now = default)
    {
        var batch = new HashBatch(state);
        var outcomes = new HashBucketOutcome[commands.Count];

        // Trust before all else, as it is applied: the other commands are decided by it.
        foreach (var trust in (ReadOnlySpan<bool>)[true, false])
        {
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (commands[i] is ChangeTrust == trust)
                {
                    outcomes[i] = commands[i].Decide(batch);
                }
            }
        }

        limits?.Decide(batch, now);
        return new HashBucketDecision(batch.ToEvent(delivered ?? [], now), [.. outcomes]);
    }

    /// <summary>Applies an event, in place; consults neither clock nor policy. Answers the same state.</summary>
    public static HashBucket Apply(HashBucket state, HashesRecorded e)
    {
        foreach (var trust in e.Trust)
        {
            trust.ApplyTo(state);
        }

        foreach (var values in e.New)
        {
            state.AddNew(values);
        }

        foreach (var word in e.Words)
        {
            word.ApplyTo(state);
        }

        foreach (var word in e.Words)
        {
            word.Tell(state);
        }

        RecordedSightings.Apply(state, e.Sightings);
        foreach (var delivered in e.Delivered)
        {
            delivered.ApplyTo(state);
        }

        foreach (var quarantined in e.Quarantined)
        {
            quarantined.ApplyTo(state);
        }

        return state;
    }

    /// <summary>What the bucket says of a hash now.</summary>
    public static HashVerdict VerdictOf(HashBucket state, ContentHash hash) => VerdictOf(state, hash, state.RowOf(hash));

    /// <summary>A trap's verdict, or of a hash that no bucket was asked about: unknown.</summary>
    public static HashVerdict Unasked(ContentHash hash) => new() { Hash = hash, Version = 0, Trap = TrapValues.IsTrap(hash) };

    /// <summary>The items that would be told if the opinions were recorded now, a page at a time.</summary>
    public static ChangePreviewed Preview(HashBucket state, PreviewChange query)
    {
        var working = new Dictionary<ContentHash, HashEntry>();
        var outcomes = new byte[query.Opinions.Length];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var (hash, word) = (query.Opinions[i].Hash, state.Present(query.Opinions[i].ToWord()));
            var entry = working.GetValueOrDefault(hash) ?? state.EntryOf(hash);
            var next = Belongs(state, hash) ? entry.After(word, byContent: false) : null;
            var mute = query.OnlyStanding && !entry.Stands(word);
            if (!mute && next is not null)
            {
                working[hash] = next;
            }

            outcomes[i] = (byte)(mute ? OpinionChangeOutcome.NoWord : next is null ? OpinionChangeOutcome.Unchanged : OpinionChangeOutcome.Changes);
        }

        outcomes = query is { FromOpinion: 0, FromSighting: 0 } ? outcomes : [];
        var items = ImmutableArray.CreateBuilder<ItemRef>();
        var verdicts = 0;
        for (var i = query.FromOpinion; i < query.Opinions.Length; i++)
        {
            var hash = query.Opinions[i].Hash;

            // A hash named twice in one change is counted once, where it is named first.
            var first = Enumerable.Range(0, i).All(j => query.Opinions[j].Hash != hash);
            var entry = state.EntryOf(hash);
            var sightings = state.RowOf(hash) is var row and >= 0 ? state.Sightings.Of(row) : [];
            if (!first || !working.TryGetValue(hash, out var next) || next.Version == entry.Version)
            {
                continue;
            }

            var from = i == query.FromOpinion ? query.FromSighting : 0;
            verdicts += from == 0 ? 1 : 0;
            for (var s = from; s < sightings.Length; s++)
            {
                if (items.Count == HashBucketLimits.PreviewPage)
                {
                    return new ChangePreviewed
                    {
                        RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts, NextOpinion = i,
                            NextSighting = s, Outcomes = outcomes,
                    };
                }

                items.Add(sightings[s].Item);
            }
        }

        return new ChangePreviewed { RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts,
            Last = true, Outcomes = outcomes };
    }

    /// <summary>Everything about one hash.</summary>
    public static HashEntryReply Describe(HashBucket state, GetHashEntry query)
    {
        var row = state.RowOf(query.Hash);
        var entry = row < 0 ? HashEntry.Empty : state.EntryOf(row);
        var sightings = row < 0 ? [] : state.Sightings.Of(row);
        var from = query.After is { } after ? HashSightings.FirstOf(sightings, after.Report, after.Ordinal + 1) : 0;
        var page = sightings[from..Math.Min(sightings.Length, from + Math.Clamp(query.Limit, 1, HashBucketLimits.Part))];
        var items = ImmutableArray.CreateBuilder<ItemRef>(page.Length);
        foreach (var s in page)
        {
            items.Add(s.Item);
        }

        return new HashEntryReply
        {
            Verdict = VerdictOf(state, query.Hash, row), Sources = entry.Sources, HistoryCount = entry.History.Length,
            History = [.. entry.History.Reverse().Take(HashBucketLimits.Part)],
            Sightings = items.DrainToImmutable(), MoreSightings = sightings.Length > from + page.Length,
        };
    }

    /// <summary>A page of what is in quarantine.</summary>
    public static QuarantineReply Describe(HashBucket state, GetQuarantine query)
    {
        var limit = Math.Clamp(query.Limit, 1, HashBucketLimits.Part);
        var rows = state.Quarantine.Where(q => q.Key >= query.FromRow && !q.Value.Released).OrderBy(q => q.Key).Take(limit + 1)
            .ToList();
        return new QuarantineReply
        {
            Bucket = state.Id, More = rows.Count > limit,
            Rows = [.. rows.Take(limit).Select(q => new QuarantineRow
            {
                Row = q.Key, Hash = state.HashOf(q.Key), State = q.Value, Items = state.Sightings.CountOf(q.Key),
                Opinions = state.EntryOf(q.Key).Sources.Count(w => w.Counts), Confirmed = state.EntryOf(q.Key).Confirmed,
            })],
        };
    }

    /// <summary>The verdict of a row of the bucket, or of a hash that has none (-1).</summary>
    internal static HashVerdict VerdictOf(HashBucket state, ContentHash hash, int row)
    {
        var entry = row < 0 ? HashEntry.Empty : state.EntryOf(row);
        return new HashVerdict
        {
            Hash = hash, Version = entry.Version, Opinions = entry.Counting.Opinions, Counting = entry.Counting,
            VictimIdentified = entry.Flags.HasFlag(HashFlags.VictimIdentified), SeriesKnown = entry.Flags.HasFlag(HashFlags.SeriesKnown),
            Trap = row < 0 ? TrapValues.IsTrap(hash) : state.IsTrap(row), Quarantined = row >= 0 && state.IsQuarantined(row),
            Sightings = row < 0 ? 0 : state.Sightings.CountOf(row),
        };
    }

    /// <summary>Estimated bytes of a verdict on the wire; errs upwards.</summary>
    internal static int WeightOf(HashVerdict verdict) => 64 + verdict.Hash.Bytes.Length + (128 * verdict.Opinions.Length);

    // Traps and hashes of other buckets (a sender's fault) are neither sighted nor judged.
    internal static bool Belongs(HashBucket state, ContentHash hash) =>
        !hash.Bytes.IsEmpty && HashBucketId.For(state.Id.Tenant, hash) == state.Id && !TrapValues.IsTrap(hash);
}
