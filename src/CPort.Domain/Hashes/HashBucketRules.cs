using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;

namespace CPort.Domain.Hashes;

/// <summary>What a write did, in rows; read by command type. <paramref name="Rows"/>: each row of an import, when asked for.</summary>
public readonly record struct HashBucketOutcome(int Added, int Changed, int Unchanged, int Ignored, byte[]? Rows = null);

/// <summary>The event of a batch, without metadata yet; null when nothing is new. One outcome a command, in order.</summary>
public sealed record HashBucketDecision(HashesRecorded? Event, ImmutableArray<HashBucketOutcome> Outcomes);

/// <summary>The rules of a hash bucket: <see cref="Decide"/> only reads, <see cref="Apply"/> changes the state in place (see there).</summary>
public static class HashBucketRules
{
    /// <summary>What a row of an import says, and of what entry.</summary>
    private readonly record struct ImportStep(HashEntry Entry, Classification Classification, Country? Country, HashFlags Flags, bool Retract);

    private static readonly EventMeta NoMeta = new CommandContext
    {
        CommandId = CommandId.Parse("batch"), Caller = Caller.System, OccurredAt = default,
    }.ToMeta();

    /// <summary>Decides a batch of writes, and of deliveries that reports have acknowledged, into at most one event. Only reads the state.</summary>
    public static HashBucketDecision Decide(
        HashBucket state, IReadOnlyList<IHashBucketWrite> commands, IReadOnlyList<VerdictDelivered>? delivered = null, QuarantineLimits? limits = null)
    {
        var working = new Dictionary<ContentHash, HashEntry>();
        var opinions = ImmutableArray.CreateBuilder<RecordedOpinions>();
        var sightings = ImmutableArray.CreateBuilder<HashSighting>();
        var quarantined = new Dictionary<ContentHash, RecordedQuarantine>();
        HashSet<(ContentHash, ItemRef)>? seen = null;
        var outcomes = ImmutableArray.CreateBuilder<HashBucketOutcome>(commands.Count);

        foreach (var command in commands)
        {
            switch (command)
            {
                case SightAndLookup sight:
                    foreach (var s in sight.Sightings)
                    {
                        if (Belongs(state, s.Hash) && state.RowOf(s.Hash) is var row && (row < 0 || !state.Sightings.Has(row, s.Item))
                            && (seen ??= []).Add((s.Hash, s.Item)))
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
                        var word = WordFrom(o);
                        if (Belongs(state, o.Hash) && Current(o.Hash) is var entry && After(entry, word, byContent: false) is { } next)
                        {
                            working[o.Hash] = next;
                            changed += next.Version > entry.Version ? 1 : 0;
                            opinions.Add(new RecordedOpinions
                            {
                                Agency = o.Opinion.Agency, List = o.Opinion.List, Basis = o.Opinion.Basis, Trust = o.Opinion.Trust, At = o.Opinion.At,
                                Rows =
                                [
                                    new RecordedOpinion
                                    {
                                        Hash = o.Hash, Classification = word.Opinion.Classification, Country = word.Opinion.Country, Flags = word.Flags,
                                        Retracted = word.Retracted, Item = word.Opinion.Item, Version = next.Version,
                                    },
                                ],
                            });
                        }
                    }

                    outcomes.Add(new HashBucketOutcome(0, changed, record.Opinions.Length - changed, 0));
                    break;

                case ImportHashes import:
                    working.EnsureCapacity(working.Count + import.Rows.Length);
                    outcomes.Add(Import(import));
                    break;

                case ChangeQuarantine change:
                    outcomes.Add(new HashBucketOutcome(0, change.Hashes.Concat(Named(change.Rows)).Count(hash => Quarantine(hash, change)), 0, 0));
                    break;
            }
        }

        if (limits is not null && sightings.Count > 0)
        {
            FindOverMatching(limits);
        }

        var news = opinions.Count > 0 || sightings.Count > 0 || delivered is { Count: > 0 } || quarantined.Count > 0;
        return new HashBucketDecision(
            news
                ? new HashesRecorded
                {
                    Meta = NoMeta, Bucket = state.Id, Opinions = opinions.DrainToImmutable(), Sightings = sightings.DrainToImmutable(),
                    Delivered = delivered is null ? [] : [.. delivered], Quarantined = [.. quarantined.Values],
                }
                : null,
            outcomes.DrainToImmutable());

        HashEntry Current(ContentHash hash) => working.TryGetValue(hash, out var entry) ? entry : state.EntryOf(hash);

        HashBucketOutcome Import(ImportHashes import)
        {
            var (added, changed, ignored) = (0, 0, 0);
            var source = import.Source;
            var steps = new Dictionary<ImportStep, HashEntry?>();
            var parts = new List<(PackedOpinions Says, List<byte> Hashes)>();
            (ImportStep Step, HashEntry? Next) last = default;
            var each = import.EachRow ? new byte[import.Rows.Length] : null;
            each?.AsSpan().Fill((byte)HashRowOutcome.Unchanged);
            for (var i = 0; i < import.Rows.Length; i++)
            {
                var r = import.Rows[i];
                if (!Belongs(state, r.Hash) || r is { Hash.Algorithm: HashAlgorithm.Pdq, PdqQuality: < PdqLimits.QualityFloor })
                {
                    ignored++;
                    Tell(i, HashRowOutcome.Ignored);
                    continue;
                }

                var again = working.TryGetValue(r.Hash, out var entry);
                entry ??= state.EntryOf(r.Hash);

                // What the row does depends on what was said before and on what it says, not on the hash: nearly all rows of a list are alike.
                var step = new ImportStep(entry, r.Classification, r.Country, r.Flags, r.Retract);
                if (last.Step != step)
                {
                    if (!steps.TryGetValue(step, out var next))
                    {
                        steps.Add(step, next = After(entry, WordFrom(source, r), byContent: true));
                    }

                    last = (step, next);
                }

                if (last.Next is not { } after)
                {
                    continue;
                }

                if (again && parts.Count > 0)
                {
                    // Twice in one batch: parts are applied one after the other, so what came first must stand in a group before.
                    opinions.Add(Packed(source, parts));
                    parts.Clear();
                }

                working[r.Hash] = after;
                var first = entry.Sources.Length < after.Sources.Length;
                (added, changed) = first ? (added + 1, changed) : (added, changed + 1);
                Tell(i, first ? HashRowOutcome.Added : r.Retract ? HashRowOutcome.Retracted : HashRowOutcome.Changed);
                PartFor(parts, r, after.Version).AddRange(r.Hash.Bytes);
            }

            if (parts.Count > 0)
            {
                opinions.Add(Packed(source, parts));
            }

            return new HashBucketOutcome(added, changed, import.Rows.Length - added - changed - ignored, ignored, each);

            void Tell(int row, HashRowOutcome outcome)
            {
                if (each is not null)
                {
                    each[row] = (byte)outcome;
                }
            }
        }

        IEnumerable<ContentHash> Named(int[] rows) => rows.Where(row => row >= 0 && row < state.Count).Select(state.HashOf);

        bool Quarantine(ContentHash hash, ChangeQuarantine change)
        {
            if (!Belongs(state, hash))
            {
                return false;
            }

            var row = state.RowOf(hash);
            var old = quarantined.TryGetValue(hash, out var q) ? q.State : row >= 0 ? state.Quarantine.GetValueOrDefault(row) : null;
            if (change.Release ? old is null or { Released: true } : old is { Released: false } || (old is not null && change.Reason != QuarantineReason.Operator))
            {
                // In already, out already, or released by somebody: then CPort itself does not put it in again.
                return false;
            }

            Put(hash, row, new HashQuarantine
            {
                Reason = change.Release ? old!.Reason : change.Reason, Since = change.At, By = change.By, Released = change.Release,
                Reports = row < 0 ? 0 : state.Sightings.ReportsOf(row), NearValues = change.NearValues,
            });
            return true;
        }

        void Put(ContentHash hash, int row, HashQuarantine to)
        {
            // The verdict changes when opinions count that now apply no more, or again.
            var entry = Current(hash);
            if (entry is { Known: true, Confirmed: false })
            {
                working[hash] = entry = entry.At(entry.Version + 1);
            }

            quarantined[hash] = new RecordedQuarantine { Hash = hash, State = to, Version = entry.Version };
        }

        void FindOverMatching(QuarantineLimits limits)
        {
            var most = state.Id.Algorithm == HashAlgorithm.Pdq ? limits.PdqReports : limits.Reports;
            HashSet<ContentHash>? looked = null;
            foreach (var s in sightings)
            {
                // Counted as they stood before the batch: the next sighting is soon enough.
                var row = state.RowOf(s.Hash);
                if (most <= 0 || row < 0 || state.Sightings.CountOf(row) < most || !(looked ??= []).Add(s.Hash) || state.Quarantine.ContainsKey(row)
                    || quarantined.ContainsKey(s.Hash) || (state.Id.Algorithm != HashAlgorithm.Pdq && Current(s.Hash).Confirmed)
                    || state.Sightings.ReportsOf(row, most) < most)
                {
                    continue;
                }

                Put(s.Hash, row, new HashQuarantine { Reason = QuarantineReason.ManyReports, Since = limits.Now, Reports = state.Sightings.ReportsOf(row) });
            }
        }
    }

