using System.Runtime.Intrinsics.X86;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// Which code path the searches take. All give the same answers; a test runs each. .NET 10 exposes neither VPOPCNTDQ nor BITALG, so the 512-bit path counts
/// bits with byte shuffles and by clearing lowest bits.
/// </summary>
internal enum PdqInstructions
{
    /// <summary>128-bit vectors, which every supported processor has (NEON, SSE), and one value at a time where bits are counted.</summary>
    Portable,
    Avx2,
    Avx512,
}

/// <summary>What this processor can do.</summary>
internal static class PdqProcessor
{
    public static PdqInstructions Best { get; } = Avx512BW.IsSupported
        ? PdqInstructions.Avx512 : Avx2.IsSupported ? PdqInstructions.Avx2 : PdqInstructions.Portable;

    public static IEnumerable<PdqInstructions> Supported => Enum.GetValues<PdqInstructions>().Where(i => i <= Best);
}
