using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Akka.Streams;
using Akka.TestKit.Xunit2;
using CPort.Actors.Intake;
using CPort.Actors.Reports;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using Microsoft.Extensions.Logging.Abstractions;

namespace CPort.Api.Tests.Reports;

public sealed class IntakeStreamTests : TestKit
{
    private static readonly Caller Hotline = new() { Agency = AgencyId.Parse("hotline-nl"), Kind = AgencyKind.Hotline, Roles = Roles.Machine, KeyId = "k" };

    private readonly StandInReports _reports = new();
    private readonly KeepingLog _log = new();
    private readonly IntakeLimits _limits = new() { InFlightPerStream = 4, BytesInFlightPerStream = 1_000, OutcomesPerWrite = 8 };

    [Fact]
    public async Task Outcomes_come_in_the_order_of_the_lines_however_late_reports_answer()
    {
        _reports.Delay = reference => TimeSpan.FromMilliseconds(reference.Sum(c => c) * 5 % 7 * 3);
        var outcomes = await RunAsync(Lines(60));

        Assert.Equal(Enumerable.Range(1, 60).Select(i => (long)i), outcomes.Select(o => o.Line));
        Assert.All(outcomes, o => Assert.Equal(IntakeResult.Accepted, o.Result));
        Assert.InRange(_reports.MostAtOnce, 2, 4);
    }

    [Fact]
    public async Task Of_lines_of_one_report_the_first_decides_however_late_it_is_answered()
    {
        var asked = 0;
        _reports.Delay = reference => reference == "r-1" && Interlocked.Increment(ref asked) == 1 ? TimeSpan.FromMilliseconds(300) : TimeSpan.Zero;
        var outcomes = await RunAsync(Line(1, "r-1"), Line(2, "r-1"), Line(3, "r-3"), Line(4, "r-1"));

        Assert.Equal(["accepted", "duplicate", "accepted", "duplicate"], outcomes.Select(o => o.Word));
    }

    [Fact]
    public async Task A_line_after_one_of_the_same_report_that_got_no_answer_gets_none_either()
    {
        var asked = 0;
        _reports.Delay = reference => TimeSpan.FromMilliseconds(reference == "r-1" ? 100 : 0);
        _reports.Fail = reference => reference == "r-1" && Interlocked.Increment(ref asked) == 1 ? new ReportsUnavailableException("away") : null;
        var outcomes = await RunAsync(Line(1, "r-1"), Line(2, "r-1"), Line(3, "r-3"));

        Assert.Equal(["unavailable", "unavailable", "accepted"], outcomes.Select(o => o.Word));
        Assert.Equal("accepted", Assert.Single(await RunAsync(Line(1, "r-1"))).Word);
    }

    [Fact]
    public async Task Bad_conflicting_and_defective_lines_are_kept_and_harm_no_neighbour()
    {
        var outcomes = await RunAsync(Lines(1), Line(2, "bad"), Line(3, "r-1"), Line(4, "defect"), new IntakeLine(5, default, TooLong: true),
            Line(6, "conflict"), Line(7, "r-7"));

        Assert.Equal(["accepted", "rejected", "duplicate", "rejected", "rejected", "conflict", "accepted"], outcomes.Select(o => o.Word));
        Assert.Equal([2L, 4, 5, 6], _log.Lines.Select(l => l.Line).Order());
        Assert.Equal(4, _log.Lines.Select(l => l.Name).Distinct().Count());
    }

    [Fact]
    public async Task A_rejection_that_cannot_be_kept_and_a_report_that_cannot_be_written_are_to_be_sent_again()
    {
        _log.Fail = new TimeoutException();
        _reports.Fail = reference => reference == "r-2" ? new ReportsUnavailableException("away") : null;
        var outcomes = await RunAsync(Line(1, "bad"), Line(2, "r-2"), Line(3, "r-3"));

        Assert.Equal(["unavailable", "unavailable", "accepted"], outcomes.Select(o => o.Word));
        Assert.All(outcomes.Take(2), o => Assert.True(o.Problem!.Retry));
    }

    [Fact]
    public async Task A_reader_who_takes_no_outcomes_stops_the_reading_of_lines()
    {
        var read = 0;
        async IAsyncEnumerable<IntakeLine> Endless()
        {
            for (var i = 1; ; i++)
            {
                Interlocked.Increment(ref read);
                yield return Line(i, $"r-{i}");
                await Task.Yield();
            }
        }

        using var stop = new CancellationTokenSource();
        await using var outcomes = Stream().Run(Endless(), Read, Hotline, Sys.Materializer(), stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.True(await outcomes.MoveNextAsync());
        var before = -1;
        await AwaitConditionAsync(() => Task.FromResult(before == (before = Volatile.Read(ref read))), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(300));

        // A few batches and what is under way; Batch holds up to its size, and the outlet one more.
        Assert.InRange(read, 1, 200);
        await stop.CancelAsync();
    }

    [Fact]
    public async Task No_more_bytes_are_under_way_than_allowed_and_a_larger_line_goes_alone()
    {
        _reports.Delay = _ => TimeSpan.FromMilliseconds(10);
        var lines = Enumerable.Range(1, 12).Select(i => Line(i, $"r-{i}", i % 4 == 0 ? 3_000 : 400)).ToArray();
        var outcomes = await RunAsync(lines);

        Assert.Equal(12, outcomes.Count);
        Assert.InRange(_reports.MostAtOnce, 1, 2);
    }

    private async Task<List<IntakeOutcome>> RunAsync(params IntakeLine[] lines)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var outcomes = new List<IntakeOutcome>();
        await foreach (var batch in Stream().Run(OneByOne(lines), Read, Hotline, Sys.Materializer(), limit.Token))
        {
            outcomes.AddRange(batch);
        }

        return outcomes;
    }

