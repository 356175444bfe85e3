using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// Searching a segment. Work goes in steps over lists, so that the processor has many memory reads under way at once instead of one after the other: all slots'
/// bounds, then all runs, then all candidates' numbers, then their values. A batch goes chunk by chunk, so that one chunk's slots serve all its queries while
/// they are in the cache.
/// </summary>
internal sealed partial class PdqSegment
{
    /// <summary>A probe costs about as much as comparing so many postings (docs/matching.md).</summary>
    internal const double ProbeCost = 48;

    // Costs in postings: looking at a candidate's value, and one value of a scan.
    private const int CandidateCost = 64;
    private const int ScanCost = 8;

    // Long runs are cut, so that the list of candidates has a bound.
    private const int Piece = 1024;

    /// <summary>Position of an equal value, removed ones included, or −1.</summary>
    public int Find(in PdqValue value)
    {
        var limits = _thresholds.Of(0);
        var chunk = limits.IndexOf((sbyte)0);
        var next = _chunks.Extract(value, chunk + 1 == _chunks.Count ? 0 : chunk + 1);
        var slot = _chunks.Offsets[chunk] + _chunks.Extract(value, chunk);
        var (from, to) = ((int)_offsets[slot], (int)_offsets[slot + 1]);
        while (from < to)
        {
            var found = _next.AsSpan(from, to - from).IndexOf(next);
            if (found < 0)
            {
                return -1;
            }

            from += found;
            var id = ReadId(from);
            if (_values[id] == value)
            {
                return id;
            }

            from++;
        }

        return -1;
    }

    /// <summary>Offers every value within each query's radius once.</summary>
    public void Search(ReadOnlySpan<PdqValue> queries, ReadOnlySpan<PdqNearest> nearest, PdqScratch scratch)
    {
        scratch.Start(queries.Length, _chunks.Count);
        for (var q = 0; q < queries.Length; q++)
        {
            for (var chunk = 0; chunk < _chunks.Count; chunk++)
            {
                scratch.Bits[(q * _chunks.Count) + chunk] = _chunks.Extract(queries[q], chunk);
            }

            scratch.Radii[q] = nearest[q].Radius;
            scratch.Ways[q] = _thresholds.Costs[nearest[q].Radius] > (double)ScanCost * Count ? PdqWay.Scan : PdqWay.Light;
        }

        for (var chunk = 0; chunk < _chunks.Count; chunk++)
        {
            for (var q = 0; q < queries.Length; q++)
            {
                if (scratch.Ways[q] == PdqWay.Light)
                {
                    Probe(chunk, q, scratch);
                }

                if (scratch.ProbeCount >= PdqScratch.ManyProbes)
                {
                    Look(queries, scratch);
                }
            }
        }

        Look(queries, scratch);
        scratch.OfferHits(_values, nearest);
        for (var q = 0; q < queries.Length; q++)
        {
            if (scratch.Ways[q] == PdqWay.Scan)
            {
                Scan(queries[q], nearest[q], []);
            }
            else if (scratch.Ways[q] == PdqWay.Heavy)
            {
                SearchHeavy(q, queries[q], nearest[q], scratch);
            }
        }
    }

    /// <summary>Lists the runs of postings that a query asks of a chunk.</summary>
    private void Probe(int chunk, int query, PdqScratch scratch)
    {
        var limits = _thresholds.Of(scratch.Radii[query]);
        var threshold = limits[chunk];
        if (threshold < 0)
        {
            return;
        }

        var following = chunk + 1 == _chunks.Count ? 0 : chunk + 1;
        var both = threshold + limits[following] + 1;
        var bits = scratch.Bits.AsSpan(query * _chunks.Count, _chunks.Count);
        var (slot, next) = (bits[chunk], bits[following]);
        ref var offsets = ref _offsets[_chunks.Offsets[chunk]];
        uint postings = 0;
        for (var ones = 0; ones <= Math.Min(threshold, both); ones++)
        {
            var masks = PdqMasks.With(_chunks.Widths[chunk], ones);
            ref var probe = ref scratch.Room(masks.Length);
            foreach (var mask in masks)
            {
                ref var bounds = ref Unsafe.Add(ref offsets, slot ^ mask);
                var start = bounds;
                var length = Unsafe.Add(ref bounds, 1) - start;
                if (length > Piece)
                {
                    // Rare, and possibly very long.
                    probe = ref scratch.Cut(ref probe, start, length, Piece, next, (byte)(both - ones), query, masks.Length);
                    postings += length;
                    continue;
                }

                probe.Start = start;
                probe.Length = length;
                probe.Next = next;
                probe.Limit = (byte)(both - ones);
                probe.Query = (byte)query;
                postings += length;

                // Empty runs are overwritten: no branch that is taken at random.
                probe = ref Unsafe.Add(ref probe, length != 0 ? 1 : 0);
            }

            scratch.Take(ref probe);
        }

        scratch.Spent[query] += postings;
        if (scratch.Spent[query] > (long)ScanCost * Count)
        {
            scratch.Ways[query] = PdqWay.Scan;
        }
    }

