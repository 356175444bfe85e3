using System.CommandLine;
using System.Globalization;
using CPort.Actors.Persistence;

namespace CPort.Bench.Load;

/// <summary><c>load</c>: streams a synthetic day into a node of its own and prints what came of it.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var database = new Option<string>("--database") { Description = "sqlite, postgres or both.", DefaultValueFactory = _ => "both" };
        var synchronous = new Option<string>("--synchronous") { Description = "SQLite: full, normal or both.", DefaultValueFactory = _ => "full" };
        var reports = new Option<int>("--reports") { Description = "Reports of the synthetic day.", DefaultValueFactory = _ => 20_000 };
        var connections = new Option<int>("--connections") { Description = "Duplex streams open at once, 1 to 64.", DefaultValueFactory = _ => 8 };
        var inFlight = new Option<int>("--in-flight") { Description = "Lines of one stream sent and not yet answered.", DefaultValueFactory = _ => 128 };
        var rate = new Option<int>("--rate") { Description = "Lines a second over all streams; 0: as fast as answered.", DefaultValueFactory = _ => 0 };
        var probes = new Option<int>("--probes") { Description = "GETs of random acknowledged reports a second.", DefaultValueFactory = _ => 50 };
        var warmUp = new Option<int>("--warm-up") { Description = "Reports sent before anything is measured.", DefaultValueFactory = _ => 1_000 };
        var runs = new Option<int>("--runs") { Description = "Runs of each database, each on a fresh node; medians are shown.", DefaultValueFactory = _ => 3 };
        var patience = new Option<int>("--patience")
            { Description = "Seconds to wait for the full flow after the last answer.", DefaultValueFactory = _ => 300 };
        var output = new Option<FileInfo?>("--output") { Description = "Write the markdown to this file as well." };
        var keep = new Option<bool>("--keep") { Description = "Keep the data folders and the nodes' logs." };
        var profile = new Option<FileInfo?>("--profile") { Description = "Sample the node's stacks into this file (.nettrace) and print the hottest methods." };
        database.AcceptOnlyFromAmong("sqlite", "postgres", "both");
        synchronous.AcceptOnlyFromAmong("full", "normal", "both");
        foreach (var (option, least, most) in new[]
                 {
                     (reports, 1, 10_000_000), (connections, 1, 64), (inFlight, 1, 100_000), (rate, 0, 1_000_000), (probes, 0, 10_000), (warmUp, 0, 1_000_000),
                     (runs, 1, 100), (patience, 1, 86_400),
                 })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
                {
                    r.AddError($"{option.Name} must be {least} to {most}.");
                }
            });
        }

        var command = new Command("load", "Stream a synthetic day into a node of its own (a separate process on a temporary data folder) and measure.")
        {
            database, synchronous, reports, connections, inFlight, rate, probes, warmUp, runs, patience, output, keep, profile,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new LoadOptions
            {
                Reports = parsed.GetValue(reports), Connections = parsed.GetValue(connections), InFlight = parsed.GetValue(inFlight),
                    Rate = parsed.GetValue(rate),
                Probes = parsed.GetValue(probes), WarmUp = parsed.GetValue(warmUp), Patience = parsed.GetValue(patience), Keep = parsed.GetValue(keep),
                Profile = parsed.GetValue(profile),
            };
            var databases = Databases(parsed.GetValue(database)!, parsed.GetValue(synchronous)!);
            var results = databases.Select(_ => new List<LoadResult>()).ToArray();
            var loads = new List<string>();

            // Round by round, so that a noisy quarter of an hour does not hit one database only.
            for (var run = 1; run <= parsed.GetValue(runs); run++)
            {
                for (var d = 0; d < databases.Length; d++)
                {
                    loads.Add(Machine.LoadAverage().ToString("0.0", CultureInfo.InvariantCulture));
                    var name = databases[d].Name;
                    var number = run;
                    results[d].Add(await new LoadRun(databases[d], options, text => Console.Error.WriteLine($"[{name}, run {number}] {text}"))
                        .RunAsync(cancellation));

                    // Each run at once, so that a failing later one takes nothing away.
                    Console.Error.WriteLine(ResultTable.Markdown([(databases[d], [results[d][^1]])], options, loads[^1]));
                }
            }

            var all = databases.Zip(results, (d, r) => (d, (IReadOnlyList<LoadResult>)r)).ToArray();
            var markdown = ResultTable.Markdown(all, options, string.Join(", ", loads)) + Environment.NewLine + ResultTable.Details(all);
            Console.WriteLine(markdown);
            if (parsed.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, markdown, cancellation);
            }

            return all.All(a => a.Item2.All(r => r.FullFlowSeconds is not null)) ? 0 : 1;
        });
        return command;
    }

    private static DatabaseUnderTest[] Databases(string database, string synchronous)
    {
        var list = new List<DatabaseUnderTest>();
        if (database != "postgres")
        {
            if (synchronous != "normal")
            {
                list.Add(new(DatabaseProvider.Sqlite, SqliteSynchronous.Full));
            }

            if (synchronous != "full")
            {
                list.Add(new(DatabaseProvider.Sqlite, SqliteSynchronous.Normal));
            }
        }

        if (database != "sqlite")
        {
            list.Add(new(DatabaseProvider.PostgreSql, SqliteSynchronous.Full));
        }

        return [.. list];
    }
}
