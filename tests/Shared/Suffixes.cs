using CPort.Domain.Routing;

namespace CPort.Tests.Shared;

/// <summary>The program's public suffix list, read once.</summary>
public static class Suffixes
{
    public static PublicSuffixes Shipped { get; } = PublicSuffixes.Shipped();
}
