namespace CPort.Actors.Matching;

/// <summary>
/// How long to wait for a bucket before it is asked again: as TCP does it (RFC 6298), the mean of recent answers' times and four times their deviation. A fixed
/// second is right while nodes have time; when all are busy and answers queue for longer, asking again after it only makes them busier (measured: three to five
/// times a report, docs/scaling.md). Not thread-safe.
/// </summary>
/// <param name="atLeast">The wait while answers come quickly, and before the first.</param>
/// <param name="atMost">Never longer, or what was lost would not be asked for again in time.</param>
internal sealed class AnswerTimes(TimeSpan atLeast, TimeSpan atMost)
{
    private TimeSpan? _mean;
    private TimeSpan _deviation;
    private TimeSpan? _wait;

    public TimeSpan Wait => _wait ?? atLeast;

    /// <summary>
    /// An answer came so long after the first time of asking. Also one asked for again counts: it may belong to either, but leaving it out would keep the wait
    /// short just when all answers take longer than it.
    /// </summary>
    public void Add(TimeSpan time)
    {
        if (_mean is { } mean)
        {
            _deviation += ((time - mean).Duration() - _deviation) / 4;
            _mean = mean + ((time - mean) / 8);
        }
        else
        {
            (_mean, _deviation) = (time, time / 2);
        }

        var wait = _mean.Value + (4 * _deviation);
        _wait = wait < atLeast || atMost < atLeast ? atLeast : wait > atMost ? atMost : wait;
    }
}
