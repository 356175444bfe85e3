using System.Diagnostics.CodeAnalysis;
using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>What one batch of writes changes in a bucket, as its verbs work it out one after the other. Only reads the bucket's state.</summary>
internal sealed class HashBatch(HashBucket state)
{
    // System's hand: who said what stands in the opinions.
    private static readonly EventMeta NoMeta = new CommandContext
    {
        CommandId = CommandId.Parse("batch"), Caller = Caller.System, OccurredAt = default,
    }.ToMeta();

    private readonly Dictionary<ContentHash, HashEntry> _changed = [];
    private readonly Dictionary<ContentHash, RecordedQuarantine> _quarantined = [];
    private readonly List<HashSighting> _sightings = [];
    private HashSet<(ContentHash, ItemRef)>? _sighted;

    /// <summary>As it stands before the batch.</summary>
    public HashBucket State => state;

    public ImmutableArray<RecordedOpinions>.Builder Opinions { get; } = ImmutableArray.CreateBuilder<RecordedOpinions>();

    public IReadOnlyList<HashSighting> Sightings => _sightings;

    public bool Belongs(ContentHash hash) => HashBucketRules.Belongs(state, hash);

    /// <summary>The entry as the batch has left it so far.</summary>
    public HashEntry EntryOf(ContentHash hash) => _changed.TryGetValue(hash, out var entry) ? entry : state.EntryOf(hash);

    public bool TryGetChanged(ContentHash hash, [NotNullWhen(true)] out HashEntry? entry) => _changed.TryGetValue(hash, out entry);

    public void EnsureCapacity(int more) => _changed.EnsureCapacity(_changed.Count + more);

    public void Set(ContentHash hash, HashEntry entry) => _changed[hash] = entry;

    /// <summary>Once, however often the batch says it.</summary>
    public void Sight(HashSighting sighting)
    {
        if ((_sighted ??= []).Add((sighting.Hash, sighting.Item)))
        {
            _sightings.Add(sighting);
        }
    }

    /// <summary>The quarantine of a hash and its row (-1: none) as the batch has left it so far.</summary>
    public HashQuarantine? QuarantineOf(ContentHash hash, int row) =>
        _quarantined.TryGetValue(hash, out var q) ? q.State : row >= 0 ? state.Quarantine.GetValueOrDefault(row) : null;

    public void Quarantine(ContentHash hash, HashQuarantine to)
    {
        // The verdict changes when opinions count that now apply no more, or again.
        var entry = EntryOf(hash);
        if (entry is { Known: true, Confirmed: false })
        {
            _changed[hash] = entry = entry.At(entry.Version + 1);
        }

        _quarantined[hash] = new RecordedQuarantine { Hash = hash, State = to, Version = entry.Version };
    }

    /// <summary>Null when nothing is new.</summary>
    public HashesRecorded? ToEvent(IReadOnlyList<VerdictDelivered> delivered) =>
        Opinions.Count == 0 && _sightings.Count == 0 && delivered.Count == 0 && _quarantined.Count == 0
            ? null
            : new HashesRecorded
            {
                Meta = NoMeta, Bucket = state.Id, Opinions = Opinions.DrainToImmutable(), Sightings = [.. _sightings], Delivered = [.. delivered],
                Quarantined = [.. _quarantined.Values],
            };
}
