using System.Diagnostics;
using System.Reflection;
using CPort.Node;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Node;

/// <summary>One table of exit codes, in the code, the help and the docs.</summary>
public sealed class ExitCodeTests
{
    [Fact]
    public void Every_code_has_its_meaning_once() => Assert.Equal(
        typeof(ExitCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral)
            .Select(f => (int)f.GetRawConstantValue()!),
        ExitCodes.All.Select(c => c.Code));

    [Fact]
    public void The_docs_have_the_table() => Assert.Contains(
        "| Exit code | |\n|---|---|\n" + ExitCodes.Markdown + "\n",
            File.ReadAllText(Repository.PathOf("docs", "operator-commands.md")),
        StringComparison.Ordinal);

    [Fact]
    public async Task The_help_has_the_table()
    {
        using var process = Process.Start(NodeProcess.Command(NodeProcess.CPort(NodeProcess.ThisProgram, "--help")))!;
        var help = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.All(ExitCodes.Help.Split('\n', StringSplitOptions.RemoveEmptyEntries), line =>
            Assert.Contains(line.Trim(), help, StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Ok, process.ExitCode);
    }
}
