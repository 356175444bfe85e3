using System.CommandLine;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary><c>cport intake</c>: streams a file of reports to a node.</summary>
internal static class IntakeCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "NDJSON, one report a line; - for stdin." };
        var resume = new Option<bool>("--resume")
            { Description = "Go on where an earlier run of this file stopped (FILE.resume)." };
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
            file, resume, outcomes, parallel, codes, retry,
        };
        var connection = NodeConnection.AddTo(command);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var path = parsed.GetValue(file)!;
            var options = new LineStreamOptions
            {
                Parallel = parsed.GetValue(parallel), OutcomeFile = parsed.GetValue(outcomes), RetryFor = TimeSpan.FromSeconds(parsed.GetValue(retry)),
                LeaveUnavailable = true,
            };
            await using var source = path == "-"
                ? Console.OpenStandardInput()
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
            long? total = null;
            if (source is FileStream { CanSeek: true } stored)
            {
                options = options with { ResumeFile = path + ".resume", Source = await ResumePoint.FingerprintAsync(stored, cancellation: cancellation) };
                total = stored.Length;
                if (parsed.GetValue(resume) && ResumePoint.Load(options.ResumeFile) is { } point)
                {
                    if (!await point.IsOfAsync(stored, cancellation) || point.Offset > total)
                    {
                        return NodeConnection.Fail($"{options.ResumeFile} belongs to another file; delete it to start over.");
                    }

                    stored.Position = point.Offset;
                    options = options with { ResumeFrom = point };
                }
            }
            else if (parsed.GetValue(resume))
            {
                return NodeConnection.Fail("--resume needs a file; a stream from stdin can simply be sent again.");
            }

            var version = parsed.GetValue(codes) == "v2" ? "v2" : null;
            var result = await LineProgress.ShowAsync("intake", total, progress => client.StreamReportsAsync(source, options, progress, version, cancellation));
            LineProgress.Summarize(result, []);
            if (result.Unavailable.Count > 0)
            {
                var lines = string.Join(", ", result.Unavailable.Take(20)) + (result.Unavailable.Count > 20 ? " …" : "");
                NodeConnection.Errors.WriteLine(FormattableString.Invariant(
                    $"{result.Unavailable.Count:N0} lines stayed unavailable while others were answered; send them again later: {lines}"));
            }

            return result["unavailable"] > 0 || result.Unavailable.Count > 0 ? ExitCodes.SomeUnavailable
                : result.AllGood ? ExitCodes.Ok : ExitCodes.SomeRejected;
        }));
        return command;
    }

    internal static void Bounded(Option<int> option, int least, int most) => option.Validators.Add(r =>
    {
        if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
        {
            r.AddError($"{option.Name} must be {least} to {most}.");
        }
    });
}
