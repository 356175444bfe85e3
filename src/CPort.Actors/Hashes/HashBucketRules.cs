using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CPort.Actors.Agencies;
using CPort.Actors.CodeLists;
using CPort.Actors.Matching;
using CPort.Actors.Reports;

namespace CPort.Actors.Hashes;

/// <summary>What a write did, in rows; read by command type. <paramref name="Rows"/>: each row of an import, when asked for.</summary>
public readonly record struct HashBucketOutcome(int Added, int Changed, int Unchanged, int Ignored, byte[]? Rows = null);

/// <summary>The event of a batch, without metadata yet; null when nothing is new. One outcome a command, in order.</summary>
public sealed record HashBucketDecision(HashesRecorded? Event, ImmutableArray<HashBucketOutcome> Outcomes);

/// <summary>The rules of a hash bucket; pure.</summary>
public static class HashBucketRules
{
    private static readonly EventMeta NoMeta = new CommandContext
    {
        CommandId = CommandId.Parse("batch"), Caller = Caller.System, OccurredAt = default,
    }.ToMeta();

    /// <summary>Decides a batch of writes, and of deliveries that reports have acknowledged, into at most one event.</summary>
    public static HashBucketDecision Decide(
        HashBucket state, IReadOnlyList<IHashBucketWrite> commands, IReadOnlyList<VerdictDelivered>? delivered = null)
    {
        var working = new Dictionary<ContentHash, HashEntry>();
        var opinions = ImmutableArray.CreateBuilder<RecordedOpinions>();
        var sightings = ImmutableArray.CreateBuilder<HashSighting>();
        var seen = new HashSet<(ContentHash, ItemRef)>();
        var outcomes = ImmutableArray.CreateBuilder<HashBucketOutcome>(commands.Count);

        foreach (var command in commands)
        {
            switch (command)
            {
                case SightAndLookup sight:
                    foreach (var s in sight.Sightings)
                    {
                        if (Belongs(state, s.Hash) && !state.EntryOf(s.Hash).HasSighting(s.Item) && seen.Add((s.Hash, s.Item)))
                        {
                            sightings.Add(s);
                        }
                    }

                    outcomes.Add(default);
                    break;

                case RecordBucketOpinions record:
                    var changed = 0;
                    foreach (var o in record.Opinions)
                    {
                        if (Belongs(state, o.Hash) && Consider(o.Hash, WordFrom(o), byContent: false) is { } row)
                        {
                            changed += row.Raises ? 1 : 0;
                            opinions.Add(Group(o.Opinion.Agency, o.Opinion.List, o.Opinion.Basis, o.Opinion.Trust, o.Opinion.At, [row.Row]));
                        }
                    }

                    outcomes.Add(new HashBucketOutcome(0, changed, record.Opinions.Length - changed, 0));
                    break;

                case ImportHashes import:
                    outcomes.Add(Import(import));
                    break;
            }
        }

        var news = opinions.Count > 0 || sightings.Count > 0 || delivered is { Count: > 0 };
        return new HashBucketDecision(
            news
                ? new HashesRecorded
                {
                    Meta = NoMeta, Bucket = state.Id, Opinions = opinions.DrainToImmutable(), Sightings = sightings.DrainToImmutable(),
                    Delivered = delivered is null ? [] : [.. delivered],
                }
                : null,
            outcomes.DrainToImmutable());

        HashBucketOutcome Import(ImportHashes import)
        {
            var (added, changed, ignored) = (0, 0, 0);
            var source = import.Source;
            var rows = ImmutableArray.CreateBuilder<RecordedOpinion>();
            var each = import.EachRow ? new byte[import.Rows.Length] : null;
            for (var i = 0; i < import.Rows.Length; i++)
            {
                var r = import.Rows[i];
                var outcome = HashRowOutcome.Unchanged;
                if (!Belongs(state, r.Hash) || r is { Hash.Algorithm: HashAlgorithm.Pdq, PdqQuality: < TrapValues.PdqQualityFloor })
                {
                    ignored++;
                    outcome = HashRowOutcome.Ignored;
                }
                else if (Consider(r.Hash, WordFrom(source, r), byContent: true) is { } row)
                {
                    rows.Add(row.Row);
                    (added, changed) = row.First ? (added + 1, changed) : (added, changed + 1);
                    outcome = row.First ? HashRowOutcome.Added : row.Row.Retracted ? HashRowOutcome.Retracted : HashRowOutcome.Changed;
                }

                each?[i] = (byte)outcome;
            }

            if (rows.Count > 0)
            {
                opinions.Add(Group(source.Agency, source.List, OpinionBasis.List, source.Trust, source.At, rows.DrainToImmutable()));
            }

            return new HashBucketOutcome(added, changed, import.Rows.Length - added - changed - ignored, ignored, each);
        }

        (RecordedOpinion Row, bool Raises, bool First)? Consider(ContentHash hash, SourceOpinion word, bool byContent)
        {
            var entry = working.TryGetValue(hash, out var w) ? w : state.EntryOf(hash);
            if (After(entry, word, byContent) is not { } next)
            {
                return null;
            }

            working[hash] = next;
            return (
                new RecordedOpinion
                {
                    Hash = hash, Classification = word.Opinion.Classification, Country = word.Opinion.Country, Flags = word.Flags,
                    Retracted = word.Retracted, Item = word.Opinion.Item, Version = next.Version,
                },
                next.Version > entry.Version,
                entry.WordOf(word) is null);
        }
    }

