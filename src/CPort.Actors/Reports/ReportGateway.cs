using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>No answer came in time, or the journal cannot be written. Nothing is known of the command's fate; repeating it with the same id is safe.</summary>
public class ReportsUnavailableException(string message, Exception? inner = null) : UnavailableException(message, inner);

/// <summary>
/// The report cannot be read from the journal: it is on the operator's list of stuck ones, and asking again is of no use before it is mended.
/// </summary>
public sealed class ReportStuckException() : ReportsUnavailableException("The report cannot be read from the journal.");

/// <summary>The way to reports from outside their actors, as the API and intake use it. Thread-safe.</summary>
public interface IReportGateway
{
    /// <summary>Sends a command and waits for its durable answer. Throws <see cref="ReportsUnavailableException"/> when none comes in time.</summary>
    Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation);

    /// <summary>A page of a report as the caller may see it.</summary>
    Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation);

    /// <summary>A page of a report's history as the caller may see it.</summary>
    Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation);

    /// <summary>A page of what a command would change.</summary>
    Task<ReportChangePreviewed> PreviewAsync(PreviewReportChange query, CancellationToken cancellation);
}

/// <summary>Who sees that a report exists, where it cannot tell itself.</summary>
public interface IReportSight
{
    Task<bool> SeesAsync(Caller caller, ReportId report, CancellationToken cancellation);
}

/// <summary>The way to reports over the shard region: asks again what got no answer, and cuts what is too long for one message. Thread-safe.</summary>
/// <param name="region">Where reports are.</param>
/// <param name="options">How long it waits.</param>
/// <param name="time">The node's clock.</param>
/// <param name="stuck">What cannot be read; null: nothing is known of that.</param>
/// <param name="sight">Who sees a report that cannot be read: all others are answered as if there were none. Null: nobody does.</param>
public sealed class ReportGateway(
    IActorRef region, ReportGatewayOptions options, TimeProvider time, StuckEntities? stuck = null, IReportSight? sight = null) : IReportGateway
{
    private const int MostAttempts = 5;

    public async Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation)
    {
        if (command is not SubmitReport submission)
        {
            return await AskAsync<CommandReply>(command, cancellation).ConfigureAwait(false);
        }

        var parts = SubmissionParts.Cut(submission);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            CommandReply? reply = null;
            foreach (var part in parts)
            {
                reply = await AskAsync<CommandReply>(part, cancellation).ConfigureAwait(false);
                if (reply.Outcome != CommandOutcome.PartReceived)
                {
                    break;
                }
            }

            // All parts go again from the first when the actor lost them (it moved or restarted in between).
            if (reply!.Code != RejectionCode.PartsOutOfOrder)
            {
                return reply;
            }
        }

        throw new ReportsUnavailableException("The report's actor kept losing parts of the submission.");
    }

    public Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation) => AskAsync<ReportPage>(query, cancellation);

    public Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation) => AskAsync<HistoryPage>(query, cancellation);

    public Task<ReportChangePreviewed> PreviewAsync(PreviewReportChange query, CancellationToken cancellation) =>
        AskAsync<ReportChangePreviewed>(query, cancellation);

    private async Task<T> AskAsync<T>(IReportMessage message, CancellationToken cancellation)
    {
        // What a moving shard drops is asked for again soon; what a busy one keeps waiting is not asked for often.
        var times = new AskTimes(options.AskTimeout / (message is IReportCommand ? 2 : 4), options.AskTimeout, options.Patience);
        try
        {
            return await region.AskUntilAnsweredAsync<T>(message, times, time, cancellation, _ => NotStuck(message.ReportId)).ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new ReportsUnavailableException("The report did not answer in time.", e);
        }
        catch (ReportStuckException) when (message is not SubmitReport)
        {
            // A submission's id follows from the hotline's own reference: whoever gets there knows of the report.
            if (sight is not null && await sight.SeesAsync(CallerOf(message), message.ReportId, cancellation).ConfigureAwait(false))
            {
                throw;
            }

            return (T)ReportRules.Absent(message);
        }
    }

    private static Caller CallerOf(IReportMessage message) => message switch
    {
        GetReport get => get.Caller,
        GetHistory get => get.Caller,
        PreviewReportChange preview => preview.Command!.Context.Caller,
        IReportCommand command => command.Context.Caller,
        _ => throw new InvalidOperationException($"{message.GetType().Name} has no caller."),
    };

    private void NotStuck(ReportId id)
    {
        if (stuck?.IsStuck(EntityName.Of(id)) == true)
        {
            throw new ReportStuckException();
        }
    }
}

/// <summary>How long the gateway waits.</summary>
public sealed record ReportGatewayOptions
{
    /// <summary>
    /// For one attempt, from the third or fourth on; the first one of a command waits half of it, of a query a quarter, each further one twice as long. Default
    /// 5 s.
    /// </summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For all attempts; default 12 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(12);
}