    private static async IAsyncEnumerable<IntakeLine> OneByOne(IntakeLine[] lines)
    {
        foreach (var line in lines)
        {
            await Task.Yield();
            yield return line;
        }
    }

    private Task<List<IntakeOutcome>> RunAsync(IntakeLine[] first, params IntakeLine[] more) => RunAsync([.. first, .. more]);

    private IntakeStream Stream() => new(
        new ReportIntake(_reports, new Numbers(), new StandInSeam()), _log, new StandInSeam(), _limits, TimeProvider.System, NullLogger<IntakeStream>.Instance);

    private static IntakeLine[] Lines(int count) => [.. Enumerable.Range(1, count).Select(i => Line(i, $"r-{i}"))];

    private static IntakeLine Line(int number, string text, int length = 0) => new(number, Encoding.UTF8.GetBytes(text.PadRight(length)));

    private static IntakeReading Read(IntakeLine line)
    {
        var text = Encoding.UTF8.GetString(line.Utf8.Span).Trim();
        return text switch
        {
            "bad" => IntakeReading.Bad(IntakeProblem.Of(ProblemCodes.MalformedJson, "No.")),
            "defect" => throw new InvalidOperationException("a defect"),
            _ => IntakeReading.Good(new SubmitReport
            {
                ReportId = ReportIds.Of(new StandInSeam(), Tenant.Live, Hotline.Agency, HotlineReference.Parse(text)), Reference = HotlineReference.Parse(text),
                    ReportNumber = 0, FirstItemNumber = 0,
                HotlineReceivedDate = DateTimeOffset.UnixEpoch,
                    Items = [new SubmittedItem { ContentType = ContentType.Media, Secrets = new ItemSecrets { Url = "https://x.example/" } }],
                Context = new CommandContext { CommandId = CommandId.New(), Caller = Hotline, OccurredAt = DateTimeOffset.UnixEpoch },
            }),
        };
    }

    private sealed class StandInReports : IReportGateway
    {
        public Task<ReportChangePreviewed> PreviewAsync(PreviewReportChange query, CancellationToken cancellation) => throw new NotSupportedException();

        private readonly ConcurrentDictionary<ReportId, bool> _known = new();
        private int _now;
        private int _most;

        public Func<string, TimeSpan> Delay { get; set; } = _ => TimeSpan.Zero;

        public Func<string, Exception?> Fail { get; set; } = _ => null;

        public int MostAtOnce => _most;

        public async Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation)
        {
            var submit = (SubmitReport)command;
            var now = Interlocked.Increment(ref _now);
            while (now > _most && Interlocked.CompareExchange(ref _most, now, _most) < now)
            {
            }

            await Task.Delay(Delay(submit.Reference.Value), cancellation);
            Interlocked.Decrement(ref _now);
            if (Fail(submit.Reference.Value) is { } failure)
            {
                throw failure;
            }

            return new CommandReply
            {
                ReportId = submit.ReportId, ReportNumber = 1,
                Outcome = submit.Reference.Value == "conflict"
                    ? CommandOutcome.Conflict : _known.TryAdd(submit.ReportId, true) ? CommandOutcome.Accepted : CommandOutcome.Duplicate,
            };
        }

        public Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation) => throw new NotSupportedException();
    }

    private sealed class Numbers : INumberSource
    {
        public ValueTask<long> ReportAsync(Tenant tenant, CancellationToken cancellation) => new(1);

        public ValueTask<long> ItemsAsync(Tenant tenant, int count, CancellationToken cancellation) => new(1);
    }

    private sealed class KeepingLog : IRejectionLog
    {
        public Task<long> CountAsync(Tenant tenant, CancellationToken cancellation) => Task.FromResult(0L);

        public ConcurrentQueue<RejectedLine> Lines { get; } = [];

        public Exception? Fail { get; set; }

        public Task RecordAsync(IReadOnlyCollection<RejectedLine> lines, CancellationToken cancellation)
        {
            foreach (var line in Fail is null ? lines : throw Fail)
            {
                Lines.Enqueue(line);
            }

            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<RejectedLine>> ListAsync(AgencyId agency, Tenant tenant, long? before, int limit, CancellationToken cancellation) =>
            throw new NotSupportedException();
    }

    private sealed class StandInSeam : ConfidentialSeam
    {
        public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => throw new NotSupportedException();

        public override T Open<T>(SealedPlace place, Sealed secret) => throw new NotSupportedException();

        public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(purpose), data);
    }
}
