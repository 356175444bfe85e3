namespace CPort.Bench.Load;

/// <summary>Times gathered from several threads, milliseconds.</summary>
internal sealed class Percentiles
{
    private readonly Lock _lock = new();
    private readonly List<double> _values = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _values.Count;
            }
        }
    }

    public void Add(TimeSpan time)
    {
        lock (_lock)
        {
            _values.Add(time.TotalMilliseconds);
        }
    }

    /// <summary>The smallest value that a share (0 to 1) of all values does not exceed; 0 when there is none.</summary>
    public double At(double share)
    {
        lock (_lock)
        {
            if (_values.Count == 0)
            {
                return 0;
            }

            _values.Sort();
            return _values[Math.Clamp((int)Math.Ceiling(share * _values.Count) - 1, 0, _values.Count - 1)];
        }
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
