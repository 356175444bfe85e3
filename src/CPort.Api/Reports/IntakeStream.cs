using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Akka.Streams;
using Akka.Streams.Dsl;
using CPort.Actors.Persistence;
using CPort.Domain.Confidential;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Reports;

/// <summary>
/// The graph of one intake stream: lines are read one after the other, at most <see cref="IntakeLimits.InFlightPerStream"/> reports and
/// <see cref="IntakeLimits.BytesInFlightPerStream"/> bytes are under way, and outcomes come in the order of the lines, each only once it is durable. Lines of one
/// report go one after the other, so that the first of them decides what the report is and a later one with other content is the conflict. Back-pressure goes
/// from the reader of the outcomes and from the journal to the source of the lines, so memory stays flat.
/// </summary>
public sealed partial class IntakeStream(
    ReportIntake intake, IRejectionLog rejections, ConfidentialSeam seam, IntakeLimits limits, TimeProvider time, ILogger<IntakeStream> log)
{
    /// <summary>
    /// Outcomes in batches, each as soon as the reader asks for one. <paramref name="read"/> is called once for each line that is not too long, in order. Ends
    /// with an exception when the source fails or <paramref name="cancellation"/> fires; what was answered by then is durable.
    /// </summary>
    public IAsyncEnumerable<IReadOnlyList<IntakeOutcome>> Run(
        IAsyncEnumerable<IntakeLine> lines, Func<IntakeLine, IntakeReading> read, Caller caller, IMaterializer materializer, CancellationToken cancellation)
    {
        var budget = new ByteBudget(limits.BytesInFlightPerStream);
        var reports = new ReportsUnderWay();
        return Source.From(() => Admit(lines, budget, cancellation))
            .SelectAsync(limits.InFlightPerStream, async line =>
            {
                try
                {
                    return await AnswerAsync(line, read, reports, caller, cancellation);
                }
                finally
                {
                    budget.Give(line.Utf8.Length);
                }
            })
            .Batch(limits.OutcomesPerWrite, first => ImmutableList.Create(first), (batch, next) => batch.Add(next))
            .SelectAsync(1, batch => KeepRejectedAsync(batch, caller, cancellation))
            .RunAsAsyncEnumerableBuffer(materializer, 1, 1);
    }

    private static async IAsyncEnumerable<IntakeLine> Admit(
        IAsyncEnumerable<IntakeLine> lines, ByteBudget budget, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var line in lines.WithCancellation(cancellation))
        {
            await budget.TakeAsync(line.Utf8.Length, cancellation);
            yield return line;
        }
    }

    /// <summary>Called in the order of the lines; up to the first wait it runs before the next line's.</summary>
    private async Task<Answered> AnswerAsync(
        IntakeLine line, Func<IntakeLine, IntakeReading> read, ReportsUnderWay reports, Caller caller, CancellationToken cancellation)
    {
        IntakeOutcome outcome;
        try
        {
            var reading = line.TooLong
                ? IntakeReading.Bad(IntakeProblem.Of(ProblemCodes.TooLarge, $"The line is longer than {limits.LineBytes} bytes (limit: line length)."))
                : read(line);
            outcome = await reports.InTurnAsync(reading, () => intake.SubmitAsync(reading, cancellation)) with { Line = line.Number };
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // A defect of ours: it must not take the line's neighbours with it, and the exception's text may quote the line.
            Defect(log, e.GetType().FullName, e.StackTrace);
            outcome = new IntakeOutcome
            {
                Line = line.Number, Result = IntakeResult.Rejected,
                Problem = IntakeProblem.Of(ProblemCodes.Internal, "The line could not be handled because of a defect of this node; tell its operator."),
            };
        }

        return new Answered(outcome, outcome.Result is IntakeResult.Rejected or IntakeResult.Conflict ? Name(line, caller) : null);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A line of an intake stream met a defect: {Type}\n{Where}")]
    private static partial void Defect(ILogger logger, string? type, string? where);

    /// <summary>
    /// A rejected line is kept before its outcome is told; when it cannot be kept the line counts as unanswered, so that its sender tries again.
    /// </summary>
    private async Task<IReadOnlyList<IntakeOutcome>> KeepRejectedAsync(ImmutableList<Answered> batch, Caller caller, CancellationToken cancellation)
    {
        var rejected = batch.Where(a => a.Name is not null).Select(a => Kept(a, caller, time.GetUtcNow())).ToArray();
        if (rejected.Length == 0)
        {
            return [.. batch.Select(a => a.Outcome)];
        }

        try
        {
            await rejections.RecordAsync(rejected, cancellation);
            return [.. batch.Select(a => a.Outcome)];
        }
        catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
        {
            return
            [
                .. batch.Select(a => a.Name is null ? a.Outcome : new IntakeOutcome
                {
                    Line = a.Outcome.Line, Result = IntakeResult.Unavailable,
                    Problem = new IntakeProblem { Code = ProblemCodes.Unavailable, Retry = true,
                        Detail = "The line could not be looked after in time; send it again." },
                }),
            ];
        }
    }

    private static RejectedLine Kept(Answered line, Caller caller, DateTimeOffset now) => new()
    {
        Agency = caller.Agency, Tenant = caller.Tenant, Name = line.Name!, FirstAt = now, LastAt = now, Line = line.Outcome.Line,
        Reference = line.Outcome.Reference?.Value, ReportId = line.Outcome.ReportId, Result = line.Outcome.Result,
        Problem = line.Outcome.Problem!, Fields = line.Outcome.Fields,
    };

    /// <summary>The same rejected line sent again is the same entry. Keyed, because a plain hash of a short line could be guessed.</summary>
    private string Name(IntakeLine line, Caller caller)
    {
        // A line beyond the limit was not kept, so its place in the stream has to name it.
        var content = line.TooLong ? System.Text.Encoding.ASCII.GetBytes($"too long {caller.Agency} {line.Number}") : SHA256.HashData(line.Utf8.Span);
        return Convert.ToHexStringLower(seam.Keyed("rejected-line-1", content).AsSpan(0, 16));
    }

    /// <summary>The last line under way of each report.</summary>
    private sealed class ReportsUnderWay
    {
        private static readonly IntakeProblem EarlierLine = new()
        {
            Code = ProblemCodes.Unavailable, Retry = true,
                Detail = "An earlier line of the same report could not be made durable in time; send both again, in this order.",
        };

        private readonly ConcurrentDictionary<ReportId, Task<IntakeOutcome>> _last = new();

        public async Task<IntakeOutcome> InTurnAsync(IntakeReading reading, Func<Task<IntakeOutcome>> submit)
        {
            if (reading.Draft?.ReportId is not { } report)
            {
                return await submit();
            }

            var mine = AfterAsync(_last.GetValueOrDefault(report), reading, submit);
            _last[report] = mine;
            try
            {
                return await mine;
            }
            finally
            {
                // Only if no later line has taken its place.
                _last.TryRemove(KeyValuePair.Create(report, mine));
            }
        }

        private static async Task<IntakeOutcome> AfterAsync(Task<IntakeOutcome>? before, IntakeReading reading, Func<Task<IntakeOutcome>> submit)
        {
            if (before is not null)
            {
                await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!before.IsCompletedSuccessfully || (await before).Result == IntakeResult.Unavailable)
                {
                    return new IntakeOutcome { Result = IntakeResult.Unavailable, ReportId = reading.Draft!.ReportId, Reference = reading.Reference,
                        Problem = EarlierLine };
                }
            }

            return await submit();
        }
    }

    private sealed record Answered(IntakeOutcome Outcome, string? Name);

    /// <summary>Bytes under way. One taker, many givers.</summary>
    private sealed class ByteBudget(long size)
    {
        private readonly Lock _lock = new();
        private long _used;
        private TaskCompletionSource? _freed;

        public async ValueTask TakeAsync(int bytes, CancellationToken cancellation)
        {
            while (true)
            {
                Task freed;
                lock (_lock)
                {
                    if (_used == 0 || _used + bytes <= size)
                    {
                        _used += bytes;
                        return;
                    }

                    _freed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    freed = _freed.Task;
                }

                await freed.WaitAsync(cancellation);
            }
        }

        public void Give(int bytes)
        {
            TaskCompletionSource? freed;
            lock (_lock)
            {
                _used -= bytes;
                (freed, _freed) = (_freed, null);
            }

            freed?.TrySetResult();
        }
    }
}
