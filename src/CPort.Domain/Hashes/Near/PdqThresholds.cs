using System.Numerics;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// How far each chunk is probed for each radius. Source: Qin and Xiao, "Pigeonring: A Principle for Faster Thresholded Similarity Search", VLDB 2018, here with
/// integers and thresholds of their own for each chunk.
/// <para>Let the thresholds t (−1 or more; −1: not probed) sum to r − m + 1, and let d be a value's distances in the m chunks of a ring, together at most r.
/// Then y = d − t − 1 are integers with a negative sum (r − (r − m + 1) − m = −1). Start right after the last place where the running sum of y is greatest:
/// from there every running sum once around the ring is negative. So there is a chunk i such that for every length l d(i) + … + d(i+l−1) ≤ t(i) + … + t(i+l−1)
/// + l − 1. Length 1 is the probe: d(i) ≤ t(i). Length 2 is the filter: d(i) + d(i+1) ≤ t(i) + t(i+1) + 1. No value within the radius fails both in every
/// chunk, so none is missed.</para>
/// <para>Thresholds grow one by one with the radius, each step where it costs least. They never shrink as the radius grows; so a search may go on with a
/// smaller radius once it has enough near hits: the chunk that shows a nearer value was either probed at least that far or is still to come.</para>
/// </summary>
internal sealed class PdqThresholds
{
    private readonly sbyte[] _limits;
    private readonly int _chunks;

    /// <param name="widths">Bits of each chunk.</param>
    /// <param name="slotLength">Postings that a probe finds on average in each chunk.</param>
    /// <param name="probeCost">Cost of one probe in the unit of one posting.</param>
    public PdqThresholds(ReadOnlySpan<int> widths, ReadOnlySpan<double> slotLength, double probeCost)
    {
        _chunks = widths.Length;
        _limits = new sbyte[(PdqLimits.MaxRadius + 1) * _chunks];
        Costs = new double[PdqLimits.MaxRadius + 1];
        Span<int> current = stackalloc int[_chunks];
        current.Fill(-1);
        var cost = 0.0;
        for (var radius = 0; radius <= PdqLimits.MaxRadius; radius++)
        {
            var best = -1;
            var bestCost = double.MaxValue;
            for (var chunk = 0; chunk < _chunks; chunk++)
            {
                var width = widths[chunk];
                var step = current[chunk] >= width ? double.MaxValue : Choose(width, current[chunk] + 1) * (probeCost + slotLength[chunk]);

                // A wide filter lets more through: of equally dear steps take one between neighbours that are low.
                step *= 1 + (0.01 * (current[(chunk + 1) % _chunks] + current[(chunk + _chunks - 1) % _chunks] + 2));
                if (step < bestCost)
                {
                    (best, bestCost) = (chunk, step);
                }
            }

            current[best]++;
            cost += Choose(widths[best], current[best]) * (probeCost + slotLength[best]);
            Costs[radius] = cost;
            for (var chunk = 0; chunk < _chunks; chunk++)
            {
                _limits[(radius * _chunks) + chunk] = (sbyte)current[chunk];
            }
        }
    }

    /// <summary>Expected cost of a search of each radius, in postings.</summary>
    public double[] Costs { get; }

    /// <summary>The thresholds of all chunks.</summary>
    public ReadOnlySpan<sbyte> Of(int radius) => _limits.AsSpan(radius * _chunks, _chunks);

    private static double Choose(int n, int k)
    {
        var result = 1.0;
        for (var i = 0; i < k; i++)
        {
            result = result * (n - i) / (i + 1);
        }

        return result;
    }
}

/// <summary>All patterns of differing bits of a chunk, those with fewer bits first.</summary>
internal static class PdqMasks
{
    private static readonly Lazy<(ushort[] Masks, int[] Ends)>[] Tables =
        [.. Enumerable.Range(0, 17).Select(width => new Lazy<(ushort[], int[])>(() => Create(width)))];

    /// <summary>The patterns with exactly <paramref name="ones"/> bits among the lowest <paramref name="width"/> (0 to 16).</summary>
    public static ReadOnlySpan<ushort> With(int width, int ones)
    {
        var (masks, ends) = Tables[width].Value;
        return ones > width ? [] : masks.AsSpan(ones == 0 ? 0 : ends[ones - 1], ends[ones] - (ones == 0 ? 0 : ends[ones - 1]));
    }

    private static (ushort[], int[]) Create(int width)
    {
        var masks = Enumerable.Range(0, 1 << width).Select(mask => (ushort)mask).OrderBy(mask => BitOperations.PopCount(mask)).ThenBy(mask => mask).ToArray();
        var ends = new int[width + 1];
        foreach (var mask in masks)
        {
            ends[BitOperations.PopCount(mask)]++;
        }

        for (var ones = 1; ones <= width; ones++)
        {
            ends[ones] += ends[ones - 1];
        }

        return (masks, ends);
    }
}
