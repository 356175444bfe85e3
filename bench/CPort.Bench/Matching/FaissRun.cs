using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CPort.Bench.Matching;

/// <summary>Runs <c>faiss_reference.py</c> on the raw files; null with a line of why when it does not work.</summary>
internal static class FaissRun
{
    public static ReferenceFigures? Run(string python, string values, string queries, int runs, int flatQueries, int hashQueries)
    {
        var folder = SourceFolder();
        var start = new ProcessStartInfo(python) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[
            Path.Combine(folder, "faiss_reference.py"), values, queries, Text(MatchingOptions.Radius), Text(runs), Text(flatQueries), Text(hashQueries), Path.Combine(folder, "scan.c")])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["OMP_NUM_THREADS"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var json = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 0)
            {
                return JsonSerializer.Deserialize<ReferenceFigures>(json, JsonSerializerOptions.Web);
            }

            Console.Error.WriteLine($"No FAISS: {errors.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Console.Error.WriteLine($"No FAISS: {e.Message}");
        }

        return null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}

/// <summary>What the script prints.</summary>
internal sealed record ReferenceFigures(ReferenceFigures.Search? Scan, ReferenceFigures.Library? Faiss)
{
    public sealed record Search(double[] Single, double[] Batch, int[] Hits, double Build);

    public sealed record Library(string Version, Search Flat, [property: JsonPropertyName("multihash")] Search MultiHash);
}
