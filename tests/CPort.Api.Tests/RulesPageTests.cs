using System.Globalization;
using System.Text.RegularExpressions;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>docs/rules.md tells of each line of the audit which tests hold it: they are there.</summary>
public sealed partial class RulesPageTests
{
    [Fact]
    public void Every_line_of_the_audit_names_a_test_over_HTTP_and_every_test_named_is_there()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "rules.md")).Where(l => Line().IsMatch(l))
            .ToDictionary(l => Number(Line().Match(l).Groups[1]), l => l.Split('|', StringSplitOptions.TrimEntries));
        Assert.Equal(Enumerable.Range(1, 34), rows.Keys.Order());

        var (rules, overHttp) = (Sources("CPort.Actors.Tests"), Sources(Path.Combine("CPort.Api.Tests", "EndToEnd")));
        foreach (var (line, cells) in rows)
        {
            var (rule, http) = (Named().Matches(cells[3]), Named().Matches(cells[4]));
            Assert.NotEmpty(http);
            Assert.All(http, t => Assert.Contains(overHttp, s => s.Contains($"class {t.Groups[1].Value}", StringComparison.Ordinal)));
            Assert.All(rule, t => Assert.Contains(rules, s => s.Contains(
                t.Groups[1].Value.StartsWith('B') ? $"void {t.Groups[1].Value.TrimEnd('…')}" : $"class {t.Groups[1].Value}", StringComparison.Ordinal)));

            // The class that is named says by which of its tests.
            var those = overHttp.Where(s => http.Any(t => s.Contains($"class {t.Groups[1].Value}", StringComparison.Ordinal)));
            Assert.True(those.Any(s => Numbers(s).Contains(line)), $"None of the tests over HTTP speaks of B{line}.");
        }
    }

    private static string[] Sources(string folder) =>
        [.. Directory.GetFiles(Repository.PathOf("tests", folder), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)];

    /// <summary>The lines that a source speaks of, in a comment or a name: B4, B20_to_B23.</summary>
    private static HashSet<int> Numbers(string source) => [.. Spoken().Matches(source).SelectMany(m =>
    {
        var from = Number(m.Groups[1]);
        return m.Groups[2].Success ? Enumerable.Range(from, Number(m.Groups[2]) - from + 1) : [from];
    })];

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| B(\d+) ")]
    private static partial Regex Line();

    [GeneratedRegex(@"`(\w+(?:_…)?)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"(?<![A-Za-z0-9-])B(\d+)(?:_to_B(\d+))?(?![0-9])")]
    private static partial Regex Spoken();
}
