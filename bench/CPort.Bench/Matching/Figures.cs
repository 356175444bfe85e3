using System.Diagnostics;
using System.Globalization;

namespace CPort.Bench.Matching;

/// <summary>Rates of several runs.</summary>
internal sealed class Figures
{
    private readonly List<double> _rates = [];

    public double Median => _rates.Count == 0 ? double.NaN : _rates.Order().ElementAt(_rates.Count / 2);

    public void Add(double rate) => _rates.Add(rate);

    /// <summary>Times something that does so many operations, and records operations a second.</summary>
    public void Time(int operations, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        Add(operations / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public override string ToString() => _rates.Count == 0 ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"**{Number(Median)}** ({Number(_rates.Min())}–{Number(_rates.Max())})");

    public static string Number(double value) => value.ToString(value < 100 ? "0.#" : "n0", CultureInfo.InvariantCulture);
}
