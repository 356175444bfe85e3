using System.Globalization;
using Xunit.Abstractions;

namespace CPort.Tests.Shared;

/// <summary>Randomness that can be had again: the seed is in the test's output, and <c>CPORT_TEST_SEED</c> gives it.</summary>
public static class TestSeed
{
    public static Random Begin(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CPORT_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"CPORT_TEST_SEED={seed}"));
        return new Random(seed);
    }
}