    /// <summary>Applies an event, in place; consults neither clock nor policy. Answers the same state.</summary>
    public static HashBucket Apply(HashBucket state, HashesRecorded e)
    {
        foreach (var group in e.Opinions)
        {
            foreach (var row in group.Rows)
            {
                var at = state.Add(row.Hash.Bytes);
                var word = WordFrom(group, row);
                state.SetEntry(at, row.Item is null ? state.Step(state.EntryOf(at), word, row.Version) : state.EntryOf(at).Put(word, row.Version));
            }

            foreach (var part in group.Packed)
            {
                ApplyPacked(state, group, part);
            }
        }

        Sight(state, e.Sightings);
        foreach (var d in e.Delivered)
        {
            if (state.RowOf(d.Hash) is var row and >= 0)
            {
                state.Deliver(row, d);
            }
        }

        foreach (var q in e.Quarantined)
        {
            var row = state.Add(q.Hash.Bytes);
            state.SetQuarantine(row, q.State);
            if (state.EntryOf(row) is var entry && entry.Version < q.Version)
            {
                state.SetEntry(row, entry.At(q.Version));
            }
        }

        return state;
    }

    private static void ApplyPacked(HashBucket state, RecordedOpinions group, PackedOpinions part)
    {
        var length = ContentHash.LengthOf(state.Id.Algorithm);
        if (part.Hashes.Length % length != 0)
        {
            throw new InvalidDataException("The rows of an import are cut off.");
        }

        var word = WordFrom(group, new RecordedOpinion
        {
            Hash = default, Classification = part.Classification, Country = part.Country, Flags = part.Flags, Retracted = part.Retracted,
        });
        (HashEntry? From, HashEntry? To) last = default;
        for (var rest = part.Hashes.AsSpan(); !rest.IsEmpty; rest = rest[length..])
        {
            var row = state.Add(rest[..length]);
            var from = state.EntryOf(row);

            // The entry that was stepped to may have lost its last row since, when a hash stands twice in the part.
            if (!ReferenceEquals(from, last.From) || last.To!.Number < 0)
            {
                last = (from, state.Step(from, word, part.Version));
            }

            state.SetEntry(row, last.To!);
        }
    }

