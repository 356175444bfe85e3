using System.CommandLine;
using System.Text;
using CPort.Api.Reports;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes.Lists;

namespace CPort.Node.Commands;

/// <summary><c>cport hashes import</c>: reads a list of known hashes here and posts its rows in batches.</summary>
internal static class HashesCommand
{
    /// <summary>Rejected rows written to the file; the others are counted.</summary>
    private const int MaxRejects = 100_000;

    public static Command Create() => new("hashes", "Lists of known hashes.") { CreateImport() };

    private static Command CreateImport()
    {
        var file = new Argument<string>("file")
        {
            Description = $"{string.Join("; ", HashListFormat.All.Select(f => f.About))} (not stdin).",
        };
        var list = new Option<string>("--list")
            { Description = "The list's name, under which its rows are kept, corrected and removed.", Required = true };
        var origin = new Option<string?>("--origin")
            { Description = "Who made the list, when not this agency (default: its name): two agencies that import one list are one origin." };
        var basis = new Option<string?>("--basis")
            { Description = "human: people looked at what the rows name, which needs --origin; list (the default): they are somebody's list." };
        basis.AcceptOnlyFromAmong("list", "human");
        var format = new Option<string?>("--format")
            { Description = $"Insist on a format, one of {HashListFormat.Names}; by default found by content." };
        format.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string?>() is { } name && HashListFormat.Find(name) is null)
            {
                r.AddError($"--format must be one of {HashListFormat.Names}.");
            }
        });
        var classification = new Option<string?>("--classification")
            { Description = "For rows whose list gives none: Baseline, National or NotIllegal." };
        var country = new Option<string?>("--country")
            { Description = "For rows whose list gives none: the country whose law the classification applies." };
        var resume = new Option<bool>("--resume")
            { Description = "Go on where an earlier run of this file stopped (FILE.resume)." };
        var rejects = new Option<string?>("--rejects")
            { Description =
            "Write rows that were not taken, with reasons and without hashes, to this file, 100,000 at most (default: FILE.rejects)." };
        var parallel = new Option<int>("--parallel")
            { Description = "Requests in flight, 1 to 64.", DefaultValueFactory = _ => 2 };
        IntakeCommand.Bounded(parallel, 1, 64);
        var command =
            new Command("import",
            "Import a list of known hashes. Safe to repeat: rows that are there already are answered as unchanged.")
        {
            file, list, origin, basis, format, classification, country, resume, rejects, parallel,
        };
        var connection = NodeConnection.AddTo(command);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            Classification? given = null;
            if (parsed.GetValue(classification) is { } text)
            {
                if (!CodeLists.Classifications.TryParse(text, CodeGeneration.V3, out var value))
                {
                    return NodeConnection.Fail($"--classification must be one of: {CodeLists.Classifications.Allowed}.");
                }

                given = value;
            }

            if (parsed.GetValue(basis) == "human" && parsed.GetValue(origin) is null)
            {
                return NodeConnection.Fail("--basis human needs --origin: who looked.");
            }

            Country? where = null;
            if (parsed.GetValue(country) is { } code)
            {
                if (!Country.TryParse(code, out var value))
                {
                    return NodeConnection.Fail("--country must be an ISO 3166-1 code of two letters.");
                }

                where = value;
            }

            var path = Path.GetFullPath(parsed.GetValue(file)!).TrimEnd(Path.DirectorySeparatorChar);
            var isFolder = Directory.Exists(path);
            if (!isFolder && !File.Exists(path))
            {
                return NodeConnection.Fail($"There is no file or folder {path}.");
            }

            // A folder is told by its files' names and sizes.
            await using Stream source = isFolder
                ? new MemoryStream(Encoding.UTF8.GetBytes(
                    string.Join('\n', new DirectoryInfo(path).EnumerateFiles(HashListFormat.Ncmec.Pages!)
                    .Select(f => $"{f.Name} {f.Length}").Order(StringComparer.Ordinal))))
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan | FileOptions.Asynchronous);
            var options = new LineStreamOptions
            {
                Parallel = parsed.GetValue(parallel), ResumeFile = path + ".resume",
                    Source = await ResumePoint.FingerprintAsync(source, cancellation: cancellation),
            };
            if (parsed.GetValue(resume) && ResumePoint.Load(options.ResumeFile) is { } point)
            {
                if (!await point.IsOfAsync(source, cancellation))
                {
                    return NodeConnection.Fail($"{options.ResumeFile} belongs to another file; delete it to start over.");
                }

                options = options with { ResumeFrom = point };
            }

            var rejectsPath = parsed.GetValue(rejects) ?? path + ".rejects";
            await using var rejectsFile = new StreamWriter(rejectsPath, append: options.ResumeFrom is not null);
            var gate = new Lock();
            long broken = 0, skipped = 0, written = 0;
            var reasons = new Dictionary<string, long>();
            var insisted = parsed.GetValue(format) is { } named ? HashListFormat.Find(named) : null;
            StreamProgress result;
            try
            {
                var rows = isFolder ? HashListReader.ReadFolderAsync(path, insisted, cancellation) : HashListReader.ReadAsync(source, insisted, cancellation);
                var chunks = HashListChunks.ReadAsync(rows, given, where, options.ResumeFrom?.Offset ?? 0, Local, cancellation);
                result = await LineProgress.ShowShareAsync("import", isFolder ? null : () =>
                    (double)source.Position / Math.Max(1, source.Length), progress => client.StreamLinesAsync(
                    $"v1/hashes:import?list={Uri.EscapeDataString(parsed.GetValue(list)!)}"
                    + (parsed.GetValue(origin) is { } maker ? $"&origin={Uri.EscapeDataString(maker)}" : "")
                    + (parsed.GetValue(basis) is { } looked ? $"&basis={looked}" : ""), chunks, options, progress, Answered,
                        cancellation));
            }
            catch (HashListFormatException e)
            {
                return NodeConnection.Fail(e.Message);
            }

            LineProgress.Summarize(result, [
                ("not sent, broken or unclassified", broken), .. reasons.OrderByDescending(r => r.Value).Take(20)
                    .Select(r => ("  " + r.Key, r.Value)),
                ("skipped, not about abuse material", skipped)]);
            if (broken > 0 || !result.AllGood)
            {
                var first = written > MaxRejects ? $" (the first {MaxRejects} of {written})" : "";
                Console.WriteLine($"Rows not taken, with reasons: {rejectsPath}{first}");
            }

            return broken == 0 && result.AllGood ? ExitCodes.Ok : ExitCodes.SomeRejected;

            void Local(HashListRowResult row)
            {
                if (row.Outcome == HashListRowOutcome.Skipped)
                {
                    skipped++;
                    return;
                }

                broken++;
                var reason = row.Reason ?? "";
                if (reasons.Count < 1_000 || reasons.ContainsKey(reason))
                {
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                }

                Reject(row.Number, row.Reason);
            }

            void Answered(IReadOnlyList<LineAnswer> answers)
            {
                foreach (var answer in answers.Where(a => !a.IsGood))
                {
                    Reject(answer.Line, answer.Problem is { } problem
                        ? string.Join(": ", new[] { problem.Title, problem.Detail }.OfType<string>()) : answer.Outcome);
                }
            }

            void Reject(long row, string? reason)
            {
                lock (gate)
                {
                    if (++written <= MaxRejects)
                    {
                        rejectsFile.WriteLine(JsonSerializer.Serialize(new { row, reason }));
                    }
                }
            }
        }));
        return command;
    }
}
