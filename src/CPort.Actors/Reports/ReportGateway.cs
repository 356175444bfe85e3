using System.Collections.Immutable;
using Akka.Actor;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>No answer came in time, or the journal cannot be written. Nothing is known of the command's fate; repeating it with the same id is safe.</summary>
public class ReportsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The report cannot be read from the journal: it is on the operator's list of stuck ones, and asking again is of no use before it is mended.</summary>
public sealed class ReportStuckException() : ReportsUnavailableException("The report cannot be read from the journal.");

/// <summary>The way to reports from outside their actors, as the API and intake use it. Thread-safe.</summary>
public interface IReportGateway
{
    /// <summary>
    /// Sends a command and waits for its durable answer. Throws <see cref="ReportsUnavailableException"/> when none comes in time.
    /// </summary>
    Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation);

    /// <summary>A page of a report as the caller may see it.</summary>
    Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation);

    /// <summary>A page of a report's history as the caller may see it.</summary>
    Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation);
}

/// <summary>
/// The way to reports over the shard region: asks, cuts large submissions into parts, retries what got no answer (sharding is
/// at-most-once and drops messages at a hand-off; every command is idempotent). Thread-safe.
/// </summary>
public sealed class ReportGateway(IActorRef region, ReportGatewayOptions options, StuckEntities? stuck = null) : IReportGateway
{
    private const int BytesPerPart = 100_000;

    /// <summary>
    /// Sends a command and waits for its durable answer. Throws <see cref="ReportsUnavailableException"/> when none comes within
    /// <see cref="ReportGatewayOptions.Patience"/>.
    /// </summary>
    public async Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation)
    {
        if (command is not SubmitReport submit || Parts(submit) is not { Count: > 1 } parts)
        {
            return await AskAsync<CommandReply>(command, cancellation).ConfigureAwait(false);
        }

        // All parts go again from the first when the actor lost them (it moved or restarted in between).
        for (var attempt = 0; ; attempt++)
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

            if (reply!.Code != RejectionCode.PartsOutOfOrder)
            {
                return reply;
            }

            if (attempt == 4)
            {
                throw new ReportsUnavailableException("The report's actor kept losing parts of the submission.");
            }
        }
    }

    /// <summary>A page of a report as the caller may see it.</summary>
    public Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation) => AskAsync<ReportPage>(query, cancellation);

    /// <summary>The recorded history of a report as the caller may see it; null when there is nothing to see.</summary>
    public Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation) => AskAsync<HistoryPage>(query, cancellation);

    private async Task<T> AskAsync<T>(IReportMessage message, CancellationToken cancellation)
    {
        var deadline = DateTime.UtcNow + options.Patience;

        // What a moving shard drops is asked for again soon; what a busy one keeps waiting is not asked for often.
        for (var wait = options.AskTimeout / (message is IReportCommand ? 2 : 4); ; wait = wait * 2 < options.AskTimeout ? wait * 2 : options.AskTimeout)
        {
            if (stuck?.IsStuck(ReportActor.PersistenceIdOf(message.ReportId)) == true)
            {
                throw new ReportStuckException();
            }

            try
            {
                return await region.Ask<T>(message, wait, cancellation).ConfigureAwait(false);
            }
            catch (AskTimeoutException e)
            {
                if (DateTime.UtcNow >= deadline)
                {
                    throw new ReportsUnavailableException("The report did not answer in time.", e);
                }
            }
        }
    }

    private static List<SubmitReport> Parts(SubmitReport submit)
    {
        var parts = new List<SubmitReport>();
        var items = ImmutableArray.CreateBuilder<SubmittedItem>();
        var bytes = 0;
        foreach (var item in submit.Items)
        {
            var size = 400 + ((item.Secrets?.Url.Length ?? 0) * 2) + ((item.Secrets?.Memo?.Length ?? 0) * 2) + (item.Hashes.Length * 60);
            if (items.Count == ReportRules.ItemsPerPart || (items.Count > 0 && bytes + size > BytesPerPart))
            {
                parts.Add(submit with { Items = items.ToImmutable() });
                items.Clear();
                bytes = 0;
            }

            items.Add(item);
            bytes += size;
        }

        parts.Add(submit with { Items = items.ToImmutable() });
        return [.. parts.Select((part, i) => part with { Part = i, PartCount = parts.Count, Digests = i == 0 ? part.Digests : [] })];
    }
}

/// <summary>How long the gateway waits.</summary>
public sealed record ReportGatewayOptions
{
    /// <summary>For one attempt, from the third or fourth on; the first one of a command waits half of it, of a query a quarter, each further one twice as long. Default 5 s.</summary>
    public TimeSpan AskTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For all attempts; default 12 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(12);
}