    private static void Sight(HashBucket state, ImmutableArray<HashSighting> sightings)
    {
        var byRow = new Dictionary<int, List<ItemRef>>();
        foreach (var s in sightings)
        {
            var row = state.Add(s.Hash.Bytes);
            ref var items = ref CollectionsMarshal.GetValueRefOrAddDefault(byRow, row, out _);
            (items ??= []).Add(s.Item);
        }

        foreach (var (row, items) in byRow)
        {
            state.Sightings.Add(row, items, state.EntryOf(row).Version);
        }
    }

    /// <summary>What the bucket says of a hash now.</summary>
    public static HashVerdict VerdictOf(HashBucket state, ContentHash hash) => VerdictOf(state, hash, state.RowOf(hash));

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
                        RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts, NextOpinion = i, NextSighting = s,
                    };
                }

                items.Add(sightings[s].Item);
            }
        }

        return new ChangePreviewed { RequestId = query.RequestId, Items = items.DrainToImmutable(), Verdicts = verdicts, Last = true };
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
        var rows = state.Quarantine.Where(q => q.Key >= query.FromRow && !q.Value.Released).OrderBy(q => q.Key).Take(limit + 1).ToList();
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
            Trap = row < 0 ? TrapValues.IsTrap(hash) : state.IsTrap(row), Quarantined = row >= 0 && state.IsQuarantined(row),
            Sightings = row < 0 ? 0 : state.Sightings.CountOf(row),
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

    private static RecordedOpinions Packed(HashListSource source, List<(PackedOpinions Says, List<byte> Hashes)> parts) => new()
    {
        Agency = source.Agency, List = source.List, Basis = OpinionBasis.List, Trust = source.Trust, At = source.At,
        Packed = [.. parts.Select(p => p.Says with { Hashes = [.. p.Hashes] })],
    };

    private static List<byte> PartFor(List<(PackedOpinions Says, List<byte> Hashes)> parts, HashListRow row, long version)
    {
        // From the last on: a row mostly says what the one before it said.
        for (var i = parts.Count - 1; i >= 0; i--)
        {
            var says = parts[i].Says;
            if (says.Version == version && says.Classification == row.Classification && says.Country == row.Country && says.Flags == row.Flags
                && says.Retracted == row.Retract)
            {
                return parts[i].Hashes;
            }
        }

        var hashes = new List<byte>(row.Hash.Bytes.Length * 64);
        parts.Add((new PackedOpinions
        {
            Classification = row.Classification, Country = row.Country, Flags = row.Flags, Retracted = row.Retract, Version = version,
        }, hashes));
        return hashes;
    }

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