    /// <summary>Applies an event; consults neither clock nor policy.</summary>
    public static HashBucket Apply(HashBucket state, HashesRecorded e)
    {
        var entries = state.Entries.ToBuilder();
        var pending = state.Pending.ToBuilder();
        var added = 0L;

        foreach (var group in e.Opinions)
        {
            // Rows that say the same of hashes unknown so far share one entry.
            Dictionary<(Classification, Country?, HashFlags, bool, long), HashEntry>? shared = null;
            foreach (var row in group.Rows)
            {
                if (entries.TryGetValue(row.Hash, out var entry))
                {
                    entries[row.Hash] = entry = entry.Put(WordFrom(group, row), row.Version);
                    if (entry.HasUntold())
                    {
                        pending.Add(row.Hash);
                    }
                }
                else if (row.Item is not null)
                {
                    entries.Add(row.Hash, HashEntry.Empty.Put(WordFrom(group, row), row.Version));
                }
                else
                {
                    shared ??= [];
                    ref var fresh = ref CollectionsMarshal.GetValueRefOrAddDefault(
                        shared, (row.Classification, row.Country, row.Flags, row.Retracted, row.Version), out _);
                    fresh ??= HashEntry.Empty.Put(WordFrom(group, row), row.Version);
                    entries.Add(row.Hash, fresh);
                }
            }
        }

        foreach (var byHash in e.Sightings.GroupBy(s => s.Hash))
        {
            var entry = entries.GetValueOrDefault(byHash.Key) ?? HashEntry.Empty;
            var next = entry.AddSightings([.. byHash.Select(s => s.Item)]);
            added += next.Sightings.Length - entry.Sightings.Length;
            entries[byHash.Key] = next;
        }

        foreach (var byHash in e.Delivered.GroupBy(d => d.Hash))
        {
            if (entries.TryGetValue(byHash.Key, out var entry))
            {
                entries[byHash.Key] = entry = entry.Deliver(byHash);
                if (!entry.HasUntold())
                {
                    pending.Remove(byHash.Key);
                }
            }
        }

        return state with { Entries = entries.ToImmutable(), Pending = pending.ToImmutable(), SightingCount = state.SightingCount + added };
    }

    /// <summary>What the bucket says of a hash now.</summary>
    public static HashVerdict VerdictOf(HashBucket state, ContentHash hash) => VerdictOf(hash, state.EntryOf(hash));

    /// <summary>A trap's verdict, or of a hash that no bucket was asked about: unknown.</summary>
    public static HashVerdict Unasked(ContentHash hash) => new() { Hash = hash, Version = 0, Trap = TrapValues.IsTrap(hash) };

