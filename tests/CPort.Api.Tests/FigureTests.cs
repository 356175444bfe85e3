using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>A figure of policy stands in one file; everywhere else it is named.</summary>
public sealed class FigureTests
{
    [Theory]
    [InlineData(@"(?i)radius\w*\b.*=\s*31\b", "PdqLimits.cs")]
    [InlineData(@"(?i)radius\w*\b.*=\s*64\b", "PdqLimits.cs")]
    [InlineData(@"(?i)quality\w*\b.*=\s*50\b", "PdqLimits.cs")]
    [InlineData(@"(?i)confidence\w*\b.*=\s*70\b", "HostingFacts.cs")]
    [InlineData(@"(?i)orphan(hours|deadline)\b.*=\s*(\d|TimeSpan\.From\w+\(\d)", "ReportLimits.cs")]
    [InlineData(@"\b1_?440\b", "ReportLimits.cs")]
    [InlineData(@"(?i)(claim)?minutes\b.*=\s*30\b", "ReportLimits.cs")]
    [InlineData(@"(?i)items\w*\b.*=\s*10_?000\b", "ReportLimits.cs")]
    [InlineData(@"(?i)(pagerows|maxresults|maxpage|maxevents|maxitems)\b.*=\s*200\b", "ReportLimits.cs")]
    [InlineData(@"(?i)clocktolerance\b.*=\s*TimeSpan\.From", "ReportLimits.cs")]
    [InlineData(@"(?i)itemsperpart\b.*=\s*\d", "ReportRules.cs")]
    public void A_figure_has_one_owner(string pattern, string owner)
    {
        var files = Directory.GetFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split('/').Any(folder => folder is "bin" or "obj" or "Sample"))
            .Where(f => File.ReadLines(f).Any(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(l, pattern)))
            .Select(f => Path.GetFileName(f)!);
        Assert.Equal([owner], files);
    }
}
