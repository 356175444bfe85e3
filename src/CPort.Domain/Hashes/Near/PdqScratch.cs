using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes.Near;

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
internal record struct PdqProbe(uint Start, uint Length, ushort Next, byte Limit, byte Query);

/// <summary>Which postings of a vector passed (bit 0: the first), and where it lies.</summary>
internal struct PdqPassed
{
    public uint Pass;
    public int Position;
    public int Query;
}

/// <summary>A value to look at.</summary>
internal readonly record struct PdqCandidate(int Id, int Query);

/// <summary>A value within a query's radius; several chunks may show the same one.</summary>
internal readonly record struct PdqFound(int Query, int Id, int Distance);

/// <summary>The working memory of searches, kept from one to the next so that a search allocates nothing but its answer.</summary>
internal sealed class PdqScratch(PdqInstructions instructions)
{
    /// <summary>Queries that go together; a probe has one byte for its query's number.</summary>
    public const int MaxBatch = 64;

    /// <summary>A query with more candidates than this leaves the batch: it needs to remember which values it has looked at.</summary>
    public const int LightCandidates = 256;

    public const int ManyProbes = 1024;

    // Before the list of what passed is looked at; one probe may add the vectors of a piece of 1,024 postings.
    private const int ManyPassed = 256;
    private const int PassedOfPiece = 1024 / 8;

    private PdqProbe[] _probes = new PdqProbe[4096];
    private readonly PdqPassed[] _passed = new PdqPassed[ManyPassed + PassedOfPiece + 1];
    private int _passedCount;
    private ulong[] _seen = [];

    public PdqInstructions Instructions { get; } = instructions;

    /// <summary>The chunks' bits of each query.</summary>
    public ushort[] Bits { get; private set; } = [];

    public int[] Radii { get; } = new int[MaxBatch];

    public PdqWay[] Ways { get; } = new PdqWay[MaxBatch];

    /// <summary>Postings read and candidates looked at for each query.</summary>
    public long[] Spent { get; } = new long[MaxBatch];

    public int[] Looked { get; } = new int[MaxBatch];

    /// <summary>Room for all that can have passed at once.</summary>
    public PdqCandidate[] Candidates { get; } = new PdqCandidate[(32 * ManyPassed) + (8 * PassedOfPiece)];

    public List<PdqFound> Hits { get; } = [];

    public List<int> Touched { get; } = [];

    public int ProbeCount { get; private set; }

    public long MemoryBytes =>
        (Unsafe.SizeOf<PdqProbe>() * (long)_probes.Length) + (Unsafe.SizeOf<PdqCandidate>() * (long)Candidates.Length)
            + (Unsafe.SizeOf<PdqPassed>() * (long)_passed.Length) + (8L * _seen.Length) + (2L * Bits.Length)
        + (Unsafe.SizeOf<PdqFound>() * (long)Hits.Capacity) + (4L * Touched.Capacity);

    public void Start(int queries, int chunks)
    {
        if (Bits.Length < queries * chunks)
        {
            Bits = new ushort[queries * chunks];
        }

        Spent.AsSpan(0, queries).Clear();
        Looked.AsSpan(0, queries).Clear();
        Hits.Clear();
        ProbeCount = 0;
        _passedCount = 0;
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

    /// <summary>Where to write what passes; so many may be written before another probe must not begin.</summary>
    public ref PdqPassed PassedRoom(out int count)
    {
        count = ManyPassed;
        return ref MemoryMarshal.GetArrayDataReference(_passed);
    }

    public void TakePassed(int count) => _passedCount = count;

    /// <summary>What passed; the list is empty afterwards.</summary>
    public ReadOnlySpan<PdqPassed> TakePassed()
    {
        var passed = _passed.AsSpan(0, _passedCount);
        _passedCount = 0;
        return passed;
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
        if (Hits.Count > 16)
        {
            // Those of queries that left the batch may be many, and sorting them would take longer than finding them again.
            Hits.RemoveAll(hit => Ways[hit.Query] != PdqWay.Light);
        }

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
