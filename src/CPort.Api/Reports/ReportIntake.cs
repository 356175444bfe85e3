using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Actors.Telemetry;
using CPort.Domain.Confidential;

namespace CPort.Api.Reports;

/// <summary>Brings a read report to its actor and back: numbers, digests, the command, the outcome. Thread-safe.</summary>
public sealed class ReportIntake(IReportGateway gateway, INumberSource numbers, ConfidentialSeam seam, IntakeDoor? door = null)
{
    private static readonly IntakeProblem Stopping = new()
    {
        Code = ProblemCodes.Unavailable, Retry = true, Detail = "This node is stopping and takes nothing more. Send it again, to another node.",
    };

    private static readonly IntakeProblem NoAnswer = new()
    {
        Code = ProblemCodes.Unavailable, Retry = true,
        Detail = "The report could not be made durable in time. Send it again: what was taken is answered as a duplicate.",
    };

    /// <summary>
    /// Submits and waits until the outcome is durable. Failures of database or cluster are an outcome (<see cref="IntakeResult.Unavailable"/>), never an
    /// exception; throws only <see cref="OperationCanceledException"/> when the sender went away.
    /// </summary>
    public async Task<IntakeOutcome> SubmitAsync(IntakeReading reading, CancellationToken cancellation)
    {
        if (door is { IsOpen: false })
        {
            return new IntakeOutcome { Result = IntakeResult.Unavailable, Reference = reading.Reference, Problem = Stopping };
        }

        using var hop = CPortMetrics.TimeHop(CPortMetrics.IntakeHop);
        var outcome = reading.Draft is { } draft
            ? await SendAsync(draft, cancellation)
            : IntakeOutcome.Rejected(reading.Problem!, reading.Reference);
        outcome = outcome.Result is IntakeResult.Accepted or IntakeResult.Duplicate ? outcome with { LeftOut = reading.LeftOut } : outcome;
        CPortMetrics.IntakeAnswered(outcome.Word);
        return outcome;
    }

    private async Task<IntakeOutcome> SendAsync(SubmitReport draft, CancellationToken cancellation)
    {
        try
        {
            var command = SubmissionDigest.Stamp(seam, draft with
            {
                ReportNumber = await numbers.ReportAsync(draft.Context.Caller.Tenant, cancellation),
                FirstItemNumber = await numbers.ItemsAsync(draft.Context.Caller.Tenant, draft.Items.Length, cancellation),
            });
            return ToOutcome(draft, await gateway.SendAsync(command, cancellation));
        }
        catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
        {
            return new IntakeOutcome { Result = IntakeResult.Unavailable, ReportId = draft.ReportId, Reference = draft.Reference, Problem = NoAnswer };
        }
    }

    private static IntakeOutcome ToOutcome(SubmitReport draft, CommandReply reply)
    {
        var outcome = new IntakeOutcome
        {
            Result = reply.Outcome switch
            {
                CommandOutcome.Accepted => IntakeResult.Accepted,
                CommandOutcome.Duplicate => IntakeResult.Duplicate,
                CommandOutcome.Conflict => IntakeResult.Conflict,
                CommandOutcome.Rejected => IntakeResult.Rejected,

                // A part was taken and the rest never asked for: the gateway does not answer so, and nothing is durable.
                _ => IntakeResult.Unavailable,
            },
            ReportId = reply.ReportId, Number = reply.ReportNumber > 0 ? reply.ReportNumber : null, Version = reply.Version,
            Fields = reply.Fields, Reference = draft.Reference, Withdrawn = reply.Withdrawn,
        };
        return outcome.Result switch
        {
            IntakeResult.Conflict =>
                outcome with { Problem = IntakeProblem.Of(ProblemCodes.Conflict, reply.Detail ?? "The reference was used before with other content.") },
            IntakeResult.Rejected => outcome with
            {
                ReportId = null, Number = null, Problem = IntakeProblem.Of(ProblemCodes.Of(reply.Code), reply.Detail ?? "A rule says no."),
            },
            IntakeResult.Unavailable => outcome with { Problem = NoAnswer },
            _ => outcome,
        };
    }
}

/// <summary>Whether this node takes reports; closed for good when it stops. Thread-safe.</summary>
public sealed class IntakeDoor : IDisposable
{
    private readonly CancellationTokenSource _closed = new();

    public bool IsOpen => !_closed.IsCancellationRequested;

    /// <summary>Fires when the door closes.</summary>
    public CancellationToken Closed => _closed.Token;

    public void Close() => _closed.Cancel();

    public void Dispose() => _closed.Dispose();
}
