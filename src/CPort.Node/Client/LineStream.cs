using CPort.Api.Reports;

namespace CPort.Node.Client;

/// <summary>What the answers to lines mean.</summary>
public static class LineAnswers
{
    extension(LineAnswer answer)
    {
        public bool IsGood => IsGoodOutcome(answer.Outcome);

        /// <summary>The node was busy with this line: it is to be sent again.</summary>
        internal bool IsTransient => !answer.IsGood && answer.Problem?.Status is 429 or 503;
    }

    internal static bool IsGoodOutcome(string outcome) =>
        outcome is "accepted" or "duplicate" or "imported" or "changed" or "retracted" or "unchanged" or "ignored";
}

/// <summary>How a stream of lines stands, reported after every chunk.</summary>
public sealed record StreamProgress
{
    /// <summary>By outcome.</summary>
    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }

    /// <summary>Rejected lines by the problem's title.</summary>
    public required IReadOnlyDictionary<string, long> Reasons { get; init; }

    /// <summary>Numbers of the lines of this run that stayed without a final answer (<see cref="LineStreamOptions.LeaveUnavailable"/>).</summary>
    public IReadOnlyList<long> Unavailable { get; init; } = [];

    /// <summary>Lines answered, including those of earlier runs when resumed.</summary>
    public long Answered => Outcomes.Values.Sum();

    /// <summary>Position in the source up to which everything is answered.</summary>
    public long Offset { get; init; }

    /// <summary>Requests sent again after a broken connection or a call for patience.</summary>
    public long Retries { get; init; }

    /// <summary>Lines answered a second in this run.</summary>
    public double LinesPerSecond { get; init; }
    public TimeSpan Elapsed { get; init; }

    /// <summary>Lines that were taken without something of theirs that cannot be read.</summary>
    public long LeftOut { get; init; }

    /// <summary>Every line was taken, and all of it.</summary>
    public bool AllGood => LeftOut == 0 && Outcomes.Keys.All(LineAnswers.IsGoodOutcome);

    public long this[string outcome] => Outcomes.GetValueOrDefault(outcome);

    /// <summary>Several streams seen as one that has run for <paramref name="elapsed"/>.</summary>
    public static StreamProgress Sum(IEnumerable<StreamProgress> streams, TimeSpan elapsed)
    {
        var all = streams.ToArray();
        static Dictionary<string, long> Add(IEnumerable<KeyValuePair<string, long>> counts) =>
            counts.GroupBy(c => c.Key).ToDictionary(g => g.Key, g => g.Sum(c => c.Value));
        var outcomes = Add(all.SelectMany(s => s.Outcomes));
        return new StreamProgress
        {
            Outcomes = outcomes, Reasons = Add(all.SelectMany(s => s.Reasons)),
                Unavailable = [.. all.SelectMany(s => s.Unavailable)], Offset = all.Sum(s => s.Offset), LeftOut = all.Sum(s => s.LeftOut),
                Retries = all.Sum(s => s.Retries),
            LinesPerSecond = outcomes.Values.Sum() / Math.Max(0.001, elapsed.TotalSeconds), Elapsed = elapsed,
        };
    }
}

/// <summary>How lines are sent.</summary>
public sealed record LineStreamOptions
{
    /// <summary>Requests in flight, 1 to 64.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>How long one chunk is tried again before giving up.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Lines that are still unavailable after <see cref="RetryFor"/>, while others are answered, are left with that answer, and the rest goes on. Off: the
    /// first such line ends everything. Needs lines that may be sent again at any time.
    /// </summary>
    public bool LeaveUnavailable { get; init; }

    /// <summary>A request that brings no answer for so long counts as broken.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Kept up to date after every chunk; null: none. Deleted when the source is done.</summary>
    public string? ResumeFile { get; init; }

    /// <summary>Where to go on; null: from the start. See <see cref="ResumePoint.Load"/>.</summary>
    public ResumePoint? ResumeFrom { get; init; }

    /// <summary>Fingerprint of what has been read of the source, to write into the resume file.</summary>
    public Func<string> Source { get; init; } = () => "";

    /// <summary>Told when the resume file cannot be written; the lines go on without it.</summary>
    public Action<string>? NotKept { get; init; }

    /// <summary>What ends the lines of a source of reports.</summary>
    public byte LineEnd { get; init; } = (byte)'\n';

    /// <summary>Gets each answer as a JSON line; null: none. Appended to when resuming.</summary>
    public string? OutcomeFile { get; init; }

    /// <summary>Write only answers that are not good into the outcome file.</summary>
    public bool OutcomesOfFailuresOnly { get; init; }
}