    /// <summary>Goes through the listed runs and looks at the candidates found.</summary>
    private void Look(ReadOnlySpan<PdqValue> queries, PdqScratch scratch)
    {
        var probes = scratch.TakeProbes();
        while (!probes.IsEmpty)
        {
            var done = Compare(probes, scratch);
            probes = probes[done..];
            Verify(queries, scratch);
            if (queries.Length == 1 && scratch.Ways[0] != PdqWay.Light)
            {
                return;
            }
        }
    }

    /// <summary>The numbers of the values that passed: all of them before any value, so that the reads overlap.</summary>
    private ReadOnlySpan<PdqCandidate> Candidates(PdqScratch scratch)
    {
        var candidates = scratch.Candidates;
        var count = 0;
        foreach (ref readonly var passed in scratch.TakePassed())
        {
            for (var pass = passed.Pass; pass != 0; pass &= pass - 1)
            {
                candidates[count++] = new PdqCandidate(ReadId(passed.Position + BitOperations.TrailingZeroCount(pass)), passed.Query);
            }
        }

        return candidates.AsSpan(0, count);
    }

    private void Verify(ReadOnlySpan<PdqValue> queries, PdqScratch scratch)
    {
        var candidates = Candidates(scratch);
        foreach (var (id, query) in candidates)
        {
            if (scratch.Ways[query] != PdqWay.Light)
            {
                continue;
            }

            var distance = _values[id].DistanceTo(queries[query]);
            if (distance <= scratch.Radii[query] && !IsDead(id))
            {
                scratch.Hits.Add(new PdqFound(query, id, distance));
            }

            if (++scratch.Looked[query] > PdqScratch.LightCandidates)
            {
                scratch.Ways[query] = PdqWay.Heavy;
            }
        }
    }

    /// <summary>
    /// One query with many candidates, as next to a cluster of near duplicates: looks at each value once however many chunks show it, and stops looking farther
    /// than the nearest that were asked for. Goes on with a scan of the others when that is cheaper.
    /// </summary>
    private void SearchHeavy(int query, in PdqValue value, PdqNearest nearest, PdqScratch scratch)
    {
        var seen = scratch.SeenFor(Count);
        var touched = scratch.Touched;
        var isDear = false;
        scratch.Spent[query] = 0;
        for (var chunk = 0; chunk < _chunks.Count && !isDear; chunk++)
        {
            // Thresholds never shrink with the radius, see PdqThresholds.
            scratch.Radii[query] = nearest.Radius;
            Probe(chunk, query, scratch);
            var probes = scratch.TakeProbes();
            while (!probes.IsEmpty && !isDear)
            {
                probes = probes[Compare(probes, scratch)..];
                var first = touched.Count;
                foreach (var (id, _) in Candidates(scratch))
                {
                    ref var word = ref seen[id >> 6];
                    if ((word >> id & 1) == 0)
                    {
                        word |= 1UL << id;
                        touched.Add(id);
                    }
                }

                foreach (var id in CollectionsMarshal.AsSpan(touched)[first..])
                {
                    ref readonly var candidate = ref _values[id];
                    if (candidate.DistanceTo(value) is var distance && distance <= nearest.Radius && !IsDead(id))
                    {
                        nearest.Offer(candidate, distance);
                    }
                }

                isDear = scratch.Spent[query] + (touched.Count * (long)CandidateCost) > (long)ScanCost * Count;
            }
        }

        if (isDear)
        {
            Scan(value, nearest, seen);
        }

        foreach (var id in touched)
        {
            seen[id >> 6] = 0;
        }

        touched.Clear();
    }

