namespace CPort.Actors.Matching;

/// <summary>
/// One request while its answers are gathered: what it asks of the buckets, what they said so far, and what is answered in the end. It is answered whole or as
/// unavailable, never in part. Knows no time and no actor.
/// </summary>
/// <param name="tenant">Whose buckets it asks.</param>
/// <param name="hashes">What it counts for in <see cref="MatchingOptions.MaxWaiting"/>.</param>
internal abstract class Gather(Tenant tenant, int hashes)
{
    public Tenant Tenant { get; } = tenant;

    public int Hashes { get; } = hashes;

    /// <summary>Rows and near searches (each once, not once a bucket) without an answer yet.</summary>
    public int Outstanding { get; protected set; }

    /// <summary>Answered, or given up: what it asked need not be sent any more.</summary>
    public bool Over { get; set; }

    public string? TraceParent { get; protected init; }

    public abstract object Answer();

    public abstract object Unavailable(string reason);

    /// <summary>A bucket has answered a row; null: with nothing that is not known. Returns the near search that can start now.</summary>
    public virtual NearSearch? Take(int slot, HashVerdict? verdict) => null;

    /// <summary>One of <see cref="Outstanding"/> is; true: it was the last, and somebody waits for it.</summary>
    public bool Answered() => --Outstanding == 0 && !Over;

    protected Row<T> Ask<T>(int slot, T value)
    {
        Outstanding++;
        return new Row<T>(this, slot, value);
    }
}

/// <summary>Verdicts and near searches by slot; equal PDQ values share one search.</summary>
internal abstract class VerdictGather(Tenant tenant, int slots) : Gather(tenant, slots)
{
    private readonly Dictionary<ContentHash, NearSearch> _searches = [];

    protected HashVerdict[] Verdicts { get; } = new HashVerdict[slots];

    protected NearSearch?[] Near { get; } = new NearSearch?[slots];

    /// <summary>All near searches, in the order of their slots.</summary>
    public IEnumerable<NearSearch> Searches => _searches.Values;

    public override NearSearch? Take(int slot, HashVerdict? verdict)
    {
        // What stands there is the verdict on an unknown hash.
        Verdicts[slot] = verdict ?? Verdicts[slot];
        return null;
    }

    /// <summary>The near search of a slot's value, which counts as outstanding from now on.</summary>
    protected NearSearch SearchAt(int slot, ContentHash hash, int radius, int maxResults, int maxLookAlikes)
    {
        if (!_searches.TryGetValue(hash, out var search))
        {
            var query = new NearQuery { Hash = hash, Radius = radius, MaxResults = maxResults, MaxLookAlikes = maxLookAlikes };
            _searches.Add(hash, search = new NearSearch(this, query));
            Outstanding++;
        }

        return Near[slot] = search;
    }
}

/// <summary>A report's items: sighted, and then searched near.</summary>
internal sealed class ReportGather : VerdictGather
{
    private readonly MatchReport _request;
    private readonly MatchingOptions _options;

    public ReportGather(MatchReport request, MatchingOptions options)
        : base(request.Tenant, request.Items.Sum(i => i.Hashes.Length)) =>
        (_request, _options, TraceParent) = (request, options, request.TraceParent);

    /// <summary>What it asks; to be enumerated once.</summary>
    public IEnumerable<Row<HashSighting>> Sightings()
    {
        var slot = -1;
        foreach (var item in _request.Items)
        {
            foreach (var hash in item.Hashes)
            {
                slot++;
                Verdicts[slot] = HashBucketRules.Unasked(hash);
                var isPdq = hash.Algorithm == HashAlgorithm.Pdq;
                if (Verdicts[slot].Trap || (isPdq && item.PdqQuality < _options.QualityFloor))
                {
                    continue;
                }

                if (isPdq && !item.ExactOnly)
                {
                    SearchAt(slot, hash, _options.NearRadius, _options.NearResults, _options.MaxLookAlikes).Unsighted++;
                }

                yield return Ask(slot, new HashSighting { Hash = hash, Item = new ItemRef(_request.ReportId, item.Ordinal), Words = item.Words });
            }
        }
    }

    /// <summary>
    /// A value is searched once every item of the report with it is durably sighted: of two items that look alike and arrive at once, the one sighted later
    /// sees the other.
    /// </summary>
    public override NearSearch? Take(int slot, HashVerdict? verdict)
    {
        base.Take(slot, verdict);
        return Near[slot] is { } search && --search.Unsighted == 0 && !Over ? search : null;
    }

    public override object Answer()
    {
        var slot = 0;
        var items = ImmutableArray.CreateBuilder<ItemVerdicts>(_request.Items.Length);
        foreach (var item in _request.Items)
        {
            var end = slot + item.Hashes.Length;
            var near = Near[slot..end].FirstOrDefault(n => n is not null)?.Answer() ?? NearAnswer.Nothing;
            items.Add(new ItemVerdicts
            {
                Ordinal = item.Ordinal, Exact = [.. Verdicts[slot..end]], Near = near.Matches, NearTruncated = near.Truncated,
                LookAlikes = near.LookAlikes, LookedUp = true, NearSearched = !item.ExactOnly,
            });
            slot = end;
        }

        return new ReportMatched(_request.ReportId, items.DrainToImmutable());
    }

    public override object Unavailable(string reason) => new MatchingUnavailable(_request.ReportId, reason);
}

/// <summary>Any hashes, looked up and searched near without a trace; equal ones are asked once.</summary>
internal sealed class LookupGather(LookupMany request) : VerdictGather(request.Tenant, request.Hashes.Length)
{
    /// <summary>By slot: the slot of the same hash that is asked for it.</summary>
    private readonly int[] _askedAt = new int[request.Hashes.Length];

    /// <summary>What it asks, besides <see cref="VerdictGather.Searches"/>; to be enumerated once.</summary>
    public IEnumerable<Row<ContentHash>> Lookups()
    {
        var first = new Dictionary<ContentHash, int>(request.Hashes.Length);
        for (var slot = 0; slot < request.Hashes.Length; slot++)
        {
            var hash = request.Hashes[slot];
            var isNew = first.TryAdd(hash, slot);
            var asked = _askedAt[slot] = isNew ? slot : first[hash];
            if (isNew)
            {
                Verdicts[slot] = HashBucketRules.Unasked(hash);
            }

            if (Verdicts[asked].Trap)
            {
                continue;
            }

            if (request.Radius is { } radius && hash.Algorithm == HashAlgorithm.Pdq && !request.IsExactOnly(slot))
            {
                SearchAt(asked, hash, radius, request.MaxResults, 0);
            }

            if (isNew)
            {
                yield return Ask(slot, hash);
            }
        }
    }

    public override object Answer() => new LookedUp([.. _askedAt.Select(slot =>
    {
        var near = Near[slot]?.Answer() ?? NearAnswer.Nothing;
        return new HashLookupResult(Verdicts[slot], near.Matches, near.Truncated);
    })]);

    public override object Unavailable(string reason) => new LookupUnavailable(reason);
}
