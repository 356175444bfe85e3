using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>docs/findings.md tells of each finding of the examinations what became of it and which tests hold it: they are there.</summary>
public sealed partial class FindingsPageTests
{
    /// <summary>Every number that the examinations gave; one with several parts has a row for each, by a letter.</summary>
    private static IEnumerable<string> Numbers =>
    [
        .. Of("S", 16, (15, 14), (16, 7)), .. Of("I", 20), .. Of("ID", 9), .. Of("F", 24, (24, 4)),
    ];

    [Fact]
    public void Every_finding_has_a_row_and_every_test_named_is_there()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "findings.md")).Where(l => Row().IsMatch(l))
            .Select(l => l.Split('|', StringSplitOptions.TrimEntries)).ToArray();
        var numbers = rows.Select(r => r[1]).ToArray();
        Assert.Equal(numbers.Length, numbers.Distinct().Count());
        Assert.All(Numbers, n => Assert.Contains(numbers, m => m == n || (m.Length == n.Length + 1 && m.StartsWith(n, StringComparison.Ordinal)
            && char.IsAsciiLetterLower(m[^1]) && !char.IsAsciiLetterLower(n[^1]))));

        var sources = Directory.GetFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)).Select(File.ReadAllText).ToArray();
        foreach (var row in rows)
        {
            var (state, tests) = (row[3], Named().Matches(row[4]));
            Assert.Matches("^(mended|held|kept)", state);

            // What is mended is held by a test, what is not says why.
            Assert.True(state.StartsWith("kept", StringComparison.Ordinal) ? state.Length > 30 : tests.Count > 0, row[1]);
            foreach (Match test in tests)
            {
                var (its, method) = (test.Groups[1].Value, test.Groups[2].Value);
                Assert.True(
                    sources.Any(s => Regex.IsMatch(s, $@"\bclass {its}\b") && Regex.IsMatch(s, $@"\bpublic (async )?(Task|void) {method}\(")),
                    $"{row[1]}: {its}.{method} is not there.");
            }
        }
    }

    /// <summary>What the build does and the repository holds: locked packages, an audit of them, a bill of materials, how to tell of a fault.</summary>
    [Fact]
    public void The_build_names_locks_and_audits_what_it_is_made_of()
    {
        var projects = Directory.GetFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories);
        Assert.True(projects.Length >= 5, $"{projects.Length}");
        Assert.All(projects, p =>
        {
            using var locked = JsonDocument.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(p)!, "packages.lock.json")));
            Assert.NotEmpty(locked.RootElement.GetProperty("dependencies").EnumerateObject());
        });

        var build = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants().ToLookup(e => e.Name.LocalName, e => e.Value);
        Assert.Equal(
            ("true", "all", "low", "true"),
            (build["NuGetAudit"].Single(), build["NuGetAuditMode"].Single(), build["NuGetAuditLevel"].Single(), build["RestorePackagesWithLockFile"].Single()));
        var run = File.ReadAllText(Repository.PathOf(".ci", "run"));
        Assert.Matches(@"(?m)^dotnet restore CPort\.sln --locked-mode", run);
        Assert.Matches(@"(?m)^\.ci/sbom .*\|\| \{ echo ""0 passed, 1 failed""; exit 1; \}$", run);
        Assert.Contains("docs/releases.md", File.ReadAllText(Repository.PathOf("SECURITY.md")), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Of(string letter, int last, params (int Number, int Parts)[] parts) => Enumerable.Range(1, last).SelectMany(n =>
        parts.FirstOrDefault(p => p.Number == n) is { Parts: > 0 and var count }
            ? Enumerable.Range(0, count).Select(i => $"{letter}{n}{(char)('a' + i)}") : [$"{letter}{n}"]);

    [GeneratedRegex(@"^\| [A-Z]{1,2}\d+[a-z]? \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Named();
}
