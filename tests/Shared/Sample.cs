namespace CPort.Tests.Shared;

/// <summary>
/// Whether a chosen sample runs (<c>CPORT_TESTS=sample</c>, as CI does): fewer draws of the same kind, fewer widths of the same page. Whole tests that a sample
/// leaves out are marked <c>Run=whole</c> instead.
/// </summary>
public static class Sample
{
    /// <summary>The variable's value is <c>sample</c>.</summary>
    public static bool IsChosen { get; } = Environment.GetEnvironmentVariable("CPORT_TESTS") == "sample";
}