    /// <summary>
    /// Opinions that cannot both stand: Baseline against NotIllegal anywhere, National against NotIllegal of the same country.
    /// Untrusted sources decide nothing for others and so dispute nothing either; doubtful ones have no effect.
    /// </summary>
    public static bool IsDisputed(IEnumerable<HashOpinion> opinions)
    {
        var (baseline, notIllegal) = (false, false);
        HashSet<Country>? national = null, cleared = null;
        foreach (var o in opinions)
        {
            switch (o)
            {
                case { Trust: TrustLevel.Untrusted }:
                    break;
                case { Classification: Classification.Baseline }:
                    baseline = true;
                    break;
                case { Classification: Classification.National, Country: { } country }:
                    (national ??= []).Add(country);
                    break;
                case { Classification: Classification.NotIllegal }:
                    notIllegal = true;
                    if (o.Country is { } c)
                    {
                        (cleared ??= []).Add(c);
                    }

                    break;
            }
        }

        return (baseline && notIllegal) || (national is not null && cleared is not null && national.Overlaps(cleared));
    }

    /// <summary>The items that would be told if the opinions were recorded now, a page at a time.</summary>
    public static ChangePreviewed Preview(HashBucket state, PreviewChange query)
    {
        var working = new Dictionary<ContentHash, HashEntry>();
        for (var i = 0; i < query.Opinions.Length; i++)
        {
            var hash = query.Opinions[i].Hash;
            if (Belongs(state, hash) && After(working.GetValueOrDefault(hash) ?? state.EntryOf(hash), WordFrom(query.Opinions[i]), false) is { } next)
            {
                working[hash] = next;
            }
        }

        var items = ImmutableArray.CreateBuilder<ItemRef>();
        var verdicts = 0;
        for (var i = query.FromOpinion; i < query.Opinions.Length; i++)
        {
            var hash = query.Opinions[i].Hash;

            // A hash named twice in one change is counted once, where it is named first.
            var first = Enumerable.Range(0, i).All(j => query.Opinions[j].Hash != hash);
            var entry = state.EntryOf(hash);
            if (!first || !working.TryGetValue(hash, out var next) || next.Version == entry.Version)
            {
                continue;
            }

            var from = i == query.FromOpinion ? query.FromSighting : 0;
            verdicts += from == 0 ? 1 : 0;
            for (var s = from; s < entry.Sightings.Length; s++)
            {
                if (items.Count == HashBucketLimits.PreviewPage)
                {
                    return new ChangePreviewed
                    {
                        RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts, NextOpinion = i, NextSighting = s,
                    };
                }

                items.Add(entry.Sightings[s].Item);
            }
        }

        return new ChangePreviewed { RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts, Last = true };
    }

    /// <summary>Everything about one hash.</summary>
    public static HashEntryAnswer Describe(HashBucket state, GetHashEntry query)
    {
        var entry = state.EntryOf(query.Hash);
        var from = query.After is { } after ? entry.FirstOf(after.Report, after.Ordinal + 1) : 0;
        var limit = Math.Clamp(query.Limit, 1, HashBucketLimits.Part);
        return new HashEntryAnswer
        {
            Verdict = VerdictOf(query.Hash, entry), Sources = entry.Sources, HistoryCount = entry.History.Length,
            History = [.. entry.History.Reverse().Take(HashBucketLimits.Part)],
            Sightings = [.. entry.Sightings.Skip(from).Take(limit).Select(s => s.Item)],
            MoreSightings = entry.Sightings.Length > from + limit,
        };
    }

    internal static HashVerdict VerdictOf(ContentHash hash, HashEntry entry)
    {
        var flags = HashFlags.None;
        var opinions = ImmutableArray.CreateBuilder<HashOpinion>(entry.Sources.Length);
        foreach (var word in entry.Sources)
        {
            if (word.Counts)
            {
                opinions.Add(word.Opinion);
                flags |= word.Opinion.Trust switch
                {
                    TrustLevel.Trusted => word.Flags,
                    TrustLevel.Standard => word.Flags & ~HashFlags.Trap,
                    _ => HashFlags.None,
                };
            }
        }

        return new HashVerdict
        {
            Hash = hash, Version = entry.Version, Opinions = opinions.DrainToImmutable(), Disputed = IsDisputed(opinionsOf(entry)),
            VictimIdentified = flags.HasFlag(HashFlags.VictimIdentified), SeriesKnown = flags.HasFlag(HashFlags.SeriesKnown),
            Trap = flags.HasFlag(HashFlags.Trap) || TrapValues.IsTrap(hash), Sightings = entry.Sightings.Length,
        };

        static IEnumerable<HashOpinion> opinionsOf(HashEntry entry) => entry.Sources.Where(w => w.Counts).Select(w => w.Opinion);
    }

