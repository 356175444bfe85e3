using Akka.Hosting;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Projections;
using CPort.Actors.Reports;

namespace CPort.Api.Reports;

/// <summary>What a withdrawal or correction changes; the same numbers as of <c>hashes:correct</c>.</summary>
/// <param name="Applied">False: only counted; send it again with <c>confirm</c> set to <paramref name="Items"/>.</param>
/// <param name="Verdicts">Verdicts on hashes that change.</param>
/// <param name="Items">Items that it changes or that will be told, of those that the caller sees.</param>
/// <param name="Reports">Reports they stand in.</param>
public sealed record ReportChangeAnswer(bool Applied, int Verdicts, int Items, int Reports);

/// <summary>
/// Withdrawals and corrections in two steps on purpose, as with hashes: one slip must not change something in fifty countries unseen. Asks the report what it
/// would say, the hash buckets whom that would reach, and the read model which of those the caller sees.
/// </summary>
public sealed class ReportChange(IReportGateway gateway, IReadOnlyActorRegistry actors, SeenItems seen)
{
    /// <summary>Counts, or does what was confirmed; <paramref name="command"/> gives it, told whether the number is another.</summary>
    public async Task<CommandAnswer> AnswerAsync(
        HttpContext http, ApiCaller me, PreviewReportChange query, int? confirm, Func<bool, IReportCommand> command)
    {
        var (cancellation, words, own) = (http.RequestAborted, ImmutableArray.CreateBuilder<OpinionOnHash>(), new HashSet<ItemRef>());
        CommandReply reply;
        for (int? from = 1; ;)
        {
            var page = await gateway.PreviewAsync(query with { FromOrdinal = from.Value }, cancellation);
            reply = page.Reply;
            if (reply.Replayed || reply.Outcome == CommandOutcome.Rejected)
            {
                return CommandAnswers.Answer(http, reply);
            }

            words.AddRange(page.Words);
            own.UnionWith(page.Ordinals.Select(o => new ItemRef(page.ReportId, o)));
            if ((from = page.NextOrdinal) is null)
            {
                break;
            }
        }

        // Words on one hash stand together, so that it is counted once.
        ImmutableArray<OpinionOnHash> said = [.. words.GroupBy(w => w.Hash).SelectMany(same => same)];
        var preview = await new OpinionChange(actors.Get<HashBucketRegion>(), me.Caller.Tenant).PreviewAsync(said, onlyStanding: false, cancellation);
        var reached = (await seen.OfAsync(me.Caller, preview.Reached, cancellation)).Union(own);
        var counted = new ReportChangeAnswer(false, preview.Verdicts, reached.Count, reached.Select(i => i.Report).Distinct().Count());
        if (confirm is null)
        {
            return new CommandAnswer("counted", reply.ReportId.ToString(), reply.ReportNumber, 0, null, null) { Change = counted };
        }

        var done = await gateway.SendAsync(command(confirm != counted.Items), cancellation);
        return done.Code == RejectionCode.CountChanged
            ? throw ApiProblemException.Of(
                ProblemCodes.CountChanged, $"It would now change {counted.Items} items in {counted.Reports} reports; confirm that number.")
            : CommandAnswers.Answer(http, done) with { Change = counted with { Applied = true } };
    }
}
