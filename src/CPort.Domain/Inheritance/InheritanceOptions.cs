namespace CPort.Domain.Inheritance;

/// <summary>Whether MD5 and SHA-1, for which collisions can be made, decide without a human when no trusted source says so.</summary>
public enum WeakHashes
{
    /// <summary>They only suggest.</summary>
    Never = 0,

    /// <summary>MD5 and SHA-1 of one item, both known and saying the same, decide; one alone suggests.</summary>
    WhenBothAgree = 1,

    /// <summary>One alone decides.</summary>
    Always = 2,
}

/// <summary>The switches of <see cref="DecisionTable"/>.</summary>
public sealed record InheritanceOptions
{
    public WeakHashes WeakHashes { get; init; } = WeakHashes.WhenBothAgree;

    /// <summary>Equal PhotoDNA bytes decide like SHA-256 does. Off: they only suggest.</summary>
    public bool PhotoDnaDecides { get; init; }
}
