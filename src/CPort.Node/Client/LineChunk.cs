using System.Runtime.CompilerServices;

namespace CPort.Node.Client;

/// <summary>
/// Some lines to send in one request. Bounded, so that a request is written whole before its answers fill the way back: over HTTP/1.1 neither
/// side can then wait for the other for ever.
/// </summary>
/// <param name="Body">The lines, each with its line end; no blank ones.</param>
/// <param name="Lines">The number of each line in the source, from 1.</param>
/// <param name="EndOffset">Where to go on in the source when this chunk is answered: bytes for files, rows for parsed lists.</param>
/// <param name="EndLine">The number of the last line of the source that this chunk covers.</param>
public sealed record LineChunk(ReadOnlyMemory<byte> Body, IReadOnlyList<long> Lines, long EndOffset, long EndLine)
{
    public const int MaxLines = 500;
    public const int MaxBytes = 900_000;

    /// <summary>A line beyond this is not sent at all; the node's own limit is far below.</summary>
    public const int MaxLineBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Cuts a stream of lines into chunks, reading forwards only. <paramref name="offset"/> and <paramref name="line"/> say where the stream
    /// stands already. A line longer than a chunk travels alone. Throws <see cref="InvalidDataException"/> beyond <see cref="MaxLineBytes"/>.
    /// </summary>
    public static async IAsyncEnumerable<LineChunk> ReadAsync(
        Stream source, long offset = 0, long line = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var buffer = new byte[MaxBytes + (64 * 1024)];
        int start = 0, end = 0;
        var ended = false;
        var body = new MemoryStream();
        var lines = new List<long>();
        while (true)
        {
            var found = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (found < 0 && !ended)
            {
                if (start > 0)
                {
                    Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                    end -= start;
                    start = 0;
                }

                if (end == buffer.Length)
                {
                    if (end > MaxLineBytes)
                    {
                        throw new InvalidDataException($"Line {line + 1} is longer than {MaxLineBytes} bytes.");
                    }

                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var read = await source.ReadAsync(buffer.AsMemory(end), cancellation);
                end += read;
                ended = read == 0;
                continue;
            }

            if (found < 0 && start == end)
            {
                break;
            }

            var length = found < 0 ? end - start : found + 1;
            var text = buffer.AsMemory(start, found < 0 ? length : found);
            if (text.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                if (lines.Count > 0 && (lines.Count == MaxLines || body.Length + text.Length + 1 > MaxBytes))
                {
                    yield return new LineChunk(body.ToArray(), lines, offset, line);
                    body.SetLength(0);
                    lines = [];
                }

                lines.Add(line + 1);
                body.Write(text.Span);
                body.WriteByte((byte)'\n');
            }

            start += length;
            offset += length;
            line++;
        }

        if (lines.Count > 0)
        {
            yield return new LineChunk(body.ToArray(), lines, offset, line);
        }
    }
}

/// <summary>The node's answer to one line.</summary>
/// <param name="Line">The line's number in the source, from 1.</param>
/// <param name="Outcome"><c>accepted</c>, <c>duplicate</c>, <c>conflict</c>, <c>rejected</c>, <c>unavailable</c>; for hashes <c>imported</c>, <c>changed</c>, <c>retracted</c>, <c>unchanged</c>, <c>ignored</c>, <c>rejected</c>.</param>
/// <param name="ReportId">The report's id, when it has one.</param>
/// <param name="Number">The report's number, when it has one.</param>
/// <param name="Fields">Fields that differ, of a conflict.</param>
/// <param name="Problem">Why the line was not taken.</param>
public sealed record LineAnswer(long Line, string Outcome, string? ReportId, long? Number, IReadOnlyList<string> Fields, ApiProblem? Problem)
{
    public bool IsGood => IsGoodOutcome(Outcome);

    internal static bool IsGoodOutcome(string outcome) =>
        outcome is "accepted" or "duplicate" or "imported" or "changed" or "retracted" or "unchanged" or "ignored";

    /// <summary>The node was busy with this line: it is to be sent again.</summary>
    internal bool IsTransient => !IsGood && Problem?.Status is 429 or 503;
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
    public bool AllGood => Outcomes.Keys.All(LineAnswer.IsGoodOutcome);

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
            Outcomes = outcomes, Reasons = Add(all.SelectMany(s => s.Reasons)), Unavailable = [.. all.SelectMany(s => s.Unavailable)], Offset = all.Sum(s => s.Offset), Retries = all.Sum(s => s.Retries),
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
    /// Lines that are still unavailable after <see cref="RetryFor"/>, while others are answered, are left with that answer, and the rest goes on. Off: the first
    /// such line ends everything. Needs lines that may be sent again at any time.
    /// </summary>
    public bool LeaveUnavailable { get; init; }

    /// <summary>A request that brings no answer for so long counts as broken.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Kept up to date after every chunk; null: none. Deleted when the source is done.</summary>
    public string? ResumeFile { get; init; }

    /// <summary>Where to go on; null: from the start. See <see cref="ResumePoint.Load"/>.</summary>
    public ResumePoint? ResumeFrom { get; init; }

    /// <summary>Fingerprint of the source to write into the resume file.</summary>
    public string Source { get; init; } = "";

    /// <summary>Gets each answer as a JSON line; null: none. Appended to when resuming.</summary>
    public string? OutcomeFile { get; init; }

    /// <summary>Write only answers that are not good into the outcome file.</summary>
    public bool OutcomesOfFailuresOnly { get; init; }
}
