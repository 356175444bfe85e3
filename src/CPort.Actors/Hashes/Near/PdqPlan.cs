namespace CPort.Actors.Hashes;

/// <summary>The rule that picks the number of chunks, from what was measured (docs/matching.md).</summary>
internal static class PdqPlan
{
    /// <summary>
    /// Few wide chunks mean many probes of short runs, many narrow ones few probes of long runs. At least 16, because a chunk has 16 bits at most;
    /// at most 22, because each costs five bytes a value.
    /// </summary>
    public static int Chunks(int count) => count switch
    {
        < 150_000 => 22,
        < 500_000 => 20,
        < 2_000_000 => 18,
        _ => 16,
    };
}
