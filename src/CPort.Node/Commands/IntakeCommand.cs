using System.CommandLine;
using System.Text;
using CPort.Domain.Text;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary><c>cport intake</c>: streams a file of reports to a node.</summary>
internal static class IntakeCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "NDJSON, one report a line; - for stdin." };
        var outcomes = new Option<string?>("--outcomes")
            { Description = "Write the answer to each line to this file, as NDJSON." };
        var parallel = new Option<int>("--parallel")
            { Description = "Requests in flight, 1 to 64.", DefaultValueFactory = _ => 4 };
        var codes = new Option<string?>("--codes") { Description = "v2 when the file uses ICCAM v2's codes." };
        var retry = new Option<int>("--retry-for")
            { Description = "Seconds to go on trying when the node is away or busy, or a line's report does not answer.",
            DefaultValueFactory = _ => 120 };
        codes.AcceptOnlyFromAmong("v2", "v3");
        Bounded(parallel, 1, 64);
        Bounded(retry, 0, 86_400);
        var command =
            new Command("intake",
            "Stream reports (NDJSON) to a node. Safe to repeat: what is there already is answered as duplicate.")
        {
            file, outcomes, parallel, codes, retry,
        };
        var input = SourceInput.AddTo(command);
        var connection = NodeConnection.AddTo(command);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var path = parsed.GetValue(file)!;
            var options = new LineStreamOptions
            {
                Parallel = parsed.GetValue(parallel), OutcomeFile = parsed.GetValue(outcomes), RetryFor = TimeSpan.FromSeconds(parsed.GetValue(retry)),
                LeaveUnavailable = true,
            };
            await using var source = await input.OpenAsync(parsed, path, options, byBytes: true, cancellation);
            var wide = FileHead.Wide(source.Head.Span);
            if (BeginsAsArray(wide is null ? source.Head.Span : Encoding.UTF8.GetBytes(wide.GetString(source.Head.Span))))
            {
                return NodeConnection.Fail("The file is a JSON array; an intake is one report a line, for example by: jq -c '.[]' FILE");
            }

            await using var text = wide is null ? source.Stream : Encoding.CreateTranscodingStream(source.Stream, wide, Encoding.UTF8);
            var version = parsed.GetValue(codes) == "v2" ? "v2" : null;
            var result = await LineProgress.ShowAsync(
                "intake", source.Length, progress => client.StreamReportsAsync(text, source.Options, progress, version, cancellation));
            LineProgress.Summarize(result, []);
            if (result.Unavailable.Count > 0)
            {
                var lines = string.Join(", ", result.Unavailable.Take(20)) + (result.Unavailable.Count > 20 ? " …" : "");
                NodeConnection.Errors.WriteLine(FormattableString.Invariant(
                    $"{result.Unavailable.Count:N0} lines stayed unavailable while others were answered; send them again later: {lines}"));
            }

            if (result.Answered == 0)
            {
                return NodeConnection.Fail("There is no report in it.", ExitCodes.Failed);
            }

            return result["unavailable"] > 0 || result.Unavailable.Count > 0 ? ExitCodes.SomeUnavailable
                : result.AllGood ? ExitCodes.Ok : ExitCodes.SomeRejected;
        }));
        return command;
    }

    private static bool BeginsAsArray(ReadOnlySpan<byte> head) => head.TrimStart("\uFEFF \t\r\n"u8) is [(byte)'[', ..];

    internal static void Bounded(Option<int> option, int least, int most) => option.Validators.Add(r =>
    {
        if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
        {
            r.AddError($"{option.Name} must be {least} to {most}.");
        }
    });
}
