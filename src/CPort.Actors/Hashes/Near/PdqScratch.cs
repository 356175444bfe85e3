using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CPort.Actors.Hashes;

/// <summary>How a query goes through a segment.</summary>
internal enum PdqWay : byte
{
    /// <summary>In the batch; few candidates expected.</summary>
    Light,

    /// <summary>On its own, remembering which values it has looked at.</summary>
    Heavy,

    /// <summary>Past every value.</summary>
    Scan,
}

/// <summary>A run of postings to compare with a query.</summary>
internal readonly record struct PdqProbe(uint Start, uint Length, ushort Next, byte Limit, byte Query);

/// <summary>A posting that passed, then the number of its value.</summary>
internal record struct PdqCandidate(int Position, int Query);

/// <summary>A value within a query's radius; several chunks may show the same one.</summary>
internal readonly record struct PdqFound(int Query, int Id, int Distance);

/// <summary>The working memory of searches, kept from one to the next so that a search allocates nothing but its answer.</summary>
internal sealed class PdqScratch(PdqInstructions instructions)
{
    /// <summary>Queries that go together; a probe has one byte for its query's number.</summary>
    public const int MaxBatch = 64;

    public const int ManyProbes = 1024;
    public const int ManyCandidates = 4096;

    private PdqProbe[] _probes = new PdqProbe[4096];
    private PdqCandidate[] _candidates = new PdqCandidate[3 * ManyCandidates];
    private ulong[] _seen = [];

    public PdqInstructions Instructions { get; } = instructions;

    /// <summary>The chunks' bits of each query.</summary>
    public ushort[] Bits { get; private set; } = [];

    public int[] Radii { get; } = new int[MaxBatch];

    public PdqWay[] Ways { get; } = new PdqWay[MaxBatch];

    /// <summary>Postings read and candidates looked at for each query.</summary>
    public long[] Spent { get; } = new long[MaxBatch];

    public int[] Candidates { get; } = new int[MaxBatch];

    public List<PdqFound> Hits { get; } = [];

    public List<int> Touched { get; } = [];

    public int ProbeCount { get; private set; }

    public int CandidateCount { get; private set; }

    public long MemoryBytes =>
        (Unsafe.SizeOf<PdqProbe>() * (long)_probes.Length) + (Unsafe.SizeOf<PdqCandidate>() * (long)_candidates.Length) + (8L * _seen.Length) + (2L * Bits.Length)
        + (Unsafe.SizeOf<PdqFound>() * (long)Hits.Capacity) + (4L * Touched.Capacity);

    public void Start(int queries, int chunks)
    {
        if (Bits.Length < queries * chunks)
        {
            Bits = new ushort[queries * chunks];
        }

        Spent.AsSpan(0, queries).Clear();
        Candidates.AsSpan(0, queries).Clear();
        Hits.Clear();
        ProbeCount = 0;
        CandidateCount = 0;
    }

    /// <summary>The first free place of a list with room for so many more, and one.</summary>
    public ref PdqProbe Room(int count)
    {
        if (ProbeCount + count >= _probes.Length)
        {
            Array.Resize(ref _probes, (2 * _probes.Length) + count);
        }

        return ref _probes[ProbeCount];
    }

    /// <summary>Takes what was written from <see cref="Room"/> up to, not including, this place.</summary>
    public void Take(ref PdqProbe end) =>
        ProbeCount = (int)(Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(_probes), ref end) / Unsafe.SizeOf<PdqProbe>());

    /// <summary>Writes a long run as several; the place to go on writing.</summary>
    public ref PdqProbe Cut(ref PdqProbe end, uint start, uint length, uint piece, ushort next, byte limit, int query, int room)
    {
        Take(ref end);
        for (; length > 0; length -= Math.Min(piece, length), start += piece)
        {
            Room(room) = new PdqProbe(start, Math.Min(piece, length), next, limit, (byte)query);
            ProbeCount++;
        }

        return ref Room(room);
    }

    /// <summary>The listed probes; the list is empty afterwards.</summary>
    public ReadOnlySpan<PdqProbe> TakeProbes()
    {
        var probes = _probes.AsSpan(0, ProbeCount);
        ProbeCount = 0;
        return probes;
    }

    public Span<PdqCandidate> TakeCandidates()
    {
        var candidates = _candidates.AsSpan(0, CandidateCount);
        CandidateCount = 0;
        return candidates;
    }

    /// <summary>Lists the postings of a vector that passed, as far as they belong to the run.</summary>
    public void Add(ulong pass, int position, int remaining, byte query)
    {
        if (remaining < 64)
        {
            pass &= (1UL << remaining) - 1;
        }

        var count = CandidateCount;
        ref var first = ref MemoryMarshal.GetArrayDataReference(_candidates);
        for (; pass != 0; pass &= pass - 1)
        {
            Unsafe.Add(ref first, count++) = new PdqCandidate(position + BitOperations.TrailingZeroCount(pass), query);
        }

        CandidateCount = count;
    }

    /// <summary>One bit for each value, all cleared; the user clears what it set.</summary>
    public ulong[] SeenFor(int values)
    {
        if (_seen.Length < (values + 63) / 64)
        {
            _seen = new ulong[((values + 63) / 64) + 16];
        }

        return _seen;
    }

    /// <summary>Offers the hits of the queries that went light, each value once.</summary>
    public void OfferHits(PdqValue[] values, ReadOnlySpan<PdqNearest> nearest)
    {
        Hits.Sort(static (a, b) => a.Query != b.Query ? a.Query.CompareTo(b.Query) : a.Id.CompareTo(b.Id));
        var last = new PdqFound(-1, -1, 0);
        foreach (var hit in Hits)
        {
            if (hit != last && Ways[hit.Query] == PdqWay.Light)
            {
                nearest[hit.Query].Offer(values[hit.Id], hit.Distance);
            }

            last = hit;
        }

        Hits.Clear();
    }
}
