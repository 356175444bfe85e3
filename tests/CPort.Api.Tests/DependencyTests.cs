using System.Reflection;
using System.Text.RegularExpressions;
using CPort.Actors.Reports;
using CPort.Domain.Reports;
using CPort.Node.Composition;
using CPort.Tests.Shared;

namespace CPort.Api.Tests;

/// <summary>
/// Dependencies point down: between projects by what they were compiled against, between folders by what their sources name.
/// </summary>
public sealed partial class DependencyTests
{
    /// <summary>The folders of the domain: each may use those before it.</summary>
    private static readonly string[] DomainOrder =
    [
        "Text", "Wire", "CodeLists", "Identity", "Access", "Agencies", "Audit", "Confidential", "Hashes", "Groups", "Inheritance", "Routing", "Reports", "Queues",
    ];

    private static readonly string[] ApiOrder = ["Security", "Reading", "Reports", "Queues", "Groups", "Hashes", "Agencies", "Audit", "Operators"];

    private static readonly string[] NodeOrder =
        ["Client", "Options", "Hosting", "Readiness", "Adapters", "Operator", "Composition", "Sample", "Commands"];

    private static string[] ReferencesOf(Assembly assembly) => [.. assembly.GetReferencedAssemblies().Select(a => a.Name!)];

    [Fact]
    public void The_domain_knows_no_actors_no_SQL_and_no_HTTP() => Assert.DoesNotContain(
        ReferencesOf(typeof(Report).Assembly),
        r => Foreign().IsMatch(r));

    [Fact]
    public void Actors_knows_neither_the_api_nor_the_node_nor_http_nor_configuration()
    {
        var references = ReferencesOf(typeof(ReportActor).Assembly);

        Assert.Contains("CPort.Domain", references);
        Assert.DoesNotContain("CPort.Api", references);
        Assert.DoesNotContain("cport", references);
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal));
        Assert.DoesNotContain("System.Net.Http", references);
    }

    [Fact]
    public void The_api_knows_the_actors_and_not_the_node()
    {
        var references = ReferencesOf(typeof(CPortApi).Assembly);

        Assert.Contains("CPort.Actors", references);
        Assert.DoesNotContain("cport", references);
    }

    [Fact]
    public void Folders_of_the_domain_use_only_those_below_them() => UseOnlyThoseBefore(DomainOrder, FolderUses("CPort.Domain", typeof(Report).Assembly));

    [Fact]
    public void Folders_of_the_api_use_only_those_below_them() => UseOnlyThoseBefore(ApiOrder, FolderUses("CPort.Api", typeof(CPortApi).Assembly));

    [Fact]
    public void Folders_of_the_node_use_only_those_below_them() => UseOnlyThoseBefore(NodeOrder, FolderUses("CPort.Node", typeof(NodeHost).Assembly));

    private static void UseOnlyThoseBefore(string[] order, IReadOnlyCollection<(string From, string To)> uses)
    {
        Assert.Empty(uses.SelectMany(u => (string[])[u.From, u.To]).Except(order));
        Assert.DoesNotContain(uses, u => Array.IndexOf(order, u.To) > Array.IndexOf(order, u.From));
    }

    [Fact]
    public void Folders_of_the_actors_use_one_another_without_a_cycle()
    {
        var uses = FolderUses("CPort.Actors", typeof(ReportActor).Assembly).ToHashSet();
        Assert.Contains(uses, u => u is { From: "Reports", To: "Matching" });

        // What uses nothing that is left cannot be part of a cycle.
        while (uses.RemoveWhere(u => !uses.Any(other => other.From == u.To)) > 0)
        {
        }

        Assert.Empty(uses);
    }

    [Theory]
    [InlineData("CPort.Domain")]
    [InlineData("CPort.Actors")]
    [InlineData("CPort.Api")]
    [InlineData("CPort.Node")]
    public void Namespaces_follow_folders(string project)
    {
        var sources = Sources(project);
        Assert.NotEmpty(sources);
        Assert.DoesNotContain(
            sources, s => Namespace().Match(s.Text) is { Success: true } match && match.Groups[1].Value != s.Namespace);
    }

    /// <summary>
    /// Which folder of a project names types of which other, by <c>using</c> or in the code (<c>Hashes.HashVerdict</c>).
    /// A folder in a folder counts as that one.
    /// </summary>
    private static IReadOnlyCollection<(string From, string To)> FolderUses(string project, Assembly assembly)
    {
        string FolderOf(string name) => name[(project.Length + 1)..].Split('.')[0];
        bool IsInFolder(string? name) => name?.StartsWith(project + ".", StringComparison.Ordinal) == true;
        var types = assembly.GetTypes().Where(t => IsInFolder(t.Namespace))
            .Select(t => (FolderOf(t.Namespace!), t.Name.Split('`')[0])).ToHashSet();
        var uses = new HashSet<(string From, string To)>();
        foreach (var source in Sources(project).Where(s => IsInFolder(s.Namespace)))
        {
            var used = Using().Matches(source.Text).Select(m => m.Groups[1].Value).Where(IsInFolder).Select(FolderOf);
            var named = Qualified().Matches(CommentOrText().Replace(source.Text, ""))
                .Select(m => (Folder: m.Groups[1].Value, Type: m.Groups[2].Value)).Where(types.Contains).Select(t => t.Folder);
            uses.UnionWith(used.Concat(named).Select(to => (FolderOf(source.Namespace), to)));
        }

        return [.. uses.Where(u => u.From != u.To)];
    }

    /// <summary>The sources of a project with the namespace that their folders ask for.</summary>
    private static (string Path, string Namespace, string Text)[] Sources(string project)
    {
        var root = Repository.PathOf("src", project);
        return
        [
            .. Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(f => (Path: Path.GetRelativePath(root, f), File: f))
                .Where(f => f.Path.Split('/')[0] is not ("bin" or "obj"))
                .Select(f => (f.Path, string.Join('.', [project, .. f.Path.Split('/')[..^1]]), File.ReadAllText(f.File))),
        ];
    }

    [GeneratedRegex("^(CPort|Akka|Microsoft|Npgsql|linq2db|System\\.Data|System\\.Net\\.Http)")]
    private static partial Regex Foreign();

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"(?<!\w)([A-Z]\w*)\.([A-Z]\w*)")]
    private static partial Regex Qualified();

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\\n])*""")]
    private static partial Regex CommentOrText();
}
