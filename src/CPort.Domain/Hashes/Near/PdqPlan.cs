namespace CPort.Domain.Hashes.Near;

/// <summary>The rules that fit an index to its size, from what was measured (docs/matching.md).</summary>
internal static class PdqPlan
{
    /// <summary>
    /// Few wide chunks mean many probes of short runs, many narrow ones few probes of long runs of which more passes the filter. At least 16, because a chunk
    /// has 16 bits at most; at most 22, because each costs five bytes a value.
    /// </summary>
    public static int Chunks(int count) => count switch
    {
        < 60_000 => 22,
        < 150_000 => 20,
        < 700_000 => 18,
        _ => 16,
    };

    /// <summary>
    /// Bits of the vectors that runs of this mean length are compared with: one that reaches far past its run's end reads another line of memory for nothing.
    /// </summary>
    public static int VectorBits(double meanRun) => meanRun < 17 ? 256 : 512;
}

/// <summary>Other than what the rules choose: for tests, and for measuring that the rules are right.</summary>
internal sealed record PdqTuning
{
    public static PdqTuning Default { get; } = new();

    public int? Chunks { get; init; }

    public int? VectorBits { get; init; }

    /// <summary>False: neighbouring bits stay together.</summary>
    public bool Learn { get; init; } = true;

    /// <summary>Up to so many values are scanned: a scan of them costs about what the probes of an index would.</summary>
    public int Scanned { get; init; } = 4096;
}