    /// <summary>Estimated bytes of a verdict on the wire; errs upwards.</summary>
    internal static int WeightOf(HashVerdict verdict) => 64 + verdict.Hash.Bytes.Length + (128 * verdict.Opinions.Length);

    // Traps and hashes of other buckets (a sender's fault) are neither sighted nor judged.
    private static bool Belongs(HashBucket state, ContentHash hash) =>
        hash.Algorithm == state.Id.Algorithm && HashBucketId.For(hash) == state.Id && !TrapValues.IsTrap(hash);

    // The entry after a source's word, or null when the word has no effect. A source's words are ordered by their own time, not by arrival; of two
    // at the same instant a retraction stands, else the graver: so the outcome is the same in whatever order messages come.
    private static HashEntry? After(HashEntry entry, SourceOpinion word, bool byContent)
    {
        if (entry.WordOf(word) is { } old)
        {
            var same = old.SaysTheSame(word);
            var order = word.Opinion.At.CompareTo(old.Opinion.At);
            if (order < 0 || (same && (byContent || order == 0)) || (order == 0 && !Stands(word, old)))
            {
                return null;
            }
        }
        else if (word.Retracted && byContent)
        {
            return null;
        }

        var next = entry.Put(word, entry.Version);
        return SameVerdict(entry, next) ? next : entry.Put(word, entry.Version + 1);
    }

    private static bool Stands(SourceOpinion word, SourceOpinion against)
    {
        if (word.Retracted != against.Retracted)
        {
            return word.Retracted;
        }

        static (int, string, int, int, int) Key(SourceOpinion w) =>
            ((int)w.Opinion.Classification, w.Opinion.Country?.Code ?? "", (int)w.Opinion.Trust, (int)w.Opinion.Basis, (int)w.Flags);

        return Key(word).CompareTo(Key(against)) < 0;
    }

    private static bool SameVerdict(HashEntry a, HashEntry b)
    {
        using var x = a.Sources.Where(w => w.Counts).GetEnumerator();
        using var y = b.Sources.Where(w => w.Counts).GetEnumerator();
        while (true)
        {
            var (more, other) = (x.MoveNext(), y.MoveNext());
            if (more != other)
            {
                return false;
            }

            if (!more)
            {
                return true;
            }

            if (x.Current.CompareSource(y.Current) != 0 || !x.Current.SaysTheSame(y.Current))
            {
                return false;
            }
        }
    }

    private static RecordedOpinions Group(
        AgencyId agency, string? list, OpinionBasis basis, TrustLevel trust, DateTimeOffset at, ImmutableArray<RecordedOpinion> rows) =>
        new() { Agency = agency, List = list, Basis = basis, Trust = trust, At = at, Rows = rows };

    private static SourceOpinion WordFrom(OpinionOnHash o) => new() { Opinion = o.Opinion, Retracted = o.Retract };

    private static SourceOpinion WordFrom(HashListSource source, HashListRow row) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = source.Agency, List = source.List, Basis = OpinionBasis.List, Classification = row.Classification, Country = row.Country,
            Trust = source.Trust, At = source.At,
        },
        Flags = row.Flags, Retracted = row.Retract,
    };

    private static SourceOpinion WordFrom(RecordedOpinions group, RecordedOpinion row) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = group.Agency, List = group.List, Basis = group.Basis, Classification = row.Classification, Country = row.Country,
            Trust = group.Trust, At = group.At, Item = row.Item,
        },
        Flags = row.Flags, Retracted = row.Retracted,
    };
}
