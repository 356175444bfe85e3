using System.Collections.Concurrent;
using System.Diagnostics;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// A day's streams, one a hotline, sent again and again; what was acknowledged for which line, over all attempts. A report is never acknowledged
/// under two ids.
/// </summary>
public sealed class DayOfStreams(TestNode node, CPort.Node.Sample.SyntheticDay day)
{
    private readonly ConcurrentDictionary<(string Hotline, int Line), string> _acknowledged = new();
    private readonly Dictionary<string, byte[]> _bodies = day.Hotlines
        .ToDictionary(h => h.Id.Value, h => StreamSender.Body(day.Lines(h.Id))).Where(p => p.Value.Length > 0).ToDictionary();

    private int _newlyAcknowledged;

    /// <summary>Ids of all reports that the node called durable.</summary>
    public IReadOnlySet<string> Acknowledged => _acknowledged.Values.ToHashSet();

    /// <summary>A report and the hotline that sent it.</summary>
    public IEnumerable<(string Hotline, string ReportId)> Reports => _acknowledged.Select(p => (p.Key.Hotline, p.Value)).Distinct();

    /// <summary>
    /// Sends everything, all hotlines at once. <paramref name="until"/> ends the attempt when so many lines were newly acknowledged. Answers each
    /// hotline's answers, and what broke.
    /// </summary>
    public async Task<(IReadOnlyDictionary<(string Hotline, int Line), StreamAnswer> Answers, IReadOnlyList<string> Broken)> SendAsync(
        int until = int.MaxValue, Func<Task>? then = null)
    {
        var answers = new ConcurrentDictionary<(string, int), StreamAnswer>();
        var broken = new ConcurrentQueue<string>();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _newlyAcknowledged = 0;
        var sending = Parallel.ForEachAsync(_bodies, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (pair, cancellation) =>
        {
            var (hotline, body) = pair;
            using var http = node.Http(node.KeyOf(hotline), TimeSpan.FromSeconds(120));
            var cause = await StreamSender.SendAsync(http, body, answer =>
            {
                answers[(hotline, answer.Line)] = answer;
                if (!answer.IsAcknowledged)
                {
                    return;
                }

                Assert.NotNull(answer.ReportId);
                if (!_acknowledged.TryAdd((hotline, answer.Line), answer.ReportId))
                {
                    Assert.Equal(_acknowledged[(hotline, answer.Line)], answer.ReportId);
                }
                else if (Interlocked.Increment(ref _newlyAcknowledged) == until)
                {
                    reached.TrySetResult();
                }
            }, cancellation);
            if (cause is not null)
            {
                broken.Enqueue($"{hotline}: {cause}");
            }
        });
        if (then is not null)
        {
            await Task.WhenAny(reached.Task, sending);
            await then();
        }

        await sending;
        return (answers, [.. broken]);
    }

    /// <summary>
    /// Sends everything, again while a line is <c>unavailable</c> (which a busy machine may answer, and promises nothing): the last answers.
    /// <paramref name="mayBreak"/>: a stream that breaks off is sent again too.
    /// </summary>
    public async Task<IReadOnlyDictionary<(string Hotline, int Line), StreamAnswer>> SendUntilTakenAsync(bool mayBreak = false)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var (answers, broken) = await SendAsync();
            Assert.True(mayBreak || broken.Count == 0, string.Join('\n', broken));
            if (broken.Count == 0 && answers.Values.All(a => a.Outcome != "unavailable"))
            {
                return answers;
            }

            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(180),
                $"{answers.Values.Count(a => a.Outcome == "unavailable")} lines stay unavailable. {node.Tail}");
        }
    }
}
