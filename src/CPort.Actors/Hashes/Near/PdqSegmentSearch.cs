using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CPort.Actors.Hashes;

/// <summary>
/// Searching a segment. Work goes in steps over lists, so that the processor has many memory reads under way at once instead of one after the
/// other: all slots' bounds, then all runs, then all candidates' numbers, then their values. A batch goes chunk by chunk, so that one chunk's
/// slots serve all its queries while they are in the cache.
/// </summary>
internal sealed partial class PdqSegment
{
    /// <summary>A probe costs about as much as comparing so many postings (docs/matching.md).</summary>
    internal const double ProbeCost = 48;

    // Costs in postings: looking at a candidate's value, and one value of a scan.
    private const int CandidateCost = 64;
    private const int ScanCost = 16;

    // A query with more candidates than this leaves the batch: it needs to remember which values it has looked at.
    private const int LightCandidates = 1024;

    // Long runs are cut, so that the list of candidates has a bound.
    private const int Piece = 4096;

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
                    Compare(queries, scratch);
                }
            }
        }

        Compare(queries, scratch);
        scratch.OfferHits(_values, nearest);
        for (var q = 0; q < queries.Length; q++)
        {
            var way = scratch.Ways[q];
            if (way == PdqWay.Scan || (way == PdqWay.Heavy && !SearchHeavy(q, queries[q], nearest[q], scratch)))
            {
                Scan(queries[q], nearest[q]);
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

                probe = new PdqProbe(start, length, next, (byte)(both - ones), (byte)query);
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
    private void Compare(ReadOnlySpan<PdqValue> queries, PdqScratch scratch)
    {
        var probes = scratch.TakeProbes();
        while (!probes.IsEmpty)
        {
            var done = scratch.Instructions switch
            {
                PdqInstructions.Avx512 => Compare512(probes, scratch),
                PdqInstructions.Avx2 => Compare256(probes, scratch),
                _ => Compare128(probes, scratch),
            };
            probes = probes[done..];
            Verify(queries, scratch);
        }
    }

    private void Verify(ReadOnlySpan<PdqValue> queries, PdqScratch scratch)
    {
        var candidates = scratch.TakeCandidates();
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i].Position = ReadId(candidates[i].Position);
        }

        foreach (var (id, query) in candidates)
        {
            var distance = _values[id].DistanceTo(queries[query]);
            if (distance <= scratch.Radii[query] && !IsDead(id))
            {
                scratch.Hits.Add(new PdqFound(query, id, distance));
            }

            if (++scratch.Candidates[query] > LightCandidates && scratch.Ways[query] == PdqWay.Light)
            {
                scratch.Ways[query] = PdqWay.Heavy;
            }
        }
    }

    /// <summary>
    /// One query with many candidates, as next to a cluster of near duplicates: looks at each value once however many chunks show it, and
    /// stops looking farther than the nearest that were asked for. False when a scan is cheaper.
    /// </summary>
    private bool SearchHeavy(int query, in PdqValue value, PdqNearest nearest, PdqScratch scratch)
    {
        var seen = scratch.SeenFor(Count);
        var touched = scratch.Touched;
        var cost = 0L;
        var cheap = true;
        scratch.Ways[query] = PdqWay.Heavy;
        scratch.Spent[query] = 0;
        for (var chunk = 0; chunk < _chunks.Count && cheap; chunk++)
        {
            // Thresholds never shrink with the radius, see PdqThresholds.
            scratch.Radii[query] = nearest.Radius;
            Probe(chunk, query, scratch);
            var probes = scratch.TakeProbes();
            while (!probes.IsEmpty)
            {
                var done = scratch.Instructions switch
                {
                    PdqInstructions.Avx512 => Compare512(probes, scratch),
                    PdqInstructions.Avx2 => Compare256(probes, scratch),
                    _ => Compare128(probes, scratch),
                };
                probes = probes[done..];
                var candidates = scratch.TakeCandidates();
                for (var i = 0; i < candidates.Length; i++)
                {
                    candidates[i].Position = ReadId(candidates[i].Position);
                }

                foreach (var (id, _) in candidates)
                {
                    ref var word = ref seen[id >> 6];
                    if ((word >> id & 1) != 0)
                    {
                        continue;
                    }

                    word |= 1UL << id;
                    touched.Add(id);
                    var distance = _values[id].DistanceTo(value);
                    if (distance <= nearest.Radius && !IsDead(id))
                    {
                        scratch.Hits.Add(new PdqFound(query, id, distance));
                    }
                }

                // Hits are offered at the end: a search given up for a scan must not have offered any.
                cost = scratch.Spent[query] + (touched.Count * (long)CandidateCost);
                if (cost > (long)ScanCost * Count)
                {
                    cheap = false;
                    break;
                }
            }
        }

        foreach (var id in touched)
        {
            seen[id >> 6] = 0;
        }

        touched.Clear();
        if (cheap)
        {
            foreach (var hit in scratch.Hits)
            {
                nearest.Offer(_values[hit.Id], hit.Distance);
            }
        }

        scratch.Hits.Clear();
        scratch.TakeProbes();
        return cheap;
    }

    /// <summary>Every value, one after the other, giving up after half of the bits: the bound of what any search costs.</summary>
    private void Scan(in PdqValue query, PdqNearest nearest)
    {
        var radius = nearest.Radius;
        var values = _values.AsSpan(0, Count);
        for (var id = 0; id < values.Length; id++)
        {
            ref readonly var value = ref values[id];
            var half = BitOperations.PopCount(value.W0 ^ query.W0) + BitOperations.PopCount(value.W1 ^ query.W1);
            if (half <= radius && value.DistanceTo(query) is var distance && distance <= radius && !IsDead(id))
            {
                nearest.Offer(value, distance);
                radius = nearest.Radius;
            }
        }
    }

    // A value passes when its bits of the next chunk differ from the query's in at most `Limit` places: clearing the lowest set bit so many times
    // leaves nothing. Two operations a bit, where counting with byte shuffles takes ten whatever the limit. Returns how many probes it did before
    // the list of candidates was full.
    private int Compare512(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        var one = Vector512<ushort>.One;
        for (var p = 0; p < probes.Length; p++)
        {
            ref readonly var probe = ref probes[p];
            if (scratch.CandidateCount > PdqScratch.ManyCandidates)
            {
                return p;
            }

            var query = Vector512.Create(probe.Next);
            for (int done = 0; done < probe.Length; done += 32)
            {
                var x = Vector512.LoadUnsafe(ref next, probe.Start + (nuint)done) ^ query;
                for (int k = probe.Limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = Vector512.Equals(x, Vector512<ushort>.Zero).ExtractMostSignificantBits();
                if (pass != 0)
                {
                    scratch.Add(pass, (int)probe.Start + done, (int)probe.Length - done, probe.Query);
                }
            }
        }

        return probes.Length;
    }

    private int Compare256(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        var one = Vector256<ushort>.One;
        for (var p = 0; p < probes.Length; p++)
        {
            ref readonly var probe = ref probes[p];
            if (scratch.CandidateCount > PdqScratch.ManyCandidates)
            {
                return p;
            }

            var query = Vector256.Create(probe.Next);
            for (int done = 0; done < probe.Length; done += 16)
            {
                var x = Vector256.LoadUnsafe(ref next, probe.Start + (nuint)done) ^ query;
                for (int k = probe.Limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = Vector256.Equals(x, Vector256<ushort>.Zero);
                if (pass != Vector256<ushort>.Zero)
                {
                    scratch.Add(pass.ExtractMostSignificantBits(), (int)probe.Start + done, (int)probe.Length - done, probe.Query);
                }
            }
        }

        return probes.Length;
    }

    private int Compare128(ReadOnlySpan<PdqProbe> probes, PdqScratch scratch)
    {
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        var one = Vector128<ushort>.One;
        for (var p = 0; p < probes.Length; p++)
        {
            ref readonly var probe = ref probes[p];
            if (scratch.CandidateCount > PdqScratch.ManyCandidates)
            {
                return p;
            }

            var query = Vector128.Create(probe.Next);
            for (int done = 0; done < probe.Length; done += 8)
            {
                var x = Vector128.LoadUnsafe(ref next, probe.Start + (nuint)done) ^ query;
                for (int k = probe.Limit; k > 0; k--)
                {
                    x &= x - one;
                }

                var pass = Vector128.Equals(x, Vector128<ushort>.Zero);
                if (pass != Vector128<ushort>.Zero)
                {
                    scratch.Add(pass.ExtractMostSignificantBits(), (int)probe.Start + done, (int)probe.Length - done, probe.Query);
                }
            }
        }

        return probes.Length;
    }
}
