using System.Diagnostics;

namespace CPort.Cluster.Harness;

/// <summary>Programs of the system, run to their end.</summary>
public static class Shell
{
    /// <summary>Its exit code and everything it wrote; -1 when there is no such program.</summary>
    public static async Task<(int Code, string Output)> TryAsync(string file, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return (process.ExitCode, await output + await error);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }

    /// <summary>As <see cref="TryAsync"/>; throws with what it said when it fails.</summary>
    public static async Task<string> RunAsync(string file, params string[] arguments)
    {
        var (code, output) = await TryAsync(file, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {code}: {output}");
    }
}
