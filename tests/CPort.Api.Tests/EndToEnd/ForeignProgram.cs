using System.ComponentModel;
using System.Diagnostics;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Programs that nobody here wrote. Where one is missing, or cannot reach its registry, the test is skipped and says so.</summary>
internal static class ForeignProgram
{
    private static readonly string[] Away =
        ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT", "NU1301", "Unable to load the service index"];

    /// <summary>What it wrote to its output; fails when it ends otherwise than with 0.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="command">Its name and words without blanks.</param>
    /// <param name="needsNetwork">It may be skipped when its registry is away.</param>
    /// <param name="environment">What it is told besides; null takes a variable away.</param>
    /// <param name="arguments">Further words.</param>
    public static async Task<string> RunAsync(
        string folder, string command, bool needsNetwork, IEnumerable<(string Name, string? Value)> environment, params string[] arguments)
    {
        var words = command.Split(' ');
        var start = new ProcessStartInfo(words[0].StartsWith('.') ? Path.Combine(folder, words[0]) : words[0], [.. words[1..], .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new SkipException($"{words[0]} is not installed.");
        }

        using (process)
        {
            process.StandardInput.Close();
            var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            var text = string.Concat(texts);
            Skip.If(process.ExitCode != 0 && needsNetwork && Away.Any(a => text.Contains(a, StringComparison.Ordinal)),
                $"{words[0]} cannot reach its registry.");
            Assert.True(process.ExitCode == 0, $"{string.Join(' ', words.Take(3))} ended with {process.ExitCode}:\n{text}");
            return texts[0];
        }
    }
}
