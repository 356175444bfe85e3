using System.CommandLine;
using System.Security.Cryptography;
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
            Description = $"{string.Join("; ", HashListFormat.All.Select(f => f.About))}; - for stdin.",
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
        var rejects = new Option<string?>("--rejects")
            { Description =
            "Write rows that were not taken, with reasons and without hashes, to this file, 100,000 at most (default: FILE.rejects; none of a pipe)." };
        var parallel = new Option<int>("--parallel")
            { Description = "Requests in flight, 1 to 64.", DefaultValueFactory = _ => 2 };
        IntakeCommand.Bounded(parallel, 1, 64);
        var command =
            new Command("import",
            "Import a list of known hashes. Safe to repeat: rows that are there already are answered as unchanged.")
        {
            file, list, origin, basis, format, classification, country, rejects, parallel,
        };
        var input = SourceInput.AddTo(command);
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

            var named = parsed.GetValue(file)!;
            var path = named == "-" ? named : Path.GetFullPath(named).TrimEnd(Path.DirectorySeparatorChar);
            var isFolder = Directory.Exists(path);
            if (path != "-" && !isFolder && !File.Exists(path))
            {
                return NodeConnection.Fail($"There is no file or folder {path}.");
            }

            var options = new LineStreamOptions { Parallel = parsed.GetValue(parallel) };
            await using var source = isFolder ? null : await input.OpenAsync(parsed, path, options, byBytes: false, cancellation);
            options = source?.Options ?? input.Resume(parsed, path, await FingerprintAsync(path, cancellation), options);
            var rejectsPath = parsed.GetValue(rejects) ?? (source is { Length: null } ? null : path + ".rejects");
            await using var rejectsFile = Rejects(rejectsPath, append: options.ResumeFrom is not null, mustBe: parsed.GetValue(rejects) is not null);
            var gate = new Lock();
            long read = 0, broken = 0, skipped = 0, written = 0;
            var reasons = new Dictionary<string, long>();
            var insisted = parsed.GetValue(format) is { } word ? HashListFormat.Find(word) : null;
            StreamProgress result;
            try
            {
                var rows = source is null
                    ? HashListReader.ReadFolderAsync(path, insisted, cancellation)
                    : HashListReader.ReadAsync(source.Stream, insisted, cancellation);
                var chunks = HashListChunks.ReadAsync(Counted(rows), given, where, options.ResumeFrom?.Offset ?? 0, Local, cancellation);
                result = await LineProgress.ShowShareAsync("import", source is not { Length: { } length } ? null : () =>
                    (double)source.Stream.Position / Math.Max(1, length), progress => client.StreamLinesAsync(
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
                ("not sent whole, broken or unclassified", broken), .. reasons.OrderByDescending(r => r.Value).Take(20)
                    .Select(r => ("  " + r.Key, r.Value)),
                ("skipped, not about abuse material", skipped)]);
            if (read == 0)
            {
                return NodeConnection.Fail("There is no row in it.", ExitCodes.Failed);
            }

            if ((broken > 0 || !result.AllGood) && rejectsFile != StreamWriter.Null)
            {
                var first = written > MaxRejects ? $" (the first {MaxRejects} of {written})" : "";
                Console.WriteLine($"Rows not taken, with reasons: {rejectsPath}{first}");
            }

            return broken == 0 && result.AllGood ? ExitCodes.Ok : ExitCodes.SomeRejected;

            async IAsyncEnumerable<HashListRowResult> Counted(IAsyncEnumerable<HashListRowResult> all)
            {
                await foreach (var row in all)
                {
                    read += row.Outcome == HashListRowOutcome.Note ? 0 : 1;
                    yield return row;
                }
            }

            void Local(HashListRowResult row)
            {
                if (row.Outcome == HashListRowOutcome.Note)
                {
                    NodeConnection.Say(row.Reason!);
                    return;
                }

                if (row.Outcome == HashListRowOutcome.Skipped)
                {
                    skipped++;
                    return;
                }

                broken++;
                var reason = row.Outcome == HashListRowOutcome.Row ? $"left out: {row.Reason}" : row.Reason ?? "";
                if (reasons.Count < 1_000 || reasons.ContainsKey(reason))
                {
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                }

                Reject(row.Number, reason);
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

    /// <summary>Of a folder: of its files' names and contents.</summary>
    private static async Task<string> FingerprintAsync(string folder, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var page in Directory.EnumerateFiles(folder, HashListFormat.Ncmec.Pages!).Order(StringComparer.Ordinal))
        {
            await using var content = File.OpenRead(page);
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(page)));
            hash.AppendData(await SHA256.HashDataAsync(content, cancellation));
        }

        return $"folder:{Convert.ToHexStringLower(hash.GetCurrentHash())}";
    }

    /// <summary>Where the list stands nobody may be allowed to write: then the reasons are counted alone, unless the file was asked for.</summary>
    private static StreamWriter Rejects(string? path, bool append, bool mustBe)
    {
        try
        {
            return path is null ? StreamWriter.Null : new StreamWriter(path, append);
        }
        catch (Exception e) when (!mustBe && e is IOException or UnauthorizedAccessException)
        {
            NodeConnection.Say($"Rows not taken are only counted ({e.Message}): --rejects names another place.");
            return StreamWriter.Null;
        }
    }
}
