using System.CommandLine;
using CPort.Node.Sample;

namespace CPort.Node.Commands;

/// <summary><c>cport sample</c>: writes a synthetic ICCAM day as NDJSON.</summary>
internal static class SampleCommand
{
    /// <summary>Who asks for one hotline's stream gets its share of the day: said, so that nobody takes it for the number asked for.</summary>
    internal static string Share(AgencyId hotline, int lines, int reports, int hotlines) => string.Create(
        CultureInfo.InvariantCulture,
        $"{lines} lines: the share of {hotline} in the day's {reports} reports, which are those of {hotlines} hotlines. For more of it raise --reports.");

    public static Command Create()
    {
        var reports = new Option<int>("--reports")
            { Description = "Reports of the day, over all hotlines (about 3.4 items each).", DefaultValueFactory = _ =>
            SyntheticDay.DefaultReports };
        var seed = new Option<ulong>("--seed") { Description = "The same seed and --now give the same bytes.",
            DefaultValueFactory = _ => SyntheticDay.DefaultSeed };
        var hotline = new Option<string?>("--hotline")
            { Description = $"Only this hotline's stream, which is its share of the day, of: {string.Join(", ", SampleAgencies.Hotlines.Select(h => h.Id))}." };
        var known = new Option<FileInfo?>("--known")
            { Description = "Also write the list of known hashes to this file, as CSV for 'cport hashes import'." };
        var output = new Option<FileInfo?>("--out") { Description = "Write to this file instead of stdout." };
        var now = new Option<DateTimeOffset?>("--now") { Description = "The end of the day (ISO 8601); by default the present." };
        reports.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < 0)
            {
                r.AddError("--reports must not be negative.");
            }
        });
        var command =
            new Command("sample",
            "Write a synthetic ICCAM stream (NDJSON): made-up reports in real proportions, with duplicates, conflicts and broken lines.")
        {
            reports, seed, hotline, known, output, now,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var day = SyntheticDay.Create(parsed.GetValue(reports), parsed.GetValue(seed), now: parsed.GetValue(now));
            AgencyId? only = null;
            if (parsed.GetValue(hotline) is { } name)
            {
                if (!AgencyId.TryParse(name, out var id) || day.Hotlines.All(h => h.Id != id))
                {
                    return NodeConnection.Fail($"--hotline must be one of: {string.Join(", ", day.Hotlines.Select(h => h.Id))}.");
                }

                only = id;
            }

            try
            {
                if (parsed.GetValue(known) is { } list)
                {
                    await using var writer = new StreamWriter(list.FullName);
                    day.WriteKnownCsv(writer);
                }

                await using var target = parsed.GetValue(output) is { } file ? file.Create() : Console.OpenStandardOutput();
                await using var buffered = new BufferedStream(target, 1 << 20);
                var lines = 0;
                foreach (var line in day.Stream(only))
                {
                    cancellation.ThrowIfCancellationRequested();
                    buffered.Write(line.Utf8.Span);
                    buffered.WriteByte((byte)'\n');
                    lines++;
                }

                await buffered.FlushAsync(cancellation);
                if (only is not null)
                {
                    await parsed.InvocationConfiguration.Error.WriteLineAsync(Share(only.Value, lines, parsed.GetValue(reports), day.Hotlines.Length));
                }

                return ExitCodes.Ok;
            }
            catch (OperationCanceledException)
            {
                return ExitCodes.Failed;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Also what 'cport sample | head' ends with.
                return NodeConnection.Fail(e.Message, ExitCodes.Failed);
            }
        });
        return command;
    }
}
