using System.CommandLine;
using System.Globalization;

namespace CPort.Bench.Matching;

/// <summary><c>matching</c>: the PDQ index beside a plain scan.</summary>
internal static class MatchingCommand
{
    public static Command Create()
    {
        var sizes = new Option<string>("--sizes") { Description = "Numbers of values, such as 10k,100k,1m,10m.", DefaultValueFactory = _ => "10k,100k,1m,10m" };
        var runs = new Option<int>("--runs") { Description = "Runs of each measurement; medians are shown.", DefaultValueFactory = _ => 5 };
        var quick = new Option<bool>("--quick") { Description = "10k and 100k, two runs, fewer queries: does it work?" };
        var output = new Option<FileInfo?>("--output") { Description = "Write the markdown to this file as well." };
        sizes.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string>() is { } text && Sizes(text) is null)
            {
                r.AddError("--sizes takes numbers from 1k to 16m, such as 10k,1m.");
            }
        });
        runs.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 100)
            {
                r.AddError("--runs must be 1 to 100.");
            }
        });
        var command = new Command("matching", "PDQ radius search: the index and a plain scan side by side, one thread, radius 31.")
        {
            sizes, runs, quick, output,
        };
        command.SetAction(parsed =>
        {
            var isQuick = parsed.GetValue(quick);
            var options = new MatchingOptions
            {
                Sizes = isQuick ? [10_000, 100_000] : Sizes(parsed.GetValue(sizes)!)!,
                Runs = isQuick ? 2 : parsed.GetValue(runs),
                Queries = isQuick ? 1_024 : 4_096,
            };
            var markdown = MatchingRun.Run(options);
            Console.WriteLine(markdown);
            if (parsed.GetValue(output) is { } file)
            {
                File.WriteAllText(file.FullName, markdown);
            }

            return 0;
        });
        return command;
    }

    private static int[]? Sizes(string text)
    {
        var sizes = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var factor = char.ToLowerInvariant(part.LastOrDefault()) switch { 'k' => 1_000, 'm' => 1_000_000, _ => 1 };
            if (!int.TryParse(factor == 1 ? part : part[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || (long)number * factor is < 1_000 or > 16_000_000)
            {
                return null;
            }

            sizes.Add(number * factor);
        }

        return [.. sizes];
    }
}

/// <summary>What to measure.</summary>
internal sealed record MatchingOptions
{
    public const int Radius = 31;
    public const int MaxResults = 10;

    /// <summary>Buckets of PDQ values in a node; each has an index of its own and a lookup asks them all.</summary>
    public const int Buckets = 32;

    public required int[] Sizes { get; init; }

    public required int Runs { get; init; }

    public required int Queries { get; init; }
}