    /// <summary>Every value that was not looked at yet, one after the other, giving up after half of the bits: the bound of what any search costs.</summary>
    private void Scan(in PdqValue query, PdqNearest nearest, ReadOnlySpan<ulong> seen)
    {
        var radius = nearest.Radius;
        var values = _values.AsSpan(0, Count);
        for (var id = 0; id < values.Length; id++)
        {
            ref readonly var value = ref values[id];
            var half = BitOperations.PopCount(value.W0 ^ query.W0) + BitOperations.PopCount(value.W1 ^ query.W1);
            if (half <= radius && value.DistanceTo(query) is var distance && distance <= radius && !IsDead(id)
                && (seen.IsEmpty || (seen[id >> 6] >> id & 1) == 0))
            {
                nearest.Offer(value, distance);
                radius = nearest.Radius;
            }
        }
    }

    // A value passes when its bits of the next chunk differ from the query's in at most `Limit` places: clearing the lowest set bit so many times leaves
    // nothing. Two operations a bit, where counting with byte shuffles takes ten whatever the limit. What passes is written always and kept by moving on or
    // not: a branch here would be taken at random. Each returns how many probes it did before the list was full.
    private int Compare(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch) => scratch.Instructions switch
    {
        PdqInstructions.Portable => Compare128(probes, scratch),
        PdqInstructions.Avx512 when _vectorBits == 512 => Compare512(probes, scratch),
        _ => Compare256(probes, scratch),
    };

    private int Compare512(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        ref var passed = ref scratch.PassedRoom(out var room);
        var one = Vector512<ushort>.One;
        var count = 0;
        var p = 0;
        for (; p < probes.Length && count < room; p++)
        {
            ref readonly var probe = ref probes[p];
            var (start, length, limit, asked) = ((int)probe.Start, (int)probe.Length, (int)probe.Limit, (int)probe.Query);
            var query = Vector512.Create(probe.Next);
            do
            {
                var x = Vector512.LoadUnsafe(ref next, (nuint)start) ^ query;
                for (var k = limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = (uint)Vector512.Equals(x, Vector512<ushort>.Zero).ExtractMostSignificantBits();
                pass = length < 32 ? pass & ((1u << length) - 1) : pass;
                ref var place = ref Unsafe.Add(ref passed, count);
                place.Pass = pass;
                place.Position = start;
                place.Query = asked;
                count += pass != 0 ? 1 : 0;
                start += 32;
                length -= 32;
            }
            while (length > 0);
        }

        scratch.TakePassed(count);
        return p;
    }

    private int Compare256(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        ref var passed = ref scratch.PassedRoom(out var room);
        var one = Vector256<ushort>.One;
        var count = 0;
        var p = 0;
        for (; p < probes.Length && count < room; p++)
        {
            ref readonly var probe = ref probes[p];
            var (start, length, limit, asked) = ((int)probe.Start, (int)probe.Length, (int)probe.Limit, (int)probe.Query);
            var query = Vector256.Create(probe.Next);
            do
            {
                var x = Vector256.LoadUnsafe(ref next, (nuint)start) ^ query;
                for (var k = limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = (uint)Vector256.Equals(x, Vector256<ushort>.Zero).ExtractMostSignificantBits();
                pass = length < 16 ? pass & ((1u << length) - 1) : pass;
                ref var place = ref Unsafe.Add(ref passed, count);
                place.Pass = pass;
                place.Position = start;
                place.Query = asked;
                count += pass != 0 ? 1 : 0;
                start += 16;
                length -= 16;
            }
            while (length > 0);
        }

        scratch.TakePassed(count);
        return p;
    }

    private int Compare128(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        ref var passed = ref scratch.PassedRoom(out var room);
        var one = Vector128<ushort>.One;
        var count = 0;
        var p = 0;
        for (; p < probes.Length && count < room; p++)
        {
            ref readonly var probe = ref probes[p];
            var (start, length, limit, asked) = ((int)probe.Start, (int)probe.Length, (int)probe.Limit, (int)probe.Query);
            var query = Vector128.Create(probe.Next);
            do
            {
                var x = Vector128.LoadUnsafe(ref next, (nuint)start) ^ query;
                for (var k = limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = (uint)Vector128.Equals(x, Vector128<ushort>.Zero).ExtractMostSignificantBits();
                pass = length < 8 ? pass & ((1u << length) - 1) : pass;
                ref var place = ref Unsafe.Add(ref passed, count);
                place.Pass = pass;
                place.Position = start;
                place.Query = asked;
                count += pass != 0 ? 1 : 0;
                start += 8;
                length -= 8;
            }
            while (length > 0);
        }

        scratch.TakePassed(count);
        return p;
    }
}
