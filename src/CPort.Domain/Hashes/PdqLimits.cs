namespace CPort.Domain.Hashes;

/// <summary>The figures of PDQ; whoever needs one takes it from here.</summary>
public static class PdqLimits
{
    /// <summary>Values this near look alike, unless an installation is configured otherwise; what PDQ's authors recommend.</summary>
    public const int Radius = 31;

    /// <summary>The largest radius of a search. Beyond it the index is no better than a scan; two random values are about 128 apart.</summary>
    public const int MaxRadius = 64;

    /// <summary>Values of lower quality never match, unless configured otherwise (domain.md 5, ThreatExchange: 49 or less is discarded).</summary>
    public const int QualityFloor = 50;

    /// <summary>The highest quality.</summary>
    public const int MaxQuality = 100;
}
